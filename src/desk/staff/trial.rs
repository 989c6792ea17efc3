//! `#test`: what a mail would do (row G4). It is carried out on a draft that is thrown away.

use super::super::command::{Command, Line};
use super::super::draft::Draft;
use super::super::{Kind, Notice, tell, words};
use super::reply::Reply;
use super::{Message, carry_out, report, second};
use crate::ticket::What;

/// Characters of a mail that the trial shows.
const SHOWN_CHARACTERS: usize = 200;

/// Reports what the other lines and the words would do; nothing of it is done.
pub fn run(draft: &mut Draft<'_>, mut reply: Reply<'_>, message: Message, lines: &[Line]) {
    let language = reply.technician.language.clone();
    let real: Vec<Line> = lines
        .iter()
        .filter(|line| line.command != Ok(Command::Test))
        .cloned()
        .collect();
    let (id, technician, actor) = (reply.id, reply.technician, reply.actor.clone());
    let message_id = message.message_id.clone();
    let mut scratch = draft.clone();
    let from = scratch.decision.notices.len();
    let mut said = vec![words::pick(
        &language,
        "🔎 Essai : rien n'a été fait, rien n'est parti. Sans #test, ce message ferait ceci :",
        "🔎 Dry run: nothing was done, nothing left. Without #dryrun this mail would do this:",
    )];
    if second::is_needed(&scratch, &reply, &message, &real) {
        second::hold(&mut scratch, reply, message, &real);
        let asked = scratch.decision.notices.iter().skip(from);
        said.extend(
            asked
                .filter(|notice| notice.kind == Kind::Transcript)
                .flat_map(|notice| notice.lines.clone()),
        );
    } else {
        carry_out(&mut scratch, &mut reply, message, &real);
        let told = scratch.decision.notices.iter().skip(from);
        let told: Vec<String> = told.map(|notice| line(notice, &language)).collect();
        reply.undoable = false;
        let public = reply.words.take() == Some(report::Fate::Public);
        said.extend(report::lines(&scratch, &mut reply));
        said.extend(told);
        if !public && reply.says_something {
            said.push(words::pick(
                &language,
                "ℹ Votre texte serait gardé en note interne.",
                "ℹ Your text would be kept as an internal note.",
            ));
        }
    }
    let what = What::Command {
        line: "#test".to_owned(),
        done: true,
        answer: words::pick(
            &language,
            "essai, rien n'est fait",
            "dry run, nothing is done",
        ),
    };
    draft.event(id, actor, false, what);
    tell::transcript(draft, id, technician, message_id.as_deref(), said);
}

/// One mail that would leave.
fn line(notice: &Notice, language: &str) -> String {
    let to = &notice.to.address;
    let text: String = notice
        .text
        .as_deref()
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(SHOWN_CHARACTERS)
        .collect();
    let text = match (text.is_empty(), language) {
        (true, _) => String::new(),
        (false, "en") => format!(": \"{text}\""),
        (false, _) => format!(" : « {text} »"),
    };
    let kind = name(notice.kind, language);
    match language {
        "en" => format!("✉ to {to}, {kind}{text}"),
        _ => format!("✉ à {to}, {kind}{text}"),
    }
}

fn name(kind: Kind, language: &str) -> &'static str {
    let (french, english) = match kind {
        Kind::Taken => ("la prise en charge", "who takes care of it"),
        Kind::FollowUp => ("votre réponse", "your answer"),
        Kind::Resolved => ("la résolution", "the resolution"),
        Kind::Closed => ("la clôture", "the closure"),
        Kind::Reopened => ("la réouverture", "the reopening"),
        Kind::Paused => ("la mise en pause", "the pause"),
        _ if kind.is_internal() => ("un avis interne", "a notice among staff"),
        _ => ("un avis", "a notice"),
    };
    if language == "en" { english } else { french }
}
