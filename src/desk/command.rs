//! The technician's language: lines that start with `#` at the top or the bottom of a reply.

use std::borrow::Cow;

use crate::mail::text::{fold_accents, is_closing, is_greeting, is_thanks};
use crate::mail::{Address, Mail};
use crate::ticket::{Awaited, Level, TicketId};

mod argument;
mod line;
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
    /// `#kb`: a draft of an article.
    Article,
    /// `#majeur [101 102]`.
    Major(Vec<TicketId>),
    /// `#absent jusqu'au 24/08`.
    Away(When),
    /// `#present`, `#absent fin`.
    Back,
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
    /// A command in the midst of the words, where it cannot be told what belongs to it.
    Place,
}

/// One line that starts with `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// As written, trimmed.
    pub written: String,
    /// What it asks for.
    pub command: Result<Command, Misread>,
}

/// What a mail says, with the commands that its author wrote below what his mail program had put there as
/// a signature: they are executed, not signed away.
pub fn written(mail: &Mail) -> Cow<'_, str> {
    let signature: Vec<&str> = (mail.signature.lines())
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = signature.len().saturating_sub(1);
    let below: Vec<&str> = (signature.iter().enumerate())
        .filter(|(at, line)| line::is_command(line, *at == last))
        .map(|(_, line)| *line)
        .collect();
    if below.is_empty() {
        return Cow::Borrowed(&mail.reply);
    }
    Cow::Owned(format!("{}\n\n{}", mail.reply, below.join("\n")))
}

impl Command {
    /// It changes where the ticket stands.
    pub fn sets_status(&self) -> bool {
        matches!(
            self,
            Self::Wait(_)
                | Self::Pause(_)
                | Self::Resolve
                | Self::Close
                | Self::Reopen
                | Self::OutOfScope(_)
        )
    }
}

/// Takes a reply apart: its command lines, and the message that remains. Only lines at the top or
/// at the bottom count, a greeting above and a farewell below left aside; `#1042`, a heading, a code
/// listing or a hashtag in the middle of a text do not.
pub fn parse(reply: &str) -> (Vec<Line>, String) {
    let lines: Vec<&str> = reply.lines().collect();
    let mut first = 0;
    let mut commands = Vec::new();
    let mut text: Vec<String> = Vec::with_capacity(lines.len());
    while let Some(line) = lines.get(first) {
        match line::read(line) {
            Some(read) => {
                text.extend(read.text);
                commands.extend(read.lines);
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
        match line::read(line) {
            // A hashtag under a signature is not a command: below, only known verbs count, and what
            // was plainly meant for one.
            Some(read) if read.meant => {
                text_below.extend(read.text);
                below.push(read.lines);
            }
            Some(_) => break,
            None if line.trim().is_empty() => {}
            None => break,
        }
        last -= 1;
    }
    // `first <= last` holds: the second loop stops there.
    let middle = &lines[first..last];
    let opens = (middle.iter()).take_while(|line| is_outside(line, is_greeting));
    let (opens, closes) = (opens.count(), farewell(middle));
    for (at, line) in middle.iter().enumerate() {
        // Alone between empty lines below a greeting or above a signature that no rule knew, or behind the
        // last words of a paragraph there: a command as well.
        let blank = |line: Option<&&str>| line.is_none_or(|line| line.trim().is_empty());
        let starts = blank(at.checked_sub(1).and_then(|above| middle.get(above)));
        let ends = blank(middle.get(at + 1));
        let read = Some(line).filter(|_| ends).and_then(|line| {
            line::read(line)
                .filter(|read| starts && line::shown(line).starts_with(line::HASHES) && read.meant)
                .or_else(|| line::behind_words(line))
        });
        match read {
            Some(read) if at < opens || at + 1 >= closes => {
                text.extend(read.text);
                commands.extend(read.lines);
            }
            // It stays in the text, which is not sent on while it holds one.
            Some(read) => {
                commands.extend(read.lines.into_iter().map(|line| Line {
                    command: Err(Misread::Place),
                    ..line
                }));
                text.push((*line).to_owned());
            }
            None => {
                let above = at
                    .checked_sub(1)
                    .and_then(|above| middle.get(above))
                    .copied();
                let below = middle.get(at + 1).copied();
                commands.extend(line::misplaced(line, above, below));
                text.push((*line).to_owned());
            }
        }
    }
    commands.extend(below.into_iter().rev().flatten());
    if !text_below.is_empty() {
        text.push(String::new());
    }
    text.extend(text_below.into_iter().rev());
    (commands, text.join("\n").trim().to_owned())
}

/// Where what ends a mail begins: the place behind the last line that says something.
fn farewell(middle: &[&str]) -> usize {
    let closes = |line: &str| is_closing(line) || is_thanks(line, false) || line::is_signed(line);
    let says = middle.iter().rposition(|line| !is_outside(line, closes));
    says.map_or(0, |at| at + 1)
}

/// No part of what a mail says: empty, a command, or what `frames` knows.
fn is_outside(line: &str, frames: impl Fn(&str) -> bool) -> bool {
    line.trim().is_empty() || line::read(line).is_some_and(|read| read.meant) || frames(line)
}

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
        "affecter" => text().map(|whom| Command::Assign(argument::bare_name(&whom))),
        "equipe" => text().map(|team| Command::Team(argument::bare_name(&team))),
        "note" => none(Command::Note),
        "attente" => argument::awaited(folded).map(Command::Wait),
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
        "kb" => none(Command::Article),
        "majeur" if folded.is_empty() => Some(Command::Major(Vec::new())),
        "majeur" => argument::tickets(argument).map(Command::Major),
        "absent" if argument::is_end(folded) => Some(Command::Back),
        "absent" => When::parse(argument).map(Command::Away),
        "present" => none(Command::Back),
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
            ("#PRENDRE", Command::Take),
            ("- #prendre", Command::Take),
            ("`#prendre`", Command::Take),
            ("#Prendre en charge", Command::Take),
            ("#clore le ticket.", Command::Close),
            ("#attente du demandeur", Command::Wait(Awaited::Requester)),
            ("#Attente réponse", Command::Wait(Awaited::Requester)),
            (
                "#en attente de l’éditeur",
                Command::Wait(Awaited::ThirdParty),
            ),
            ("#mise en attente", Command::Wait(Awaited::Requester)),
            ("#affecter à Karim", Command::Assign("Karim".to_owned())),
            ("#Équipe : C5", Command::Team("C5".to_owned())),
            ("#transférer à l’équipe C5", Command::Team("C5".to_owned())),
            ("#fusionner avec DSI-12", Command::Merge(TicketId(12))),
            ("#priorité : haute !", Command::Priority(Level::High)),
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
    fn a_command_below_a_signature_is_one_and_a_hashtag_is_none() {
        let mail = |signature: &str| Mail {
            reply: "À ne pas dire au demandeur.".to_owned(),
            signature: signature.to_owned(),
            ..Mail::default()
        };
        for (signature, command) in [
            ("Envoyé de mon iPhone\n\n#note", "note"),
            ("Envoyé depuis Outlook pour Android\n#Note", "note"),
            ("-- \nCamille Martin\nDSI\n#note", "note"),
            ("--\n# Note\nCamille", "note"),
        ] {
            let mail = mail(signature);
            let written = written(&mail);
            let (lines, text) = parse(&written);
            assert_eq!(lines.len(), 1, "{signature}");
            assert_eq!(lines[0].command, Ok(Command::Note), "{command}");
            assert_eq!(text, mail.reply);
        }
        // What lacks its argument is refused, not passed over.
        let mail_ = mail("Envoyé de mon iPhone\n#pause");
        assert!(parse(&written(&mail_)).0[0].command.is_err());
        for signature in [
            "-- \nCamille\n#MonUniversité",
            "#Equipe #fierté\nCamille",
            "-- \nCamille\n#TeamDSI #notre fierté",
            "",
        ] {
            let mail = mail(signature);
            assert_eq!(written(&mail), mail.reply, "{signature}");
        }
    }

    #[test]
    fn a_command_among_paragraphs_is_not_executed() {
        let (lines, text) = parse(
            "Bonjour Noé,\n\nJe regarde.\n\n#resolu\n\nPouvez-vous redémarrer ?\n\nMerci d'avance pour votre retour.",
        );
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].command, Err(Misread::Place));
        assert!(text.contains("#resolu"));
        for executed in [
            "Bonjour,\n\n#resolu\n\nLe câble était débranché.",
            "Le câble était débranché.\n\n#resolu\n\nBonne journée,\nCamille",
            "Le câble était débranché.\n\n#prendre\n\n#resolu\n\nMerci !\n\nCamille Martin\nDSI – Support",
        ] {
            let (lines, text) = parse(executed);
            assert!(
                !lines.is_empty() && lines.iter().all(|line| line.command.is_ok()),
                "{executed}"
            );
            assert!(!text.contains('#'), "{text}");
        }
    }

    /// What the requester must not read is never sent on, and the technician hears why.
    #[test]
    fn a_command_in_the_midst_of_words_holds_the_answer() {
        for (reply, misplaced) in [
            (
                "Bonjour Léa, je regarde le wifi.\n\n#note Léa a déjà cassé la borne.\n#resolu\n\nBonne soirée !",
                2,
            ),
            (
                "Bonjour,\nje regarde.\n\n#note\nà voir avec Karim\ndemain\n\nCamille",
                1,
            ),
            (
                "Je passe demain.\n#affecter yanis\nYanis connaît le poste.",
                1,
            ),
            // A character that nobody sees, before the sign.
            ("Je passe demain.\n\u{200b}#note elle râle\nÀ demain.", 1),
        ] {
            let (lines, text) = parse(reply);
            assert_eq!(lines.len(), misplaced, "{reply}");
            assert!(lines.iter().all(|line| line.command == Err(Misread::Place)));
            assert_eq!(text, reply);
        }
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

    #[test]
    fn several_commands_may_stand_on_a_line() {
        let wait = || Command::Wait(Awaited::ThirdParty);
        for (reply, expected, text) in [
            ("#prendre #attente tiers", vec![Command::Take, wait()], ""),
            (
                "#prendre et #résolu.\nBonjour",
                vec![Command::Take, Command::Resolve],
                "Bonjour",
            ),
            (
                "#prendre, #resolu Merci de votre patience.",
                vec![Command::Take, Command::Resolve],
                "Merci de votre patience.",
            ),
            (
                "#note rappeler demain #attente tiers",
                vec![Command::Note, wait()],
                "rappeler demain",
            ),
            (
                "#note Marie avait écrit #resolu dans son message",
                vec![Command::Note],
                "Marie avait écrit #resolu dans son message",
            ),
            (
                "#declasser un seul poste, voir #note de service",
                vec![Command::Downgrade(
                    "un seul poste, voir #note de service".to_owned(),
                )],
                "",
            ),
        ] {
            let expected: Vec<_> = expected.into_iter().map(Ok).collect();
            assert_eq!(commands(reply), expected, "{reply}");
            assert_eq!(parse(reply).1, text, "{reply}");
        }
        // One that is not understood is not sent on either.
        assert_eq!(
            commands("#prendre #pause longtemps"),
            [Ok(Command::Take), misused("pause")]
        );
    }

    #[test]
    fn a_command_behind_the_last_words_is_a_command() {
        for (reply, command, text) in [
            ("C'est réparé. #résolu", Command::Resolve, "C'est réparé."),
            (
                "Bonjour,\nle mot de passe admin est à changer #note\n\nCamille",
                Command::Note,
                "Bonjour,\nle mot de passe admin est à changer\n\nCamille",
            ),
        ] {
            assert_eq!(commands(reply), [Ok(command)], "{reply}");
            assert_eq!(parse(reply).1, text, "{reply}");
        }
        for text in [
            "Voir #note de service.\nCamille",
            "Bonjour\nDSI #close",
            "tapez #resolu dans la réponse.\nCamille",
        ] {
            assert_eq!(parse(text), (Vec::new(), text.to_owned()));
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
        assert_eq!(commands("#pause longtemps"), [misused("pause")]);
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
