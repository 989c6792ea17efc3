//! What becomes of what the people of a ticket say: a verdict on the solution, marks, thanks, or
//! simply more (rows E3, E8–E10, E13, K1–K5). The same functions serve mails and the buttons of a page.

use super::draft::Draft;
use super::lexicon::{self, Opinion};
use super::lifecycle::{self, Step, Writer};
use super::tell::{self, Words};
use super::{Because, Kind, occasion, selfhelp, words};
use crate::ticket::{Actor, Awaited, Marks, Part, Role, Status, Ticket, TicketId, Verdict, What};

/// What somebody of a ticket wrote, as far as its life is concerned.
#[derive(Clone, Debug)]
pub struct Said {
    pub actor: Actor,
    pub writer: Writer,
    /// For staff; `text` is what is judged.
    pub words: Words,
    /// Nothing but thanks, as `mail` sees it.
    pub thanks: bool,
    /// An emoji and nothing else.
    pub reaction: Option<String>,
    /// It answers the question why a mark was low.
    pub explains_marks: bool,
    /// It came with a file, so it is more than thanks.
    pub has_files: bool,
    /// Its subject, when it repeats an earlier mail.
    pub repeats: Option<String>,
    /// What makes it more than a message, for staff.
    pub because: Option<Because>,
    /// What staff should know of it.
    pub lines: Vec<String>,
}

/// The writer that somebody's part in a ticket makes him.
pub fn writer(part: Part) -> Writer {
    match part {
        Part::Requester | Part::Beneficiary => Writer::Requester,
        Part::Observer => Writer::Observer,
        Part::Contributor => Writer::Other,
    }
}

/// Feedback on a ticket that is done: joins it however old it is, and reopens nothing.
pub fn is_feedback(said: &str, thanks: bool, explains_marks: bool) -> bool {
    let (marks, rest) = lexicon::marks(said);
    let opinion = lexicon::opinion(&rest);
    thanks
        || opinion == Some(Opinion::Holds)
        || lexicon::is_nod(&rest)
        || opinion.is_none() && (marks.is_some() || explains_marks)
}

/// Somebody of the ticket wrote; his words are on the timeline already.
pub fn wrote(draft: &mut Draft<'_>, ticket: &Ticket, said: Said) {
    let id = ticket.id;
    let done = matches!(ticket.status, Status::Resolved | Status::Closed);
    let judges = done && said.writer == Writer::Requester;
    let (marks, rest) = match said.writer {
        Writer::Requester if done => lexicon::marks(&said.words.text),
        // Asked for with a refusal: the ticket is open, and figures may be an answer. Only a reply
        // of nothing else is marks.
        Writer::Requester if ticket.marks_asked && ticket.marks.is_none() => {
            match lexicon::marks(&said.words.text) {
                (Some(marks), rest) if rest.is_empty() => (Some(marks), rest),
                _ => (None, said.words.text.clone()),
            }
        }
        _ => (None, said.words.text.clone()),
    };
    let opinion = judges
        .then(|| lexicon::opinion(&rest))
        .flatten()
        .filter(|_| said.reaction.is_none());
    let only_marks = marks.is_some() && rest.is_empty() && !said.has_files;
    // Before there is a solution, a kind word that says that the trouble is over is news for whoever would
    // still work at it.
    let gone = !done && said.thanks && said.reaction.is_none() && lexicon::is_gone(&rest);
    let thanks = said.thanks && !gone
        || only_marks
        || judges && lexicon::is_nod(&rest) && !said.has_files
        || marks.is_some() && crate::mail::text::is_thanks(&rest, said.has_files);

    if selfhelp::is_solved(draft, ticket, &said)
        && selfhelp::solve(draft, ticket, said.actor.clone(), None, &said.words).is_ok()
    {
        return;
    }
    if opinion == Some(Opinion::Holds) {
        if let Some(marks) = marks {
            rate(draft, id, &said.actor, marks, None);
        }
        return accept(draft, id, said.actor, &said.words, marks);
    }
    if thanks {
        if let Some(marks) = marks {
            rate(draft, id, &said.actor, marks, None);
        }
        if !only_marks {
            return thank(draft, id, &said, marks);
        }
        if let Some(marks) = marks.filter(|marks| !marks.is_low()) {
            let words = Words {
                text: String::new(),
                ..said.words
            };
            occasion::kind_words(draft, id, &words, Some(marks));
        }
        return;
    }
    let explained = marks.or(ticket.marks.filter(|_| said.explains_marks));
    // What is only resolved stays so when we asked why a mark was low and this answers it, asking for
    // nothing. All other words open it again: the mails promise that.
    let answers_why = said.explains_marks && judges && !lexicon::asks_for_more(&rest);
    if let Some(marks) = explained
        && opinion.is_none()
        && done
        && (ticket.status == Status::Closed || marks.is_low() && answers_why)
    {
        return explain(draft, id, &said, marks, rest, marks_are_new(ticket, marks));
    }
    let mut said = said;
    if gone {
        said.lines.push(words::pick(
            &draft.policy.language,
            "Le demandeur semble dire que c'est réglé : #resolu, si rien ne reste à faire.",
            "The requester seems to say that it is settled: #resolved, if nothing is left to do.",
        ));
    }
    if let Some(marks) = marks {
        // Who refuses the solution, or says beside a low mark what he misses, is not asked what is wrong.
        let says_why = opinion == Some(Opinion::Fails) || judges && marks.is_low();
        let comment = says_why.then(|| rest.clone());
        if comment.is_some() {
            let Marks { speed, answers } = marks;
            said.words.text.clone_from(&rest);
            said.lines.push(words::pick(
                &draft.policy.language,
                format!("Note donnée avec : délai {speed}/5, réponses {answers}/5."),
                format!("Marks given with it: speed {speed}/5, answers {answers}/5."),
            ));
        }
        rate(draft, id, &said.actor, marks, comment);
    }
    add(draft, ticket, said, opinion);
}

fn marks_are_new(ticket: &Ticket, marks: Marks) -> bool {
    ticket.marks != Some(marks)
}

/// Words that go on with the matter: they open it again when the writer was awaited, or judges.
fn add(draft: &mut Draft<'_>, ticket: &Ticket, said: Said, opinion: Option<Opinion>) {
    let id = ticket.id;
    let language = draft.policy.language.clone();
    let cause = said.words.author.as_ref().map(|who| who.address.clone());
    let cause = cause.as_deref();
    let mut lines = said.lines;
    if let Some(subject) = &said.repeats {
        lines.push(words::pick(
            &language,
            format!(
                "Même expéditeur, objet semblable (« {subject} ») : joint à ce ticket au lieu d'en ouvrir un autre."
            ),
            format!(
                "Same sender, similar subject (\"{subject}\"): joined instead of opening another ticket."
            ),
        ));
    }
    let done = matches!(ticket.status, Status::Resolved | Status::Closed);
    let waits = Status::Waiting {
        of: Awaited::ThirdParty,
    };
    // A third party that nobody named may be any of those who follow.
    let unnamed = ticket.status == waits && ticket.ties.partners.is_empty();
    let writer = match said.writer {
        Writer::Observer if unnamed => Writer::Other,
        writer => writer,
    };
    match lifecycle::next(ticket.status, Step::Write(writer), &language) {
        Ok(_) if done => {
            return judge(draft, id, said.actor, said.words, opinion, lines);
        }
        Ok(to) => {
            let reason = match said.writer {
                Writer::Requester => words::pick(
                    &language,
                    "Réponse du demandeur.",
                    "Answer of the requester.",
                ),
                Writer::Observer | Writer::Other => words::pick(
                    &language,
                    "Réponse de la personne attendue.",
                    "Answer of the awaited person.",
                ),
            };
            lifecycle::set(draft, id, said.actor, to, Some(reason));
        }
        Err(stays) if !stays.is_empty() => lines.push(sentence(&stays)),
        Err(_) => {}
    }
    let because = said.because;
    tell::staff_as(
        draft,
        id,
        Kind::TeamReply,
        &said.words,
        &lines,
        cause,
        because,
    );
}

/// "le ticket reste…" → "Le ticket reste….": from the table to a mail.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let first: String = first.into_iter().flatten().collect();
    format!("{first}{}.", letters.as_str())
}

/// A refusal when it says so, else a complement; the reason is the first thing that staff reads
/// (S4.33, S4.34).
pub fn judge(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    mut said: Words,
    opinion: Option<Opinion>,
    mut lines: Vec<String>,
) {
    let language = draft.policy.language.clone();
    let cause = said.author.as_ref().map(|who| who.address.clone());
    if lapsed(draft, id) {
        let line = words::pick(
            &language,
            "La réponse attendue : le ticket, résolu faute de nouvelles, est rouvert.",
            "The answer that was waited for: the ticket, resolved for want of news, is open again.",
        );
        let reason = words::pick(
            &language,
            "Réponse du demandeur.",
            "Answer of the requester.",
        );
        lines.insert(0, line);
        return open_again(draft, id, actor, &said, &lines, reason);
    }
    if by_article(draft, id) {
        let line = words::pick(
            &language,
            "L'article n'a finalement pas suffi : le ticket, que son demandeur avait clos, est rouvert.",
            "The article was not enough after all: the ticket, which its requester had closed, is open again.",
        );
        let reason = words::pick(
            &language,
            "L'article n'a pas suffi.",
            "The article was not enough.",
        );
        lines.insert(0, line);
        return open_again(draft, id, actor, &said, &lines, reason);
    }
    let refuses = opinion == Some(Opinion::Fails);
    let reason = lexicon::reason(&said.text);
    let (verdict, because, line, status) = if refuses {
        let because = match reason {
            Some(_) => Because::Refused,
            None => Because::RefusedSilently,
        };
        let line = words::pick(
            &language,
            "Le demandeur refuse la solution : le ticket est rouvert.",
            "The requester refuses the solution: the ticket is open again.",
        );
        let status = words::pick(
            &language,
            "Solution refusée par le demandeur.",
            "Solution refused by the requester.",
        );
        (Verdict::Refused, because, line, status)
    } else {
        let line = words::pick(
            &language,
            "Demande complémentaire : le ticket est rouvert par cette réponse.",
            "A complement: this answer reopened the ticket.",
        );
        let status = words::pick(
            &language,
            "Demande complémentaire du demandeur.",
            "The requester asks for more.",
        );
        (Verdict::Complement, Because::Complement, line, status)
    };
    // In the order in which it happens: the refusal, then what follows from it.
    draft.event(
        id,
        actor.clone(),
        true,
        What::Verdict {
            verdict,
            reason: reason.clone().filter(|_| refuses),
        },
    );
    lifecycle::set(draft, id, actor, Status::Open, Some(status));
    occasion::public(draft, id, Kind::Reopened, because);
    if let Some(reason) = reason {
        said.text = reason;
    }
    lines.insert(0, line);
    tell::staff_as(
        draft,
        id,
        Kind::TeamReply,
        &said,
        &lines,
        cause.as_deref(),
        Some(because),
    );
}

/// It was resolved because nobody answered: there is no solution to judge.
fn lapsed(draft: &Draft<'_>, id: TicketId) -> bool {
    let history = draft.known.history.get(&id).into_iter().flatten().rev();
    let statuses = history.filter_map(|event| match &event.what {
        What::Status { to, .. } => Some((*to, event.actor.role)),
        What::Undone { ticket, .. } => Some((ticket.status, event.actor.role)),
        _ => None,
    });
    // What began the time in which it is done: a date that was put off since is no lapse, nor is the lapse
    // of an earlier time.
    let begun = statuses
        .take_while(|(to, _)| matches!(to, Status::Resolved | Status::Closed))
        .last();
    begun == Some((Status::Resolved, Role::Desk))
}

/// It was closed by who asked, whom an article had helped: there is no solution of ours to judge.
fn by_article(draft: &Draft<'_>, id: TicketId) -> bool {
    let history = draft.known.history.get(&id).into_iter().flatten().rev();
    let mut events = history.take_while(|event| match &event.what {
        What::Status { to, .. } => matches!(to, Status::Resolved | Status::Closed),
        _ => true,
    });
    let helped = Verdict::Helped;
    events.any(|event| matches!(&event.what, What::Verdict { verdict, .. } if *verdict == helped))
}

/// What goes on although nobody had proposed a solution: neither a refusal nor a complement.
fn open_again(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    said: &Words,
    lines: &[String],
    reason: String,
) {
    // No verdict holds what an operator passes on.
    if actor.role == Role::Operator && !said.text.trim().is_empty() {
        let note = What::Note {
            text: said.text.clone(),
            files: Vec::new(),
            inbox: None,
            why: None,
        };
        draft.event(id, actor.clone(), false, note);
    }
    lifecycle::set(draft, id, actor, Status::Open, Some(reason));
    occasion::public(draft, id, Kind::Reopened, Because::Complement);
    let cause = said.author.as_ref().map(|who| who.address.as_str());
    tell::staff(draft, id, Kind::TeamReply, said, lines, cause);
}

/// The solution holds: closed for good (S4.31). What is closed already becomes definitive.
pub fn accept(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    said: &Words,
    marks: Option<Marks>,
) {
    let Some(status) = draft.ticket(id).map(|ticket| ticket.status) else {
        return;
    };
    let language = draft.policy.language.clone();
    draft.event(
        id,
        actor.clone(),
        true,
        What::Verdict {
            verdict: Verdict::Accepted,
            reason: None,
        },
    );
    let closes = lifecycle::next(status, Step::Accept, &language);
    if let Ok(to) = closes {
        let reason = words::pick(
            &language,
            "Clos par le demandeur.",
            "Closed by the requester.",
        );
        lifecycle::set(draft, id, actor, to, Some(reason));
        occasion::public(draft, id, Kind::Closed, Because::Accepted);
    }
    if marks.is_none_or(|marks| !marks.is_low()) {
        occasion::kind_words(draft, id, said, marks);
    }
}

/// Marks; a low one asks why.
pub fn rate(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: &Actor,
    marks: Marks,
    comment: Option<String>,
) {
    // Who has just refused the solution said why, or was asked.
    let done = draft
        .ticket(id)
        .is_some_and(|ticket| matches!(ticket.status, Status::Resolved | Status::Closed));
    let asks = done && marks.is_low() && comment.is_none();
    draft.event(id, actor.clone(), false, What::Rated { marks, comment });
    if let Some(who) = actor.who.as_ref().filter(|_| asks) {
        occasion::low_mark(draft, id, &who.address);
    }
}

/// Marks with words or without, given on a page that asks why one is low.
pub fn rate_on_page(
    draft: &mut Draft<'_>,
    ticket: &Ticket,
    actor: Actor,
    words: Words,
    marks: Marks,
) {
    let id = ticket.id;
    let comment = Some(words.text.clone()).filter(|comment| !comment.is_empty());
    let explained = comment.is_some();
    draft.event(id, actor, false, What::Rated { marks, comment });
    if explained {
        say_why(draft, id, words, marks, marks_are_new(ticket, marks));
    } else if !marks.is_low() {
        occasion::kind_words(draft, id, &words, Some(marks));
    }
}

/// Marks with words: what went wrong, or right. They are for staff and reopen nothing.
fn explain(
    draft: &mut Draft<'_>,
    id: TicketId,
    said: &Said,
    marks: Marks,
    comment: String,
    new: bool,
) {
    rate(draft, id, &said.actor, marks, Some(comment.clone()));
    let words = Words {
        text: comment,
        ..said.words.clone()
    };
    say_why(draft, id, words, marks, new);
}

/// Tells those whom a comment on marks is for.
fn say_why(draft: &mut Draft<'_>, id: TicketId, words: Words, marks: Marks, new: bool) {
    if new && !marks.is_low() {
        return occasion::kind_words(draft, id, &words, Some(marks));
    }
    let Marks { speed, answers } = marks;
    let closed = draft
        .ticket(id)
        .is_some_and(|ticket| ticket.status == Status::Closed);
    let (french, english) = match closed {
        true => ("clos", "closed"),
        false => ("résolu", "resolved"),
    };
    let line = words::pick(
        &draft.policy.language,
        format!(
            "Explication de la note donnée (délai {speed}/5, réponses {answers}/5) : le ticket reste {french}, #rouvrir s'il le faut."
        ),
        format!(
            "About the marks given (speed {speed}/5, answers {answers}/5): the ticket stays {english}, #reopen if need be."
        ),
    );
    let cause = words.author.as_ref().map(|who| who.address.clone());
    tell::staff(
        draft,
        id,
        Kind::TeamReply,
        &words,
        &[line],
        cause.as_deref(),
    );
}

/// Thanks and reactions change nothing, and reach the one they are meant for (rows E9, E10).
fn thank(draft: &mut Draft<'_>, id: TicketId, said: &Said, marks: Option<Marks>) {
    let content = !said.reaction.as_deref().is_some_and(lexicon::is_unhappy);
    let mut words = said.words.clone();
    if let Some(reaction) = &said.reaction {
        // « [like] Zoé a réagi à votre message » is how some programs put it.
        words.text.clone_from(reaction);
    }
    draft.event(
        id,
        said.actor.clone(),
        false,
        What::Thanks {
            reaction: said.reaction.clone(),
            content,
        },
    );
    if content {
        return occasion::kind_words(draft, id, &words, marks);
    }
    let line = words::pick(
        &draft.policy.language,
        "Une réaction mécontente : l'état du ticket ne change pas, un mot de votre part serait bienvenu.",
        "An unhappy reaction: the ticket stays as it is, a word from you would be welcome.",
    );
    let cause = said.words.author.as_ref().map(|who| who.address.clone());
    tell::staff(
        draft,
        id,
        Kind::TeamReply,
        &words,
        &[line],
        cause.as_deref(),
    );
}

/// Whether somebody may judge a ticket: who opened it, who has the trouble, and an operator in their name;
/// never those who follow (RELIABILITY T15).
pub fn may_judge(ticket: &Ticket, actor: &Actor) -> bool {
    if actor.role == Role::Operator {
        return true;
    }
    actor
        .who
        .as_ref()
        .and_then(|who| ticket.person(&who.address))
        .is_some_and(|person| writer(person.part) == Writer::Requester)
}
