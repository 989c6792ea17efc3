//! Lower case without accents, letter by letter.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What each letter of Western and Central Europe folds to, made from the tables of Unicode once: they
/// take ten times as long a letter.
pub(super) struct Latin<T>(Vec<T>);

impl<T: Copy> Latin<T> {
    const FROM: char = '\u{C0}';
    const TO: char = '\u{17F}';

    pub(super) fn of(fold: impl Fn(char) -> T) -> Self {
        Self((Self::FROM..=Self::TO).map(fold).collect())
    }

    /// `None`: none of these letters.
    #[inline]
    pub(super) fn get(&self, letter: char) -> Option<T> {
        let at = u32::from(letter).checked_sub(u32::from(Self::FROM))?;
        self.0.get(usize::try_from(at).ok()?).copied()
    }
}

// Each stands for one.
static LATIN: LazyLock<Latin<char>> =
    LazyLock::new(|| Latin::of(|letter| by_tables(letter).next().unwrap_or(letter)));

/// Lower case without accents, for comparing words: « Résolu » → `resolu`. Spaces and signs stay.
pub fn fold_accents(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let plain = rest.bytes().position(|byte| !byte.is_ascii());
        let (run, after) = rest.split_at(plain.unwrap_or(rest.len()));
        let start = out.len();
        out.push_str(run);
        if let Some(written) = out.get_mut(start..) {
            written.make_ascii_lowercase();
        }
        let mut chars = after.chars();
        let Some(character) = chars.next() else {
            return out;
        };
        rest = chars.as_str();
        match LATIN.get(character) {
            Some(folded) => out.push(folded),
            // Marks are dropped, so their order across characters does not matter.
            None => out.extend(by_tables(character)),
        }
    }
}

fn by_tables(character: char) -> impl Iterator<Item = char> {
    std::iter::once(character)
        .nfd()
        .filter(|part| !is_combining_mark(*part))
        .flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_go_and_the_rest_stays() {
        assert_eq!(fold_accents("Résolu,  À NOËL\n"), "resolu,  a noel\n");
        assert_eq!(fold_accents("e\u{301}te\u{301} Œuvre"), "ete œuvre");
    }

    #[test]
    fn every_character_folds_as_the_tables_say() {
        for character in ('\0'..=char::MAX).filter(|c| u32::from(*c) < 0x3_0000) {
            let expected: String = by_tables(character).collect();
            let folded = fold_accents(&character.to_string());
            assert_eq!(folded, expected, "{character:?}");
        }
    }
}
