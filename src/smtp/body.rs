//! The bytes after DATA: CRLF at every line end, no NUL, no line beyond the limit, dots stuffed,
//! the final dot behind them. Mails as rendered are so already; this is the last gate, and what
//! slips past it is a second mail in somebody else's name (SMTP smuggling, CVE-2023-51764).

use std::borrow::Cow;

/// RFC 5321 4.5.3.1.6: 1000 octets with the CRLF.
const LONGEST_LINE: usize = 998;

/// A normalised message as it goes over the wire: dots stuffed, the final dot behind it.
pub(super) fn stuffed(tidy: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(tidy.len() + tidy.len() / 64 + 5);
    for line in tidy.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

/// The message with CRLF for every CRLF, bare CR and bare LF, at its end too, without NUL, and
/// with lines of at most 998 octets. A longer line is broken as Postfix does it, by CRLF and a
/// space, which folds a header field instead of ending it.
pub(super) fn normalised(message: &[u8]) -> Cow<'_, [u8]> {
    if is_tidy(message) {
        return Cow::Borrowed(message);
    }
    let mut tidy = Vec::with_capacity(message.len() + message.len() / 32 + 2);
    let mut rest = message;
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b'\r' | b'\n'))
            .unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        push_line(&mut tidy, line);
        rest = match tail {
            [b'\r', b'\n', tail @ ..] | [_, tail @ ..] => tail,
            [] => tail,
        };
    }
    Cow::Owned(tidy)
}

fn push_line(tidy: &mut Vec<u8>, line: &[u8]) {
    let mut room = LONGEST_LINE;
    for (index, byte) in line.iter().enumerate() {
        if *byte == 0 {
            continue;
        }
        // Not inside a character: from its first byte on, the whole of it (at most 4) must fit.
        let starts_character = byte & 0xC0 != 0x80;
        let needed = if starts_character {
            let rest = line.get(index + 1..).unwrap_or_default();
            1 + rest
                .iter()
                .take(3)
                .take_while(|byte| **byte & 0xC0 == 0x80)
                .count()
        } else {
            1
        };
        if needed > room {
            tidy.extend_from_slice(b"\r\n ");
            room = LONGEST_LINE - 1;
        }
        tidy.push(*byte);
        room -= 1;
    }
    tidy.extend_from_slice(b"\r\n");
}

fn is_tidy(message: &[u8]) -> bool {
    message.ends_with(b"\r\n")
        && message.split_inclusive(|byte| *byte == b'\n').all(|line| {
            line.strip_suffix(b"\r\n").is_some_and(|text| {
                text.len() <= LONGEST_LINE && !text.iter().any(|byte| matches!(byte, b'\r' | 0))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_the_wire(message: &[u8]) -> Vec<u8> {
        stuffed(&normalised(message))
    }

    #[test]
    fn a_tidy_mail_is_not_touched() {
        let mail = b"Subject: x\r\n\r\nBonjour\r\n";
        assert!(matches!(normalised(mail), Cow::Borrowed(_)));
        assert_eq!(on_the_wire(mail), b"Subject: x\r\n\r\nBonjour\r\n.\r\n");
    }

    #[test]
    fn every_kind_of_dot_line_is_stuffed() {
        for (mail, wire) in [
            (&b"a\n.\nb"[..], &b"a\r\n..\r\nb\r\n.\r\n"[..]),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r\n.\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r\n.\rb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
            (b".", b"..\r\n.\r\n"),
            (b"..\r\n", b"...\r\n.\r\n"),
            (b"a\0\r\n\0.\r\n", b"a\r\n..\r\n.\r\n"),
            (b"a\r\0\n.\r\n", b"a\r\n\r\n..\r\n.\r\n"),
            (b"a\r\r\n", b"a\r\n\r\n.\r\n"),
            (b"", b".\r\n"),
            (b"\n", b"\r\n.\r\n"),
        ] {
            assert_eq!(
                on_the_wire(mail).escape_ascii().to_string(),
                wire.escape_ascii().to_string(),
                "{}",
                mail.escape_ascii()
            );
        }
    }

    #[test]
    fn a_long_line_is_folded_between_characters() {
        let mail = "é".repeat(3000);
        let tidy = normalised(mail.as_bytes()).into_owned();
        let text = String::from_utf8(tidy).expect("no character was cut");
        assert!(text.lines().all(|line| line.len() <= LONGEST_LINE));
        assert!(text.lines().skip(1).all(|line| line.starts_with(' ')));
        assert_eq!(text.replace("\r\n ", ""), mail + "\r\n");
        // No character in it at all: it ends, and every line fits.
        let junk = normalised(&[0x80; 5000]).into_owned();
        assert!(is_tidy(&junk));
    }

    #[test]
    fn a_folded_line_never_starts_with_a_dot_of_its_own() {
        let mut mail = vec![b'x'; LONGEST_LINE];
        mail.extend_from_slice(b".\r\n");
        let wire = on_the_wire(&mail);
        assert!(wire.ends_with(b"x\r\n .\r\n.\r\n"));
    }

    #[test]
    fn whatever_comes_what_goes_is_tidy_and_ends_once() {
        // All words of six letters over the alphabet that matters: 5^6 mails.
        let alphabet = *b"\r\n.x\0";
        for number in 0..5usize.pow(6) {
            let mail: Vec<u8> = (0..6)
                .map(|place| alphabet[number / 5usize.pow(place) % 5])
                .collect();
            let tidy = normalised(&mail).into_owned();
            assert!(tidy.is_empty() || is_tidy(&tidy), "{}", mail.escape_ascii());
            assert_eq!(normalised(&tidy), tidy, "normalising twice changes nothing");
            let wire = on_the_wire(&mail);
            let mut ends = 0;
            let mut received = Vec::new();
            for line in wire.split_inclusive(|byte| *byte == b'\n') {
                match line {
                    b".\r\n" => ends += 1,
                    [b'.', rest @ ..] => received.extend_from_slice(rest),
                    line => received.extend_from_slice(line),
                }
            }
            assert_eq!(ends, 1, "{}", wire.escape_ascii());
            assert!(wire.ends_with(b".\r\n"));
            assert_eq!(received, tidy);
        }
    }
}
