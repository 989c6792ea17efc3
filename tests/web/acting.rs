//! What a requester does on the page: once, from our pages only, and never by looking (M4, M5, T21).

use guichet::ticket::{Role, Status, What};

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http::{self, Answer, FORM, encoded, multipart};

/// Sends a form and lets the desk work meanwhile, as it does when it runs.
pub async fn submit(desk: &mut Desk, path: &str, fields: &[(&str, &str)]) -> Answer {
    let kind = FORM.to_owned();
    sent(desk, path, kind, encoded(fields).into_bytes()).await
}

async fn sent(desk: &mut Desk, path: &str, kind: String, body: Vec<u8>) -> Answer {
    let (address, path) = (desk.address, path.to_owned());
    let sending = tokio::spawn(async move {
        let same = [("Sec-Fetch-Site", "same-origin")];
        http::post(address, &path, &same, &kind, &body).await
    });
    while !sending.is_finished() {
        desk.settle().await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    sending.await.expect("sent")
}

/// The number that a form of the page carries.
pub fn number(page: &str) -> String {
    let at = page.find("name=\"number\" value=\"").expect("a form") + 21;
    page[at..].split('"').next().unwrap_or_default().to_owned()
}

/// What people wrote on ticket 1, in order.
async fn words(desk: &Desk) -> Vec<(Role, String, usize)> {
    let events = desk
        .service
        .store()
        .events(guichet::ticket::TicketId(1))
        .await;
    let events = events.expect("readable").into_iter();
    events
        .filter_map(|(_, event)| match event.what {
            What::Mail { text, files, .. } => Some((event.actor.role, text, files.len())),
            _ => None,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_takes_the_road_of_a_mail_and_is_one_however_often_it_is_sent() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    desk.reply("Camille Martin", CAMILLE, "De quelle couleur ?\n\n#attente")
        .await;
    let link = desk.link(MARIE);
    let page = desk.page().await;
    assert!(page.contains("Ajouter un nouveau suivi"), "{page}");
    let number = number(&page);

    // What a mail program folds away is what was written here.
    let text = "> elle clignote\r\nEn rouge.\r\n-- \r\nMarie";
    let (kind, body) = multipart(
        &[("number", &number), ("description", text)],
        &[
            ("photo.png", "image/png", b"\x89PNG\r\n\x1a\nabc"),
            ("", "application/octet-stream", b""),
        ],
    );
    let add = format!("{link}/suivi");
    for _ in 0..2 {
        let answer = sent(&mut desk, &add, kind.clone(), body.clone()).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert_eq!(answer.header("location"), format!("{link}?fait=suivi"));
    }
    let words = words(&desk).await;
    assert_eq!(words.len(), 3, "{words:?}");
    let expected = text.replace("\r\n", "\n");
    assert_eq!(words[2], (Role::Requester, expected, 1));
    assert_eq!(
        desk.ticket(1).await.status,
        Status::Open,
        "the awaited answer came"
    );
    let told = desk.latest(CAMILLE);
    assert!(told.text.contains("En rouge."), "{}", told.text);
    let page = desk.get(&format!("{link}?fait=suivi")).await.text();
    assert!(page.contains("Votre message est enregistré"), "{page}");
    assert!(page.contains("photo.png"), "{page}");

    // The same form with other words is another message.
    let again = [
        ("number", number.as_str()),
        ("description", "Puis en bleu."),
    ];
    assert_eq!(submit(&mut desk, &add, &again).await.status, 303);
    assert_eq!(self::words(&desk).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_or_without_words_changes_nothing() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let link = desk.link(MARIE);
    let add = format!("{link}/suivi");
    let watch = desk.watch();
    let body = encoded(&[("description", "Bonjour")]);
    let base = format!("http://{}", desk.address);
    let wrong_port = "http://127.0.0.1:1".to_owned();
    for (headers, status) in [
        (vec![("Sec-Fetch-Site", "cross-site")], 403),
        (vec![("Sec-Fetch-Site", "same-site")], 403),
        (vec![("Sec-Fetch-Site", "none")], 403),
        (vec![("Origin", "https://evil.example.net")], 403),
        (vec![("Origin", wrong_port.as_str())], 403),
        (
            vec![("Sec-Fetch-Site", "cross-site"), ("Origin", base.as_str())],
            403,
        ),
    ] {
        let answer = http::post(desk.address, &add, &headers, FORM, body.as_bytes()).await;
        assert_eq!(answer.status, status, "{headers:?}");
        assert!(answer.text().contains("autre site"), "{}", answer.text());
    }
    let same = [("Sec-Fetch-Site", "same-origin")];
    let answer = http::post(desk.address, &add, &same, "text/plain", b"description=x").await;
    assert_eq!(answer.status, 415);
    for empty in ["", "   \r\n "] {
        let answer = http::submit(desk.address, &add, &[("description", empty)]).await;
        assert_eq!(answer.status, 422);
        assert!(
            answer.text().contains("Écrivez votre message"),
            "{}",
            answer.text()
        );
    }
    let wrong = format!("{}x/suivi", &link[..link.len() - 1]);
    let answer = http::submit(desk.address, &wrong, &[("description", "Bonjour")]).await;
    assert_eq!(answer.status, 404);
    assert!(!watch.something_was_written());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_solution_is_accepted_by_a_box_that_is_ticked() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let link = desk.link(MARIE);
    let accept = format!("{link}/valider");
    // Too early: nothing is resolved.
    let answer = submit(&mut desk, &accept, &[("confirme", "1")]).await;
    assert_eq!(answer.header("location"), link);
    desk.reply("Camille Martin", CAMILLE, "C'est réparé.\n\n#resolu")
        .await;
    let answer = submit(&mut desk, &accept, &[]).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(desk.ticket(1).await.status, Status::Resolved);
    let answer = submit(&mut desk, &accept, &[("confirme", "1")]).await;
    assert_eq!(answer.header("location"), format!("{link}?fait=accepte"));
    let ticket = desk.ticket(1).await;
    assert_eq!((ticket.status, ticket.accepted), (Status::Closed, true));
}
