//! The patterns of reading. Each is compiled once and lives as long as the program, in several copies
//! of its tables: what they hold counts.

use std::sync::LazyLock;

use regex::Regex;

/// What is a letter to a pattern: the blocks of scripts instead of a table of every single letter. That
/// table makes a pattern a hundred times as large. The difference are signs within those blocks (the Arabic
/// comma is a letter here) and letters made of signs (ℕ, ⓐ, bold ones of mathematics are none).
const LETTERS: &str = "a-zA-Zªµº\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{2c1}\u{370}-\u{1fff}\
                       \u{2c00}-\u{2dff}\u{3005}-\u{3007}\u{3040}-\u{d7ff}\u{f900}-\u{fb06}\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}\u{20000}-\u{3ffff}";

/// The blocks of Latin, Greek and Cyrillic, Vietnamese and ancient Greek among them: patterns tell their
/// large letters from the small.
const CASED: [std::ops::RangeInclusive<char>; 2] = ['\0'..='\u{52f}', '\u{1e00}'..='\u{1fff}'];

static UPPER: LazyLock<String> = LazyLock::new(|| class(char::is_uppercase));
static LOWER: LazyLock<String> = LazyLock::new(|| class(char::is_lowercase));

/// The cased letters that are so.
fn class(is_so: fn(char) -> bool) -> String {
    CASED
        .into_iter()
        .flatten()
        .filter(|letter| is_so(*letter))
        .collect()
}

/// Compiles a pattern of this program. `\p{L}`, `\p{Lu}`, `\p{Ll}`, `\w`, `\W` and `\d` mean small
/// classes (see [`LETTERS`]); digits are 0 to 9.
pub(super) fn pattern(pattern: &str) -> Regex {
    Regex::new(&with_small_classes(pattern)).expect("patterns are constants, compiled by the tests")
}

fn with_small_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        // A class within a class is one of the union.
        let (length, class) = match escape.get(1..) {
            Some(name) if name.starts_with("p{L}") => (5, format!("[{LETTERS}]")),
            Some(name) if name.starts_with("p{Lu}") => (6, format!("[{}]", *UPPER)),
            Some(name) if name.starts_with("p{Ll}") => (6, format!("[{}]", *LOWER)),
            Some(name) if name.starts_with('w') => (2, format!("[{LETTERS}0-9_]")),
            Some(name) if name.starts_with('W') => (2, format!("[^{LETTERS}0-9_]")),
            Some(name) if name.starts_with('d') => (2, "[0-9]".to_owned()),
            Some(name) => {
                let length = 1 + name.chars().next().map_or(0, char::len_utf8);
                (length, escape.get(..length).unwrap_or(escape).to_owned())
            }
            None => (escape.len(), escape.to_owned()),
        };
        out.push_str(&class);
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// A regular expression as a constant.
macro_rules! regex {
    ($name:ident, $pattern:expr) => {
        static $name: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| $crate::mail::pattern::pattern($pattern));
    };
}
pub(super) use regex;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_unicode_but_for_a_few() {
        let pattern = pattern(r"^\p{L}$");
        for letter in '\0'..='\u{2c1}' {
            let is_letter = letter.is_alphabetic();
            assert_eq!(pattern.is_match(&letter.to_string()), is_letter, "{letter}");
        }
        for sign in ('\u{2000}'..='\u{206f}').chain('\u{2190}'..='\u{2bff}') {
            assert!(!pattern.is_match(&sign.to_string()), "{sign}");
        }
        for word in "é Ü œ ß Ł ș ή Я й א ع 漢 ひ 한 ﬁ".split(' ') {
            assert!(pattern.is_match(word), "{word}");
        }
        for sign in "« » “ ” ’ – — … · × ÷ ² ³ ° § € • → ✓ 。 、 \u{301} 1".split(' ')
        {
            assert!(!pattern.is_match(sign), "{sign}");
        }
    }

    #[test]
    fn large_and_small_letters_are_told() {
        let (upper, lower) = (pattern(r"^\p{Lu}+$"), pattern(r"^\p{Ll}+$"));
        assert!(upper.is_match("AÉŁȘΩЯẤ") && !upper.is_match("é") && !upper.is_match("1"));
        assert!(lower.is_match("aéłșωя") && !lower.is_match("É"));
    }

    #[test]
    fn classes_stand_within_classes_and_other_escapes_stay() {
        assert!(pattern(r"^[\w.\-]+$").is_match("été.9-_"));
        assert!(pattern(r"^[^\d\p{L}]+$").is_match("€ \\"));
        assert!(pattern(r"^\\w\.$").is_match(r"\w."));
        assert!(pattern(r"^\W\b").is_match("«a"));
    }
}
