//! Decides what becomes of every line of a body: written now, quoted, signature, forwarded. The
//! recognition of each belongs to `history`, `signature` and `forward`; here they are weighed
//! against each other, and taken back when they would leave nothing.

use super::history::{self, Kind};
use super::line::{self, History, Line, Nature};
use super::words;
use super::{Bodies, Written, forward, header, signature};
use crate::mail::Forwarded;
use crate::mail::pattern::regex;

/// Lines in which the rules on text look for the beginning of the history. What the HTML marks is
/// found anywhere; without marks a person does not write above line 5,000.
const SCANNED: usize = 5_000;

/// Quoted lines that are kept above an answer that stands between them.
const CONTEXT: usize = 3;

/// Pieces between quotations that are searched for a signature, beside the last.
const SIGNED: usize = 50;

/// Quotations that are searched for an attribution of their own.
const ATTRIBUTED_WITHIN: usize = 20;

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

/// Takes lines apart; `plain` is the whole text when it is not that of the lines.
pub(super) fn take_apart(
    mut lines: Vec<Line>,
    bodies: &Bodies<'_>,
    plain: Option<&str>,
) -> Written {
    let subject = bodies.subject;
    let text = plain.map_or_else(|| line::join(&lines), |plain| line::trim(plain).to_owned());
    mend_quotes(&mut lines);
    let mut fates = vec![Fate::Own; lines.len()];
    let cut = find_history(&lines, bodies, &mut fates);
    let end = unrule(&lines, cut.at, &mut fates);
    sign(&lines, end, bodies.sender_name, &mut fates);
    judge_quotes(&lines, end, subject, &mut fates);
    let forwarded = cut.is_forward.then(|| {
        forward::read(
            cut.block.as_ref(),
            lines.get(cut.below..).unwrap_or_default(),
            bodies.zone,
        )
    });
    if !cut.is_forward {
        show_answers(&mut lines, &cut, &mut fates);
    }

    let (reply, folded) = settle(&lines, &mut fates, forwarded.as_ref(), &text);
    let signed = lines.iter().zip(&fates);
    let signed = signed.filter(|(_, fate)| !folded.is_empty() && **fate == Fate::Signature);
    let signature = line::join(signed.map(|(line, _)| line));
    Written {
        text,
        reply,
        folded,
        signature,
        forwarded,
    }
}

/// The reply and what it leaves out; the rules that would leave nothing are taken back in turn.
///
/// Whatever of a reply its author did not write is marked with `>`: a command in a forwarded or
/// answered mail must not be taken for one of the person who forwards it.
fn settle(
    lines: &[Line],
    fates: &mut [Fate],
    forwarded: Option<&Forwarded>,
    text: &str,
) -> (String, String) {
    let written = lines
        .iter()
        .zip(fates.iter())
        .filter(|(_, fate)| **fate == Fate::Own)
        .any(|(line, _)| words::has_substance(&line.text) && !line.is_greeting());
    let is_forward = forwarded.is_some_and(|original| words::has_substance(&original.text));
    if !written && !is_forward {
        // A greeting and a signature, or a signature alone: it is all there is.
        for fate in fates.iter_mut().filter(|fate| **fate == Fate::Signature) {
            *fate = Fate::Own;
        }
    }
    let pick = |wanted: &[Fate]| {
        line::join(
            lines
                .iter()
                .zip(fates.iter())
                .filter(|(_, fate)| wanted.contains(fate))
                .map(|(line, _)| line),
        )
    };
    let quote = |wanted: &[Fate]| {
        line::join_quoted(
            lines
                .iter()
                .zip(fates.iter())
                .filter(|(_, fate)| wanted.contains(fate))
                .map(|(line, _)| line),
            |quote| quote.max(1),
        )
    };
    let folded = pick(&[Fate::History, Fate::Signature]);
    if !written && is_forward {
        let greeting = pick(&[Fate::Own]);
        let original = quote(&[Fate::Forward]);
        return (
            line::trim(&format!("{greeting}\n\n{original}")).to_owned(),
            folded,
        );
    }
    let reply = pick(&[Fate::Own, Fate::Context]);
    if words::has_substance(&reply) || line::is_blank(text) {
        return (reply, folded);
    }
    if !words::has_substance(text) {
        return (text.to_owned(), String::new());
    }
    let all = [
        Fate::Own,
        Fate::Context,
        Fate::History,
        Fate::Signature,
        Fate::Forward,
    ];
    (quote(&all), String::new())
}

/// Where what was written now ends.
struct Cut {
    /// The first line that is not looked at any more.
    at: usize,
    /// The first line below the header of what is cut.
    below: usize,
    /// What is cut is the original of a forward.
    is_forward: bool,
    block: Option<header::Block>,
}

/// Marks the history and the forwarded original.
fn find_history(lines: &[Line], bodies: &Bodies<'_>, fates: &mut [Fate]) -> Cut {
    let subject = bodies.subject;
    let is_reply = bodies.answers || forward::is_reply(subject);
    // A mail that answers nothing and forwards nothing: what looks like a history may be shown.
    let is_first = !is_reply && !forward::is_forward(subject);
    let mut at = 0;
    let mut written = false;
    while let Some(line) = lines.get(at) {
        let scanned =
            at < SCANNED || line.history == History::Begins || line.nature == Nature::Attribution;
        if !scanned || line.nature == Nature::Verbatim {
            at += 1;
            continue;
        }
        if line.is_quoted() {
            // Apple quotes « Début du message réexpédié : » together with the message.
            let is_top = at
                .checked_sub(1)
                .is_none_or(|above| lines.get(above).is_some_and(|line| !line.is_quoted()));
            if is_top
                && let Some(found) = history::begins(lines, at)
                && found.kind == Kind::Forward
            {
                fill(fates, at, lines.len(), Fate::Forward);
                return Cut {
                    at,
                    below: found.end,
                    is_forward: true,
                    block: found.block,
                };
            }
            at += 1;
            continue;
        }
        let Some(found) = history::begins(lines, at)
            .filter(|found| !(is_first && written && is_shown(lines, at, found)))
        else {
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
                below: found.end,
                is_forward: true,
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
                below: found.end,
                is_forward: false,
                block: None,
            };
        } else {
            written = true;
            at += 1;
        }
    }
    Cut {
        at: lines.len(),
        below: lines.len(),
        is_forward: false,
        block: None,
    }
}

/// Whether a line that looks like the beginning of a history is part of what somebody shows, in a
/// mail that answers nothing: a header block announced by a colon, the line of a log (« On …, job
/// 44 wrote: ») that nothing quoted follows.
fn is_shown(lines: &[Line], at: usize, found: &history::Beginning) -> bool {
    if lines
        .get(at)
        .is_none_or(|line| line.history != History::No || line.nature != Nature::Text)
    {
        return false;
    }
    if found.block.is_some() {
        let above = lines.iter().take(at).rev().find(|line| !line.is_blank());
        return found.kind != Kind::Forward && above.is_some_and(|line| line.head().ends_with(':'));
    }
    let head = lines
        .get(at..found.end)
        .unwrap_or_default()
        .iter()
        .any(|line| words::has_email(&line.text));
    let is_quoted = history::next_shown(lines, found.end)
        .is_none_or(|next| lines.get(next).is_some_and(Line::is_quoted));
    found.is_attribution && !head && !is_quoted
}

regex!(
    ANSWERED_BELOW,
    concat!(
        r"\b(?:reponses?|commentaires?|remarques?|precisions|elements|complements)\b.{0,40}",
        r"\b(?:ci[- ]dessous|ci[- ]apres|plus bas|dans (?:votre|ton|le|la|vos) |",
        r"en (?:rouge|bleu|vert|jaune|gras|couleur|italique))|",
        r"\b(?:repondu|reponds|repond|complete|commente)\b.{0,30}\b(?:ci[- ]dessous|dans (?:le|votre|ton) |en (?:rouge|bleu|vert))|",
        r"\b(?:answers?|replies|comments?|responses?|replied|answered)\b.{0,30}",
        r"\b(?:below|inline|in[- ]line|in (?:red|blue|green|bold))",
    )
);

/// Keeps the message that is answered when the person says that the answers stand in it: Outlook
/// marks them with a colour at best. It is shown as quoted, for nothing tells the two hands apart.
fn show_answers(lines: &mut [Line], cut: &Cut, fates: &mut [Fate]) {
    if cut.below >= lines.len() {
        return;
    }
    let announced = lines
        .iter()
        .zip(fates.iter())
        .take(cut.at)
        .filter(|(_, fate)| **fate == Fate::Own)
        .take(SIGNED)
        .any(|(line, _)| ANSWERED_BELOW.is_match(line.folded()));
    if !announced {
        return;
    }
    // Up to the message before it.
    let end = (cut.below..lines.len().min(cut.below + SCANNED))
        .find(|at| history::begins(lines, *at).is_some_and(|found| found.kind != Kind::Weak))
        .unwrap_or(lines.len());
    let shows = |at: &usize| lines.get(*at).is_some_and(|line| !line.is_blank());
    let (Some(start), Some(last)) = (
        (cut.below..end).find(shows),
        (cut.below..end).rev().find(shows),
    ) else {
        return;
    };
    fill(fates, start, last + 1, Fate::Context);
    for line in lines.iter_mut().take(last + 1).skip(start) {
        line.quote = line.quote.saturating_add(1);
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
        if is_rule {
            let below = fates.get(cut).copied().unwrap_or(Fate::History);
            fill(fates, end, cut, below);
        }
    }
    end
}

fn fill(fates: &mut [Fate], from: usize, to: usize, fate: Fate) {
    for slot in fates.iter_mut().take(to).skip(from) {
        *slot = fate;
    }
}

/// Marks the signatures of the pieces that were written now.
fn sign(lines: &[Line], end: usize, sender: Option<&str>, fates: &mut [Fate]) {
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
        for part in signature::find(written, sender) {
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
            let lines: Vec<Line> = block.iter().skip(at).take(12).map(Line::unquoted).collect();
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
