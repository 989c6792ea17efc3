//! The technician's language: lines that start with `#` at the top or the bottom of a reply.

use crate::mail::text::fold_accents;
use crate::ticket::Awaited;

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `#prendre`: I take care of it.
    Take,
    /// `#note`: the text is internal.
    Note,
    /// `#attente [demandeur|tiers]`.
    Wait(Awaited),
    /// `#resolu`: the text is the solution.
    Resolve,
    /// `#clore`.
    Close,
    /// `#rouvrir`.
    Reopen,
}

/// One line that starts with `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// As written, trimmed.
    pub written: String,
    /// What it asks for; else the nearest known spelling, when there is one.
    pub command: Result<Command, Option<&'static str>>,
}

/// Every verb with what it means: French first, then its English aliases.
const VERBS: [(&str, &[&str]); 6] = [
    ("prendre", &["prends", "je prends", "take", "claim", "mine"]),
    ("note", &["interne", "internal"]),
    (
        "attente",
        &[
            "attend",
            "attends",
            "en attente",
            "wait",
            "waiting",
            "pending",
        ],
    ),
    (
        "resolu",
        &["resolue", "resoudre", "resolved", "resolve", "solved"],
    ),
    (
        "clore",
        &[
            "clos", "close", "cloture", "cloturer", "fermer", "ferme", "closed",
        ],
    ),
    ("rouvrir", &["reouvrir", "rouvre", "reopen", "open"]),
];

/// Takes a reply apart: its command lines, and the message that remains. Only lines at the top or
/// at the bottom count; `#1042`, a code listing or a hashtag in the middle of a text do not.
pub fn parse(reply: &str) -> (Vec<Line>, String) {
    let lines: Vec<&str> = reply.lines().collect();
    let mut first = 0;
    let mut commands = Vec::new();
    while let Some(line) = lines.get(first) {
        match command_line(line) {
            Some(command) => commands.push(command),
            None if line.trim().is_empty() => {}
            None => break,
        }
        first += 1;
    }
    let mut last = lines.len();
    let mut below = Vec::new();
    while last > first {
        let line = lines[last - 1];
        match command_line(line) {
            // A hashtag under a signature is not a command: below, only known verbs count, and what
            // was plainly meant for one.
            Some(command) if is_meant(&command) => below.push(command),
            Some(_) => break,
            None if line.trim().is_empty() => {}
            None => break,
        }
        last -= 1;
    }
    // `first <= last` holds: the second loop stops there.
    let middle = &lines[first..last];
    let mut text = Vec::with_capacity(middle.len());
    for (at, line) in middle.iter().enumerate() {
        // Alone between empty lines, as above a signature that no rule knew: a command as well,
        // for it must never be sent on to the requester.
        let blank = |line: Option<&&str>| line.is_none_or(|line| line.trim().is_empty());
        let alone = blank(at.checked_sub(1).and_then(|above| middle.get(above)))
            && blank(middle.get(at + 1));
        match command_line(line) {
            Some(command) if alone && line.starts_with(['#', '＃']) && is_meant(&command) => {
                commands.push(command);
            }
            _ => text.push(*line),
        }
    }
    commands.extend(below.into_iter().rev());
    (commands, text.join("\n").trim().to_owned())
}

/// A known verb, or one so close to it that nothing else was meant.
fn is_meant(line: &Line) -> bool {
    !matches!(line.command, Err(None))
}

fn command_line(line: &str) -> Option<Line> {
    let written = line.trim();
    let rest = written.strip_prefix(['#', '＃'])?.trim_start();
    if !rest.starts_with(char::is_alphabetic) {
        return None;
    }
    let folded = fold_accents(rest);
    let folded = folded.trim_end_matches(['.', '!', ',', ';', ':']).trim();
    Some(Line {
        written: written.to_owned(),
        command: understand(folded),
    })
}

fn understand(folded: &str) -> Result<Command, Option<&'static str>> {
    for (verb, aliases) in VERBS {
        for spelling in std::iter::once(&verb).chain(aliases) {
            let Some(argument) = folded.strip_prefix(spelling) else {
                continue;
            };
            if !(argument.is_empty() || argument.starts_with(char::is_whitespace)) {
                continue;
            }
            let argument = argument.trim();
            let command = match (verb, argument) {
                ("prendre", "") => Command::Take,
                ("note", "") => Command::Note,
                ("attente", "" | "demandeur" | "requester" | "usager") => {
                    Command::Wait(Awaited::Requester)
                }
                ("attente", "tiers" | "third party" | "third-party" | "fournisseur") => {
                    Command::Wait(Awaited::ThirdParty)
                }
                ("resolu", "") => Command::Resolve,
                ("clore", "") => Command::Close,
                ("rouvrir", "") => Command::Reopen,
                _ => return Err(Some(verb)),
            };
            return Ok(command);
        }
    }
    Err(nearest(folded))
}

/// The known verb within two changes of the first word.
fn nearest(folded: &str) -> Option<&'static str> {
    let word = folded.split_whitespace().next()?;
    VERBS
        .iter()
        .flat_map(|(verb, aliases)| {
            std::iter::once(verb)
                .chain(aliases.iter())
                .map(move |spelling| (*verb, distance(word, spelling)))
        })
        // Two changes make another word of a short one.
        .filter(|(_, distance)| *distance <= if word.chars().count() < 5 { 1 } else { 2 })
        .min_by_key(|(_, distance)| *distance)
        .map(|(verb, _)| verb)
}

/// Levenshtein's, on characters; words here are short.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(40).enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let changed = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(reply: &str) -> Vec<Result<Command, Option<&'static str>>> {
        parse(reply)
            .0
            .into_iter()
            .map(|line| line.command)
            .collect()
    }

    #[test]
    fn commands_stand_at_the_top_or_the_bottom() {
        let (lines, text) = parse("#prendre\n\nBonjour,\nje regarde.\n\n# Attente\n");
        assert_eq!(text, "Bonjour,\nje regarde.");
        assert_eq!(lines[0].command, Ok(Command::Take));
        assert_eq!(lines[1].command, Ok(Command::Wait(Awaited::Requester)));
        assert_eq!(lines[1].written, "# Attente");
    }

    #[test]
    fn accents_case_aliases_and_arguments() {
        for (written, command) in [
            ("#Résolu", Command::Resolve),
            ("#RESOLU.", Command::Resolve),
            ("#resolved", Command::Resolve),
            ("#attente tiers", Command::Wait(Awaited::ThirdParty)),
            ("#En attente demandeur", Command::Wait(Awaited::Requester)),
            ("#cloturer", Command::Close),
            ("#Réouvrir", Command::Reopen),
            ("＃note", Command::Note),
        ] {
            assert_eq!(commands(written), [Ok(command)], "{written}");
        }
    }

    #[test]
    fn what_is_not_a_command_stays_text() {
        for text in [
            "Voir #1042",
            "#1042",
            "Bonjour\n#!/bin/sh\nfin",
            "Bonjour\n#define X\nfin",
            "Texte\n#MonUniversité #fierté",
        ] {
            let (lines, rest) = parse(text);
            assert_eq!(lines, [], "{text}");
            assert_eq!(rest, text);
        }
    }

    #[test]
    fn a_command_above_a_signature_is_a_command() {
        let (lines, text) = parse(
            "La borne a été remplacée.\n\n#resolu\n\nCamille Martin\nTechnicienne, DSI\n02 31 00 00 11",
        );
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].command, Ok(Command::Resolve));
        assert!(
            text.starts_with("La borne") && text.ends_with("11") && !text.contains('#'),
            "{text}"
        );
        // In a listing it stands between other lines.
        let listing = "Voici le fichier :\n[a]\n#note\nb=1\nfin";
        assert_eq!(parse(listing), (Vec::new(), listing.to_owned()));
    }

    #[test]
    fn a_misspelt_verb_at_the_end_is_not_sent_on() {
        let (lines, text) = parse("C'est réparé.\n\n#rezolu");
        assert_eq!(lines[0].command, Err(Some("resolu")));
        assert_eq!(text, "C'est réparé.");
    }

    #[test]
    fn a_misspelt_verb_at_the_top_is_told_the_nearest() {
        assert_eq!(commands("#rezolu\nBonjour"), [Err(Some("resolu"))]);
        assert_eq!(commands("#prendr"), [Err(Some("prendre"))]);
        assert_eq!(commands("#bidule\nBonjour"), [Err(None)]);
        assert_eq!(commands("#attente lundi"), [Err(Some("attente"))]);
    }
}
