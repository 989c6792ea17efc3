//! `[web]` and `[accessibility]`: the page, as used.

use std::path::Path;

use chrono::Duration;

use super::compile::list;
use super::identity::identity;
use super::reading::Reading;
use super::settings::{Accessibility, Conformity, FormFor, Logo, Web, beside};
use super::value::{Delay, Size};
use super::written::Config;

/// Where the page listens, unless told otherwise: this machine only.
const DEFAULT_LISTEN: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// Files of one form together, unless told otherwise.
const MAX_UPLOAD: u64 = 25 << 20;

/// For how long the link of a mail opens its page, unless told otherwise: longer than a request is
/// usually talked about, shorter than mailboxes are kept.
const LINKS_FOR: Duration = Duration::days(180);

/// A logo is on every page.
const MAX_LOGO: usize = 200 << 10;

/// What stands behind links and headings, in the style sheet of the page: paper and ground.
const LIGHT: [Colour; 2] = [Colour(0xff, 0xff, 0xff), Colour(0xf3, 0xf5, 0xf8)];
const DARK: [Colour; 2] = [Colour(0x1c, 0x21, 0x2b), Colour(0x12, 0x16, 0x1d)];

/// The contrast that text needs (WCAG 1.4.3, level AA).
const CONTRAST: f64 = 4.5;

/// Compiles them.
pub fn web(reading: &mut Reading, file: &Path, config: &Config) -> Web {
    let written = &config.web;
    let listen = match written.listen.as_deref().map(str::parse) {
        None => DEFAULT_LISTEN,
        Some(Ok(listen)) => listen,
        Some(Err(_)) => {
            reading.wrong(
                "web.listen",
                "an address and a port are expected, as in \"127.0.0.1:8080\"",
            );
            DEFAULT_LISTEN
        }
    };
    let mut trusted_proxies = Vec::new();
    for proxy in list(written.trusted_proxies.as_ref()) {
        match proxy.parse() {
            Ok(proxy) => trusted_proxies.push(proxy),
            Err(_) => reading.wrong(
                "web.trusted_proxies",
                format!("\"{proxy}\" is not an IP address"),
            ),
        }
    }
    let max_message = config.max_message.map_or(50 << 20, |Size(bytes)| bytes);
    // Base64 and its line ends make a file a third larger.
    let fits = max_message / 7 * 5;
    let max_upload = match written.max_upload {
        Some(Size(bytes)) => bytes,
        None => MAX_UPLOAD.min(fits),
    };
    if max_upload > fits {
        reading.wrong(
            "web.max_upload",
            "files of a form become a mail, where they take a third more: max_message must be 1.4 times as large",
        );
    }
    Web {
        listen,
        form: match written.form.as_deref() {
            Some("internal") => FormFor::Internal,
            Some("off") => FormFor::Off,
            _ => FormFor::Everybody,
        },
        identity: identity(reading, config, &trusted_proxies),
        trusted_proxies,
        max_upload,
        links_for: match written.links_for {
            Some(Delay::Never) => None,
            Some(Delay::After(time)) => Some(time),
            None => Some(LINKS_FOR),
        },
        institution: written.institution.clone(),
        logo: written
            .logo
            .as_deref()
            .and_then(|path| logo(reading, &beside(file, path))),
        colour: colour(reading, "web.colour", written.colour.as_deref(), &LIGHT),
        colour_dark: colour(
            reading,
            "web.colour_dark",
            written.colour_dark.as_deref(),
            &DARK,
        ),
        accessibility: accessibility(config),
    }
}

fn accessibility(config: &Config) -> Accessibility {
    let written = &config.accessibility;
    Accessibility {
        conformity: match written.conformity.as_deref() {
            Some("full") => Conformity::Full,
            Some("partial") => Conformity::Partial,
            _ => Conformity::Not,
        },
        audited: written.audited.clone(),
        exceptions: list(written.exceptions.as_ref()).to_vec(),
        contact: written.contact.clone(),
        drawn_up: written.drawn_up.clone(),
    }
}

/// A picture whose first bytes say what it is; SVG as well, which is only ever shown as an image.
fn logo(reading: &mut Reading, path: &Path) -> Option<Logo> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            reading.wrong(
                "web.logo",
                format!("{} cannot be read: {error}", path.display()),
            );
            return None;
        }
    };
    if bytes.len() > MAX_LOGO {
        reading.wrong(
            "web.logo",
            format!(
                "{} is larger than 200 kB, and is on every page",
                path.display()
            ),
        );
        return None;
    }
    let beginning = bytes.get(..512).unwrap_or(&bytes);
    let kind = match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        _ if String::from_utf8_lossy(beginning).contains("<svg") => "image/svg+xml",
        _ => {
            reading.wrong(
                "web.logo",
                format!("{} is no PNG, JPEG, WebP or SVG", path.display()),
            );
            return None;
        }
    };
    Some(Logo { kind, bytes })
}

/// A colour in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Colour(u8, u8, u8);

impl Colour {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self(part(0)?, part(2)?, part(4)?))
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Contrast ratio, from 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }
}

/// The colour of links, buttons and lines, legible on every ground of its theme; `None` keeps ours.
fn colour(
    reading: &mut Reading,
    key: &str,
    written: Option<&str>,
    grounds: &[Colour],
) -> Option<String> {
    let written = written?;
    let Some(colour) = Colour::parse(written) else {
        reading.wrong(
            key,
            format!("\"{written}\" is not a colour: \"#1f4e79\" is the form"),
        );
        return None;
    };
    let least = grounds
        .iter()
        .map(|ground| colour.contrast(*ground))
        .fold(f64::INFINITY, f64::min);
    if least < CONTRAST {
        let remedy = if key.ends_with("dark") {
            "take a lighter one"
        } else {
            "take a darker one"
        };
        reading.wrong(
            key,
            format!(
                "{written} cannot be read on the page: its contrast is {least:.1}, and {CONTRAST} is needed; {remedy}"
            ),
        );
        return None;
    }
    let Colour(red, green, blue) = colour;
    Some(format!("#{red:02x}{green:02x}{blue:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_the_standard() {
        let black = Colour(0, 0, 0);
        let white = Colour(255, 255, 255);
        assert!((black.contrast(white) - 21.0).abs() < 0.001);
        // The grey that is often given as the lightest legible one on white.
        let grey = Colour::parse("#767676").expect("a colour");
        assert!((grey.contrast(white) - 4.54).abs() < 0.01);
        for bad in ["1f4e79", "#fff", "#ggg000", "blue", "#1f4e79;}"] {
            assert_eq!(Colour::parse(bad), None, "{bad}");
        }
    }
}
