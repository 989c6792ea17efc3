//! What all pages share: who looks, in which language, and the frame around the page.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use serde::Serialize;

use super::{Site, client, knowledge};
use crate::config::{Conformity, FormFor};

/// A page that the menu leads to.
struct Place {
    path: &'static str,
    /// In French, in English.
    label: (&'static str, &'static str),
    /// What it is for, on the home page, which shows those that have it (S1.7).
    entry: Option<(&'static str, &'static str)>,
}

/// The menu, in order.
const NAVIGATION: &[Place] = &[
    Place {
        path: "/",
        label: ("Accueil", "Home"),
        entry: None,
    },
    Place {
        path: knowledge::PATH,
        label: ("Base de connaissance", "Knowledge base"),
        entry: Some((
            "Des réponses aux questions fréquentes, à consulter avant d’écrire.",
            "Answers to frequent questions, to be read before writing.",
        )),
    },
    Place {
        path: "/mes-demandes",
        label: ("Mes demandes", "My requests"),
        entry: Some((
            "Suivre vos demandes\u{a0}: leur état, les échanges, ce que nous attendons de vous.",
            "Follow your requests: where they stand, what was said, what we need from you.",
        )),
    },
    Place {
        path: "/demande",
        label: ("Soumettre une demande", "Submit a request"),
        entry: Some((
            "Signaler un problème, demander un service, faire une suggestion.",
            "Report a problem, request a service, make a suggestion.",
        )),
    },
    Place {
        path: "/aide",
        label: ("Aide", "Help"),
        entry: None,
    },
];

/// The frame, and the pages that say that something is not there.
pub const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("web-templates/base.html")),
    ("missing.html", include_str!("web-templates/missing.html")),
    ("refused.html", include_str!("web-templates/refused.html")),
    ("wait.html", include_str!("web-templates/wait.html")),
    (
        "unavailable.html",
        include_str!("web-templates/unavailable.html"),
    ),
];

/// Who asks for a page.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Address of the browser, behind our proxies.
    pub address: IpAddr,
    /// `fr` or `en`.
    pub language: &'static str,
    /// The visitor chose it (`?lang=`): it stands before the language of a ticket.
    pub chose: bool,
    /// Path of the page.
    pub path: String,
    /// What its address says after the path, as it is written.
    asked: String,
    /// What was just done, as the form that did it says (`?fait=`).
    pub done: Option<String>,
}

impl Visitor {
    /// The same on a page whose ticket has a language of its own.
    pub fn speaking(mut self, language: &str) -> Self {
        if !self.chose {
            self.language = spoken(language).unwrap_or("fr");
        }
        self
    }

    /// `french` or `english`.
    pub fn pick<'a>(&self, french: &'a str, english: &'a str) -> &'a str {
        super::status::pick(self.language, french, english)
    }

    /// A link within the site with its parameters, those that say something; a choice of language
    /// holds.
    pub fn link(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let chosen = [("lang", self.language)];
        let chosen = chosen.iter().filter(|_| self.chose);
        let all = parameters.iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = all
            .chain(chosen)
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        match query.is_empty() {
            true => path.to_owned(),
            false => format!("{path}?{}", query.join("&")),
        }
    }

    /// The page that a browser can look at: this one, or the one whose form was sent here.
    pub fn page(&self) -> &str {
        match self.path.rsplit_once('/') {
            Some((page, last)) if is_form_only(page, last) => page,
            _ => &self.path,
        }
    }

    /// Where this page speaks the other language; all else that its address says stays. What a button of the
    /// desk did is told once, in the language of the page that it was on.
    fn in_language(&self, language: &str) -> String {
        let pairs = self.asked.split('&');
        let kept =
            pairs.filter(|pair| !matches!(pair.split('=').next(), Some("" | "lang" | "done")));
        let lang = format!("lang={language}");
        let all: Vec<&str> = kept.chain([lang.as_str()]).collect();
        let page = Some(self.page()).filter(|page| *page != self.path);
        format!("{}?{}", page.unwrap_or_default(), all.join("&"))
    }

    /// What is added to a link within the site so that a choice of language holds.
    pub fn query(&self) -> &'static str {
        match (self.chose, self.language) {
            (false, _) => "",
            (true, "en") => "?lang=en",
            (true, _) => "?lang=fr",
        }
    }
}

/// An address that takes a form of its page and shows nothing: `page` and the last part of its path.
fn is_form_only(page: &str, last: &str) -> bool {
    let below = |start: &str| {
        let token = page.strip_prefix(start);
        token.is_some_and(|token| !token.is_empty() && !token.contains('/'))
    };
    match last {
        "suivi" | "valider" | "refuser" | "noter" | "ne-plus-suivre" => below("/t/"),
        "fermer" => below("/d/"),
        "proposes" => page == "/articles",
        "sign-out" => page == "/desk",
        _ => false,
    }
}

/// Percent-encoded for a segment of a path, a value of a query, a parameter of a header.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

impl FromRequestParts<Arc<Site>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Infallible> {
        let current = site.service.current();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::from([0; 16]), |ConnectInfo(peer)| peer.ip());
        let proxies = &current.settings.web.trusted_proxies;
        let asked = |wanted: &str| {
            let query = parts.uri.query().unwrap_or_default();
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let chosen = asked("lang").and_then(spoken);
        let accepted = parts
            .headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .and_then(accepted);
        let own = || spoken(&current.settings.policy.language);
        Ok(Self {
            address: client::address(peer, &parts.headers, proxies),
            language: chosen.or(accepted).or_else(own).unwrap_or("fr"),
            chose: chosen.is_some(),
            path: parts.uri.path().to_owned(),
            asked: parts.uri.query().unwrap_or_default().to_owned(),
            done: asked("fait").map(str::to_owned),
        })
    }
}

/// The language of a tag that the pages speak: `en-GB` is English.
fn spoken(tag: &str) -> Option<&'static str> {
    let tag = tag.trim().to_ascii_lowercase();
    match tag.split('-').next() {
        Some("fr") => Some("fr"),
        Some("en") => Some("en"),
        _ => None,
    }
}

/// The language that a browser likes best of those that the pages speak (RFC 9110 §12.5.4).
fn accepted(header: &str) -> Option<&'static str> {
    let ranges = header.split(',').take(20).filter_map(|range| {
        let mut parts = range.split(';');
        let language = spoken(parts.next()?)?;
        let weight = parts
            .find_map(|part| part.trim().strip_prefix("q="))
            .map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
        (weight > 0.0).then_some((language, weight))
    });
    // The first of those that are liked equally.
    let best = ranges.reduce(|best, range| if range.1 > best.1 { range } else { best });
    best.map(|(language, _)| language)
}

#[derive(Serialize)]
struct Entry {
    link: String,
    label: &'static str,
    words: Option<&'static str>,
    current: bool,
}

/// What `base.html` needs; a page adds its own.
pub fn context(site: &Site, visitor: &Visitor) -> tera::Context {
    let current = site.service.current();
    let web = &current.settings.web;
    let english = visitor.language == "en";
    let is_there = |path: &str| match path {
        knowledge::PATH => current.rules.knowledge.is_there(),
        "/demande" => web.form != FormFor::Off,
        _ => true,
    };
    let places = NAVIGATION.iter().filter(|place| is_there(place.path));
    let entries = places.map(|place| Entry {
        link: format!("{}{}", place.path, visitor.query()),
        label: visitor.pick(place.label.0, place.label.1),
        words: place
            .entry
            .map(|(french, english)| visitor.pick(french, english)),
        current: place.path == visitor.path,
    });
    let conformity = match web.accessibility.conformity {
        Conformity::Full => ("totalement conforme", "fully compliant"),
        Conformity::Partial => ("partiellement conforme", "partially compliant"),
        Conformity::Not => ("non conforme", "not compliant"),
    };
    let conformity = visitor.pick(conformity.0, conformity.1);
    let mut context = tera::Context::new();
    context.insert("desk", &current.settings.policy.desk_name);
    context.insert("institution", &web.institution);
    context.insert("logo", &web.logo.is_some());
    context.insert("lang", visitor.language);
    context.insert("en", &english);
    context.insert("query", visitor.query());
    let other = if english { "fr" } else { "en" };
    context.insert("other_language", &visitor.in_language(other));
    context.insert("accessible", conformity);
    context.insert("navigation", &entries.collect::<Vec<_>>());
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_language_shows_the_same_page() {
        for (path, asked, there) in [
            ("/", "", "?lang=en"),
            (
                "/d/abc",
                "etat=toutes&lang=fr&avant=3",
                "?etat=toutes&avant=3&lang=en",
            ),
            ("/demande", "brouillon=0f", "?brouillon=0f&lang=en"),
            ("/desk/2", "done=1&lang=fr", "?lang=en"),
            // A form was sent there: its page is one part up.
            ("/t/abc/refuser", "lang=fr", "/t/abc?lang=en"),
            ("/d/abc/fermer", "", "/d/abc?lang=en"),
            ("/desk/sign-out", "", "/desk?lang=en"),
            ("/t/abc/articles/refuser", "", "?lang=en"),
            // Never to another site.
            ("//evil.example/x", "", "?lang=en"),
        ] {
            let visitor = Visitor {
                address: IpAddr::from([127, 0, 0, 1]),
                language: "fr",
                chose: false,
                path: path.to_owned(),
                asked: asked.to_owned(),
                done: None,
            };
            assert_eq!(visitor.in_language("en"), there);
        }
    }

    #[test]
    fn the_language_that_is_liked_best() {
        for (header, language) in [
            ("fr-FR,fr;q=0.9,en;q=0.8", Some("fr")),
            ("en-GB, en;q=0.9, fr;q=0.8", Some("en")),
            ("de-DE,de;q=0.9,en;q=0.5,fr;q=0.7", Some("fr")),
            ("fr;q=0, en;q=0.1", Some("en")),
            ("de", None),
            ("", None),
            ("en;q=x, fr", Some("fr")),
        ] {
            assert_eq!(accepted(header), language, "{header}");
        }
    }
}
