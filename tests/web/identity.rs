//! Who sends a request: whom a trusted proxy names, nobody whom a stranger names, and not those whom the
//! form is not for.

use crate::acting::number;
use crate::desk::{Desk, MARIE};
use crate::http::{self, request};
use crate::submit::{CATEGORIES, LEAST, desk, plain, post, send, tickets, with};

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_itself_and_people_from_elsewhere_are_told_so() {
    let desk = Desk::open_with(&format!("form = \"internal\"\n{CATEGORIES}")).await;
    for (address, words) in [
        ("support@example.org", "celle du service"),
        ("x@dehors.example.net", "réservé aux adresses de"),
    ] {
        let answer = send(&desk, &with(&[("adresse", address)]), &[]).await;
        let page = plain(&answer.text());
        assert!(page.contains(words), "{page}");
    }
    let off = Desk::open_with(&format!("form = \"off\"\n{CATEGORIES}")).await;
    assert_eq!(off.get("/demande").await.status, 404);
    let answer = http::submit(off.address, "/demande", &LEAST).await;
    assert_eq!(answer.status, 404);
}

const PROXY: &str = "trusted_proxies = [\"127.0.0.1\"]\nidentity_header = \"Remote-User\"\nidentity_name_header = \"Remote-Name\"\nidentity_domain = \"example.org\"\n";

/// The hidden proof of a form.
fn proof(page: &str) -> String {
    let at = page.find("name=\"preuve\" value=\"").expect("a proof") + 21;
    page[at..].split('"').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_a_trusted_proxy_names_sends_at_once() {
    let mut desk = Desk::open_with(&format!("{PROXY}{CATEGORIES}")).await;
    let headers = [
        ("Remote-User", "marie.durand"),
        ("Remote-Name", "Marie Durand"),
    ];
    let page = request(desk.address, "GET", "/demande", &headers)
        .await
        .text();
    assert!(
        page.contains("Marie Durand – marie.durand@example.org"),
        "{page}"
    );
    assert!(
        !page.contains("name=\"adresse\""),
        "she is not asked who she is"
    );
    let (number, proof) = (number(&page), proof(&page));
    let owned = || {
        vec![
            ("Remote-User", "marie.durand".to_owned()),
            ("Remote-Name", "Marie Durand".to_owned()),
        ]
    };
    // A page elsewhere cannot send in her name: it has no proof.
    let mut fields = with(&[("number", &number)]);
    fields.retain(|(name, _)| *name != "adresse");
    let answer = post(&mut desk, "/demande", owned(), &fields).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    fields.push(("preuve", &proof));
    let answer = post(&mut desk, "/demande", owned(), &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let here = answer.header("location").to_owned();
    assert_eq!(post(&mut desk, &here, owned(), &[]).await.status, 303);
    assert_eq!(tickets(&desk).await, 0, "nor by the second step");
    for _ in 0..2 {
        let answer = post(&mut desk, &here, owned(), &[("preuve", &proof)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, &*here));
    }
    assert_eq!(tickets(&desk).await, 1);
    let ticket = desk.ticket(1).await;
    let requester = ticket.requester().expect("one");
    assert_eq!(requester.who.address, MARIE);
    assert_eq!(requester.who.name.as_deref(), Some("Marie Durand"));
    let page = request(desk.address, "GET", &here, &headers).await.text();
    assert!(
        page.contains("DSI-1") && page.contains("href=\"/t/"),
        "{page}"
    );
    // Somebody else with the same address of the page sees no link.
    let page = desk.get(&here).await.text();
    assert!(!page.contains("/t/") && !page.contains("DSI-1"), "{page}");
    let mine = request(desk.address, "GET", "/mes-demandes", &headers)
        .await
        .text();
    assert!(mine.contains("DSI-1"), "{mine}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_a_stranger_writes_proves_nothing() {
    let mut open = desk().await;
    open.request("Imprimante", "Elle clignote.", &[]).await;
    let far = PROXY.replace("127.0.0.1", "192.0.2.1");
    let mut elsewhere = Desk::open_with(&format!("{far}{CATEGORIES}")).await;
    elsewhere.request("Imprimante", "Elle clignote.", &[]).await;
    for desk in [open, elsewhere] {
        for header in ["Remote-User", "X-Remote-User", "X-Forwarded-User"] {
            let headers = [(header, MARIE), ("X-Forwarded-For", "192.0.2.1")];
            let page = request(desk.address, "GET", "/demande", &headers)
                .await
                .text();
            assert!(page.contains("name=\"adresse\""), "{header}");
            let page = request(desk.address, "GET", "/mes-demandes", &headers)
                .await
                .text();
            assert!(!page.contains("class=\"mine\""), "{header}: {page}");
        }
    }
    // Two of them: the proxy's and somebody's own.
    let near = Desk::open_with(&format!("{PROXY}{CATEGORIES}")).await;
    let headers = [("Remote-User", "marie.durand"), ("Remote-User", "chef")];
    let page = request(near.address, "GET", "/demande", &headers)
        .await
        .text();
    assert!(page.contains("name=\"adresse\""), "{page}");
}
