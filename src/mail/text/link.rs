//! What is shown of a link: its address, when its label does not say it already.

use super::line::is_space;

/// Characters of an address that is shown beside its label.
const SHOWN: usize = 1_000;

/// The address to show beside `label`; `None` when the label says it, or it leads nowhere.
pub(super) fn address(label: &str, href: &str) -> Option<String> {
    let href = href.trim();
    if label.is_empty() || label.starts_with("[image") || !is_shown(href) {
        return None;
    }
    let href = unwrapped(href);
    if same_address(label, &href) {
        return None;
    }
    let shown: String = href.chars().take(SHOWN).collect();
    Some(shown.strip_prefix("mailto:").unwrap_or(&shown).to_owned())
}

/// An address worth showing.
fn is_shown(href: &str) -> bool {
    [
        "http://", "https://", "ftp://", "mailto:", "file:", "sip:", "tel:",
    ]
    .iter()
    .any(|scheme| {
        href.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Whether a label already says the address.
fn same_address(label: &str, href: &str) -> bool {
    let plain = |text: &str| -> String {
        let text = text.trim().to_lowercase();
        let text = text
            .trim_start_matches('<')
            .trim_end_matches('>')
            .trim_start_matches("mailto:")
            .trim_start_matches("tel:")
            .trim_start_matches("https://")
            .trim_start_matches("http://")
            .trim_start_matches("www.")
            .trim_end_matches('/');
        text.chars()
            .filter(|c| !is_space(*c) && !matches!(c, '.' | '-' | '(' | ')'))
            .collect()
    };
    let (label, href) = (plain(label), plain(href));
    // A subject after the address, or a label cut short by the client.
    label == href
        || href
            .split('?')
            .next()
            .is_some_and(|address| address == label && address.contains('@'))
        || label
            .strip_suffix('…')
            .is_some_and(|short| short.len() > 8 && href.starts_with(short))
}

/// The address behind a link checker's own: Outlook's "safe links".
fn unwrapped(href: &str) -> String {
    let is_wrapped = href.split('/').nth(2).is_some_and(|host| {
        host.to_ascii_lowercase()
            .ends_with(".safelinks.protection.outlook.com")
    });
    if is_wrapped
        && let Some(query) = href.split_once('?').map(|(_, query)| query)
        && let Some(url) = query.split('&').find_map(|pair| pair.strip_prefix("url="))
        && let Some(url) = percent_decoded(url)
    {
        return url;
    }
    href.to_owned()
}

/// `%3A` → `:`; `None` when the result is not text.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        match rest {
            [] => break,
            [b'%', high, low, tail @ ..] => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let byte = digit(high)? * 16 + digit(low)?;
                bytes.push(u8::try_from(byte).ok()?);
                rest = tail;
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    let url = String::from_utf8(bytes).ok()?;
    (!url.chars().any(char::is_control)).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_links_are_unwrapped() {
        assert_eq!(
            unwrapped(
                "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.org%2Fa%3Fb&data=x"
            ),
            "https://example.org/a?b"
        );
        assert_eq!(
            unwrapped("https://example.org/?url=x"),
            "https://example.org/?url=x"
        );
    }
}
