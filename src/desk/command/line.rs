//! One line of a reply as commands: which verbs stand on it, what follows each, whether it was meant.

use crate::mail::text::fold_accents;

use super::verb::{VERBS, Verb};
use super::{Command, Line, Misread, command};

/// A line that was read as commands: one as a rule, several when they were written in a row.
pub struct Read {
    pub lines: Vec<Line>,
    /// What stands on it beside them and belongs to the message: `#resolu Merci de votre patience`.
    pub text: Option<String>,
    /// Known verbs, or so close to one that nothing else was meant, wherever it stands.
    pub meant: bool,
}

/// Verbs that take no argument and after which people go on writing.
const FOLLOWED_BY_TEXT: [&str; 6] = ["prendre", "note", "resolu", "clore", "rouvrir", "tel"];

/// What people say of the ticket behind such a verb, which is no message to anybody.
const OBJECTS: [&str; 12] = [
    "le ticket",
    "ce ticket",
    "la demande",
    "cette demande",
    "l'incident",
    "le dossier",
    "en charge",
    "the ticket",
    "this ticket",
    "the request",
    "this request",
    "it",
];

/// Verbs that are understood behind the last words of a paragraph. Spellings that people use as
/// hashtags are not among them.
const BEHIND_WORDS: [&str; 18] = [
    "prendre",
    "prends",
    "note",
    "notes",
    "interne",
    "internal",
    "attente",
    "en attente",
    "resolu",
    "resolue",
    "resolved",
    "solved",
    "clore",
    "clos",
    "cloturer",
    "rouvrir",
    "reouvrir",
    "reopen",
];

/// Words of a line of a signature, at most.
const SIGNED_WORDS: usize = 8;

/// Words of sentences, which stand in no signature.
const SPEAKS: [&str; 24] = [
    "je", "j", "tu", "il", "elle", "on", "nous", "vous", "ils", "elles", "ca", "cela", "est",
    "sont", "moi", "merci", "i", "you", "we", "they", "it", "is", "are", "please",
];

/// What stands for `#`: wide and small forms, and what some keyboards offer.
pub const HASHES: [char; 4] = ['#', '＃', '﹟', '♯'];

/// What may end a verb, or a line, without being part of it.
const ENDS: [char; 7] = ['.', '!', ',', ';', ':', ' ', '…'];

/// The commands of a line that begins with one.
pub fn read(line: &str) -> Option<Read> {
    let written = visible(line);
    let whole = one(&written)?;
    row(&written).or(Some(Read {
        lines: vec![whole.line],
        text: whole.text,
        meant: whole.meant,
    }))
}

/// A line among those of a signature that is nothing but known commands. The `last` may also lack an
/// argument: what somebody added below his signature must not be passed over in silence.
pub fn is_command(line: &str, last: bool) -> bool {
    let understood = |line: &Line| match line.command {
        Ok(_) => true,
        Err(Misread::Argument(_)) => last,
        Err(Misread::Verb(_) | Misread::Place) => false,
    };
    let shown = shown(line);
    let hashes = shown.matches(HASHES).count();
    shown.trim_start().starts_with(HASHES)
        && read(line).is_some_and(|read| {
            // « #Equipe #fierté » is a row of hashtags.
            read.meant && read.lines.len() == hashes && read.lines.iter().all(understood)
        })
}

/// As short as a line of a signature, and no sentence: a name, a function, a number.
pub fn is_signed(line: &str) -> bool {
    let shown = shown(line);
    let folded = fold_accents(&shown).replace('’', "'");
    let words = folded.split(|c: char| !c.is_alphanumeric());
    shown.split_whitespace().count() <= SIGNED_WORDS
        && !shown.trim_end().ends_with(['.', '!', '?', '…', ':', ';'])
        && words.clone().all(|word| !SPEAKS.contains(&word))
}

/// A command in the midst of the words: neither carried out, nor ever sent on. It begins a line, and what
/// stands above or below ends there (nothing, a sentence, another such line): in a listing it does not.
pub fn misplaced(line: &str, above: Option<&str>, below: Option<&str>) -> Option<Line> {
    let shown = shown(line);
    let after = shown.strip_prefix(HASHES)?;
    let begins = after.starts_with(char::is_alphabetic);
    let meant = begins && one(&visible(line))?.meant && spelled(&fold_accents(after)).is_some();
    let blank = |line: Option<&str>| line.is_none_or(|line| self::shown(line).trim().is_empty());
    let ends = above.map(self::shown).is_some_and(|above| {
        let above = above.trim_end();
        let command = above.strip_prefix(HASHES);
        above.ends_with(['.', '!', '?', '…', ',', ';'])
            || command.is_some_and(|verb| spelled(&fold_accents(verb)).is_some())
    });
    let stands_out = blank(above) || blank(below) || ends;
    (meant && stands_out).then(|| Line {
        written: visible(line),
        command: Err(Misread::Place),
    })
}

/// « C'est réparé. #resolu » : commands alone behind words. They are no part of what is sent.
pub fn behind_words(line: &str) -> Option<Read> {
    let written = visible(line);
    if written.starts_with(['>', '|']) {
        return None;
    }
    let starts: Vec<usize> = starts(&written).filter(|at| *at > 0).collect();
    starts.iter().enumerate().find_map(|(nth, start)| {
        let lines: Vec<Line> = pieces(&written, &starts[nth..])
            .map(|piece| one(piece).filter(One::is_bare))
            .map(|one| one.filter(|one| BEHIND_WORDS.contains(&one.spelling)))
            .map(|one| one.map(|one| one.line))
            .collect::<Option<_>>()?;
        Some(Read {
            lines,
            text: Some(written[..*start].trim_end().to_owned()),
            meant: true,
        })
    })
}

/// One command of a line.
struct One {
    line: Line,
    text: Option<String>,
    meant: bool,
    /// Of the verb; empty when none is known.
    spelling: &'static str,
}

impl One {
    /// Nothing but a command.
    fn is_bare(&self) -> bool {
        self.line.command.is_ok() && self.text.is_none()
    }

    /// Its argument is a sentence, in which any word may stand.
    fn takes_a_sentence(&self) -> bool {
        matches!(
            self.line.command,
            Ok(Command::Downgrade(_) | Command::OutOfScope(_) | Command::Search(_))
        )
    }
}

/// `#prendre #attente tiers`: several commands in a row. Words may stand behind the first or behind
/// the last of them, not between.
fn row(written: &str) -> Option<Read> {
    let starts: Vec<usize> = starts(written).collect();
    if starts.len() < 2 {
        return None;
    }
    let all: Vec<One> = pieces(written, &starts).map(one).collect::<Option<_>>()?;
    let (last, before) = all.split_last()?;
    let before_bare = before
        .iter()
        .all(|one| one.is_bare() && !one.takes_a_sentence());
    let rest_bare = before.iter().skip(1).chain([last]).all(One::is_bare);
    (before_bare || rest_bare).then(|| Read {
        text: all.iter().find_map(|one| one.text.clone()),
        meant: all.iter().all(|one| one.meant),
        lines: all.into_iter().map(|one| one.line).collect(),
    })
}

/// Where known verbs begin: at the start, and behind a blank.
fn starts(written: &str) -> impl Iterator<Item = usize> {
    written.char_indices().filter_map(|(at, c)| {
        let begins = written[..at]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace);
        let after = || written[at + c.len_utf8()..].trim_start();
        (HASHES.contains(&c) && begins && (at == 0 || spelled(&fold_accents(after())).is_some()))
            .then_some(at)
    })
}

/// What stands between these places, without the word that joins it to the next.
fn pieces<'a>(written: &'a str, starts: &'a [usize]) -> impl Iterator<Item = &'a str> {
    let ends = starts.iter().skip(1).copied().chain([written.len()]);
    starts.iter().zip(ends).map(|(start, end)| {
        let piece = written[*start..end].trim_end();
        let joined = [" et", " and", " puis", " then", " +", " /", " &", ",", ";"];
        let joined = (end < written.len())
            .then(|| joined.iter().find_map(|word| piece.strip_suffix(word)))
            .flatten();
        joined.unwrap_or(piece).trim_end()
    })
}

/// A line without the characters that nobody sees and mail programs put around words.
pub fn shown(line: &str) -> String {
    let seen = |c: &char| {
        !matches!(
            c,
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
        )
    };
    line.chars().filter(seen).collect()
}

/// What a reader sees of a line as words: without what shows as bold or as a point of a list.
fn visible(line: &str) -> String {
    let visible = shown(line);
    let visible = visible.trim();
    let point = ["- ", "– ", "• ", "· "]
        .iter()
        .find_map(|point| visible.strip_prefix(point))
        .filter(|rest| rest.starts_with(HASHES));
    point
        .unwrap_or(visible)
        .trim_matches(['*', '_', '`'])
        .trim()
        .to_owned()
}

fn one(written: &str) -> Option<One> {
    let after = written.strip_prefix(HASHES)?;
    let rest = after.trim_start();
    if !rest.starts_with(char::is_alphabetic) {
        return None;
    }
    let one = understand(written, rest);
    // `# Rapport` is a heading; `# Résolu` is what a phone makes of `#resolu`.
    if after.len() != rest.len() && one.line.command == Err(Misread::Verb(None)) {
        return None;
    }
    Some(one)
}

/// The verb that a line begins with, as spelled. The longest spelling wins: `#mes tickets` is not a
/// ticket.
fn spelled(folded: &str) -> Option<(&'static Verb, &'static str)> {
    VERBS
        .iter()
        .flat_map(|verb| verb.spellings().map(move |spelling| (verb, spelling)))
        .filter(|(_, spelling)| {
            folded.strip_prefix(spelling).is_some_and(|after| {
                after.is_empty()
                    || after.starts_with(|c: char| c.is_whitespace() || ENDS.contains(&c))
            })
        })
        .max_by_key(|(_, spelling)| spelling.len())
}

/// What follows the `#`: the command, the words that go on behind it, whether it counts wherever it
/// stands.
fn understand(written: &str, rest: &str) -> One {
    let made = |command, text, meant, spelling| One {
        line: Line {
            written: written.to_owned(),
            command,
        },
        text,
        meant,
        spelling,
    };
    let folded = fold_accents(rest);
    let folded = folded.trim_end_matches(ENDS);
    let Some((verb, spelling)) = spelled(folded) else {
        let nearest = nearest(folded);
        return made(Err(Misread::Verb(nearest)), None, nearest.is_some(), "");
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
    if let Some(command) = command(verb, bare) {
        return made(Ok(command), None, true, spelling);
    }
    let followed = FOLLOWED_BY_TEXT.contains(&verb.name)
        && [verb.name, verb.english, "resolue"].contains(&spelling);
    match command(verb, "").filter(|_| followed) {
        Some(command) if is_object(bare) => made(Ok(command), None, true, spelling),
        // `#close friends` under a signature is a hashtag.
        Some(command) => {
            let meant = spelling != verb.english;
            made(Ok(command), Some(argument.to_owned()), meant, spelling)
        }
        None => made(Err(Misread::Argument(verb)), None, true, spelling),
    }
}

fn is_object(argument: &str) -> bool {
    let folded = fold_accents(argument).replace('’', "'");
    OBJECTS.contains(&folded.trim_end_matches(ENDS))
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
