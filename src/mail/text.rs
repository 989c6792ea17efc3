//! The text of a mail: what the person wrote now, and what is history, signature or forwarded.
//!
//! Everything becomes lines first (`line`, `html`), each with what the HTML said of it. Then the
//! rules on text (`history`, `header`, `signature`) decide the fate of every line, in the same way
//! for both bodies. When the rules would leave nothing, they are taken back one by one: a reply
//! may be too long, never empty.

mod date;
mod forward;
mod header;
mod history;
mod html;
mod language;
mod line;
mod signature;
mod structure;
mod thanks;
mod token;
mod urgency;
mod words;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::Forwarded;
use history::Kind;
use line::{History, Line, Nature};

pub use language::language;
pub(super) use signature::is_closing;
pub use thanks::{is_thanks, lone_reaction};
pub use urgency::claims_urgency;
pub(super) use words::{fold, is_greeting};

/// Lines in which the rules on text look for the beginning of the history. What the HTML marks is
/// found anywhere; without marks a person does not write above line 5,000.
const SCANNED: usize = 5_000;

/// Quoted lines that are kept above an answer that stands between them.
const CONTEXT: usize = 3;

/// Pieces between quotations that are searched for a signature, beside the last.
const SIGNED: usize = 50;

/// Quotations that are searched for an attribution of their own.
const ATTRIBUTED_WITHIN: usize = 20;

/// The bodies of a mail, decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bodies<'a> {
    /// The `text/plain` body, when it is real.
    pub plain: Option<&'a str>,
    /// The `text/html` body, as written.
    pub html: Option<&'a str>,
    /// The decoded subject: tells a forward from a reply.
    pub subject: Option<&'a str>,
}

/// A mail's text, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The whole body as text.
    pub text: String,
    /// What this person wrote now; never empty when something was written. The original of a
    /// forward is left out, unless nothing was written above it.
    pub reply: String,
    /// History and signature that `reply` left out.
    pub folded: String,
    /// The original of a forward.
    pub forwarded: Option<Forwarded>,
}

/// Takes the bodies apart. Total; linear in their size.
pub fn split(bodies: &Bodies<'_>) -> Written {
    let plain = bodies.plain.map(clean).filter(|text| !line::is_blank(text));
    let html = bodies.html.map(clean).filter(|text| !line::is_blank(text));
    match (plain, html) {
        (None, None) => Written::default(),
        (Some(plain), None) => take_apart(line::lines(&plain), bodies.subject, Some(&plain)),
        (None, Some(html)) => take_apart(html::render(&html), bodies.subject, None),
        (Some(plain), Some(html)) => {
            let rendered = html::render(&html);
            if knows_more(&rendered) && says_the_same(&plain, &rendered) {
                take_apart(rendered, bodies.subject, Some(&plain))
            } else {
                take_apart(line::lines(&plain), bodies.subject, Some(&plain))
            }
        }
    }
}

/// Lower case without accents, for comparing words: « Résolu » → `resolu`.
pub fn fold_accents(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// An HTML body as readable text. Never blank when the body holds words. Linear in its size.
pub fn html_to_text(html: &str) -> String {
    line::join(&html::render(&clean(html)))
}

/// NFC, line ends as `\n`, without NUL.
fn clean(text: &str) -> String {
    let text = if text.contains(['\r', '\0', '\u{FEFF}']) {
        text.replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace(['\0', '\u{FEFF}'], "")
    } else {
        text.to_owned()
    };
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}

/// The HTML says where the history or the signature is.
fn knows_more(lines: &[Line]) -> bool {
    lines.iter().any(|line| {
        line.history == History::Begins
            || line.quote > 0
            || matches!(line.nature, Nature::Attribution | Nature::Signature)
    })
}

/// Whether nearly all words of the HTML body stand in the plain one. When they do not, one of the
/// two is not what the person saw, and the plain one is shown.
fn says_the_same(plain: &str, rendered: &[Line]) -> bool {
    let words: std::collections::HashSet<&str> = plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let (mut known, mut all) = (0_usize, 0_usize);
    for word in rendered
        .iter()
        .flat_map(|line| line.text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .take(20_000)
    {
        all += 1;
        known += usize::from(words.contains(word));
    }
    known * 10 >= all * 7
}

/// What becomes of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Written now.
    Own,
    /// Quoted, but needed to understand the answer below it.
    Context,
    History,
    Signature,
    /// The original of a forward and its header.
    Forward,
}

fn take_apart(mut lines: Vec<Line>, subject: Option<&str>, plain: Option<&str>) -> Written {
    let text = plain.map_or_else(|| line::join(&lines), |plain| line::trim(plain).to_owned());
    mend_quotes(&mut lines);
    let mut fates = vec![Fate::Own; lines.len()];
    let cut = find_history(&lines, subject, &mut fates);
    let end = unrule(&lines, cut.at, &mut fates);
    sign(&lines, end, &mut fates);
    judge_quotes(&lines, end, subject, &mut fates);
    let forwarded = cut
        .forward
        .map(|from| forward::read(cut.block.as_ref(), lines.get(from..).unwrap_or_default()));

    let (reply, folded) = settle(&lines, &mut fates, forwarded.as_ref(), &text);
    Written {
        text,
        reply,
        folded,
        forwarded,
    }
}

/// The reply and what it leaves out; the rules that would leave nothing are taken back in turn.
fn settle(
    lines: &[Line],
    fates: &mut [Fate],
    forwarded: Option<&Forwarded>,
    text: &str,
) -> (String, String) {
    let written = |fates: &[Fate]| {
        lines
            .iter()
            .zip(fates)
            .filter(|(_, fate)| **fate == Fate::Own)
            .any(|(line, _)| words::has_substance(&line.text) && !words::is_greeting(line.head()))
    };
    if !written(fates) {
        // A greeting and a signature, or a signature alone: it is all there is.
        for fate in fates.iter_mut().filter(|fate| **fate == Fate::Signature) {
            *fate = Fate::Own;
        }
    }
    let pick = |fates: &[Fate], wanted: &[Fate]| {
        line::join(
            lines
                .iter()
                .zip(fates)
                .filter(|(_, fate)| wanted.contains(fate))
                .map(|(line, _)| line),
        )
    };
    let reply = pick(fates, &[Fate::Own, Fate::Context]);
    let folded = pick(fates, &[Fate::History, Fate::Signature]);
    if words::has_substance(&reply) {
        return (reply, folded);
    }
    if forwarded.is_some_and(|original| words::has_substance(&original.text)) {
        return (pick(fates, &[Fate::Forward]), folded);
    }
    if words::has_substance(&reply) || line::is_blank(text) {
        return (reply, folded);
    }
    (text.to_owned(), String::new())
}

/// Where what was written now ends.
struct Cut {
    /// The first line that is not looked at any more.
    at: usize,
    /// The first line of a forwarded text.
    forward: Option<usize>,
    block: Option<header::Block>,
}

/// Marks the history and the forwarded original.
fn find_history(lines: &[Line], subject: Option<&str>, fates: &mut [Fate]) -> Cut {
    let mut at = 0;
    let mut written = false;
    while let Some(line) = lines.get(at) {
        let scanned =
            at < SCANNED || line.history == History::Begins || line.nature == Nature::Attribution;
        if !scanned || line.is_quoted() || line.nature == Nature::Verbatim {
            at += 1;
            continue;
        }
        let Some(found) = history::begins(lines, at) else {
            written |= words::has_substance(&line.text);
            at += 1;
            continue;
        };
        let is_forward = found.kind == Kind::Forward
            || (found.block.is_some()
                && (forward::is_forward(subject) || (!written && !forward::is_reply(subject))));
        if is_forward {
            fill(fates, at, lines.len(), Fate::Forward);
            return Cut {
                at,
                forward: Some(found.end),
                block: found.block,
            };
        }
        let quoted_below = history::next_shown(lines, found.end)
            .is_none_or(|next| lines.get(next).is_some_and(Line::is_quoted));
        if quoted_below {
            // Answers may stand between the quoted lines.
            fill(fates, at, found.end, Fate::History);
            at = found.end.max(at + 1);
        } else if found.kind == Kind::Sure {
            fill(fates, at, lines.len(), Fate::History);
            return Cut {
                at,
                forward: None,
                block: None,
            };
        } else {
            written = true;
            at += 1;
        }
    }
    Cut {
        at: lines.len(),
        forward: None,
        block: None,
    }
}

/// Gives a line drawn right above the cut to what is below; where the reply ends now.
fn unrule(lines: &[Line], cut: usize, fates: &mut [Fate]) -> usize {
    let mut end = cut;
    if cut == lines.len() {
        return end;
    }
    while let Some(line) = end.checked_sub(1).and_then(|at| lines.get(at)) {
        let is_rule = history::is_drawn(&line.text);
        if !line.is_blank() && (!is_rule || line.is_quoted()) {
            break;
        }
        end -= 1;
        let below = fates.get(cut).copied().unwrap_or(Fate::History);
        fill(fates, end, end + 1, below);
    }
    end
}

fn fill(fates: &mut [Fate], from: usize, to: usize, fate: Fate) {
    for slot in fates.iter_mut().take(to).skip(from) {
        *slot = fate;
    }
}

/// Marks the signatures of the pieces that were written now.
fn sign(lines: &[Line], end: usize, fates: &mut [Fate]) {
    let mut pieces: Vec<std::ops::Range<usize>> = Vec::new();
    let mut open = None;
    for at in 0..=end {
        let is_own = at < end
            && fates.get(at) == Some(&Fate::Own)
            && lines.get(at).is_some_and(|line| !line.is_quoted());
        if is_own {
            open.get_or_insert(at);
        } else if let Some(from) = open.take() {
            pieces.push(from..at);
        }
    }
    let last = pieces.len();
    for (index, piece) in pieces.into_iter().enumerate() {
        if index >= SIGNED && index + 1 < last {
            continue;
        }
        let written = lines.get(piece.clone()).unwrap_or_default();
        if index == 0 {
            let banner = signature::banner(written);
            fill(fates, piece.start, piece.start + banner, Fate::Signature);
        }
        for part in signature::find(written) {
            fill(
                fates,
                piece.start + part.start,
                piece.start + part.end,
                Fate::Signature,
            );
        }
    }
}

/// Decides which quoted lines before `end` are kept.
fn judge_quotes(lines: &[Line], end: usize, subject: Option<&str>, fates: &mut [Fate]) {
    let last_own = (0..end)
        .rev()
        .find(|at| {
            fates.get(*at) == Some(&Fate::Own)
                && lines
                    .get(*at)
                    .is_some_and(|line| !line.is_quoted() && words::has_substance(&line.text))
        })
        .unwrap_or(0);
    // The pieces: runs of quoted lines, whatever blank lines and attributions stand within.
    let mut blocks: Vec<std::ops::Range<usize>> = Vec::new();
    let mut open: Option<usize> = None;
    let mut last = 0;
    for (at, line) in lines.iter().enumerate().take(end) {
        if line.is_quoted() && line.nature != Nature::Verbatim {
            open.get_or_insert(at);
            last = at;
        } else if fates.get(at) == Some(&Fate::Own)
            && words::has_substance(&line.text)
            && let Some(from) = open.take()
        {
            blocks.push(from..last + 1);
        }
    }
    if let Some(from) = open {
        blocks.push(from..last + 1);
    }
    let attributed = fates.contains(&Fate::History);
    let is_reply = attributed
        || forward::is_reply(subject)
        || blocks
            .iter()
            .take(ATTRIBUTED_WITHIN)
            .filter_map(|block| lines.get(block.clone()))
            .any(|block| attribution_within(block) > 0);
    let answered: Vec<bool> = blocks.iter().map(|block| block.end <= last_own).collect();
    let count = answered.iter().filter(|answered| **answered).count();
    let interleaved = count >= 2 || (count == 1 && blocks.len() > 1);
    for (block, answered) in blocks.iter().zip(answered) {
        let above = lines
            .get(..block.start)
            .unwrap_or_default()
            .iter()
            .rev()
            .find(|line| !line.is_blank());
        let is_shown = !attributed && above.is_some_and(|line| line.head().ends_with(':'));
        if is_shown || (!is_reply && (answered || above.is_none())) {
            continue; // Quoted by hand: an error message, the sentence of somebody else.
        }
        let keep = answered && interleaved;
        // Context begins and ends with a line that shows something.
        let said = if keep {
            attribution_within(lines.get(block.clone()).unwrap_or_default())
        } else {
            0
        };
        let shown: Vec<usize> = (block.start + said..block.end)
            .rev()
            .filter(|at| {
                lines
                    .get(*at)
                    .is_some_and(|line| words::has_substance(&line.text))
            })
            .take(if keep { CONTEXT } else { 0 })
            .collect();
        let context = match (shown.last(), shown.first()) {
            (Some(first), Some(last)) => *first..last + 1,
            _ => 0..0,
        };
        for at in block.clone() {
            let fate = if context.contains(&at) {
                Fate::Context
            } else {
                Fate::History
            };
            if let Some(slot) = fates.get_mut(at)
                && *slot != Fate::Signature
            {
                *slot = fate;
            }
        }
    }
}

/// How many lines at the beginning of a quotation are its attribution or header block, as Apple
/// and Orange write it.
fn attribution_within(block: &[Line]) -> usize {
    (0..block.len().min(3))
        .find_map(|at| {
            let lines: Vec<Line> = block
                .iter()
                .skip(at)
                .take(12)
                .map(|line| Line {
                    quote: 0,
                    ..line.clone()
                })
                .collect();
            history::begins(&lines, 0)
                .filter(|found| found.kind != Kind::Weak)
                .map(|found| at + found.end)
        })
        .unwrap_or(0)
}

/// Gives the lines back to a quotation that a client wrapped without repeating the mark.
fn mend_quotes(lines: &mut [Line]) {
    const WRAPPED_AT: usize = 55;
    for at in 1..lines.len().saturating_sub(1) {
        let (Some(above), Some(line), Some(below)) =
            (lines.get(at - 1), lines.get(at), lines.get(at + 1))
        else {
            break;
        };
        let is_rest = above.quote > 0
            && below.quote > 0
            && line.quote == 0
            && !line.is_blank()
            && above.text.chars().count() >= WRAPPED_AT
            && line.text.chars().count() < WRAPPED_AT;
        let quote = above.quote;
        if is_rest && let Some(line) = lines.get_mut(at) {
            line.quote = quote;
        }
    }
}

#[cfg(test)]
mod tests;
