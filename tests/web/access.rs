//! Who gets in: the link's holder, nobody else, and guessing is slow (T20).

use guichet::desk::Deed;
use guichet::ticket::{Part, What};
use guichet::token::{self, Page};

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http::{Answer, request, submit};

impl Answer {
    /// Everything but the time of day.
    pub fn without_date(&self) -> (u16, Vec<&(String, String)>, &[u8]) {
        let headers = self.headers.iter().filter(|(name, _)| name != "date");
        (self.status, headers.collect(), &self.body)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_link_looks_the_same() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let good = desk.link(MARIE);
    let keys = &desk.service.rules().keys;
    let person = desk.ticket(1).await.people[0].id.0;
    let today = token::day(desk.now().timestamp());
    let seal = |ticket, person, generation| {
        let page = Page {
            ticket,
            person,
            generation,
            issued: today,
        };
        format!("/t/{}", page.seal(keys))
    };
    assert_eq!(
        seal(1, person, 0),
        good,
        "the test makes links as the desk does"
    );
    let mut flipped = good.clone();
    let last = flipped.pop();
    flipped.push(if last == Some('a') { 'b' } else { 'a' });
    let wrong = [
        flipped,
        seal(2, person, 0),
        seal(1, person + 1, 0),
        seal(1, person, 1),
        "/t/abc".to_owned(),
        "/t/%00%ff".to_owned(),
        format!("/t/{}", "a".repeat(3000)),
    ];
    let first = desk.get("/t/x").await;
    assert_eq!(first.status, 404);
    for path in &wrong {
        let answer = desk.get(path).await;
        assert_eq!(answer.without_date(), first.without_date(), "{path}");
    }
    assert_eq!(desk.get(&good).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_in_copy_has_no_link_and_a_raised_generation_revokes_one() {
    let mut desk = Desk::open().await;
    let headers = format!(
        "From: Marie Durand <{MARIE}>\nTo: support@example.org\nCc: Paul <paul@dehors.example.net>\nSubject: Imprimante"
    );
    desk.mail(&headers, "Elle clignote.", &[]).await;
    let ticket = desk.ticket(1).await;
    let paul = ticket.person("paul@dehors.example.net").expect("in copy");
    assert_eq!(paul.part, Part::Contributor);
    let page = Page {
        ticket: 1,
        person: paul.id.0,
        generation: paul.generation,
        issued: token::day(desk.now().timestamp()),
    };
    let path = format!("/t/{}", page.seal(&desk.service.rules().keys));
    assert_eq!(desk.get(&path).await.status, 404, "even a well signed one");

    let link = desk.link(MARIE);
    assert_eq!(desk.get(&link).await.status, 200);
    let mut marie = ticket.person(MARIE).expect("the requester").clone();
    marie.generation += 1;
    desk.event(What::Person { person: marie }, false).await;
    assert_eq!(desk.get(&link).await.status, 404);
    desk.reply("Marie Durand", MARIE, "Toujours en panne.")
        .await;
    desk.reply("Camille Martin", crate::desk::CAMILLE, "Nous regardons.")
        .await;
    let new = desk.link(MARIE);
    assert_ne!(new, link);
    assert_eq!(
        desk.get(&new).await.status,
        200,
        "the next mail has a good one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_link_opens_nothing_and_its_owner_is_sent_another() {
    let mut desk = Desk::open_with("links_for = \"90d\"").await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let link = desk.link(MARIE);
    desk.wait(chrono::Duration::days(90));
    assert_eq!(desk.get(&link).await.status, 200);
    desk.wait(chrono::Duration::days(1));
    let old = desk.get(&link).await;
    assert_eq!(old.status, 410);
    let page = old.text();
    assert!(page.contains("demandez un nouveau lien"), "{page}");
    assert!(
        !page.contains("Imprimante") && !page.contains(MARIE),
        "{page}"
    );
    // Neither do its forms, and no box is ticked by a machine.
    let add = format!("{link}/suivi");
    let words = [("description", "Encore")];
    let answer = submit(desk.address, &add, &words).await;
    assert_eq!(answer.status, 410);
    let page = answer.text();
    assert!(page.contains("Encore</textarea>"), "given back: {page}");
    let unticked = submit(desk.address, &link, &[]).await;
    assert_eq!(unticked.status, 422);
    let page = unticked.text();
    assert!(page.contains("trop ancien"), "{page}");
    assert!(page.contains("aria-describedby=\"unticked\""), "{page}");
    let before = desk.latest(MARIE).message_id.clone();
    let asked = submit(desk.address, &link, &[("confirme", "1")]).await;
    assert_eq!(asked.header("location"), "/mes-demandes/envoye");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    desk.settle().await;
    let mail = desk.latest(MARIE);
    assert_ne!(mail.message_id, before);
    let at = mail.text.find("/t/").expect("the link of the request");
    let fresh = mail.text[at..]
        .split_whitespace()
        .next()
        .expect("a link")
        .to_owned();
    assert_ne!(fresh, link);
    assert_eq!(desk.get(&fresh).await.status, 200);
    // Staff signs in instead.
    let page = Page {
        ticket: 1,
        person: token::staff_number(crate::desk::CAMILLE),
        generation: 0,
        issued: 0,
    };
    let path = format!("/t/{}", page.seal(&desk.service.rules().keys));
    let staff = desk.get(&path).await;
    assert_eq!((staff.status, staff.header("location")), (303, "/desk/1"));

    // Where links never end, this one does not.
    let mut desk = Desk::open_with("links_for = \"never\"").await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let link = desk.link(MARIE);
    desk.wait(chrono::Duration::days(4000));
    assert_eq!(desk.get(&link).await.status, 200);
}

/// The number of a ticket that was merged is an alias: whoever ends the links to the one that goes on
/// ends those as well.
#[tokio::test(flavor = "multi_thread")]
async fn the_links_of_what_was_merged_end_with_those_of_what_goes_on() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    desk.request("Vidéoprojecteur du hall", "Il reste noir.", &[])
        .await;
    let absorbed = desk.link(MARIE);
    desk.reply("Camille Martin", CAMILLE, "#fusionner DSI-1")
        .await;
    assert_eq!(
        desk.ticket(2).await.ties.merged_into,
        Some(desk.ticket(1).await.id)
    );
    assert_eq!(desk.get(&absorbed).await.status, 200);
    let said = tokio::process::Command::new(env!("CARGO_BIN_EXE_guichet"))
        .arg("--config")
        .arg(desk.config())
        .args(["links", "revoke", MARIE, "--ticket", "DSI-1"])
        .output()
        .await
        .expect("it runs");
    assert!(said.status.success(), "{said:?}");
    assert_eq!(desk.get(&absorbed).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_the_links_of_one_person() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let link = desk.link(MARIE);
    desk.operate(Deed::EndLinks(MARIE.to_owned())).await;
    assert_eq!(desk.get(&link).await.status, 404);
    desk.operate(Deed::Resolve(None)).await;
    assert_ne!(desk.link(MARIE), link);
    assert_eq!(desk.get(&desk.link(MARIE)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slow_and_a_trusted_proxy_says_who_guesses() {
    let mut desk = Desk::open_with("trusted_proxies = [\"127.0.0.1\"]").await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let link = desk.link(MARIE);
    let ask = |path: String, client: &'static str| async move {
        request(desk.address, "GET", &path, &[("X-Forwarded-For", client)]).await
    };
    for guess in 0..10 {
        let answer = ask(format!("/t/{guess}"), "203.0.113.9, 192.0.2.1").await;
        assert_eq!(answer.status, 404);
    }
    let refused = ask("/t/x".to_owned(), "192.0.2.1").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    let page = refused.text();
    assert!(
        page.contains("<h1>Réessayez dans une minute</h1>"),
        "{page}"
    );
    let own = ask(link, "192.0.2.1").await;
    assert_eq!(own.status, 200, "a whole institution is behind one address");
    let other = ask("/t/x".to_owned(), "192.0.2.2").await;
    assert_eq!(other.status, 404, "another client is not kept out");
    let invented = ask("/t/x".to_owned(), "192.0.2.2, 192.0.2.1").await;
    assert_eq!(
        invented.status, 429,
        "what the client itself claims does not count"
    );
    let invented = ask("/t/x".to_owned(), "192.0.2.2, 192.0.2.1:4711").await;
    assert_eq!(invented.status, 429, "with a port as well");
}

/// Who guesses, or mistypes, behind the address of an institution locks nobody else out of it: every
/// link of ours opens what it is for, however often, and whatever else came from there.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_links_keep_no_right_one_out() {
    let mut desk = Desk::open_with(crate::submit::CATEGORIES).await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let page = desk.link(MARIE);
    submit(desk.address, "/mes-demandes", &[("adresse", MARIE)]).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    desk.settle().await;
    let list = desk.link(MARIE);
    assert_ne!(list, page);
    let sign_in = crate::staff::link(&mut desk, crate::desk::CAMILLE).await;
    let typed = crate::submit::typed(&desk, &crate::submit::LEAST, &[]).await;
    // A link that was withdrawn is ours still: it is answered, and counted for nothing.
    let mut person = desk.ticket(1).await.people[0].clone();
    person.generation += 1;
    desk.event(What::Person { person }, false).await;
    for _ in 0..12 {
        assert_eq!(desk.get(&page).await.status, 404);
    }
    let wrong = |guess: usize| match guess % 4 {
        0 => "/t/x",
        1 => "/d/x",
        2 => "/demande/00000000000000000000000000000000",
        _ => "/desk/sign-in/x",
    };
    for guess in 0..10 {
        let status = desk.get(wrong(guess)).await.status;
        assert!(matches!(status, 404 | 410), "{}: {status}", wrong(guess));
    }
    for guess in 0..4 {
        let answer = desk.get(&format!("{}?lang=en", wrong(guess))).await;
        assert_eq!(answer.status, 429, "{}", wrong(guess));
        assert!(answer.text().contains("Try again in a minute"));
    }
    for path in [&list, &sign_in, &typed] {
        assert_eq!(desk.get(path).await.status, 200, "{path}");
    }
    // A new link can be asked for, too: a link that ended is mended where it is found to have.
    for _ in 0..12 {
        let answer = submit(desk.address, &page, &[("confirme", "1")]).await;
        assert_eq!(answer.status, 303);
    }
    assert_eq!(desk.get(&list).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trusted_proxy_nobody_speaks_for_another() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    for guess in 0..10 {
        let claimed = format!("192.0.2.{guess}");
        let headers = [("X-Forwarded-For", claimed.as_str())];
        let answer = request(desk.address, "GET", "/t/x", &headers).await;
        assert_eq!(answer.status, 404);
    }
    let headers = [("X-Forwarded-For", "192.0.2.77")];
    let answer = request(desk.address, "GET", "/t/x", &headers).await;
    assert_eq!(answer.status, 429);
}

/// A link that was replaced is sent anew to the one it was for; nobody else learns whether it was one.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_link_is_asked_for_again_by_mail() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let old = desk.link(MARIE);
    let mut person = desk.ticket(1).await.people[0].clone();
    person.generation += 1;
    desk.event(What::Person { person }, false).await;
    let page = desk.get(&old).await;
    assert_eq!(page.status, 404);
    assert!(
        page.text()
            .contains("Recevoir un nouveau lien par courriel")
    );
    let never = "/t/aeaqcagf3uyos2hndxujmtp5nsy26xjg";
    let watch = desk.watch();
    for path in [old.as_str(), never] {
        let unticked = submit(desk.address, path, &[]).await;
        assert_eq!(unticked.status, 422);
    }
    let ticked = [("confirme", "1")];
    let unknown = submit(desk.address, never, &ticked).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!watch.something_was_written());
    let known = submit(desk.address, &old, &ticked).await;
    assert_eq!(known.without_date(), unknown.without_date());
    assert_eq!(known.header("location"), "/mes-demandes/envoye");
    let before = desk.latest(MARIE).message_id.clone();
    let started = std::time::Instant::now();
    while desk.latest(MARIE).message_id == before {
        assert!(
            started.elapsed() < std::time::Duration::from_secs(20),
            "nothing was sent"
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        desk.settle().await;
    }
    let text = &desk.latest(MARIE).text;
    let base = format!("http://{}", desk.address);
    let ticket = format!("{base}/t/");
    let mut links = text
        .split_whitespace()
        .filter(|word| word.starts_with(&ticket));
    let fresh = links
        .next_back()
        .unwrap_or_else(|| panic!("no link in {text}"));
    let fresh = fresh.trim_start_matches(&base);
    assert_ne!(fresh, old);
    assert_eq!(desk.get(fresh).await.status, 200);
}
