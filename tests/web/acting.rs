//! What a requester does on the page: once, from our pages only, and never by looking (M4, M5, T21).

use guichet::ticket::{Role, Status, What};
use guichet::token::{self, Page};

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
    desk.settle().await;
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
    assert_eq!(answer.header("location"), format!("{link}?fait=rien"));
    desk.reply("Camille Martin", CAMILLE, "C'est réparé.\n\n#resolu")
        .await;
    let answer = submit(&mut desk, &accept, &[]).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(desk.ticket(1).await.status, Status::Resolved);
    let answer = submit(&mut desk, &accept, &[("confirme", "1")]).await;
    assert_eq!(answer.header("location"), format!("{link}?fait=valide"));
    let ticket = desk.ticket(1).await;
    assert_eq!((ticket.status, ticket.accepted), (Status::Closed, true));
}

/// An address is no proof: nobody is thanked for what the ticket knows nothing of.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_page_is_not_believed_when_the_ticket_denies_it() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    desk.reply("Camille Martin", CAMILLE, "C'est réparé.\n\n#resolu")
        .await;
    let link = desk.link(MARIE);
    for claimed in ["valide", "refuse", "note", "aide"] {
        let page = desk.get(&format!("{link}?fait={claimed}")).await.text();
        assert!(!page.contains("class=\"done\""), "{claimed}\n{page}");
    }
    submit(
        &mut desk,
        &format!("{link}/refuser"),
        &[("description", "Non.")],
    )
    .await;
    let page = desk.get(&format!("{link}?fait=refuse")).await.text();
    assert!(page.contains("La demande est rouverte"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_needs_its_reason_and_opens_the_request_again() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    desk.reply("Camille Martin", CAMILLE, "C'est réparé.\n\n#resolu")
        .await;
    let link = desk.link(MARIE);
    let refuse = format!("{link}/refuser");
    let answer = submit(&mut desk, &refuse, &[("description", "  ")]).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.text().contains("Expliquez la raison"),
        "{}",
        answer.text()
    );
    assert_eq!(desk.ticket(1).await.status, Status::Resolved);
    let reason = [("description", "Elle clignote encore le matin.")];
    for expected in ["refuse", "rien"] {
        let answer = submit(&mut desk, &refuse, &reason).await;
        let done = format!("{link}?fait={expected}");
        assert_eq!(answer.header("location"), done);
    }
    let ticket = desk.ticket(1).await;
    assert_eq!((ticket.status, ticket.refusals), (Status::Open, 1));
    let told = &desk.latest(CAMILLE).text;
    assert!(told.contains("Elle clignote encore le matin."), "{told}");
}

/// A picture of what still fails goes with the refusal, once however often it is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_takes_its_files_along() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    desk.reply("Camille Martin", CAMILLE, "C'est réparé.\n\n#resolu")
        .await;
    let link = desk.link(MARIE);
    let page = desk.page().await;
    assert!(page.contains("id=\"refuse-files\""), "{page}");
    let number = number(&page);
    let fields = [
        ("number", number.as_str()),
        ("description", "Elle clignote encore."),
    ];
    let file = [("photo.txt", "text/plain", &b"rouge"[..])];
    for expected in ["refuse", "rien"] {
        let (kind, body) = multipart(&fields, &file);
        let answer = sent(&mut desk, &format!("{link}/refuser"), kind, body).await;
        let done = format!("{link}?fait={expected}");
        assert_eq!(answer.header("location"), done, "{}", answer.text());
    }
    let ticket = desk.ticket(1).await;
    assert_eq!((ticket.status, ticket.refusals), (Status::Open, 1));
    let with_files = words(&desk).await;
    let files: usize = with_files.iter().map(|(_, _, files)| files).sum();
    assert_eq!(files, 1, "{with_files:?}");
    assert!(desk.page().await.contains("photo.txt"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_mark_asks_why_on_the_page_and_offers_to_reopen() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    desk.reply("Camille Martin", CAMILLE, "C'est réparé.\n\n#resolu")
        .await;
    for _ in 0..2 {
        desk.wait(chrono::Duration::days(16));
        desk.settle().await;
    }
    assert_eq!(desk.ticket(1).await.status, Status::Closed);
    let link = desk.link(MARIE);
    let rate = format!("{link}/noter");
    for wrong in [
        vec![],
        vec![("duree", "2")],
        vec![("duree", "2"), ("reponses", "6")],
    ] {
        assert_eq!(
            submit(&mut desk, &rate, &wrong).await.status,
            422,
            "{wrong:?}"
        );
    }
    assert_eq!(desk.ticket(1).await.marks, None);
    let before = desk.latest(MARIE).message_id.clone();
    let low = [("duree", "2"), ("reponses", "4")];
    let answer = submit(&mut desk, &rate, &low).await;
    assert_eq!(answer.header("location"), format!("{link}?fait=note"));
    let marks = desk.ticket(1).await.marks.expect("given");
    assert_eq!((marks.speed, marks.answers), (2, 4));
    // The page asks; no mail does.
    assert_eq!(desk.latest(MARIE).message_id, before);
    let page = desk.get(&link).await.text();
    assert!(page.contains("Qu’est-ce qui n’a pas convenu"), "{page}");
    assert!(page.contains("Rouvrir la demande"), "{page}");
    let why = [
        ("duree", "2"),
        ("reponses", "4"),
        ("pourquoi", "1"),
        ("description", "Trois semaines."),
    ];
    assert_eq!(submit(&mut desk, &rate, &why[..3]).await.status, 422);
    assert_eq!(submit(&mut desk, &rate, &why).await.status, 303);
    let told = desk.latest(CAMILLE);
    assert!(told.text.contains("Trois semaines."), "{}", told.text);
    let told = told.message_id.clone();
    // Sent twice it is told once.
    let again = submit(&mut desk, &rate, &why).await;
    assert_eq!(again.header("location"), format!("{link}?fait=rien"));
    assert_eq!(desk.latest(CAMILLE).message_id, told);
    let page = desk.get(&link).await.text();
    assert!(!page.contains("Qu’est-ce qui n’a pas convenu ?"), "{page}");

    let reopen = [("description", "Elle clignote encore.")];
    submit(&mut desk, &format!("{link}/refuser"), &reopen).await;
    assert_eq!(desk.ticket(1).await.status, Status::Open);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_over_and_a_message_opens_a_linked_request() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    desk.reply("Camille Martin", CAMILLE, "C'est réparé.\n\n#resolu")
        .await;
    let link = desk.link(MARIE);
    submit(&mut desk, &format!("{link}/valider"), &[("confirme", "1")]).await;
    let page = desk.get(&link).await.text();
    assert!(page.contains("Ouvrir une nouvelle demande liée"), "{page}");
    assert!(!page.contains("Rouvrir"), "{page}");
    let reason = [("description", "Elle clignote encore.")];
    // It came too late: it is kept for what may still be done.
    let answer = submit(&mut desk, &format!("{link}/refuser"), &reason).await;
    assert_eq!(answer.status, 409);
    let page = answer.text();
    assert!(page.contains(">Elle clignote encore.</textarea>"), "{page}");
    assert!(page.contains("rien n’a été fait"), "{page}");
    assert!(
        page.contains("<details class=\"act\" id=\"suivi\" open>"),
        "{page}"
    );
    let answer = submit(&mut desk, &format!("{link}/suivi"), &reason).await;
    assert_eq!(answer.header("location"), format!("{link}?fait=liee"));
    assert_eq!(desk.ticket(1).await.status, Status::Closed);
    let other = desk.ticket(2).await;
    assert!(
        other.linked.contains(&guichet::ticket::TicketId(1)),
        "{other:?}"
    );
    assert_eq!(other.channel, guichet::ticket::Channel::Page);
}

/// Who follows may add and leave, and judges nothing (RELIABILITY T15); staff acts elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn who_follows_adds_and_leaves_and_judges_nothing() {
    const PAUL: &str = "paul.petit@example.org";
    let mut desk = Desk::open().await;
    let headers = format!(
        "From: Marie Durand <{MARIE}>\nTo: support@example.org\nCc: Paul <{PAUL}>\nSubject: Imprimante"
    );
    desk.mail(&headers, "Elle clignote.", &[]).await;
    desk.reply("Camille Martin", CAMILLE, "C'est réparé.\n\n#resolu")
        .await;
    let link = desk.link(PAUL);
    let page = desk.get(&link).await.text();
    // Nor is he promised what only the requester's word does.
    let absent = [
        "Valider la solution",
        "Refuser la solution",
        "Votre avis",
        "aussitôt rouverte",
    ];
    for absent in absent {
        assert!(!page.contains(absent), "{absent} in {page}");
    }
    assert!(page.contains("Sans objection de son demandeur"), "{page}");
    let text = [
        ("description", "Non."),
        ("duree", "1"),
        ("reponses", "1"),
        ("confirme", "1"),
    ];
    for path in ["valider", "refuser", "noter"] {
        let answer = submit(&mut desk, &format!("{link}/{path}"), &text).await;
        // Nothing is done, and what he wrote is given back.
        assert_eq!(answer.status, 409, "{path}");
    }
    assert_eq!(desk.ticket(1).await.status, Status::Resolved);
    submit(&mut desk, &format!("{link}/suivi"), &text).await;
    assert_eq!(desk.ticket(1).await.status, Status::Resolved);
    assert_eq!(
        words(&desk).await.last().expect("a message").0,
        Role::Observer
    );
    let leave = format!("{link}/ne-plus-suivre");
    assert_eq!(submit(&mut desk, &leave, &[]).await.status, 422);
    let answer = submit(&mut desk, &leave, &[("confirme", "1")]).await;
    assert_eq!(answer.header("location"), "/?fait=plus-suivre");
    assert_eq!(desk.get(&link).await.status, 404);

    // A technician sees there what the requester sees, and does nothing.
    let page = Page {
        ticket: 1,
        person: token::staff_number(CAMILLE),
        generation: 0,
        issued: token::day(desk.now().timestamp()),
    };
    let staff = format!("/t/{}", page.seal(&desk.service.rules().keys));
    let page = desk.get(&staff).await.text();
    assert!(!page.contains("<form"), "{page}");
    assert!(!page.contains("aussitôt rouverte"), "{page}");
    let answer = submit(&mut desk, &format!("{staff}/suivi"), &text).await;
    assert_eq!(answer.status, 404);
}

/// A page that takes only forms leads to the page that has them; the other language shows that one too.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_form_leads_to_its_page() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let link = desk.link(MARIE);
    for (form, page) in [
        (format!("{link}/suivi?lang=en"), format!("{link}?lang=en")),
        (format!("{link}/noter"), link.clone()),
        ("/d/abc/fermer".to_owned(), "/d/abc".to_owned()),
        ("/articles/proposes".to_owned(), "/articles".to_owned()),
        (
            "/desk/sign-out?lang=fr".to_owned(),
            "/desk?lang=fr".to_owned(),
        ),
    ] {
        let answer = desk.get(&form).await;
        assert_eq!((answer.status, answer.header("location")), (303, &*page));
    }
    let empty = http::submit(desk.address, &format!("{link}/suivi"), &[]).await;
    assert_eq!(empty.status, 422);
    let other = format!("href=\"{link}?lang=en\"");
    assert!(empty.text().contains(&other), "{}", empty.text());
    let list = desk.get("/demande?categorie=poste").await.text();
    assert!(
        list.contains("href=\"?categorie=poste&amp;lang=en\""),
        "{list}"
    );
    let wrong = http::submit(desk.address, "/aide", &[("x", "y")]).await;
    assert_eq!(wrong.status, 405);
    assert!(
        wrong.text().contains("Ce lien n’ouvre rien"),
        "{}",
        wrong.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_refused_in_words() {
    let mut desk = Desk::open_with("max_upload = \"1MB\"").await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let add = format!("{}/suivi", desk.link(MARIE));
    let watch = desk.watch();
    let large = vec![b'x'; 2 << 20];
    let (kind, body) = multipart(&[], &[("a.bin", "application/octet-stream", &large)]);
    let same = [("Sec-Fetch-Site", "same-origin")];
    let answer = http::post(desk.address, &add, &same, &kind, &body).await;
    assert_eq!(answer.status, 413);
    assert!(answer.text().contains("1\u{a0}Mo"), "{}", answer.text());
    // Words alone have a limit of their own.
    let long = "x".repeat(600 << 10);
    let answer = http::submit(desk.address, &add, &[("description", &long)]).await;
    assert_eq!(answer.status, 413);
    assert!(answer.text().contains("trop long"), "{}", answer.text());
    let many: Vec<(&str, &str, &[u8])> = (0..21)
        .map(|_| ("a.txt", "text/plain", &b"a"[..]))
        .collect();
    let (kind, body) = multipart(&[], &many);
    let answer = http::post(desk.address, &add, &same, &kind, &body).await;
    assert_eq!(answer.status, 413);
    assert!(answer.text().contains("20 fichiers"), "{}", answer.text());
    // A body that says more than it sends.
    let cut = b"--=-=\r\nContent-Disposition: form-data; name=\"descr";
    let answer = http::post(desk.address, &add, &same, &kind, cut).await;
    assert_eq!(answer.status, 415, "{}", answer.text());
    let mut last = 0;
    for _ in 0..130 {
        last = http::submit(desk.address, &add, &[]).await.status;
    }
    assert_eq!(last, 429);
    assert!(!watch.something_was_written());
}
