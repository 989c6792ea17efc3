//! The desk in a technician's browser: who gets in, what he sees, what he does, and what happens when
//! two do it at once.

use chrono::Duration;
use guichet::store::Revoked;
use guichet::ticket::{Status, What};

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http::{self, Answer};

pub const KARIM: &str = "karim.benali@example.org";
const NADIA: &str = "nadia.lefort@example.org";

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
}

/// The value of the first hidden field of that name.
pub fn hidden(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    let rest = page.split(&field).nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// The cookie that an answer sets, as the browser sends it.
fn secret(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().expect("a pair").to_owned()
}

async fn ask(desk: &Desk, address: &str) -> Answer {
    http::submit(desk.address, "/desk/sign-in", &[("address", address)]).await
}

/// Links that were sent so far.
fn asked(desk: &Desk) -> i64 {
    desk.rows("sign_ins")
}

/// The path of the link that comes by mail.
pub async fn link(desk: &mut Desk, address: &str) -> String {
    wanted(desk, address, "").await
}

/// The same, asked for on the way to a page.
async fn wanted(desk: &mut Desk, address: &str, page: &str) -> String {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_the_desk_once_and_only_for_who_presses_its_button() {
    let mut desk = Desk::open().await;
    let link = link(&mut desk, CAMILLE).await;
    assert_eq!(
        desk.latest(CAMILLE).subject.as_deref(),
        Some("Guichet numérique : votre lien de connexion")
    );

    // A scanner opens it, and submits what it finds.
    let watch = desk.watch();
    let opened = desk.get(&link).await;
    assert_eq!(opened.status, 200);
    assert!(opened.text().contains("Ouvrir ma session"));
    let scanned = http::submit(desk.address, &link, &[]).await;
    assert_eq!(scanned.status, 422, "{}", scanned.text());
    assert!(!watch.something_was_written());

    let first = http::submit(desk.address, &link, &[("me", "1")]).await;
    assert_eq!(first.status, 303, "{}", first.text());
    let cookie = first.header("set-cookie").to_owned();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let again = http::submit(desk.address, &link, &[("me", "1")]).await;
    assert_eq!(again.status, 410);
    assert_eq!(again.header("set-cookie"), "");
    assert_eq!(desk.get(&link).await.status, 410);
    let camille = Browser {
        cookie: secret(&first),
    };
    assert!(
        camille
            .page(&desk, "/desk")
            .await
            .contains("Camille Martin")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_to_the_page_that_was_wanted_and_never_elsewhere() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    // The mail of a new ticket leads to the desk; who is not signed in is asked first.
    assert_eq!(desk.link(CAMILLE), "/desk/1");
    let needed = desk.get("/desk/1").await;
    assert_eq!(needed.status, 303);
    assert_eq!(needed.header("location"), "/desk/sign-in?vers=%2Fdesk%2F1");
    let page = desk.get(needed.header("location")).await.text();
    assert_eq!(hidden(&page, "vers"), "/desk/1");
    let link = wanted(&mut desk, CAMILLE, "/desk/1").await;
    assert!(link.ends_with("?vers=/desk/1"), "{link}");
    let opened = http::submit(desk.address, &link, &[("me", "1")]).await;
    assert_eq!((opened.status, opened.header("location")), (303, "/desk/1"));

    // Whoever makes the form, or the link, say something else.
    for wrong in ["//evil.example/desk/1", "https://evil.example", "/t/abc"] {
        let page = desk
            .get(&format!("/desk/sign-in?vers={wrong}"))
            .await
            .text();
        assert_eq!(hidden(&page, "vers"), "", "{page}");
        desk.wait(Duration::minutes(1));
        let link = wanted(&mut desk, KARIM, wrong).await;
        assert!(!link.contains("vers"), "{link}");
        let link = format!("{link}?vers={wrong}");
        let opened = http::submit(desk.address, &link, &[("me", "1")]).await;
        assert_eq!((opened.status, opened.header("location")), (303, "/desk"));
    }
}

/// Whoever asks in a technician's name sends him one link, which is good: he is never kept out.
#[tokio::test(flavor = "multi_thread")]
async fn asking_in_somebodys_name_keeps_him_out_of_nothing() {
    let mut desk = Desk::open().await;
    let first = link(&mut desk, CAMILLE).await;
    let count = asked(&desk);
    ask(&desk, CAMILLE).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(asked(&desk), count, "one that is unused is enough");
    let opened = http::submit(desk.address, &first, &[("me", "1")]).await;
    assert_eq!(opened.status, 303);
    // Used, or five minutes old: the next one leaves.
    let second = link(&mut desk, CAMILLE).await;
    assert_ne!(second, first);
    desk.wait(Duration::minutes(6));
    assert_ne!(link(&mut desk, CAMILLE).await, second);
    // What was wanted is not forgotten on the way.
    let used = http::submit(
        desk.address,
        &format!("{first}?vers=/desk/1"),
        &[("me", "1")],
    )
    .await;
    assert_eq!(used.status, 410);
    assert_eq!(hidden(&used.text(), "vers"), "/desk/1");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_who_is_a_technician() {
    let mut desk = Desk::open().await;
    let known = ask(&desk, CAMILLE).await;
    let unknown = ask(&desk, "personne@example.org").await;
    assert_eq!(known.without_date(), unknown.without_date());
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    desk.settle().await;
    assert!(desk.was_told(CAMILLE));
    assert!(!desk.was_told("personne@example.org"));
    // One client asks five times in a minute.
    for _ in 0..3 {
        assert_eq!(ask(&desk, "personne@example.org").await.status, 200);
    }
    assert_eq!(ask(&desk, CAMILLE).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_or_invented_link_opens_nothing() {
    let mut desk = Desk::open().await;
    let old = link(&mut desk, CAMILLE).await;
    desk.wait(Duration::minutes(16));
    assert_eq!(desk.get(&old).await.status, 410);
    let late = http::submit(desk.address, &old, &[("me", "1")]).await;
    assert_eq!(late.status, 410);
    let mut invented = old.clone();
    let last = invented.pop().expect("a letter");
    invented.push(if last == 'a' { 'b' } else { 'a' });
    assert_eq!(desk.get(&invented).await.status, 410);
    // The link of a page opens no session.
    desk.request("Écran noir", "Bonjour", &[]).await;
    let page = desk.link(MARIE).replace("/t/", "/desk/sign-in/");
    assert_eq!(desk.get(&page).await.status, 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_by_time_by_hand_and_with_the_configuration() {
    let mut desk = Desk::open().await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let status = async |desk: &Desk, browser: &Browser| browser.get(desk, "/desk").await.status;
    desk.wait(Duration::minutes(50));
    assert_eq!(status(&desk, &camille).await, 200);
    desk.wait(Duration::minutes(50));
    assert_eq!(status(&desk, &camille).await, 200, "it was used in between");
    desk.wait(Duration::minutes(61));
    assert_eq!(status(&desk, &camille).await, 303, "an hour without a page");

    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    for _ in 0..9 {
        desk.wait(Duration::minutes(50));
        assert_eq!(status(&desk, &camille).await, 200);
    }
    desk.wait(Duration::minutes(40));
    assert_eq!(status(&desk, &camille).await, 303, "eight hours");

    let here = Browser::sign_in(&mut desk, CAMILLE).await;
    let there = Browser::sign_in(&mut desk, CAMILLE).await;
    let page = here.page(&desk, "/desk").await;
    let closed = here.press_on(&desk, &page, "/desk/sign-out", &[]).await;
    assert_eq!(closed.status, 200, "{}", closed.text());
    assert_eq!(status(&desk, &here).await, 303);
    assert_eq!(status(&desk, &there).await, 200);
    let other = Browser::sign_in(&mut desk, CAMILLE).await;
    let page = other.page(&desk, "/desk").await;
    let everywhere = [("everywhere", "1")];
    other
        .press_on(&desk, &page, "/desk/sign-out", &everywhere)
        .await;
    assert_eq!(there.page_or_none(&desk).await, None);
}

impl Browser {
    async fn page_or_none(&self, desk: &Desk) -> Option<String> {
        let answer = self.get(desk, "/desk").await;
        (answer.status == 200).then(|| answer.text())
    }
}

/// What a ticket's timeline holds of a kind.
async fn events(desk: &Desk, kind: &str) -> Vec<What> {
    let events = desk
        .service
        .store()
        .events(guichet::ticket::TicketId(1))
        .await;
    let events = events.expect("readable").into_iter();
    let of_kind = events.filter(|(_, event)| event.what.kind() == kind);
    of_kind.map(|(_, event)| event.what).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_revoked_or_leaves_the_team_is_out_at_once() {
    let mut desk = Desk::open().await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let unspent = link(&mut desk, CAMILLE).await;
    let karim = Browser::sign_in(&mut desk, KARIM).await;
    let store = desk.service.store();
    let ended = store.end_sessions(Revoked::Technician(CAMILLE.to_owned()), desk.now());
    assert_eq!(ended.await.expect("ended"), 1);
    assert_eq!(camille.page_or_none(&desk).await, None);
    let spent = http::submit(desk.address, &unspent, &[("me", "1")]).await;
    assert_eq!(spent.status, 410, "links end with the sessions");
    assert!(karim.page_or_none(&desk).await.is_some());

    let mut settings = desk.service.current().settings.clone();
    settings
        .policy
        .technicians
        .retain(|technician| !technician.has_address(KARIM));
    desk.service.reload(settings).expect("reloaded");
    assert_eq!(karim.page_or_none(&desk).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_the_tickets_of_his_teams() {
    let mut desk = Desk::open().await;
    desk.request(
        "Plus d'accès à la scolarité",
        "Bonjour, plus rien ne marche.",
        &[],
    )
    .await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let nadia = Browser::sign_in(&mut desk, NADIA).await;

    let pool = camille.page(&desk, "/desk").await;
    assert!(
        pool.contains("Plus d&#39;accès à la scolarité")
            || pool.contains("Plus d'accès à la scolarité"),
        "{pool}"
    );
    assert!(
        pool.contains("Pot commun <span class=\"count\">2</span>"),
        "{pool}"
    );
    assert!(
        nadia
            .page(&desk, "/desk")
            .await
            .contains("le pot commun est vide")
    );

    let found = camille.page(&desk, "/desk?q=scolarite").await;
    assert!(
        found.contains("DSI-1") && !found.contains("DSI-2"),
        "{found}"
    );
    let by_requester = camille.page(&desk, &format!("/desk?q={MARIE}")).await;
    assert!(by_requester.contains("DSI-1") && by_requester.contains("DSI-2"));
    let nothing = nadia.page(&desk, "/desk?q=scolarite").await;
    assert!(!nothing.contains("DSI-1"), "{nothing}");
    // The filters beside the search hold for it as well.
    for (filters, found) in [
        ("view=all&status=open", true),
        ("view=all&status=closed", false),
        ("category=no-such-category", true),
        ("team=dsi", true),
    ] {
        let page = camille
            .page(&desk, &format!("/desk?q=ecran&{filters}"))
            .await;
        assert_eq!(page.contains("DSI-2"), found, "{filters}: {page}");
    }
    let number = camille.get(&desk, "/desk?q=dsi-2").await;
    assert_eq!((number.status, number.header("location")), (303, "/desk/2"));

    // A ticket of another team and none at all look the same.
    let foreign = nadia.get(&desk, "/desk/1").await;
    let none = nadia.get(&desk, "/desk/7").await;
    assert_eq!((foreign.status, none.status), (404, 404));
    assert_eq!(
        foreign.text().replace("«&nbsp;1", "«&nbsp;N"),
        none.text().replace("«&nbsp;7", "«&nbsp;N")
    );
    let page = nadia.page(&desk, "/desk").await;
    let act = nadia
        .press_on(&desk, &page, "/desk/1", &[("act", "take")])
        .await;
    assert_eq!(act.status, 404);
    assert_eq!(desk.ticket(1).await.technician, None);

    // Signed out, nobody sees anything.
    for path in [
        "/desk",
        "/desk/1",
        "/desk/statistics",
        "/desk/statistics.csv",
        "/desk/1/1/0/x",
    ] {
        assert_eq!(desk.get(path).await.status, 303, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_to_open_it_has_it_and_the_other_is_told_who() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let karim = Browser::sign_in(&mut desk, KARIM).await;
    let (hers, his) = (
        camille.page(&desk, "/desk/1").await,
        karim.page(&desk, "/desk/1").await,
    );
    assert!(hers.contains("Ouvrir pour traiter"), "{hers}");
    let take = [("act", "take")];
    let (one, other) = tokio::join!(
        camille.press_on(&desk, &hers, "/desk/1", &take),
        karim.press_on(&desk, &his, "/desk/1", &take),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "one wins");
    let owner = desk.ticket(1).await.technician.expect("somebody's");
    let lost = if one.status == 409 { &one } else { &other };
    let text = lost.text().replace('\u{a0}', " ");
    let name = owner.name.expect("named");
    assert!(text.contains(&format!("déjà pris par {name}")), "{text}");
    assert_eq!(events(&desk, "assigned").await.len(), 1);
    desk.settle().await;
    assert!(desk.latest(MARIE).text.contains(&name));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leaves_as_by_mail_and_can_be_taken_back() {
    let mut desk = Desk::open_held("30s").await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    desk.settle().await;
    let taken = desk.latest(MARIE).message_id.clone();
    desk.wait(Duration::minutes(1));
    let answer = [
        ("act", "resolve"),
        ("text", "Changé le câble.\r\nBonne journée."),
    ];
    let done = camille.press(&desk, "/desk/1", &answer).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let page = camille.page(&desk, done.header("location")).await;
    assert!(page.contains("résolu, le demandeur est prévenu"), "{page}");
    assert!(page.contains("annulable jusque-là"), "{page}");
    desk.settle().await;
    assert_eq!(desk.latest(MARIE).message_id, taken, "still held");
    assert!(
        !desk
            .get(&desk.link(MARIE))
            .await
            .text()
            .contains("Changé le câble")
    );

    let undone = camille.press(&desk, "/desk/1", &[("act", "undo")]).await;
    assert_eq!(undone.status, 303, "{}", undone.text());
    assert_eq!(desk.ticket(1).await.status, Status::Open);
    let page = camille.page(&desk, "/desk/1").await;
    assert!(page.contains("ce texte n’est jamais parti"), "{page}");

    camille.press(&desk, "/desk/1", &answer).await;
    desk.wait(Duration::seconds(31));
    desk.settle().await;
    let mail = desk.latest(MARIE);
    assert!(
        mail.text.contains("Changé le câble.\nBonne journée."),
        "{}",
        mail.text
    );
    assert!(mail.text.contains("Camille Martin"), "{}", mail.text);
    assert_eq!(desk.ticket(1).await.status, Status::Resolved);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_did_meanwhile_is_read_first_and_no_word_is_lost() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let before = camille.page(&desk, "/desk/1").await;
    desk.wait(Duration::minutes(5));
    desk.reply("Marie Durand", MARIE, "En fait, c'est le câble rouge !")
        .await;
    let told = desk.latest(MARIE).message_id.clone();

    let words = [("act", "answer"), ("text", "Essayez un autre <câble>.")];
    let refused = camille.press_on(&desk, &before, "/desk/1", &words).await;
    let text = refused.text().replace('\u{a0}', " ");
    assert_eq!(refused.status, 409);
    assert!(text.contains("Marie Durand a écrit à"), "{text}");
    assert!(
        text.contains("Essayez un autre &lt;câble&gt;.</textarea>"),
        "{text}"
    );
    assert!(text.contains("le câble rouge"), "{text}");
    desk.settle().await;
    assert_eq!(desk.latest(MARIE).message_id, told, "nothing was sent");

    // Sent again from the page that shows it; twice, as an impatient finger does.
    let sent = camille.press_on(&desk, &text, "/desk/1", &words).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let twice = camille.press_on(&desk, &text, "/desk/1", &words).await;
    assert_eq!(twice.status, 303, "{}", twice.text());
    let answers = events(&desk, "mail").await;
    let same = answers
        .iter()
        .filter(|what| what.text().is_some_and(|text| text.contains("<câble>")));
    assert_eq!(same.count(), 1);
}

/// What stands in a field of the page: between the tags of a text area, or as its value.
fn held(page: &str, id: &str) -> String {
    let field = page.split(&format!("id=\"{id}\"")).nth(1);
    let field = field.unwrap_or_else(|| panic!("no field {id}: {page}"));
    let (tag, rest) = field.split_once('>').expect("the end of the tag");
    match tag.split_once("value=\"") {
        Some((_, value)) => value.split('"').next().unwrap_or_default().to_owned(),
        None => rest.split("</").next().unwrap_or_default().to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_into_one_form_stays_in_it() {
    let mut desk = Desk::open().await;
    desk.request("URGENT écran noir", "Client bloqué.", &[])
        .await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let before = camille.page(&desk, "/desk/1").await;
    desk.wait(Duration::minutes(5));
    desk.reply("Marie Durand", MARIE, "En fait, c'est le câble.")
        .await;
    let fields = [
        "text", "reason", "lower", "closing", "scope", "other", "follower",
    ];
    for (act, name, typed, field) in [
        ("priority", "text", "le doyen s'agace", "reason"),
        ("lower", "argument", "un seul poste", "lower"),
        ("close", "text", "Bonne continuation", "closing"),
        ("out-of-scope", "argument", "voyez la scolarité", "scope"),
        ("merge", "argument", "77", "other"),
        ("add", "argument", "paul@example.org", "follower"),
        ("resolve", "text", "Changé.", "text"),
    ] {
        let form = [("act", act), (name, typed)];
        let refused = camille.press_on(&desk, &before, "/desk/1", &form).await;
        assert_eq!(refused.status, 409, "{act}");
        let page = refused.text().replace("&#39;", "'");
        for other in fields {
            let expected = if other == field { typed } else { "" };
            assert_eq!(held(&page, other), expected, "{act}, {other}: {page}");
        }
    }
    let chosen = [("act", "assign"), ("argument", KARIM)];
    let page = camille.press_on(&desk, &before, "/desk/1", &chosen).await;
    let option = format!("<option value=\"{KARIM}\" selected>");
    assert!(page.text().contains(&option), "{}", page.text());

    // Its form is gone with what the ticket was: the words are given back all the same.
    let karim = Browser::sign_in(&mut desk, KARIM).await;
    karim.press(&desk, "/desk/1", &[("act", "close")]).await;
    let form = [("act", "close"), ("text", "Bonne continuation")];
    let refused = camille.press_on(&desk, &before, "/desk/1", &form).await;
    assert_eq!(refused.status, 409);
    let page = refused.text();
    assert!(page.contains("Ce que vous aviez écrit"), "{page}");
    assert!(page.contains("Bonne continuation"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_a_form_came_back_without_are_asked_for_again() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let before = camille.page(&desk, "/desk/1").await;
    desk.wait(Duration::minutes(5));
    desk.reply("Marie Durand", MARIE, "En fait, c'est le câble.")
        .await;
    let (token, seen) = (hidden(&before, "token"), hidden(&before, "seen"));
    let fields = [
        ("token", &*token),
        ("seen", &seen),
        ("act", "answer"),
        ("text", "Voyez l'image."),
    ];
    let (kind, body) = http::multipart(&fields, &[("a.gif", "image/gif", b"GIF89a")]);
    let headers = [
        ("Sec-Fetch-Site", "same-origin"),
        ("Cookie", &*camille.cookie),
    ];
    let answer = http::post(desk.address, "/desk/1", &headers, &kind, &body).await;
    assert_eq!(answer.status, 409);
    let page = answer.text();
    assert!(page.contains("Joignez de nouveau vos fichiers"), "{page}");
    assert_eq!(held(&page, "text").replace("&#39;", "'"), "Voyez l'image.");
    assert!(!before.contains("Joignez de nouveau"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_in_plain_words() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let high = [("act", "priority"), ("argument", "high")];
    camille.press(&desk, "/desk/1", &high).await;
    for (page, shown) in [
        (
            "/desk/1",
            ["Accusé de réception pour", "Avis de prise en charge pour"],
        ),
        (
            "/desk/1?lang=en",
            ["Acknowledgement to", "Notice of who takes care of it to"],
        ),
    ] {
        let page = camille.page(&desk, page).await;
        let history = page.split("class=\"minor\"").nth(1).expect("notices");
        let history = history.split("</details>").next().expect("its end");
        for words in shown {
            assert!(history.contains(words), "{words}: {history}");
        }
        for name in [
            "acknowledgement »",
            "team-new",
            "#prendre",
            "#priorite",
            "✔",
        ] {
            assert!(!history.contains(name), "{name}: {history}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_page_does_nothing() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let page = camille.page(&desk, "/desk/1").await;
    let watch = desk.watch();
    let token = hidden(&page, "token");
    let body = http::encoded(&[("act", "take"), ("token", &token)]);
    for headers in [
        vec![
            ("Sec-Fetch-Site", "cross-site"),
            ("Cookie", camille.cookie.as_str()),
        ],
        vec![
            ("Sec-Fetch-Site", "same-site"),
            ("Cookie", camille.cookie.as_str()),
        ],
        vec![
            ("Origin", "https://evil.example"),
            ("Cookie", camille.cookie.as_str()),
        ],
    ] {
        let answer = http::post(
            desk.address,
            "/desk/1",
            &headers,
            http::FORM,
            body.as_bytes(),
        );
        assert_eq!(answer.await.status, 403, "{headers:?}");
    }
    // Without its token, whatever the browser says of where it comes from.
    let headers = [("Cookie", camille.cookie.as_str())];
    let body = http::encoded(&[("act", "take"), ("token", "0123")]);
    let forged = http::post(
        desk.address,
        "/desk/1",
        &headers,
        http::FORM,
        body.as_bytes(),
    )
    .await;
    assert_eq!(forged.status, 403);
    let out = http::post(
        desk.address,
        "/desk/sign-out",
        &headers,
        http::FORM,
        b"token=1",
    )
    .await;
    assert_eq!(out.status, 403);
    assert!(!watch.something_was_written());
    assert_eq!(desk.ticket(1).await.technician, None);
    assert!(camille.page_or_none(&desk).await.is_some());

    // A session that has ended gives the words back.
    desk.wait(Duration::hours(2));
    let body = http::encoded(&[
        ("act", "answer"),
        ("token", &token),
        ("text", "Mes mots <b>"),
    ]);
    let ended = http::post(
        desk.address,
        "/desk/1",
        &headers,
        http::FORM,
        body.as_bytes(),
    )
    .await;
    assert_eq!(ended.status, 401);
    assert!(
        ended.text().contains("Mes mots &lt;b&gt;</textarea>"),
        "{}",
        ended.text()
    );
    // What stands in the field of a command is somebody's sentence as well.
    let scope = "Adressez-vous aux ressources humaines.";
    let fields = [("act", "out-of-scope"), ("argument", scope)];
    let body = http::encoded(&fields);
    let body = body.as_bytes();
    let ended = http::post(desk.address, "/desk/1", &headers, http::FORM, body).await;
    assert!(ended.text().contains(scope), "{}", ended.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_button_does_what_its_command_does() {
    let mut desk = Desk::open().await;
    desk.request("URGENT imprimante en panne", "Client bloqué.", &[])
        .await;
    desk.request("Imprimante du deuxième", "Encore une.", &[])
        .await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let press = async |desk: &Desk, fields: &[(&str, &str)]| {
        let answer = camille.press(desk, "/desk/1", fields).await;
        assert_eq!(answer.status, 303, "{fields:?}: {}", answer.text());
    };
    press(&desk, &[("act", "note"), ("text", "Déjà vu hier.")]).await;
    assert_eq!(
        desk.ticket(1).await.technician,
        None,
        "a note takes nothing"
    );
    press(&desk, &[("act", "take")]).await;
    press(&desk, &[("act", "wait-third-party")]).await;
    assert_eq!(desk.ticket(1).await.status.as_str(), "waiting");
    press(&desk, &[("act", "pause"), ("argument", "2026-12-04")]).await;
    assert_eq!(desk.ticket(1).await.status.as_str(), "paused");
    press(&desk, &[("act", "reopen")]).await;
    press(&desk, &[("act", "lower"), ("argument", "un seul poste")]).await;
    assert_eq!(desk.ticket(1).await.priority.as_str(), "normal");
    press(
        &desk,
        &[
            ("act", "priority"),
            ("argument", "high"),
            ("text", "le doyen attend"),
        ],
    )
    .await;
    assert_eq!(desk.ticket(1).await.priority.as_str(), "high");
    press(&desk, &[("act", "nature"), ("argument", "request")]).await;
    press(
        &desk,
        &[("act", "add"), ("argument", "paul.petit@example.org")],
    )
    .await;
    press(&desk, &[("act", "link"), ("argument", "2")]).await;
    press(&desk, &[("act", "assign"), ("argument", KARIM)]).await;
    let ticket = desk.ticket(1).await;
    assert_eq!(ticket.technician.expect("given").address, KARIM);
    press(&desk, &[("act", "close"), ("text", "Réparée.")]).await;
    assert_eq!(desk.ticket(1).await.status, Status::Closed);
    let merged = camille.press(&desk, "/desk/2", &[("act", "take")]).await;
    assert_eq!(merged.status, 303);
    let refused = camille
        .press(&desk, "/desk/2", &[("act", "merge"), ("argument", "1")])
        .await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.text().contains("rouvrez-le d"),
        "{}",
        refused.text()
    );

    let page = camille.page(&desk, "/desk/1").await;
    for shown in [
        "Note interne, le demandeur ne la voit pas",
        "le doyen attend",
        "URGENT déclassé : un seul poste",
        "Observateur",
        "paul.petit@example.org",
        "Lié à",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // What is internal stays so.
    let public = desk.page().await;
    assert!(!public.contains("le doyen attend") && !public.contains("Déjà vu hier"));
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_and_late_tickets_have_lists_of_their_own() {
    let mut desk = Desk::open().await;
    for number in 0..60 {
        desk.request(&format!("Poste {number} muet"), "Plus de son.", &[])
            .await;
        desk.wait(Duration::hours(80));
    }
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let first = camille.page(&desk, "/desk?view=late").await;
    assert_eq!(first.matches("<td role=\"cell\"><a").count(), 50);
    assert!(
        first.contains("En retard <span class=\"count\">6"),
        "{first}"
    );
    let next = first.split("rel=\"next\"").next().expect("a part");
    let next = next.rsplit("href=\"").next().expect("a link");
    let next = next
        .split('"')
        .next()
        .expect("its end")
        .replace("&amp;", "&");
    let second = camille.page(&desk, &next).await;
    let rest = second.matches("<td role=\"cell\"><a").count();
    assert!((9..=10).contains(&rest), "{rest}");
    assert!(first.contains("Poste 0 muet") && !second.contains("Poste 0 muet"));
    assert!(second.contains("Poste 57 muet") && !first.contains("Poste 57 muet"));
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    camille.press(&desk, "/desk/1", &[("act", "wait")]).await;
    let waiting = camille.page(&desk, "/desk?view=waiting").await;
    assert!(waiting.contains("Poste 0 muet"), "{waiting}");
    assert!(
        !camille
            .page(&desk, "/desk?view=late")
            .await
            .contains("Poste 0 muet")
    );
    assert!(
        camille
            .page(&desk, "/desk?view=mine")
            .await
            .contains("Poste 0 muet")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pressed_twice_a_canned_answer_and_a_note_count_once() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    for (form, kind, words) in [
        (
            vec![("act", "answer"), ("canned", "vpn"), ("text", "Voici.")],
            "mail",
            "Voici.",
        ),
        (
            vec![("act", "answer"), ("canned", "mot-de-passe")],
            "mail",
            "Mot de passe oublié",
        ),
        (
            vec![("act", "note"), ("text", "Vu hier.")],
            "note",
            "Vu hier.",
        ),
    ] {
        desk.wait(Duration::minutes(1));
        let page = camille.page(&desk, "/desk/1").await;
        for _ in 0..2 {
            let answer = camille.press_on(&desk, &page, "/desk/1", &form).await;
            assert_eq!(answer.status, 303, "{form:?}: {}", answer.text());
            desk.wait(Duration::seconds(2));
        }
        let said = events(&desk, kind).await;
        let same = said
            .iter()
            .filter(|what| what.text().is_some_and(|text| text.contains(words)));
        assert_eq!(same.count(), 1, "{form:?}");
    }
}

/// A search and the list of all show what its reader may open: what his teams have or observe, and what
/// is his; an address finds what the same person wrote with another one.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_opened_is_found() {
    let people = "mail;nom;autres\nmarie.durand@example.org;Marie Durand;marie@perso.example.net\n";
    let mut desk = Desk::open_beside("annuaire.csv", people, "").await;
    let campus = "To: dsi.support.c5@example.org";
    let marie = format!("From: Marie Durand <{MARIE}>\n{campus}\nSubject: Vitrine du campus");
    desk.mail(&marie, "La vitrine reste noire.", &[]).await;
    let paul = format!("From: Paul <paul@example.org>\n{campus}\nSubject: Borne du hall");
    desk.mail(&paul, "La borne reste noire.", &[]).await;
    let own = "From: Marie <marie@perso.example.net>\nTo: support@example.org\nSubject: Chargeur";
    desk.mail(own, "Le chargeur manque.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let shown = async |desk: &Desk, path: &str| {
        let page = camille.page(desk, path).await;
        ["Vitrine", "Borne", "Chargeur"].map(|title| page.contains(title))
    };
    assert_eq!(shown(&desk, "/desk?q=noire").await, [false; 3]);
    assert_eq!(shown(&desk, "/desk?view=all").await, [false, false, true]);
    let observed = What::TeamObserves {
        team: "dsi".to_owned(),
    };
    desk.event(observed, true).await;
    assert_eq!(shown(&desk, "/desk?q=noire").await, [true, false, false]);
    let by_address = format!("/desk?q={}", MARIE.replace('@', "%40"));
    assert_eq!(shown(&desk, &by_address).await, [true, false, true]);
    let hers = What::Assigned {
        technician: Some(guichet::mail::Address {
            name: Some("Camille Martin".to_owned()),
            address: CAMILLE.to_owned(),
        }),
    };
    desk.event(hers, true).await;
    assert_eq!(
        shown(&desk, "/desk?view=all").await,
        [true, false, true],
        "hers, wherever it is"
    );
    assert_eq!(
        shown(&desk, "/desk?q=reste+noire").await,
        [true, false, false]
    );
}
