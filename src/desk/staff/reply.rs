//! A technician's reply while it is being carried out: each command line is done or refused, and
//! says so in the transcript. What a command does is in the file of its family beside this one.

use super::super::command::{Command, Line, Misread, VERBS};
use super::super::draft::Draft;
use super::super::lifecycle::{self, Step, Turn};
use super::super::policy::Technician;
use super::super::tell::{self, Words};
use super::super::{Because, Enclosed, Kind, urgency, words};
use super::already::{Asked, names_people};
use super::report::Fate;
use super::{ask, away, refuse};
use crate::mail::Address;
use crate::ticket::{Actor, Nature, NoticeId, Role, TicketId, What};

/// See the module.
#[derive(Clone)]
pub struct Reply<'a> {
    pub id: TicketId,
    pub technician: &'a Technician,
    pub actor: Actor,
    /// The notification that it answers.
    pub notice: Option<NoticeId>,
    pub transcript: Vec<String>,
    /// Some line was refused: the text is not sent on.
    pub refused: bool,
    /// Some line is not understood or cannot be done, known before any is: nothing of the text leaves.
    pub fails: bool,
    /// The mail has words or files of its own.
    pub says_something: bool,
    /// What its lines ask for, wherever they stand.
    pub asked: Asked,
    /// The words stay among staff.
    pub internal: bool,
    /// Something was done that can be undone.
    pub undoable: bool,
    /// The transcript is sent even to who wants to read of failures only.
    pub must_report: bool,
    /// The ticket has a new owner by this reply, of whom its requester hears.
    pub took: bool,
    /// The status to set after the text has joined, with its command line.
    pub step: Option<Step>,
    /// So many lines ask for a change of status.
    pub steps: usize,
    /// It was given away by this reply: its author does not take it by his words.
    pub passed_on: bool,
    /// What became of the words.
    pub words: Option<Fate>,
    /// Why, in a sentence that the requester reads first.
    pub because: Option<String>,
    /// It is closed as none of the team's business.
    pub out_of_scope: bool,
    /// A claim of urgency was lowered, for this reason.
    pub lowered: Option<String>,
    /// `Message-ID` of the mail.
    pub mail: Option<String>,
    /// To whom outside the text goes, instead of the requester.
    pub partner: Option<Address>,
    /// The text is the account of a call.
    pub call: bool,
    /// A draft of an article is sent to him.
    pub wants_article: bool,
    /// That draft.
    pub enclosed: Option<Enclosed>,
    /// Canned answers to add to the text.
    pub inserted: Vec<String>,
    /// The ticket goes on in another one: nothing is told in its name.
    pub merged: bool,
}

/// What came of one line.
pub enum Outcome {
    /// Done; what to say of it.
    Done(String),
    /// Not done; why, and what to do instead.
    Refused(String),
}

impl<'a> Reply<'a> {
    pub fn new(id: TicketId, technician: &'a Technician, notice: Option<NoticeId>) -> Self {
        Self {
            id,
            technician,
            actor: Actor {
                role: Role::Technician,
                who: Some(technician.who()),
            },
            notice,
            transcript: Vec::new(),
            refused: false,
            fails: false,
            says_something: false,
            asked: Asked::default(),
            internal: false,
            undoable: false,
            must_report: false,
            took: false,
            step: None,
            steps: 0,
            passed_on: false,
            words: None,
            because: None,
            out_of_scope: false,
            lowered: None,
            mail: None,
            partner: None,
            call: false,
            wants_article: false,
            enclosed: None,
            inserted: Vec::new(),
            merged: false,
        }
    }
}

impl Reply<'_> {
    pub fn done(&mut self, draft: &mut Draft<'_>, line: &Line, answer: String) {
        self.transcript
            .push(format!("✔ {} — {answer}", line.written));
        let what = What::Command {
            line: line.written.clone(),
            done: true,
            answer,
        };
        draft.event(self.id, self.actor.clone(), false, what);
    }

    pub fn refuse(&mut self, draft: &mut Draft<'_>, line: &Line, answer: &str) {
        self.refused = true;
        self.transcript
            .push(format!("✘ {} — {answer}", line.written));
        refuse(draft, self.id, self.actor.clone(), line, answer);
    }

    fn run_note(&mut self, draft: &mut Draft<'_>, line: &Line) {
        let answer = words::pick(
            &self.technician.language,
            "note interne, le demandeur ne la voit pas",
            "internal note, the requester does not see it",
        );
        self.done(draft, line, answer);
    }

    pub fn run(&mut self, draft: &mut Draft<'_>, line: &Line) {
        let language = &self.technician.language;
        let command = match &line.command {
            Ok(command) => command,
            Err(misread) => {
                let answer = misunderstood(*misread, language);
                return self.refuse(draft, line, &answer);
            }
        };
        if *command == Command::Note {
            return self.run_note(draft, line);
        }
        if ask::is_question(command) {
            return match ask::answer(draft, self.technician, command, self.mail.as_deref()) {
                Outcome::Done(answer) => self
                    .transcript
                    .push(format!("✔ {} — {answer}", line.written)),
                Outcome::Refused(why) => self.refuse(draft, line, &why),
            };
        }
        // Once per notification and line: a mail delivered twice does not command twice.
        let key = self.notice.map(|notice| (notice, format!("{command:?}")));
        if let Some(key) = &key
            && draft.known.executed.contains(key)
        {
            // The mail was sent again, corrected.
            if self.holds(draft, command) {
                let answer = words::pick(language, "déjà fait", "done already");
                return self.done(draft, line, answer);
            }
            let answer = words::pick(
                language,
                "déjà exécutée pour cette notification ; répondez à la plus récente",
                "done already for this notification; reply to the latest one",
            );
            return self.refuse(draft, line, &answer);
        }
        match self.carry_out(draft, command) {
            Outcome::Done(answer) => {
                self.undoable |= changes(command);
                self.done(draft, line, answer);
                // What belongs to a text that stays was not done with it.
                let of_text = matches!(command, Command::Canned(_) | Command::Call);
                let key = key.filter(|_| !(self.fails && of_text));
                draft.decision.executed.extend(key);
            }
            // Its people are already who they should be.
            Outcome::Refused(answer) if names_people(command) && self.holds(draft, command) => {
                self.done(draft, line, answer);
            }
            // What was refused was not done: it may be asked again when it has become possible.
            Outcome::Refused(answer) => self.refuse(draft, line, &answer),
        }
    }

    /// Does what a line asks for: one arm a command, one function for each in the file of its family.
    pub fn carry_out(&mut self, draft: &mut Draft<'_>, command: &Command) -> Outcome {
        match command {
            Command::Take => self.take(draft),
            Command::Note => Outcome::Done(String::new()),
            Command::Wait(of) => self.step(draft, Step::Wait(*of)),
            Command::Pause(until) => self.pause(draft, *until),
            Command::Assign(whom) => self.assign(draft, whom),
            Command::Team(team) => self.team(draft, team),
            Command::Priority(level) => self.priority(draft, *level),
            Command::Undo => self.undo(draft),
            // Taken up before the lines run; one that comes here had nothing to take up.
            Command::Send => Outcome::Refused(words::pick(
                &self.technician.language,
                "rien n'attend d'être envoyé : #envoyer répond à la question du guichet, dans la journée",
                "nothing waits to be sent: #send answers the question of the desk, within a day",
            )),
            Command::Resolve => self.step(draft, Step::Resolve),
            Command::Close => self.step(draft, Step::Close),
            Command::Reopen => self.step(draft, Step::Reopen),
            Command::Category(name) => self.category(draft, name),
            Command::Incident => self.nature(draft, Nature::Incident),
            Command::Request => self.nature(draft, Nature::Request),
            Command::Downgrade(reason) => self.downgrade(draft, reason),
            Command::OutOfScope(reason) => self.out_of_scope(draft, reason),
            Command::For(who) => self.requester(draft, who),
            Command::Beneficiary(who) => self.beneficiary(draft, who),
            Command::Add(who) => self.add(draft, who),
            Command::Remove(who) => self.remove(draft, who),
            Command::Merge(id) => self.merge(draft, *id),
            Command::Split(numbers) => self.split(draft, numbers),
            Command::Link(id) => self.link(draft, *id),
            Command::Partner(with) => self.partner(draft, with),
            Command::Call => self.call(),
            Command::Canned(name) => self.canned(draft, name),
            Command::Article => self.article(draft),
            Command::Major(ids) => self.major(draft, ids),
            Command::Away(when) => away::away(draft, self.technician, *when),
            Command::Back => away::back(draft, self.technician),
            Command::Duplicate => self.duplicate(draft),
            // Answered before they come here; a trial is another way altogether.
            Command::Test
            | Command::Help
            | Command::List
            | Command::Mine
            | Command::Search(_)
            | Command::Show(_) => Outcome::Done(String::new()),
        }
    }

    /// Why a line that the requester would hear of waits: another one fails, and it goes with the text or
    /// not at all.
    pub fn waits_for_text(&self) -> Option<Outcome> {
        (self.fails && self.says_something).then(|| {
            Outcome::Refused(words::pick(
                &self.technician.language,
                "pas exécutée : une autre ligne échoue, et votre texte ne part pas sans elle",
                "not done: another line fails, and your text does not leave without it",
            ))
        })
    }

    /// The first to answer or to take it owns it, unless he gives it away.
    pub fn own(&mut self, draft: &mut Draft<'_>) {
        let free = draft
            .ticket(self.id)
            .is_some_and(|ticket| ticket.technician.is_none());
        let gives_away = self.passed_on && self.step != Some(Step::Resolve);
        if free && !gives_away {
            self.took = true;
            self.undoable = true;
            let technician = Some(self.technician.who());
            draft.event(
                self.id,
                self.actor.clone(),
                true,
                What::Assigned { technician },
            );
        }
    }

    pub fn apply_step(&mut self, draft: &mut Draft<'_>) {
        let Some(step) = self.step else { return };
        // Checked when the command was read; nothing has changed the status since.
        let status = draft.ticket(self.id).map(|ticket| ticket.status);
        if let Some(Ok(to)) = status.map(|status| lifecycle::next(status, step, "en")) {
            if step == Step::Resolve {
                self.own(draft);
            }
            let because = self.because.clone();
            lifecycle::set(draft, self.id, self.actor.clone(), to, because);
            self.undoable = true;
        }
    }

    /// One mail to the requester for all that happened (rows E2, F8).
    pub fn tell(&self, draft: &mut Draft<'_>, words: Option<&Words>) {
        let kind = (self.step.and_then(Step::turn))
            .map(Turn::kind)
            .or_else(|| self.lowered.as_ref().map(|_| Kind::Lowered))
            .or_else(|| words.map(|_| Kind::FollowUp))
            .or_else(|| self.because.as_ref().map(|_| Kind::FollowUp))
            .or_else(|| self.took.then_some(Kind::Taken));
        let Some(kind) = kind else { return };
        // The acknowledgement that leaves with it names who takes care of it.
        let named =
            draft.decision.notices.iter().any(|notice| {
                notice.kind == Kind::Acknowledgement && notice.ticket == Some(self.id)
            });
        if kind == Kind::Taken && named {
            return;
        }
        let mut words = words.cloned().unwrap_or_else(|| self.no_words(draft, kind));
        let own_address = self.technician.who().address;
        if let (Kind::Lowered, Some(reason)) = (kind, &self.lowered) {
            return urgency::tell_lowered(draft, self.id, reason, &words);
        }
        let lowered = self.lowered.as_ref().map(|reason| {
            let language = draft.ticket(self.id).map(|ticket| ticket.language.as_str());
            words::pick(
                language.unwrap_or_default(),
                format!("Votre demande est passée en priorité normale : {reason}"),
                format!("Your request was given the normal priority: {reason}"),
            )
        });
        let said = [self.because.clone(), lowered, Some(words.text)];
        let said: Vec<String> = (said.into_iter().flatten())
            .filter(|part| !part.is_empty())
            .collect();
        words.text = said.join("\n\n");
        let because = self.out_of_scope.then_some(Because::OutOfScope);
        tell::public_as(
            draft,
            self.id,
            kind,
            Some(&words),
            &own_address,
            because,
            |_| {},
        );
    }

    /// Nothing was written: only by whom it happened is said.
    fn no_words(&self, draft: &Draft<'_>, kind: Kind) -> Words {
        let owner = draft
            .ticket(self.id)
            .and_then(|ticket| ticket.technician.as_ref()?.name.clone());
        let name = match kind {
            Kind::Taken => owner,
            _ => Some(self.technician.name.clone()),
        };
        Words {
            author: Some(Address {
                name,
                address: String::new(),
            }),
            ..Words::default()
        }
    }
}

/// A command that changes the ticket in a way that can be undone; the others ask, or say what becomes of
/// the mail.
fn changes(command: &Command) -> bool {
    !matches!(
        command,
        Command::Note
            | Command::Undo
            | Command::Send
            | Command::Article
            | Command::Test
            | Command::Help
            | Command::List
            | Command::Mine
            | Command::Search(_)
            | Command::Show(_)
            // What they open, tie or write down stays.
            | Command::Split(_)
            | Command::Duplicate
            | Command::Link(_)
            | Command::Away(_)
            | Command::Back
            | Command::Canned(_)
            | Command::Call
    )
}

/// What to say of a line that was not understood.
fn misunderstood(misread: Misread, language: &str) -> String {
    let french = language == "fr";
    let name = |verb: &super::super::command::Verb| if french { verb.name } else { verb.english };
    match misread {
        Misread::Argument(verb) => {
            let usage = if french { verb.usage.0 } else { verb.usage.1 };
            words::pick(
                language,
                format!("pas comprise : elle s'écrit {usage}"),
                format!("not understood: it is written {usage}"),
            )
        }
        Misread::Place => words::pick(
            language,
            "au milieu du texte : les commandes se mettent au début ou à la fin, et une note interne dans un message à part",
            "in the midst of the text: commands stand at the beginning or the end, and an internal note in a mail of its own",
        ),
        Misread::Verb(Some(nearest)) => words::pick(
            language,
            format!(
                "commande inconnue ; vouliez-vous dire #{} ? #aide les donne toutes",
                nearest.name
            ),
            format!(
                "unknown command; did you mean #{}? #help tells them all",
                nearest.english
            ),
        ),
        Misread::Verb(None) => {
            let all: Vec<String> = VERBS
                .iter()
                .map(|verb| format!("#{}", name(verb)))
                .collect();
            let all = all.join(" ");
            words::pick(
                language,
                format!("commande inconnue. Commandes : {all}"),
                format!("unknown command. Commands: {all}"),
            )
        }
    }
}
