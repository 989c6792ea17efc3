//! The place of a text where the words of a question stand, with the words marked.

use super::fold::{self, stems};

/// Characters of an excerpt, about.
const LENGTH: usize = 180;

/// Bytes before the first word that was looked for.
const BEFORE: usize = 40;

/// Bytes and words of a text that are looked at.
const BYTES_LOOKED_AT: usize = 64 << 10;
const LOOKED_AT: usize = 5_000;

/// Bytes of a title that are shown.
const TITLE: usize = 300;

/// A piece of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// It is one of the words of the question.
    pub marked: bool,
}

/// What is looked for in a text: stems, and the beginning of the word that is being typed.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Stems.
    pub stems: Vec<String>,
    /// The folded beginning of a word.
    pub beginning: Option<String>,
}

impl Wanted {
    fn is(&self, folded: &str) -> bool {
        self.beginning
            .as_ref()
            .is_some_and(|beginning| folded.starts_with(beginning.as_str()))
            || !fold::is_grammar(folded)
                && stems(folded).iter().any(|stem| self.stems.contains(stem))
    }
}

/// The best place of `text`; its beginning when it holds none of the words.
pub fn excerpt(text: &str, wanted: &Wanted) -> Vec<Piece> {
    let whole = text;
    let text = beginning(whole, BYTES_LOOKED_AT);
    let words: Vec<fold::Word> = fold::words(text).take(LOOKED_AT).collect();
    let hits: Vec<bool> = words.iter().map(|word| wanted.is(&word.folded)).collect();
    // The window with the most hits, the first of several.
    let mut best = (0, 0);
    let mut first = 0;
    let mut inside = 0_usize;
    for last in 0..words.len() {
        inside += usize::from(hits[last]);
        while first < last && words[last].at.end - words[first].at.start > LENGTH {
            inside -= usize::from(hits[first]);
            first += 1;
        }
        if inside > best.0 {
            best = (inside, first);
        }
    }
    // A few words before the first of them.
    let hit = (best.1..words.len()).find(|at| hits[*at]).unwrap_or(0);
    let before = words.get(hit).map_or(0, |word| word.at.start);
    let begin = (words.iter())
        .map(|word| word.at.start)
        .find(|start| start + BEFORE >= before)
        .unwrap_or(0);
    // From the beginning when it is near: no reader wants to begin in the third word.
    let begin = if begin < LENGTH / 3 { 0 } else { begin };
    let mut pieces = Vec::new();
    if begin > 0 {
        push(&mut pieces, "… ", false);
    }
    let mut at = begin;
    for (word, hit) in words.iter().zip(&hits) {
        if word.at.start < begin {
            continue;
        }
        if word.at.end - begin > LENGTH {
            break;
        }
        push(&mut pieces, &text[at..word.at.start], false);
        push(&mut pieces, &text[word.at.clone()], *hit);
        at = word.at.end;
    }
    // What stands behind the last word that has room: the rest of a short text, or of one word or one
    // row of signs without end.
    let used = at - begin;
    let rest = whole.get(at..).unwrap_or_default().trim_end();
    if used + rest.len() <= LENGTH {
        push(&mut pieces, rest, false);
    } else {
        if used == 0 {
            push(&mut pieces, beginning(rest, LENGTH), false);
        }
        push(&mut pieces, " …", false);
    }
    pieces
}

/// At most so many bytes of a text.
fn beginning(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// All of a short text, its words marked.
pub fn marked(text: &str, wanted: &Wanted) -> Vec<Piece> {
    let (text, cut) = (beginning(text, TITLE), text.len() > TITLE);
    let mut pieces = Vec::new();
    let mut at = 0;
    for word in fold::words(text) {
        push(&mut pieces, &text[at..word.at.start], false);
        push(&mut pieces, &text[word.at.clone()], wanted.is(&word.folded));
        at = word.at.end;
    }
    push(&mut pieces, &text[at..], false);
    if cut {
        push(&mut pieces, " …", false);
    }
    pieces
}

fn push(pieces: &mut Vec<Piece>, text: &str, marked: bool) {
    // Blocks are apart by line ends; an excerpt is one line.
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_whitespace() {
            line.push(c);
        } else if !line.ends_with(' ') {
            line.push(' ');
        }
    }
    if line.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(last) if last.marked == marked => last.text.push_str(&line),
        _ => pieces.push(Piece { text: line, marked }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, stems: &[&str], beginning: Option<&str>) -> String {
        let wanted = Wanted {
            stems: stems.iter().map(|stem| (*stem).to_owned()).collect(),
            beginning: beginning.map(str::to_owned),
        };
        excerpt(text, &wanted)
            .iter()
            .map(|piece| match piece.marked {
                true => format!("[{}]", piece.text),
                false => piece.text.clone(),
            })
            .collect()
    }

    #[test]
    fn the_words_are_marked_where_they_stand() {
        let text = format!(
            "{} Les imprimantes du hall s'impriment mal, l'imprimante du bas aussi. {}",
            "Rien ici. ".repeat(40),
            "Ni là. ".repeat(40)
        );
        let excerpt = shown(&text, &["imprim"], None);
        assert!(
            excerpt.contains("[imprimantes] du hall s'impriment mal, l'[imprimante] du bas"),
            "{excerpt}"
        );
        assert!(
            excerpt.starts_with("… ") && excerpt.ends_with(" …"),
            "{excerpt}"
        );
        assert_eq!(
            shown("Éteignez l'écran", &[], Some("ecr")),
            "Éteignez l'[écran]"
        );
        assert_eq!(shown("", &["x"], None), "");
        assert_eq!(shown("日本語 ß", &["x"], None), "日本語 ß");
    }

    /// Articles are written by people, and made by programmes.
    #[test]
    fn an_excerpt_is_short_and_soon_there_whatever_the_text() {
        let began = std::time::Instant::now();
        for text in [
            "-".repeat(1 << 20),
            "é".repeat(1 << 20),
            format!("imprimante {}", "─".repeat(1 << 20)),
            format!("imprimante {}", "a".repeat(1 << 20)),
            "imprimante ".repeat(1 << 17),
            format!("{} imprimante", " \u{301}".repeat(1 << 19)),
        ] {
            let excerpt = shown(&text, &["imprim"], Some("imp"));
            assert!(excerpt.len() < 2 * LENGTH, "{}", excerpt.len());
            assert!(excerpt.chars().count() > 2, "{excerpt}");
            let wanted = Wanted::default();
            let title: usize = (marked(&text, &wanted).iter())
                .map(|piece| piece.text.len())
                .sum();
            assert!(title <= TITLE + 4, "{title}");
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(10));
    }
}
