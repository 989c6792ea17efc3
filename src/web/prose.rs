//! What people wrote, as HTML: everything escaped, web addresses made links that lead where they say.

use tera::{Kwargs, State, Value};

use crate::notification::web_address;

/// The filter `linked` of the pages.
pub fn linked(text: &str, _: Kwargs, _: &State<'_>) -> Value {
    Value::safe_string(&html(text))
}

/// A site that is led to learns nothing of the page, and nothing of ours vouches for it.
fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, address, after)) = web_address(rest) {
        escape(before, &mut html);
        html.push_str("<a href=\"");
        escape(address, &mut html);
        html.push_str("\" rel=\"noopener noreferrer nofollow\">");
        escape(address, &mut html);
        html.push_str("</a>");
        rest = after;
    }
    escape(rest, &mut html);
    html
}

/// As the templates do: attributes stand in double quotes.
fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_become_links_and_nothing_of_a_text_runs() {
        let link =
            |to: &str| format!("<a href=\"{to}\" rel=\"noopener noreferrer nofollow\">{to}</a>");
        for (text, expected) in [
            (
                "Voir https://a.example/b?c=1&d=2.\n- http://b.example",
                format!(
                    "Voir {}.\n- {}",
                    link("https://a.example/b?c=1&amp;d=2"),
                    link("http://b.example")
                ),
            ),
            (
                "javascript:alert(1) data:text/html,x file:///etc/passwd",
                "javascript:alert(1) data:text/html,x file:///etc/passwd".to_owned(),
            ),
            (
                "https://a.example/\"onclick=\"x",
                format!("{}&quot;onclick=&quot;x", link("https://a.example/")),
            ),
            (
                "https://a.example/'onclick='x",
                link("https://a.example/'onclick='x"),
            ),
            (
                "<a href=\"x\"><script>",
                "&lt;a href=&quot;x&quot;&gt;&lt;script&gt;".to_owned(),
            ),
        ] {
            assert_eq!(html(text), expected);
        }
    }
}
