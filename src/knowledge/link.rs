//! Where a link or a picture of an article leads: another article, a file of the folder, elsewhere
//! on the web, nowhere that is allowed.

/// Where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An article by its slug, with an anchor (`#…`) or without.
    Article(String),
    /// A file of the folder, by its path there.
    File(String),
    /// `http`, `https` or `mailto`.
    Elsewhere(String),
    /// A place on the same page.
    Here(String),
    /// Not allowed, and why.
    Refused(&'static str),
}

/// What `written` means in an article of `folder` (from the folder of the articles).
pub fn target(folder: &str, written: &str) -> Target {
    let written = written.trim();
    // Browsers drop what cannot be seen: `java\nscript:` is a scheme to them.
    if written.chars().any(|c| c.is_control() || c == '\\') {
        return Target::Refused("control characters and \\ have no place in a link");
    }
    if written.starts_with('#') {
        return Target::Here(written.to_owned());
    }
    if let Some(scheme) = scheme(written) {
        return match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" | "mailto" => Target::Elsewhere(written.to_owned()),
            _ => Target::Refused(
                "only http, https and mailto links, articles and files of the folder are allowed",
            ),
        };
    }
    let path = written.split(['#', '?']).next().unwrap_or_default();
    match path_in_folder(folder, &decoded(path)) {
        Err(why) => Target::Refused(why),
        Ok(path) => match path.strip_suffix(".md") {
            Some(slug) => Target::Article(slug.to_owned()),
            None => Target::File(path),
        },
    }
}

/// The path of a file from the folder of the articles, as written in an article of `folder`: beside
/// it, or from the top with a leading `/`.
pub fn path_in_folder(folder: &str, written: &str) -> Result<String, &'static str> {
    if written.starts_with("//") {
        return Err("write https: before //");
    }
    let (base, rest) = match written.strip_prefix('/') {
        Some(rest) => ("", rest),
        None => (folder, written),
    };
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    let depth = parts.len();
    for part in rest.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                return Err(
                    "`..` is not allowed: write the path from the top of the folder, with a leading /",
                );
            }
            part if part.starts_with('.') => return Err("hidden files are not shown"),
            part => parts.push(part),
        }
    }
    if parts.len() == depth {
        return Err("it leads to no file");
    }
    Ok(parts.join("/"))
}

/// `https` of `https://…`; none of `vpn.md` and `mesures : avant.md`.
fn scheme(written: &str) -> Option<&str> {
    let (scheme, _) = written.split_once(':')?;
    let mut bytes = scheme.bytes();
    let starts = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    (starts && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)))
        .then_some(scheme)
}

/// `%20` → a blank; what is no UTF-8 stays as it is.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let pair = after
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match pair {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

/// A path as it is written in a link of a page.
pub fn encoded(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_where_they_are_allowed_to() {
        for (written, expected) in [
            ("vpn.md", Target::Article("reseau/vpn".to_owned())),
            (
                "/mot-de-passe.md#mfa",
                Target::Article("mot-de-passe".to_owned()),
            ),
            (
                "img/plan%20b.png",
                Target::File("reseau/img/plan b.png".to_owned()),
            ),
            (
                "HTTPS://example.org/a?b=1",
                Target::Elsewhere("HTTPS://example.org/a?b=1".to_owned()),
            ),
            (
                "mailto:dsi@example.org",
                Target::Elsewhere("mailto:dsi@example.org".to_owned()),
            ),
            ("#etape-2", Target::Here("#etape-2".to_owned())),
        ] {
            assert_eq!(target("reseau", written), expected, "{written}");
        }
        for written in [
            "javascript:alert(1)",
            " JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,<script>",
            "vbscript:x",
            "file:///etc/passwd",
            "//evil.example/x.png",
            "../../etc/passwd",
            "a/../../b.png",
            "%2e%2e/secret.png",
            "/.git/config",
            "img/.cache/x.png",
            "a\\..\\b.png",
            "",
            "/",
        ] {
            assert!(
                matches!(target("reseau", written), Target::Refused(_)),
                "{written}"
            );
        }
    }
}
