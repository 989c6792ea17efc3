//! What mail clients say with identifiers, classes and styles of their HTML: the one place that
//! knows their names. What is made of it belongs to `html` and `history`.

use std::borrow::Cow;

use super::style::Css;
use super::token::Tag;

/// The role of an element in a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Holds what somebody else wrote.
    Quote,
    /// "Le … a écrit :".
    Attribution,
    /// The history begins here.
    History,
    /// The history begins here if a header block follows.
    Rule,
    /// Holds a signature.
    Signature,
    /// Holds the mark of a list item (Word).
    WordMark,
}

/// Identifiers and classes, in lower case, that announce the history.
const HISTORY: [&str; 18] = [
    "divrplyfwdmsg",                           // Outlook, OWA
    "appendonsend",                            // OWA
    "ms-outlook-mobile-reference-message",     // Outlook for iOS and Android
    "mail-editor-reference-message-container", // new Outlook, Outlook mobile
    "olk_src_body_section",                    // Outlook for Mac
    "mac_outlook_attribution_html_block",      // Outlook for Mac
    "zwchr",                                   // Zimbra
    "gmail_quote",                             // Gmail (the div; its blockquote is a quote)
    "gmail_quote_container",
    "gmail_extra_quote",
    "protonmail_quote",      // Proton
    "moz-forward-container", // Thunderbird
    "stopspelling",          // Hotmail
    "replyforwardheader",    // BlueMail, K-9
    "quoted-message-header",
    "front-blockquote",
    "reply-separator",
    "messagereplysection", // Spark
];

/// The same for attributions.
const ATTRIBUTION: [&str; 5] = [
    "gmail_attr",
    "moz-cite-prefix",
    "reply-intro", // Roundcube
    "aolreplyheader",
    "moz-email-headers-table-caption",
];

/// The same for signatures.
const SIGNATURE: [&str; 11] = [
    "gmail_signature",
    "gmail_signature_prefix",
    "moz-signature",
    "signature", // Outlook's `Signature`, OWA
    "ms-outlook-mobile-signature",
    "applemailsignature",
    "protonmail_signature_block",
    "composer_signature", // Samsung
    "_rc_sig",            // Roundcube
    "mobile-signature",
    "ms-outlook-mobile-body-separator-line",
];

/// What an element is, by its name and attributes.
pub(super) fn role(name: &str, tag: &Tag<'_>, css: &Css) -> Option<Role> {
    if !tag.has_attributes() {
        return None;
    }
    let id = tag.attribute("id").unwrap_or_default();
    let class = tag.attribute("class").unwrap_or_default();
    let marker = tag.attribute("data-marker").unwrap_or_default();
    let called = if name == "div" {
        tag.attribute("name").unwrap_or_default()
    } else {
        Cow::default()
    };
    let quote = name == "blockquote";
    for word in [id.as_ref(), called.as_ref()]
        .into_iter()
        .chain(class.split_ascii_whitespace().take(12))
        .map(known)
        .filter(|word| !word.is_empty())
    {
        let word = word.as_str();
        if HISTORY.contains(&word) {
            return Some(if quote { Role::Quote } else { Role::History });
        }
        if ATTRIBUTION.contains(&word) {
            return Some(Role::Attribution);
        }
        // Other clients name theirs « front-signature », « mail_signature ».
        let is_named = word.len() <= 40
            && ["-signature", "_signature", "signaturesection"]
                .iter()
                .any(|end| word.ends_with(end));
        if SIGNATURE.contains(&word) || is_named || is_yahoo(word, "signature") {
            return Some(Role::Signature);
        }
        if word.starts_with("yahoo_quoted") || is_yahoo(word, "quoted") {
            return Some(Role::History);
        }
        if quote && matches!(word, "tutanota_quote" | "mori" | "quote" | "gmail-quote") {
            return Some(Role::Quote);
        }
    }
    // Zimbra's modern client.
    match marker.as_ref() {
        "__DIVIDER__" | "__HEADERS__" | "__QUOTED_TEXT__" if !quote => return Some(Role::History),
        "__SIG_PRE__" | "__SIG_POST__" => return Some(Role::Signature),
        _ => {}
    }
    if quote {
        let is_cite = tag
            .attribute("type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("cite"))
            || tag.attribute("cite").is_some()
            // The bar beside a quotation; an indentation has none.
            || css.has_bar;
        return is_cite.then_some(Role::Quote);
    }
    if css.is_word_mark {
        return Some(Role::WordMark);
    }
    // Outlook's line above "De : … Envoyé : …".
    if name == "div" && css.is_ruled {
        return Some(Role::Rule);
    }
    None
}

/// An identifier in lower case without the prefixes that gateways add: Outlook's `x_`, `x_x_`,
/// Gmail's `m_-123456`, in front of identifiers that it does not keep.
fn known(word: &str) -> String {
    let word: String = word
        .chars()
        .take(80)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let mut rest = word.as_str();
    while let Some(shorter) = rest.strip_prefix("x_") {
        rest = shorter;
    }
    if let Some(numbered) = rest.strip_prefix("m_") {
        rest = numbered.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-' || c == '_');
        rest = rest.strip_prefix("gmail-").unwrap_or(rest);
    }
    rest.to_owned()
}

/// Yahoo's `ydp1a2b3cyahoo_quoted_0123456789`, `ydp…signature`.
fn is_yahoo(word: &str, what: &str) -> bool {
    word.starts_with("ydp") && word.contains(what)
}

#[cfg(test)]
mod tests {
    use super::super::token::{Token, tokens};
    use super::*;

    #[test]
    fn clients_are_recognised() {
        for (html, expected) in [
            ("<div id=divRplyFwdMsg>", Some(Role::History)),
            ("<div id='x_x_divRplyFwdMsg'>", Some(Role::History)),
            (
                "<div class='gmail_quote gmail_quote_container'>",
                Some(Role::History),
            ),
            ("<blockquote class=gmail_quote>", Some(Role::Quote)),
            ("<div class='gmail_attr' dir=ltr>", Some(Role::Attribution)),
            ("<div id='ydp1234yahoo_quoted_567'>", Some(Role::History)),
            ("<div class=yahoo_quoted>", Some(Role::History)),
            ("<hr id=zwchr data-marker=__DIVIDER__>", Some(Role::History)),
            ("<p id=reply-intro>", Some(Role::Attribution)),
            ("<div id=Signature>", Some(Role::Signature)),
            ("<blockquote type=cite>", Some(Role::Quote)),
            (
                "<blockquote style='margin:0 0 0 40px;border:none;padding:0'>",
                None,
            ),
            (
                "<blockquote style='border-left: 2px solid #1010FF'>",
                Some(Role::Quote),
            ),
            (
                "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>",
                Some(Role::Rule),
            ),
            ("<div class='signatures-list'>", None),
            ("<div>", None),
        ] {
            let Some(Token::Open(tag)) = tokens(html).next() else {
                panic!("{html}")
            };
            assert_eq!(
                role(
                    &tag.name.to_ascii_lowercase(),
                    &tag,
                    &Css::of(&tag.attribute("style").unwrap_or_default())
                ),
                expected,
                "{html}"
            );
        }
    }
}
