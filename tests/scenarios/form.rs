//! The form for new requests, as a browser sends it to the real pages: typed, read again, sent; and the
//! link of the mail that asks whether it is its author's.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use guichet::service::Service;
use regex::Regex;
use tokio::net::TcpListener;

use crate::http::{self, Answer};

/// The pages of a desk on loopback, for as long as its runtime.
pub async fn serve(service: &Service) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let service = service.clone();
    tokio::spawn(guichet::web::serve(
        service,
        listener,
        std::future::pending(),
    ));
    address
}

/// Somebody in front of the form: nobody knows him, or a portal has signed him in.
pub struct Visitor<'a> {
    pub pages: SocketAddr,
    pub portal: Option<&'a str>,
}

impl Visitor<'_> {
    fn headers(&self) -> Vec<(&str, &str)> {
        let portal = self.portal.map(|name| ("Remote-User", name));
        [("Sec-Fetch-Site", "same-origin")]
            .into_iter()
            .chain(portal)
            .collect()
    }

    async fn get(&self, path: &str) -> Answer {
        http::request(self.pages, "GET", path, &self.headers()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let (kind, body) = http::multipart(fields, &[]);
        http::post(self.pages, path, &self.headers(), &kind, &body).await
    }

    /// Fills the form in, reads the request again and sends it; what the pages say meanwhile.
    pub async fn fill_in(&self, fields: &BTreeMap<String, String>) -> Vec<String> {
        let blank = self.get("/demande").await.text();
        let (number, proof) = (hidden(&blank, "number"), hidden(&blank, "preuve"));
        let mut typed: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        typed.extend([("number", number.as_str()), ("preuve", proof.as_str())]);
        let taken = self.post("/demande", &typed).await;
        if taken.status != 303 {
            let page = taken.text();
            return [heading(&page)]
                .into_iter()
                .chain(mistakes(&page))
                .collect();
        }
        let here = taken.header("location").to_owned();
        let again = self.get(&here).await.text();
        let mut said = vec![heading(&again)];
        let sent = self.post(&here, &[("preuve", &proof)]).await;
        said.push(match sent.status {
            303 => heading(&self.get(sent.header("location")).await.text()),
            _ => mistakes(&sent.text()).join(" "),
        });
        said
    }

    /// Opens the link of the mail and chooses for every request that waits there.
    pub async fn confirm(&self, link: &str, choice: &str) -> Vec<String> {
        let page = self.get(link).await.text();
        let names = Regex::new("name=\"(demande-[^\"]+)\" value=\"envoyer\"").expect("a pattern");
        let fields: Vec<(&str, &str)> = names
            .captures_iter(&page)
            .filter_map(|found| found.get(1))
            .map(|name| (name.as_str(), choice))
            .collect();
        let mut said = vec![heading(&page)];
        if !fields.is_empty() {
            let answer = http::submit(self.pages, link, &fields).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
            said.push(heading(&self.get(answer.header("location")).await.text()));
        }
        said
    }
}

/// The value of a hidden field; empty when the page has none.
fn hidden(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    let rest = page.split(&field).nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}

fn heading(page: &str) -> String {
    let found = Regex::new("(?s)<h1>(.*?)</h1>").expect("a pattern");
    let found = found.captures(page).and_then(|found| found.get(1));
    plain(found.map_or("", |heading| heading.as_str()))
}

/// What stands above the form about what was typed.
fn mistakes(page: &str) -> Vec<String> {
    let list = page.split("id=\"mistakes\"").nth(1).unwrap_or_default();
    let list = list.split("</div>").next().unwrap_or_default();
    let entry = Regex::new("(?s)<li>(.*?)</li>").expect("a pattern");
    entry
        .captures_iter(list)
        .filter_map(|found| found.get(1))
        .map(|found| format!("- {}", plain(found.as_str())))
        .collect()
}

fn plain(html: &str) -> String {
    let tags = Regex::new("<[^>]*>").expect("a pattern");
    let text = tags.replace_all(html, "").replace("&#39;", "'");
    text.replace("&quot;", "\"")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}
