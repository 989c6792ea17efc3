//! A technician's browser: how he signs in, and how he presses a button of a page of the desk.

use guichet::ticket::What;

use crate::desk::Desk;
use crate::http::{self, Answer};

pub const KARIM: &str = "karim.benali@example.org";
pub const NADIA: &str = "nadia.lefort@example.org";

/// A technician's browser.
pub struct Browser {
    pub cookie: String,
}

impl Browser {
    /// Asks for a link, takes it from the mail and spends it.
    pub async fn sign_in(desk: &mut Desk, address: &str) -> Self {
        let link = link(desk, address).await;
        let answer = http::submit(desk.address, &link, &[("me", "1")]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert_eq!(answer.header("location"), "/desk");
        Self {
            cookie: secret(&answer),
        }
    }

    pub async fn get(&self, desk: &Desk, path: &str) -> Answer {
        http::request(desk.address, "GET", path, &[("Cookie", &self.cookie)]).await
    }

    /// A page, as words: every space an ordinary one.
    pub async fn page(&self, desk: &Desk, path: &str) -> String {
        let answer = self.get(desk, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text().replace('\u{a0}', " ")
    }

    /// Presses a button of a page of the desk, with what the page hides in its forms.
    pub async fn press(&self, desk: &Desk, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.page(desk, path).await;
        self.press_on(desk, &page, path, fields).await
    }

    /// The same with a page that was opened before.
    pub async fn press_on(
        &self,
        desk: &Desk,
        page: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let (token, seen) = (hidden(page, "token"), hidden(page, "seen"));
        let mut all = vec![("token", token.as_str()), ("seen", seen.as_str())];
        all.extend(fields);
        let headers = [
            ("Sec-Fetch-Site", "same-origin"),
            ("Cookie", self.cookie.as_str()),
        ];
        let body = http::encoded(&all);
        http::post(desk.address, path, &headers, http::FORM, body.as_bytes()).await
    }

    /// The first page; `None` for who is not signed in.
    pub async fn page_or_none(&self, desk: &Desk) -> Option<String> {
        let answer = self.get(desk, "/desk").await;
        (answer.status == 200).then(|| answer.text())
    }
}

/// The value of the first hidden field of that name.
pub fn hidden(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    let rest = page.split(&field).nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// The cookie that an answer sets, as the browser sends it.
pub fn secret(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().expect("a pair").to_owned()
}

/// Links that were sent so far.
pub fn asked(desk: &Desk) -> i64 {
    desk.rows("sign_ins")
}

/// The path of the link that comes by mail.
pub async fn link(desk: &mut Desk, address: &str) -> String {
    wanted(desk, address, "").await
}

/// The same, asked for on the way to a page.
pub async fn wanted(desk: &mut Desk, address: &str, page: &str) -> String {
    let before = asked(desk);
    let fields = [("address", address), ("vers", page)];
    let answer = http::submit(desk.address, "/desk/sign-in", &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // What the page answers does not wait for the mail.
    for _ in 0..500 {
        if asked(desk) > before {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    desk.settle().await;
    let link = desk.link(address);
    assert!(link.starts_with("/desk/sign-in/"), "{link}");
    link
}

/// What a ticket's timeline holds of a kind.
pub async fn events(desk: &Desk, kind: &str) -> Vec<What> {
    let events = desk
        .service
        .store()
        .events(guichet::ticket::TicketId(1))
        .await;
    let events = events.expect("readable").into_iter();
    let of_kind = events.filter(|(_, event)| event.what.kind() == kind);
    of_kind.map(|(_, event)| event.what).collect()
}
