//! Opens a ticket for a mail.

use super::draft::Draft;
use super::join::{add_mail, files_of, remember_ids, text_of};
use super::route::{Route, is_ours};
use super::tell::{self, Acknowledged, Words};
use super::{
    Arrival, Because, Disposition, Kind, Policy, assign, classify, declared, major, people,
    reference, requests, selfhelp, urgency, words,
};
use crate::mail::authenticity::Authenticity;
use crate::mail::{self, Address, Automatic};
use crate::ticket::{
    Actor, Channel, Level, Part, Person, Reference, Role, Status, Ticket, TicketId, What,
};

/// How a ticket is opened.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// Why it is not part of another ticket, in words.
    pub why: Vec<String>,
    /// The ticket that the mail pointed at.
    pub linked: Option<TicketId>,
    /// Its title, when it is not the mail's.
    pub title: Option<String>,
    /// The closed ticket that it continues: told in the acknowledgement.
    pub continues: Option<Reference>,
    /// Why it is not part of that one.
    pub because: Option<Because>,
    /// Its sender could not be believed.
    pub unverified: bool,
    /// The second ticket in a row that points at another of the same person: machines do that when
    /// they answer acknowledgements, so theirs waits for a digest.
    pub repeated: bool,
    /// A machine wrote it: no acknowledgement.
    pub automatic: Option<Automatic>,
    /// It is somebody else's than the sender's.
    pub behalf: Option<Behalf>,
    /// A technician logs what was said on the phone.
    pub by_phone: bool,
    /// Its sender is told something else instead of an acknowledgement: one mail for one mail.
    pub told_otherwise: bool,
    /// What staff should know of it beside.
    pub lines: Vec<String>,
}

/// For whom a technician opens a ticket, and with what.
#[derive(Clone, Debug)]
pub struct Behalf {
    pub who: Address,
    /// What that person wrote or said.
    pub text: String,
    pub title: Option<String>,
    /// `Message-ID` of that person's own mail.
    pub message_id: Option<String>,
    /// How it came here.
    pub remark: Option<String>,
    /// Who says so, when that person wrote nothing.
    pub by: Option<Address>,
    /// Nobody is told here.
    pub silent: bool,
}

/// Opens it, tells the sender and the teams. Returns its number.
pub fn open(draft: &mut Draft<'_>, arrival: &Arrival, route: &Route, opening: Opening) -> TicketId {
    let policy = draft.policy;
    let mail = &arrival.mail;
    let id = draft.take_ticket();
    let behalf = opening.behalf.as_ref();
    let sender = behalf
        .map(|behalf| behalf.who.clone())
        .or_else(|| mail.sender().cloned())
        .unwrap_or_default();
    let actor = actor_for(&sender, opening.automatic);
    let language = language_of(draft, arrival);
    let prefix = policy
        .team(&route.lead)
        .map(|team| team.prefix.clone())
        .unwrap_or_default();
    let submission = arrival.submission.as_ref();
    let chosen = submission.is_some_and(|form| form.urgency == Some(Level::High));
    let claimed = match submission.and_then(|form| form.urgency) {
        _ if mail.urgent => Level::High,
        Some(chosen) => chosen,
        None => Level::Normal,
    };
    let channel = match submission {
        Some(_) => Channel::Page,
        None if opening.by_phone => Channel::Phone,
        None => Channel::Mail,
    };

    // A conversation goes on in the mails of who has it, not in those of who passed it on.
    let own_id = match behalf {
        Some(behalf) => behalf.message_id.clone(),
        None => mail.message_id.clone(),
    };
    let mut why = route.why.clone();
    why.extend(opening.why.iter().cloned());
    if mail.importance == Some(crate::mail::Importance::High) && !mail.urgent {
        why.push(words::pick(
            &policy.language,
            "Marqué « importance haute » par le logiciel de l'expéditeur, sans le mot URGENT.",
            "Marked \"high importance\" by the sender's client, without the word URGENT.",
        ));
    }
    let title = opening
        .title
        .clone()
        .or_else(|| {
            let title = behalf?.title.as_deref()?;
            let title = reference::without_references(title, &policy.prefixes());
            let title = reference::bare_subject(&title).trim().to_owned();
            (!title.is_empty()).then_some(title)
        })
        .unwrap_or_else(|| title_of(policy, arrival, &language));
    let forwarded = mail.forwarded.as_ref().map(|original| &original.text);
    let body = [Some(&mail.reply), forwarded].into_iter().flatten();
    let body = body.cloned().collect::<Vec<_>>().join("\n");
    let mut found = classify::classify(policy, &route.lead, &title, &body);
    if let Some(form) = submission {
        found = form.class(policy, found);
    }
    why.extend(found.why.clone());
    let silent = behalf.is_some_and(|behalf| behalf.silent);
    let by_person = opening.automatic.is_none() && !opening.unverified;
    let acknowledged =
        by_person && !silent && !opening.told_otherwise && !is_ours(policy, &sender.address);
    // A technician who is proven vouches for whom he opens it.
    let outsider =
        !policy.is_internal(&sender.address) && arrival.authenticity != Authenticity::Pass;
    let offered = if acknowledged && !outsider && behalf.is_none() && opening.linked.is_none() {
        selfhelp::offered(policy, arrival, found.category.as_deref())
    } else {
        Vec::new()
    };
    let impact = found
        .category
        .as_ref()
        .and_then(|category| policy.category(category))
        .map(|category| category.impact)
        .unwrap_or_default();
    let ticket = Ticket {
        id,
        reference: Reference { prefix, number: id },
        title,
        status: Status::Open,
        status_since: draft.now,
        close_at: None,
        urgency: claimed,
        priority: classify::priority(claimed, impact),
        team: route.lead.clone(),
        observing_teams: route.observers.clone(),
        technician: None,
        people: Vec::new(),
        language,
        sent_to: route.sent_to.clone(),
        account: arrival.account.clone(),
        automatic: opening.automatic.is_some(),
        verified: !opening.unverified,
        why,
        linked: Vec::new(),
        origin_message_id: own_id.clone(),
        last_message_id: own_id.clone(),
        created_at: draft.now,
        updated_at: draft.now,
        reopened: 0,
        ties: crate::ticket::Ties::default(),
        nature: found.nature,
        channel,
        category: found.category,
        reclassified: 0,
        claim: None,
        priority_decided: false,
        named: route.technicians.clone(),
        phone: submission
            .and_then(|form| form.phone.clone())
            .or_else(|| mail::text::phone(&mail.reply, &mail.folded)),
        phone_typed: submission.is_some_and(|form| form.phone.is_some()),
        remind_at: None,
        reminders: 0,
        refusals: 0,
        complements: 0,
        accepted: false,
        thanks: 0,
        marks: None,
        marks_asked: false,
        offered,
    };
    draft.open(ticket, actor.clone());
    let automatic = opening.automatic.is_some();
    add_people(draft, id, arrival, &sender, opening.unverified, automatic);

    let words = match behalf {
        Some(behalf) => add_words(draft, id, arrival, actor, behalf),
        None => add_mail(
            draft,
            id,
            arrival,
            actor,
            true,
            opening.automatic,
            Vec::new(),
        ),
    };
    let mut lines = opening.lines.clone();
    // A forged mail raises nobody's count.
    if mail.urgent && opening.automatic.is_none() && !opening.unverified {
        lines.extend(urgency::claimed(draft, id, &words.text));
        // Who chose what is stopped in the form has said which of the criteria holds (row J2).
        if chosen {
            let who = actor_for(&sender, None);
            lines.push(urgency::confirm(draft, id, who));
        }
    }
    if opening.unverified {
        draft.event(
            id,
            Actor::desk(),
            false,
            What::Alert {
                text: words::pick(
                    &policy.language,
                    format!(
                        "Expéditeur non vérifié : rien ne prouve que ce message vienne de {}.",
                        sender.address
                    ),
                    format!(
                        "Sender not verified: nothing proves that this mail is from {}.",
                        sender.address
                    ),
                ),
            },
        );
    }
    if let Some(other) = opening.linked
        && draft.ticket(other).is_some()
    {
        let why = opening.why.last().cloned().unwrap_or_default();
        draft.link(id, other, &why);
    }

    let title = draft
        .ticket(id)
        .map(|ticket| ticket.title.clone())
        .unwrap_or_default();
    let major = (by_person && opening.linked.is_none() && !silent)
        .then(|| major::known(draft, &title))
        .flatten();
    if let Some(major) = major {
        join_major(draft, major, id);
    }
    if major.is_none() {
        lines.extend(assign::assign(draft, id));
    }
    let answered = match major {
        Some(_) => None,
        None => selfhelp::answer(draft, id),
    };
    if acknowledged {
        let mut files = words.files.clone();
        // What a technician passed on is the person's own mail, no file of hers.
        files.retain(|file| behalf.is_none() || file.attachment.content_type != "message/rfc822");
        tell::acknowledge(
            draft,
            id,
            Acknowledged {
                bare: outsider,
                late: opening.repeated,
                urgent: mail.urgent,
                confirmed: chosen,
                oversize: arrival.oversize,
                continues: opening.continues,
                because: opening.because,
                files,
                message_id: own_id,
                known_incident: major.is_some(),
                by: behalf.and_then(|behalf| behalf.by.clone()),
            },
        );
    }
    let cause = Some(sender.address.as_str());
    if sender.address.is_empty() {
        lines.push(words::pick(
            &policy.language,
            "Ce message est arrivé sans adresse d'expéditeur : une réponse n'atteindrait personne. Indiquez le demandeur par #pour suivi de son adresse.",
            "This mail came without a sender's address: an answer would reach nobody. Name the requester by #for with the address.",
        ));
    }
    if !silent {
        if by_person && major.is_none() {
            lines.extend(major::propose(draft, id));
        }
        lines.extend(hint(draft, &words.text));
        if let Some(major) = major.and_then(|major| draft.ticket(major)) {
            lines.push(words::pick(
                &policy.language,
                format!("Rattaché à l'incident majeur {}. Une réponse à ce message ne va qu'à cette personne ; pour écrire à tous, répondez à un message de {}.", major.reference, major.reference),
                format!("Part of major incident {}. A reply to this goes to this person only; to write to all, reply to a mail of {}.", major.reference, major.reference),
            ));
        }
        lines.extend(answered);
        tell::staff(draft, id, Kind::TeamNew, &words, &lines, cause);
        for team in &route.observers {
            tell::observing_team(draft, id, team, &words, cause);
        }
    }
    remember_ids(draft, id, arrival);
    draft.dispose(
        Disposition::Filed(id),
        opening
            .why
            .first()
            .cloned()
            .unwrap_or_else(|| "a new matter: opens a ticket".to_owned()),
    );
    id
}

/// It is one of many: who takes care of those takes care of it.
fn join_major(draft: &mut Draft<'_>, major: TicketId, id: TicketId) {
    major::adopt(draft, major, id, &Actor::desk());
    let technician = draft
        .ticket(major)
        .and_then(|ticket| ticket.technician.clone());
    if technician.is_some() {
        draft.event(id, Actor::desk(), false, What::Assigned { technician });
    }
}

/// A word to staff about a mail that holds several requests (row C11).
fn hint(draft: &Draft<'_>, text: &str) -> Vec<String> {
    match requests::enumerated(text).len() {
        0 | 1 => Vec::new(),
        count => vec![words::pick(
            &draft.policy.language,
            format!(
                "Ce message semble contenir {count} demandes : #scinder fait un ticket de chacune."
            ),
            format!("This mail seems to hold {count} requests: #split makes a ticket of each."),
        )],
    }
}

/// Adds what somebody said or wrote elsewhere, with the files of the mail that brings it.
fn add_words(
    draft: &mut Draft<'_>,
    id: TicketId,
    arrival: &Arrival,
    actor: Actor,
    behalf: &Behalf,
) -> Words {
    let files = files_of(arrival);
    let remarks: Vec<String> = behalf.remark.iter().cloned().collect();
    let text = if behalf.text.trim().is_empty() {
        text_of(arrival, &remarks, &draft.policy.language)
    } else {
        behalf.text.clone()
    };
    let mail = What::Mail {
        text: text.clone(),
        folded: String::new(),
        files: files.clone(),
        inbox: Some(arrival.inbox),
        message_id: behalf.message_id.clone(),
        automatic: None,
        thanks: false,
        remarks,
    };
    draft.event(id, actor.clone(), true, mail);
    Words {
        text,
        author: actor.who,
        files,
    }
}

/// The title of a ticket: the subject without "RE:" and "TR:", else what `mail` found.
fn title_of(policy: &Policy, arrival: &Arrival, language: &str) -> String {
    let mail = &arrival.mail;
    let subject = mail.subject.as_deref().unwrap_or_default();
    // Another ticket's reference in a title would be taken for this one's in every reply.
    let subject = reference::without_references(subject, &policy.prefixes());
    let bare = reference::bare_subject(&subject);
    let title = if bare.is_empty() { &mail.title } else { bare };
    let title = title.trim();
    if title.is_empty() {
        words::pick(language, "(sans objet)", "(no subject)")
    } else {
        title.to_owned()
    }
}

fn actor_for(sender: &Address, automatic: Option<Automatic>) -> Actor {
    Actor {
        role: match automatic {
            Some(_) => Role::Robot,
            None => Role::Requester,
        },
        who: Some(sender.clone()),
    }
}

/// The language of the mail, when the desk speaks it, else of the sender, else of the account.
pub fn language_of(draft: &Draft<'_>, arrival: &Arrival) -> String {
    let policy = draft.policy;
    arrival
        .mail
        .language
        .clone()
        .filter(|language| words::is_spoken(language))
        .or_else(|| {
            let sender = arrival.mail.sender()?;
            policy.directory.entry(&sender.address)?.language.clone()
        })
        .or_else(|| {
            policy
                .accounts
                .iter()
                .find(|account| account.name == arrival.account)
                .map(|account| account.language.clone())
        })
        .unwrap_or_else(|| policy.language.clone())
}

fn add_people(
    draft: &mut Draft<'_>,
    id: TicketId,
    arrival: &Arrival,
    sender: &Address,
    unverified: bool,
    automatic: bool,
) {
    let policy = draft.policy;
    // A technician's mail says nothing of where its requester wants to be answered.
    let own = arrival
        .mail
        .sender()
        .is_some_and(|from| from.key() == sender.key());
    let reply_to = match arrival.mail.reply_to.as_slice() {
        [one]
            if own
                && !unverified
                && !one.address.is_empty()
                && one.key() != sender.key()
                && !is_ours(policy, &one.address) =>
        {
            Some(one.address.clone())
        }
        _ => None,
    };
    let person = Person {
        id: draft.take_person(),
        part: Part::Requester,
        who: people::named(policy, sender.clone()),
        reply_to,
        generation: 0,
    };
    draft.event(id, Actor::desk(), false, What::Person { person });
    if unverified || automatic || !own {
        return;
    }
    // Before those in copy: he may be one of them.
    if people::is_trusted(policy, arrival)
        && let Some(who) = (arrival.submission.as_ref())
            .and_then(|form| form.beneficiary.clone())
            .or_else(|| declared::beneficiary(policy, &arrival.mail))
    {
        let actor = Actor {
            role: Role::Requester,
            who: Some(people::named(policy, sender.clone())),
        };
        // What cannot be is left as it is written, for staff to read.
        let _ = people::set_beneficiary(draft, id, actor, who, &policy.language);
    }
    people::add_copied(draft, id, arrival, Part::Requester);
}
