//! The telephone number of a signature (row B14): direct line or mobile, never a fax.

use super::words::fold;
use crate::mail::pattern::regex;

regex!(
    NUMBER,
    r"(?:\+|\b00)\d{1,3}[\s.()\-/]*\d(?:[\s.()\-/]*\d){6,12}|\b0\d(?:[\s.\-/]?\d\d){4}\b"
);
regex!(
    LABEL,
    concat!(
        r"\b(?:tel|telephone|ligne directe|direct|mobile|mob|portable|port|gsm|phone|cell|",
        r"joignable|poste)\b"
    )
);
regex!(FAX, r"\b(?:fax|telecopie|telecopieur)\b");

// Where the history of a mail begins: what follows is somebody else's.
regex!(
    HISTORY,
    concat!(
        r"^\s*(?:>|-{3,}|_{5,}|(?:de|from|von|a|to|envoye|sent|date|objet|subject) ?:|",
        r"(?:le|on|am) .*\b(?:a ecrit|wrote|schrieb)\b)",
    )
);

/// The least digits of a number.
const DIGITS: usize = 8;

/// Lines of a signature that are looked at.
const LINES: usize = 40;

/// The number that the writer gave: in his signature, else in a line of his text that says so
/// (« joignable au 02 31 … »).
pub fn phone(reply: &str, folded: &str) -> Option<String> {
    let signature = folded
        .lines()
        .take_while(|line| !HISTORY.is_match(&fold(line)))
        .take(LINES);
    let own: Vec<&str> = signature.filter(|line| may_hold_one(line)).collect();
    labelled(&own)
        .or_else(|| own.iter().find_map(|line| number(line)))
        .or_else(|| {
            let said: Vec<&str> = reply.lines().filter(|line| may_hold_one(line)).collect();
            labelled(&said)
        })
}

/// Most lines do not: they need not be folded and searched.
fn may_hold_one(line: &str) -> bool {
    line.chars()
        .filter(|c| c.is_numeric())
        .nth(DIGITS - 1)
        .is_some()
}

/// The first number of a line that calls it one.
fn labelled(lines: &[&str]) -> Option<String> {
    lines
        .iter()
        .filter(|line| LABEL.is_match(&fold(line)))
        .find_map(|line| number(line))
}

/// The first number of a line that is no fax.
fn number(line: &str) -> Option<String> {
    // Folding keeps digits and signs where they are read from: they are ASCII.
    let folded = fold(line);
    NUMBER
        .find_iter(&folded)
        .find(|found| {
            let (before, _) = folded.split_at(found.start());
            // The label that stands nearest decides: « Tél. 02 31 … / Fax 02 31 … ».
            let fax = FAX.find_iter(before).last().map(|fax| fax.end());
            let label = LABEL.find_iter(before).last().map(|label| label.end());
            fax.is_none() || label > fax
        })
        .map(|found| tidy(found.as_str()))
}

/// As people read it: « 0231565510 » in pairs, others as written.
fn tidy(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if digits.len() == 10 && number.starts_with('0') && !number.starts_with("00") {
        let pairs: Vec<&str> = (0..10)
            .step_by(2)
            .filter_map(|at| digits.get(at..at + 2))
            .collect();
        return pairs.join(" ");
    }
    number.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::phone;

    #[test]
    fn signatures() {
        for (folded, expected) in [
            ("--\nMarie Durand\nTél. : 02.31.56.55.10", "02 31 56 55 10"),
            (
                "Marie Durand\nFax 02 31 56 00 00\nMobile +33 (0)6 12 34 56 78",
                "+33 (0)6 12 34 56 78",
            ),
            (
                "Marie Durand\nFax : 02 31 56 00 00 – Tél : 0231565510",
                "02 31 56 55 10",
            ),
            ("Jeanne\n02 31 00 00 01", "02 31 00 00 01"),
            (
                "Jeanne\nStandard 02 31 00 00 00\nLigne directe 02 31 00 00 07",
                "02 31 00 00 07",
            ),
        ] {
            assert_eq!(phone("", folded).as_deref(), Some(expected), "{folded}");
        }
    }

    #[test]
    fn what_is_not_the_writers_number() {
        for folded in [
            "Marie\nFax 02 31 56 00 00",
            "Le lun. 23 nov. 2026 à 10:00, Support a écrit :\n> Tél. 02 31 00 00 00",
            "De : Support\nTél. 02 31 00 00 00",
            "Réf. 20231565510",
        ] {
            assert_eq!(phone("", folded), None, "{folded}");
        }
        assert_eq!(phone("L'appel du 02 31 00 00 00 a échoué", ""), None);
        assert_eq!(
            phone("Je suis joignable au 06 12 34 56 78 ce matin.", "").as_deref(),
            Some("06 12 34 56 78")
        );
    }
}
