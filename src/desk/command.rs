//! The technician's language: lines that start with `#` at the top or the bottom of a reply.

use crate::mail::Address;
use crate::mail::text::fold_accents;
use crate::ticket::{Awaited, Level, TicketId};

mod argument;
mod verb;

pub use argument::{When, address};
pub use verb::{VERBS, Verb};

/// What a line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `#prendre`: I take care of it.
    Take,
    /// `#affecter dupont`: a technician, as written.
    Assign(String),
    /// `#equipe c5`: a team, as written.
    Team(String),
    /// `#note`: the text is internal.
    Note,
    /// `#attente [demandeur|tiers]`.
    Wait(Awaited),
    /// `#pause 3j`.
    Pause(When),
    /// `#resolu`: the text is the solution.
    Resolve,
    /// `#clore`.
    Close,
    /// `#rouvrir`.
    Reopen,
    /// `#priorite haute`.
    Priority(Level),
    /// `#declasser raison`.
    Downgrade(String),
    /// `#categorie CRM`: as written.
    Category(String),
    /// `#incident`.
    Incident,
    /// `#demande`.
    Request,
    /// `#horsperimetre raison`.
    OutOfScope(String),
    /// `#fusionner 123`.
    Merge(TicketId),
    /// `#scinder [2 3]`: the paragraphs, none for all that the mail enumerates.
    Split(Vec<usize>),
    /// `#lier 123`.
    Link(TicketId),
    /// `#pour x@y`.
    For(Address),
    /// `#beneficiaire x@y`.
    Beneficiary(Address),
    /// `#ajouter x@y`.
    Add(Address),
    /// `#retirer x@y`.
    Remove(Address),
    /// `#tiers partenaire@editeur.fr`.
    Partner(Address),
    /// `#tel`.
    Call,
    /// `#modele vpn`: the name of a canned answer, folded.
    Canned(String),
    /// `#majeur [101 102]`.
    Major(Vec<TicketId>),
    /// `#absent jusqu'au 24/08`.
    Away(When),
    /// `#annuler`.
    Undo,
    /// `#envoyer`: the answer that was kept shall leave.
    Send,
    /// `#test`.
    Test,
    /// `#dupliquer`.
    Duplicate,
    /// `#aide`.
    Help,
    /// `#liste`.
    List,
    /// `#mes tickets`.
    Mine,
    /// `#cherche imprimante`.
    Search(String),
    /// `#ticket 123`.
    Show(TicketId),
}

/// Why a line was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misread {
    /// No such verb; the nearest one, when there is one.
    Verb(Option<&'static Verb>),
    /// The verb is known, what follows it is not what it takes.
    Argument(&'static Verb),
}

/// One line that starts with `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// As written, trimmed.
    pub written: String,
    /// What it asks for.
    pub command: Result<Command, Misread>,
}

/// A line that was read as a command.
struct Read {
    line: Line,
    /// What follows on it and belongs to the message: `#resolu Merci de votre patience`.
    text: Option<String>,
    /// A known verb, or one so close to it that nothing else was meant, wherever it stands.
    meant: bool,
}

/// Verbs that take no argument and after which people go on writing.
const FOLLOWED_BY_TEXT: [&str; 6] = ["prendre", "note", "resolu", "clore", "rouvrir", "tel"];

/// What stands for `#`: wide and small forms, and what some keyboards offer.
const HASHES: [char; 4] = ['#', '＃', '﹟', '♯'];

/// Takes a reply apart: its command lines, and the message that remains. Only lines at the top or
/// at the bottom count; `#1042`, a heading, a code listing or a hashtag in the middle of a text do
/// not.
pub fn parse(reply: &str) -> (Vec<Line>, String) {
    let lines: Vec<&str> = reply.lines().collect();
    let mut first = 0;
    let mut commands = Vec::new();
    let mut text: Vec<String> = Vec::with_capacity(lines.len());
    while let Some(line) = lines.get(first) {
        match command_line(line) {
            Some(read) => {
                text.extend(read.text);
                commands.push(read.line);
            }
            None if line.trim().is_empty() => {}
            None => break,
        }
        first += 1;
    }
    let mut last = lines.len();
    let mut below = Vec::new();
    let mut text_below = Vec::new();
    while last > first {
        let line = lines[last - 1];
        match command_line(line) {
            // A hashtag under a signature is not a command: below, only known verbs count, and what
            // was plainly meant for one.
            Some(read) if read.meant => {
                text_below.extend(read.text);
                below.push(read.line);
            }
            Some(_) => break,
            None if line.trim().is_empty() => {}
            None => break,
        }
        last -= 1;
    }
    // `first <= last` holds: the second loop stops there.
    let middle = &lines[first..last];
    for (at, line) in middle.iter().enumerate() {
        // Alone between empty lines, as above a signature that no rule knew: a command as well,
        // for it must never be sent on to the requester.
        let blank = |line: Option<&&str>| line.is_none_or(|line| line.trim().is_empty());
        let alone = blank(at.checked_sub(1).and_then(|above| middle.get(above)))
            && blank(middle.get(at + 1));
        match command_line(line) {
            Some(read) if alone && line.starts_with(HASHES) && read.meant => {
                text.extend(read.text);
                commands.push(read.line);
            }
            _ => text.push((*line).to_owned()),
        }
    }
    commands.extend(below.into_iter().rev());
    if !text_below.is_empty() {
        text.push(String::new());
    }
    text.extend(text_below.into_iter().rev());
    (commands, text.join("\n").trim().to_owned())
}

fn command_line(line: &str) -> Option<Read> {
    // What mail programs put around a word and nobody sees, or sees as bold.
    let visible: String = line
        .chars()
        .filter(|c| {
            !matches!(
                c,
                '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
            )
        })
        .collect();
    let written = visible.trim().trim_matches(['*', '_']).trim();
    let after = written.strip_prefix(HASHES)?;
    let rest = after.trim_start();
    if !rest.starts_with(char::is_alphabetic) {
        return None;
    }
    let (command, text, meant) = understand(rest);
    // `# Rapport` is a heading; `# Résolu` is what a phone makes of `#resolu`.
    if after.len() != rest.len() && command == Err(Misread::Verb(None)) {
        return None;
    }
    Some(Read {
        line: Line {
            written: written.to_owned(),
            command,
        },
        text,
        meant,
    })
}

/// What follows the `#`: the command, the words that go on behind it, whether it counts wherever it
/// stands. The longest spelling wins: `#mes tickets` is not a ticket.
fn understand(rest: &str) -> (Result<Command, Misread>, Option<String>, bool) {
    let folded = fold_accents(rest);
    let folded = folded.trim_end_matches(ENDS);
    let found = VERBS
        .iter()
        .flat_map(|verb| verb.spellings().map(move |spelling| (verb, spelling)))
        .filter(|(_, spelling)| {
            folded.strip_prefix(spelling).is_some_and(|after| {
                after.is_empty()
                    || after.starts_with(|c: char| c.is_whitespace() || ENDS.contains(&c))
            })
        })
        .max_by_key(|(_, spelling)| spelling.len());
    let Some((verb, spelling)) = found else {
        let nearest = nearest(folded);
        return (Err(Misread::Verb(nearest)), None, nearest.is_some());
    };
    // The argument as it was written: accents and capitals may matter in it.
    let mut argument = rest;
    for _ in spelling.split(' ') {
        let end = argument
            .find(|c: char| c.is_whitespace() || ENDS.contains(&c))
            .unwrap_or(argument.len());
        argument =
            argument[end..].trim_start_matches(|c: char| c.is_whitespace() || ENDS.contains(&c));
    }
    let argument = argument.trim();
    let bare = argument.trim_end_matches(['!', ',', ';', '…']);
    match command(verb, bare) {
        Some(command) => (Ok(command), None, true),
        None if FOLLOWED_BY_TEXT.contains(&verb.name)
            && [verb.name, verb.english, "resolue"].contains(&spelling) =>
        {
            // `#close friends` under a signature is a hashtag.
            let meant = spelling != verb.english;
            match command(verb, "") {
                Some(command) => (Ok(command), Some(argument.to_owned()), meant),
                None => (Err(Misread::Argument(verb)), None, true),
            }
        }
        None => (Err(Misread::Argument(verb)), None, true),
    }
}

/// What may end a verb, or a line, without being part of it.
const ENDS: [char; 7] = ['.', '!', ',', ';', ':', ' ', '…'];

/// The command of a verb with its argument; `None` when the verb does not take that.
fn command(verb: &'static Verb, argument: &str) -> Option<Command> {
    let folded = fold_accents(argument);
    let folded = folded.trim_end_matches('.').trim();
    let none = |command: Command| folded.is_empty().then_some(command);
    let text = || (!folded.is_empty()).then(|| argument.to_owned());
    let address = || argument::address(argument);
    let one_ticket = || match argument::tickets(argument)?.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    match verb.name {
        "prendre" => none(Command::Take),
        "affecter" => text().map(Command::Assign),
        "equipe" => text().map(Command::Team),
        "note" => none(Command::Note),
        "attente" => match folded {
            "" | "demandeur" | "du demandeur" | "requester" | "usager" => {
                Some(Command::Wait(Awaited::Requester))
            }
            "tiers" | "d'un tiers" | "third" | "third party" | "third-party" | "fournisseur" => {
                Some(Command::Wait(Awaited::ThirdParty))
            }
            _ => None,
        },
        "pause" => When::parse(argument).map(Command::Pause),
        "resolu" => none(Command::Resolve),
        "clore" => none(Command::Close),
        "rouvrir" => none(Command::Reopen),
        "priorite" => argument::level(folded).map(Command::Priority),
        "declasser" => text().map(Command::Downgrade),
        "categorie" => text().map(Command::Category),
        "incident" => none(Command::Incident),
        "demande" => none(Command::Request),
        "horsperimetre" => text().map(Command::OutOfScope),
        "fusionner" => one_ticket().map(Command::Merge),
        "scinder" => folded
            .split([' ', ',', ';'])
            .filter(|word| !word.is_empty() && *word != "et" && *word != "and")
            .map(|word| word.parse().ok().filter(|&number: &usize| number > 0))
            .collect::<Option<Vec<usize>>>()
            .map(Command::Split),
        "lier" => one_ticket().map(Command::Link),
        "pour" => address().map(Command::For),
        "beneficiaire" => address().map(Command::Beneficiary),
        "ajouter" => address().map(Command::Add),
        "retirer" => address().map(Command::Remove),
        "tiers" => address().map(Command::Partner),
        "tel" => none(Command::Call),
        "modele" => text().map(|_| Command::Canned(folded.to_owned())),
        "majeur" if folded.is_empty() => Some(Command::Major(Vec::new())),
        "majeur" => argument::tickets(argument).map(Command::Major),
        "absent" => When::parse(argument).map(Command::Away),
        "annuler" => none(Command::Undo),
        "envoyer" => none(Command::Send),
        "test" => none(Command::Test),
        "dupliquer" => none(Command::Duplicate),
        "aide" => Some(Command::Help),
        "liste" => none(Command::List),
        "mes tickets" => none(Command::Mine),
        "cherche" => text().map(Command::Search),
        "ticket" => one_ticket().map(Command::Show),
        _ => None,
    }
}

/// The known verb within two changes of the first word.
fn nearest(folded: &str) -> Option<&'static Verb> {
    let word = folded.split_whitespace().next()?;
    VERBS
        .iter()
        .flat_map(|verb| {
            verb.spellings()
                .map(move |spelling| (verb, strsim::damerau_levenshtein(word, spelling)))
        })
        // Two changes make another word of a short one; one makes anything of the shortest.
        .filter(|(verb, _)| word.len() > 2 || verb.name == word)
        .filter(|(_, distance)| *distance <= if word.chars().count() < 5 { 1 } else { 2 })
        .min_by_key(|(_, distance)| *distance)
        .map(|(verb, _)| verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(reply: &str) -> Vec<Result<Command, Misread>> {
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
            ("# Résolu", Command::Resolve),
            ("#\u{a0}resolu", Command::Resolve),
            ("\u{200b}#resolu\u{feff}", Command::Resolve),
            ("*#Résolu*", Command::Resolve),
            ("#résolu…", Command::Resolve),
            ("#Attente :\u{a0}tiers", Command::Wait(Awaited::ThirdParty)),
            ("♯prendre", Command::Take),
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
            "# Compte rendu de l'intervention\nLe câble est changé.",
            "## Résolu en partie\nSuite demain.",
            "Bonjour\n#close friends",
            "> #resolu\nVous aviez écrit cela.",
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
        assert_eq!(lines[0].command, near("resolu"));
        assert_eq!(text, "C'est réparé.");
    }

    #[test]
    fn words_behind_a_verb_are_the_message() {
        for (reply, command, text) in [
            (
                "#resolu Merci de votre patience.",
                Command::Resolve,
                "Merci de votre patience.",
            ),
            (
                "#résolu : c'était le câble\nCamille",
                Command::Resolve,
                "c'était le câble\nCamille",
            ),
            ("#note rappeler demain", Command::Note, "rappeler demain"),
            (
                "Le câble était débranché.\n\n#Résolu, bonne journée",
                Command::Resolve,
                "Le câble était débranché.\n\nbonne journée",
            ),
        ] {
            let (lines, rest) = parse(reply);
            assert_eq!(lines.len(), 1, "{reply}");
            assert_eq!(lines[0].command, Ok(command), "{reply}");
            assert_eq!(rest, text, "{reply}");
        }
    }

    fn near(name: &str) -> Result<Command, Misread> {
        Err(Misread::Verb(verb::verb(name)))
    }

    fn misused(name: &str) -> Result<Command, Misread> {
        Err(Misread::Argument(verb::verb(name).expect("a verb")))
    }

    #[test]
    fn a_misspelt_verb_at_the_top_is_told_the_nearest() {
        assert_eq!(commands("#rezolu\nBonjour"), [near("resolu")]);
        assert_eq!(commands("#prendr"), [near("prendre")]);
        assert_eq!(commands("#bidule\nBonjour"), [Err(Misread::Verb(None))]);
    }

    #[test]
    fn a_known_verb_with_a_strange_argument_is_told_its_usage() {
        assert_eq!(commands("#attente lundi"), [misused("attente")]);
        assert_eq!(commands("#pause un jour"), [misused("pause")]);
        assert_eq!(commands("#fusionner la panne"), [misused("fusionner")]);
        assert_eq!(commands("#pour jean"), [misused("pour")]);
        assert_eq!(commands("#declasser"), [misused("declasser")]);
    }

    #[test]
    fn every_verb_is_understood_as_its_usage_says() {
        for verb in VERBS {
            for usage in [verb.usage.0, verb.usage.1] {
                // `a|b` and `a | b` are alternatives, `[x]` may be left out.
                let line = usage.split('|').next().expect("one at least").trim();
                let line = line.split('[').next().expect("one at least").trim();
                let (lines, _) = parse(line);
                let understood = lines.first().is_some_and(|line| line.command.is_ok());
                assert!(understood, "{usage}");
            }
            for spelling in verb.spellings() {
                assert_eq!(fold_accents(spelling), spelling, "folded");
                let owners = VERBS
                    .iter()
                    .filter(|other| other.spellings().any(|s| s == spelling));
                assert_eq!(owners.count(), 1, "{spelling} means one thing");
            }
        }
    }

    #[test]
    fn arguments_keep_their_accents_and_capitals() {
        let only = |line: &str| commands(line).remove(0).expect("understood");
        assert_eq!(
            only("#déclasser Aucun client n'est bloqué."),
            Command::Downgrade("Aucun client n'est bloqué.".to_owned())
        );
        assert_eq!(
            only("#Hors périmètre : machine à café"),
            Command::OutOfScope("machine à café".to_owned())
        );
        assert_eq!(only("#mes tickets"), Command::Mine);
        assert_eq!(only("#ticket DSI-12"), Command::Show(TicketId(12)));
        assert_eq!(only("#scinder 2 et 3"), Command::Split(vec![2, 3]));
        assert_eq!(only("#scinder"), Command::Split(Vec::new()));
        assert_eq!(only("#modèle VPN"), Command::Canned("vpn".to_owned()));
        assert_eq!(only("#priorité élevée"), Command::Priority(Level::High));
    }

    /// The guide has the whole language on one page.
    #[test]
    fn the_guide_tells_every_verb() {
        let guide = include_str!("../../docs/guide-techniciens.md");
        let (_, after) = guide.split_once("<!-- verbes -->\n").expect("its table");
        let (table, _) = after
            .split_once("<!-- fin des verbes -->")
            .expect("its end");
        let mut expected =
            String::from("| Commande | Effet | S'écrit aussi | En anglais |\n|---|---|---|---|\n");
        for verb in VERBS {
            let aliases: Vec<String> = verb.aliases.iter().map(|a| format!("`#{a}`")).collect();
            let cell = |usage: &str| usage.replace('|', "\\|");
            expected.push_str(&format!(
                "| `{}` | {} | {} | `{}` |\n",
                cell(verb.usage.0),
                verb.help.0,
                aliases.join(", "),
                cell(verb.usage.1)
            ));
        }
        assert_eq!(
            table, expected,
            "docs/guide-techniciens.md must hold:\n{expected}"
        );
    }
}
