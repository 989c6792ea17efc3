//! The form for new requests: what is typed is kept, its author is asked once at his mailbox, and one
//! ticket comes of it (rows I1–I10, S1.19–S1.25, S4.16–S4.20).

use chrono::Duration;
use guichet::ticket::{Channel, Claim, Level, Nature, Part, What};

use crate::acting::number;
use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http::{self, Answer, FORM, encoded, multipart, request};

/// A few categories, one of which asks questions.
pub const CATEGORIES: &str = r#"
[[categories]]
id = "poste"
name = "Poste de travail"
explanation = "Le poste, le clavier, l'écran."
warning = "Ne débranchez rien."
team = "dsi"
type = "incident"

[[categories]]
id = "pret"
name = "Prêt d'un portable"
type = "request"
[[categories.questions]]
label = "Du"
kind = "date"
required = true
[[categories.questions]]
label = "Système"
kind = "choice"
choices = ["Windows", "Linux"]
help = "Celui que vous connaissez."
[[categories.questions]]
label = "Avec une souris ?"
kind = "yes-no"

[[categories]]
id = "idee"
name = "Suggestion"
type = "suggestion"
"#;

pub async fn desk() -> Desk {
    Desk::open_with(CATEGORIES).await
}

/// The least that makes a request.
const LEAST: [(&str, &str); 5] = [
    ("categorie", "poste"),
    ("titre", "Écran noir"),
    ("details", "Rien ne s'affiche depuis ce matin."),
    ("effet", "hindered"),
    ("adresse", MARIE),
];

/// The same with some fields changed.
fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<(&str, &str)> = LEAST.to_vec();
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

/// Opens the form and sends it; the page that it leads to.
pub async fn typed(desk: &Desk, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> String {
    let answer = send(desk, fields, files).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").to_owned()
}

pub async fn send(desk: &Desk, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Answer {
    let page = desk.get("/demande?categorie=-").await.text();
    let number = number(&page);
    let mut fields = fields.to_vec();
    if !fields.iter().any(|(name, _)| *name == "number") {
        fields.push(("number", &number));
    }
    let (kind, body) = multipart(&fields, files);
    let same = [("Sec-Fetch-Site", "same-origin")];
    http::post(desk.address, "/demande", &same, &kind, &body).await
}

/// Sends what was read again.
async fn go_on(desk: &mut Desk, here: &str) -> Answer {
    let answer = http::submit(desk.address, here, &[]).await;
    desk.settle().await;
    answer
}

/// Posts while the desk works, as it does when it runs.
async fn post(
    desk: &mut Desk,
    path: &str,
    headers: Vec<(&'static str, String)>,
    fields: &[(&str, &str)],
) -> Answer {
    let (address, path, body) = (desk.address, path.to_owned(), encoded(fields));
    let sending = tokio::spawn(async move {
        let mut all = vec![("Sec-Fetch-Site", "same-origin")];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
        http::post(address, &path, &all, FORM, body.as_bytes()).await
    });
    while !sending.is_finished() {
        desk.settle().await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    sending.await.expect("sent")
}

/// Names of the fields with a choice on the page behind the link.
pub fn choices(page: &str) -> Vec<String> {
    let mut names: Vec<String> = page
        .match_indices("name=\"demande-")
        .map(|(at, _)| {
            page[at + 6..]
                .split('"')
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    names.dedup();
    names
}

async fn tickets(desk: &Desk) -> usize {
    let all = guichet::store::TicketFilter::default();
    let tickets = desk.service.store().tickets(all).await;
    tickets.expect("readable").len()
}

/// A mail without its line ends.
pub fn flat(text: &str) -> String {
    let text = text.replace(['\u{a0}', '\u{202f}'], " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_for_the_word_of_its_author_and_becomes_one_ticket() {
    let mut desk = desk().await;
    let fields = with(&[
        ("effet", "stopped"),
        ("pour", "autre"),
        ("beneficiaire", "Paul Petit"),
        ("beneficiaire-adresse", "paul.petit@example.org"),
        ("telephone", "02 31 56 55 10"),
        ("liens", "https://intranet.example.org/ecran"),
        ("nom", "Marie Durand"),
    ]);
    let files: [(&str, &str, &[u8]); 1] = [("photo.png", "image/png", b"\x89PNG\r\n\x1a\nabc")];
    let here = typed(&desk, &fields, &files).await;
    let page = plain(&desk.get(&here).await.text());
    for words in [
        "Relisez votre demande",
        "Écran noir",
        "Ne débranchez rien.",
        "Je ne peux plus travailler.",
        "https://intranet.example.org/ecran",
        "Paul Petit, paul.petit@example.org",
        "photo.png",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert!(!desk.was_told(MARIE), "nothing leaves before she says so");

    // Whoever sends it twice asks once.
    for _ in 0..2 {
        let answer = go_on(&mut desk, &here).await;
        assert_eq!((answer.status, answer.header("location")), (303, &*here));
    }
    let page = plain(&desk.get(&here).await.text());
    assert!(page.contains("ouvrez votre messagerie"), "{page}");
    assert_eq!(tickets(&desk).await, 0);
    let mail = desk.latest(MARIE);
    assert_eq!(mail.subject.as_deref(), Some("Confirmez votre demande"));
    assert!(mail.automatic.is_some(), "no robot answers it");
    for typed in ["Écran", "Rien ne", "Paul", "intranet", "Marie"] {
        assert!(!mail.text.contains(typed), "{typed}: {}", mail.text);
    }

    // Opening the link, and pressing its button without a choice, change nothing.
    let link = desk.link(MARIE);
    assert!(link.starts_with("/c/"), "{link}");
    let watch = desk.watch();
    let page = desk.get(&link).await.text();
    let page = plain(&page);
    assert!(page.contains("Elle est de moi"), "{page}");
    let field = choices(&page);
    assert_eq!(field.len(), 1, "{page}");
    let answer = post(&mut desk, &link, Vec::new(), &[]).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert!(answer.text().contains("Choisissez d"), "{}", answer.text());
    assert!(!watch.something_was_written());
    assert_eq!(tickets(&desk).await, 0);

    for _ in 0..2 {
        let answer = post(&mut desk, &link, Vec::new(), &[(&field[0], "envoyer")]).await;
        assert_eq!((answer.status, answer.header("location")), (303, &*link));
    }
    assert_eq!(tickets(&desk).await, 1);
    let page = plain(&desk.get(&link).await.text());
    assert!(page.contains("DSI-1"), "{page}");
    assert!(
        choices(&page).is_empty(),
        "the link has done its work\n{page}"
    );

    let ticket = desk.ticket(1).await;
    assert_eq!(ticket.title, "Écran noir");
    assert_eq!(ticket.category.as_deref(), Some("poste"));
    assert_eq!(
        (ticket.nature, ticket.channel),
        (Nature::Incident, Channel::Page)
    );
    assert_eq!(
        (ticket.urgency, ticket.claim),
        (Level::High, Some(Claim::Confirmed))
    );
    assert_eq!(ticket.phone.as_deref(), Some("02 31 56 55 10"));
    let requester = ticket.requester().expect("one");
    assert_eq!(requester.who.name.as_deref(), Some("Marie Durand"));
    let paul = ticket.person("paul.petit@example.org").expect("there");
    assert_eq!(paul.part, Part::Beneficiary);
    let page = plain(&desk.get(&desk.link(MARIE)).await.text());
    for words in [
        "Rien ne s'affiche",
        "Conséquence : Je ne peux plus",
        "photo.png",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    let told = flat(&desk.latest(MARIE).text);
    assert!(
        told.contains("enregistrée sous la référence DSI-1"),
        "{told}"
    );
    assert!(told.contains("À savoir : Ne débranchez rien."), "{told}");
    assert!(
        !told.contains("confirmez-le d'un mot"),
        "she has said so\n{told}"
    );
    let told = flat(&desk.latest(CAMILLE).text);
    for words in [
        "Conséquence : Je ne peux plus travailler.",
        "Téléphone : 02 31 56 55 10",
        "Bénéficiaire : Paul Petit",
        "Urgence demandée : haute (confirmée par le demandeur)",
        "Poste de travail",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost() {
    let desk = desk().await;
    let page = plain(&desk.get("/demande").await.text());
    assert!(page.contains("Signaler un problème"), "{page}");
    assert!(
        page.contains("Soumettre une demande d’assistance"),
        "{page}"
    );
    let answer = send(&desk, &[], &[]).await;
    assert_eq!(answer.status, 422);
    let page = plain(&answer.text());
    for id in ["categorie", "titre", "details", "effet", "adresse"] {
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}\n{page}");
        assert!(page.contains(&format!("id=\"{id}-error\"")), "{id}\n{page}");
    }
    let words = "<b>Tapé</b> & \"cité\"";
    let file: [(&str, &str, &[u8]); 1] = [("a.txt", "text/plain", b"abc")];
    let fields = [
        ("categorie", "pret"),
        ("titre", words),
        ("details", "x"),
        ("q-pret-0", "31/02/2027"),
        ("q-pret-1", "Linux"),
        ("q-pret-2", "yes"),
        ("telephone", "12"),
        ("liens", "pas un lien"),
        ("pour", "autre"),
        ("nom", "Marie"),
        ("adresse", "marie@localhost"),
    ];
    let answer = send(&desk, &fields, &file).await;
    assert_eq!(answer.status, 422);
    let page = plain(&answer.text());
    for id in ["q-pret-0", "telephone", "liens", "beneficiaire", "adresse"] {
        assert!(page.contains(&format!("id=\"{id}-error\"")), "{id}\n{page}");
    }
    assert!(
        !page.contains("id=\"effet-error\""),
        "a request need not say it"
    );
    for kept in [
        "value=\"&lt;b&gt;Tapé&lt;/b&gt; &amp; &quot;cité&quot;\"",
        "value=\"31/02/2027\"",
        "value=\"Linux\" checked",
        "value=\"yes\" checked",
        "pas un lien</textarea>",
        "value=\"marie@localhost\"",
        "Du – Indiquez un jour qui existe",
        "Retirer a.txt",
    ] {
        assert!(page.contains(kept), "{kept}\n{page}");
    }
    // Put right, with its file; the answers are the words of the ticket.
    let number = number(&page);
    let mut right = fields.to_vec();
    right.retain(|(name, _)| !["q-pret-0", "telephone", "liens", "pour", "adresse"].contains(name));
    right.extend([
        ("number", &*number),
        ("q-pret-0", "2027-01-31"),
        ("adresse", MARIE),
    ]);
    let here = typed(&desk, &right, &[]).await;
    let page = plain(&desk.get(&here).await.text());
    for words in [
        "Du : 31/01/2027\nSystème : Linux\nAvec une souris ? oui",
        "a.txt",
        "Prêt d'un portable",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert!(here.ends_with(&number));
    let answer = http::submit(desk.address, "/demande", &right).await;
    assert_eq!(answer.status, 303, "without files as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_gets_one_mail_in_a_while_and_many_requests_one_page() {
    let mut desk = desk().await;
    let first = typed(&desk, &with(&[("titre", "Premier")]), &[]).await;
    go_on(&mut desk, &first).await;
    let mail = desk.latest(MARIE).message_id.clone();
    desk.wait(Duration::minutes(5));
    let second = typed(&desk, &with(&[("titre", "Deuxième")]), &[]).await;
    go_on(&mut desk, &second).await;
    assert_eq!(desk.latest(MARIE).message_id, mail, "no second mail");
    let page = plain(&desk.get(&second).await.text());
    assert!(page.contains("dans les dix dernières minutes"), "{page}");
    let link = desk.link(MARIE);
    let page = plain(&desk.get(&link).await.text());
    assert!(
        page.contains("Premier") && page.contains("Deuxième"),
        "{page}"
    );
    let fields = choices(&page);
    assert_eq!(fields.len(), 2);
    // The newest is first: that one is somebody else's joke.
    let chosen = [(&*fields[0], "effacer"), (&*fields[1], "envoyer")];
    post(&mut desk, &link, Vec::new(), &chosen).await;
    assert_eq!(tickets(&desk).await, 1);
    assert_eq!(desk.ticket(1).await.title, "Premier");
    let page = plain(&desk.get(&link).await.text());
    assert!(!page.contains("Deuxième"), "{page}");

    desk.wait(Duration::minutes(11));
    let third = typed(&desk, &with(&[("titre", "Troisième")]), &[]).await;
    go_on(&mut desk, &third).await;
    assert_ne!(desk.latest(MARIE).message_id, mail);

    // What waits cannot be changed: what is read is what is sent.
    let number = third.rsplit('/').next().expect("a number").to_owned();
    let other = with(&[("titre", "Autre chose"), ("number", &number)]);
    let answer = send(&desk, &other, &[]).await;
    assert_eq!(answer.header("location"), third);
    let page = plain(&desk.get(&desk.link(MARIE)).await.text());
    assert!(
        page.contains("Troisième") && !page.contains("Autre chose"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_old_or_changed_sends_nothing() {
    let mut desk = desk().await;
    let here = typed(&desk, &LEAST, &[]).await;
    go_on(&mut desk, &here).await;
    let link = desk.link(MARIE);
    let field = choices(&desk.get(&link).await.text());
    let mut flipped = link.clone();
    let last = flipped.pop();
    flipped.push(if last == Some('a') { 'b' } else { 'a' });
    let first = desk.get("/c/x").await;
    assert_eq!(first.status, 404);
    assert!(first.text().contains("Ce lien n"), "{}", first.text());
    let list = link.replace("/c/", "/d/");
    for path in [&*flipped, "/c/%00%ff"] {
        let answer = desk.get(path).await;
        assert_eq!(answer.without_date(), first.without_date(), "{path}");
        let answer = http::submit(desk.address, path, &[(&field[0], "envoyer")]).await;
        assert_eq!(answer.status, 404);
    }
    assert_eq!(desk.get(&list).await.status, 404, "it is for one errand");
    desk.wait(Duration::hours(24) + Duration::minutes(2));
    let answer = http::submit(desk.address, &link, &[(&field[0], "envoyer")]).await;
    assert_eq!(answer.without_date().0, 404);
    desk.settle().await;
    assert_eq!(tickets(&desk).await, 0);
    assert_eq!(desk.get(&here).await.status, 404, "nothing is left of it");
    assert_eq!(desk.rows("drafts"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_limited_by_their_network_and_by_what_waits() {
    let desk = desk().await;
    for _ in 0..60 {
        typed(&desk, &LEAST, &[]).await;
    }
    let answer = send(&desk, &LEAST, &[]).await;
    assert_eq!(answer.status, 422);
    let page = plain(&answer.text());
    assert!(page.contains("réessayez dans une heure"), "{page}");
    assert!(page.contains("value=\"Écran noir\""), "{page}");
    desk.wait(Duration::hours(1) + Duration::minutes(1));
    typed(&desk, &LEAST, &[]).await;
}

/// Over the limits of the desk no link leaves, and the request waits for a better moment.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_limits_hold_back_is_said() {
    let mut desk = Desk::open_with(&format!("{CATEGORIES}\n[limits]\ntotal_per_hour = 1\n")).await;
    let first = typed(&desk, &LEAST, &[]).await;
    go_on(&mut desk, &first).await;
    let other = with(&[("adresse", "zoe@example.org")]);
    let here = typed(&desk, &other, &[]).await;
    let answer = go_on(&mut desk, &here).await;
    assert_eq!(answer.status, 429);
    let page = plain(&answer.text());
    assert!(page.contains("Trop de messages partent"), "{page}");
    assert!(page.contains("value=\"Écran noir\""), "{page}");
    assert!(!desk.was_told("zoe@example.org"));
    desk.wait(Duration::minutes(65));
    let answer = go_on(&mut desk, &here).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(desk.was_told("zoe@example.org"));
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_suggestion_has_no_urgency_and_is_thanked_for() {
    let mut desk = desk().await;
    let fields = with(&[
        ("categorie", "idee"),
        ("effet", "everybody"),
        ("titre", "Une idée"),
    ]);
    let here = typed(&desk, &fields, &[]).await;
    go_on(&mut desk, &here).await;
    let link = desk.link(MARIE);
    let field = choices(&desk.get(&link).await.text());
    post(&mut desk, &link, Vec::new(), &[(&field[0], "envoyer")]).await;
    let ticket = desk.ticket(1).await;
    assert_eq!(
        (ticket.nature, ticket.urgency),
        (Nature::Suggestion, Level::Normal)
    );
    let told = flat(&desk.latest(MARIE).text);
    assert!(told.contains("Merci pour votre suggestion"), "{told}");
    assert!(!told.contains("va la prendre en charge"), "{told}");
    assert!(!told.contains("urgence"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_category_is_classified_by_words_and_a_mail_is_asked_what_the_form_asks() {
    let mut desk = desk().await;
    let fields = with(&[("categorie", "-"), ("titre", "Poste de travail éteint")]);
    let here = typed(&desk, &fields, &[]).await;
    go_on(&mut desk, &here).await;
    let link = desk.link(MARIE);
    let field = choices(&desk.get(&link).await.text());
    post(&mut desk, &link, Vec::new(), &[(&field[0], "envoyer")]).await;
    assert_eq!(desk.ticket(1).await.category.as_deref(), Some("poste"));
    let told = flat(&desk.latest(MARIE).text);
    assert!(
        told.contains("Si ce n'est pas cela, répondez « catégorie : »"),
        "{told}"
    );

    desk.request("Prêt d'un portable", "Je souhaite un portable.", &[])
        .await;
    let told = flat(&desk.latest(MARIE).text);
    assert!(
        told.contains("répondez à ce message en précisant"),
        "{told}"
    );
    assert!(told.contains("- Système"), "{told}");
}

/// With many categories, one is chosen first (S1.20–S1.23).
#[tokio::test(flavor = "multi_thread")]
async fn of_many_categories_one_is_chosen_first() {
    let mut text = CATEGORIES.to_owned();
    for number in 0..8 {
        text.push_str(&format!(
            "\n[[categories]]\nid = \"c{number}\"\nname = \"Rubrique{number}\"\nclient = \"Bytel\"\n"
        ));
    }
    let desk = Desk::open_with(&text).await;
    let page = plain(&desk.get("/demande").await.text());
    assert!(page.contains("Cliquez pour continuer"), "{page}");
    assert!(page.contains("Bytel – Rubrique3"), "{page}");
    assert!(!page.contains("name=\"titre\""), "{page}");
    let page = plain(&desk.get("/demande?categorie=pret").await.text());
    assert!(
        page.contains("name=\"titre\"") && page.contains("name=\"q-pret-1\""),
        "{page}"
    );
    assert!(!page.contains("Rubrique3"), "{page}");
    let page = plain(&desk.get("/demande?categorie=nowhere").await.text());
    assert!(page.contains("Cliquez pour continuer"), "{page}");
}

/// A request that somebody repeats joins, however it comes (row C12): the form says no less.
#[tokio::test(flavor = "multi_thread")]
async fn words_that_a_mail_program_would_fold_stay() {
    let mut desk = desk().await;
    let details = "> erreur 12\nBonjour\n-- \nLe poste 4\n\nDe : a@b\nObjet : c";
    let here = typed(&desk, &with(&[("details", details)]), &[]).await;
    go_on(&mut desk, &here).await;
    let link = desk.link(MARIE);
    let field = choices(&desk.get(&link).await.text());
    post(&mut desk, &link, Vec::new(), &[(&field[0], "envoyer")]).await;
    let events = desk
        .service
        .store()
        .events(guichet::ticket::TicketId(1))
        .await;
    let text = events
        .expect("readable")
        .into_iter()
        .find_map(|(_, event)| match event.what {
            What::Mail { text, .. } => Some(text),
            _ => None,
        });
    assert!(text.expect("words").starts_with(details));
}

/// A mistyped address costs neither words nor files: whoever typed the request corrects it, and the one
/// that waited for somebody else's word has ended.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_is_corrected_and_the_mail_sent_again() {
    let mut desk = desk().await;
    let file: [(&str, &str, &[u8]); 1] = [("photo.png", "image/png", b"\x89PNG\r\n\x1a\nabc")];
    let wrong = with(&[("adresse", "marei@example.org")]);
    let here = typed(&desk, &wrong, &file).await;
    go_on(&mut desk, &here).await;
    let page = plain(&desk.get(&here).await.text());
    assert!(page.contains("Corriger l’adresse"), "{page}");
    let before = desk.latest("marei@example.org").message_id.clone();
    let again = [("quoi", "renvoyer")];
    let answer = post(&mut desk, &here, Vec::new(), &again).await;
    assert_eq!(answer.header("location"), format!("{here}?fait=renvoye"));
    assert_eq!(desk.latest("marei@example.org").message_id, before);
    desk.wait(Duration::minutes(11));
    post(&mut desk, &here, Vec::new(), &again).await;
    desk.settle().await;
    assert_ne!(desk.latest("marei@example.org").message_id, before);

    let answer = post(&mut desk, &here, Vec::new(), &[("quoi", "corriger")]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let form = answer.header("location").trim_end_matches("#adresse");
    let page = plain(&desk.get(form).await.text());
    for kept in ["value=\"Écran noir\"", "Retirer photo.png", "marei@"] {
        assert!(page.contains(kept), "{kept}\n{page}");
    }
    // Nothing waits for the other mailbox any more, and the old number leads nowhere.
    let other = desk.get(&desk.link("marei@example.org")).await.text();
    assert!(choices(&other).is_empty(), "{other}");
    let ended = desk.get(&here).await;
    assert_eq!(ended.status, 404);
    assert!(plain(&ended.text()).contains("n’est plus gardée"));
    let number = number(&page);
    let right = with(&[("number", &number)]);
    let here = typed(&desk, &right, &[]).await;
    go_on(&mut desk, &here).await;
    let link = desk.link(MARIE);
    let page = plain(&desk.get(&link).await.text());
    assert!(page.contains("photo.png"), "{page}");

    // Whoever reads the mailbox may change it as well.
    let field = choices(&page);
    let answer = post(&mut desk, &link, Vec::new(), &[(&field[0], "modifier")]).await;
    let form = answer.header("location").to_owned();
    assert!(form.starts_with("/demande?brouillon="), "{form}");
    let page = plain(&desk.get(&form).await.text());
    assert!(page.contains("Retirer photo.png"), "{page}");
    assert_eq!(tickets(&desk).await, 0);
}

/// Each correction may ask another mailbox, so it counts as a request of its network's.
#[tokio::test(flavor = "multi_thread")]
async fn corrections_are_limited_as_requests_are() {
    let mut desk = desk().await;
    for _ in 0..56 {
        typed(&desk, &LEAST, &[]).await;
    }
    let mut here = typed(&desk, &LEAST, &[]).await;
    for turn in 0.. {
        go_on(&mut desk, &here).await;
        let answer = http::submit(desk.address, &here, &[("quoi", "corriger")]).await;
        if answer.status == 429 {
            assert_eq!(turn, 3, "57 were begun, 60 may be");
            assert!(plain(&answer.text()).contains("réessayez dans une heure"));
            break;
        }
        let number = number_of(answer.header("location"));
        let address = format!("personne{turn}@example.org");
        let other = with(&[("adresse", &address), ("number", &number)]);
        here = typed(&desk, &other, &[]).await;
    }
}

fn number_of(form: &str) -> String {
    let number = form.split("brouillon=").nth(1).unwrap_or_default();
    number
        .split(['#', '&'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Two hours count from the last press, and what is gone by then is said by name.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_lives_two_hours_after_it_was_last_kept_and_lost_files_are_named() {
    let desk = desk().await;
    let file: [(&str, &str, &[u8]); 1] = [("photo.png", "image/png", b"\x89PNG\r\n\x1a\nabc")];
    let here = typed(&desk, &LEAST, &file).await;
    let page = plain(&desk.get(&here).await.text());
    assert!(page.contains("gardée ici deux heures"), "{page}");
    let number = here.rsplit('/').next().expect("a number").to_owned();
    let again = with(&[("number", &number)]);
    desk.wait(Duration::minutes(100));
    assert_eq!(typed(&desk, &again, &[]).await, here);
    desk.wait(Duration::minutes(100));
    assert_eq!(desk.get(&here).await.status, 200);
    let form = desk
        .get(&format!("/demande?brouillon={number}"))
        .await
        .text();
    let at = form.find("name=\"garde\" value=\"").expect("its file") + 20;
    let kept = form[at..].split('"').next().expect("a value").to_owned();
    desk.wait(Duration::minutes(30));
    let ended = desk.get(&here).await;
    assert_eq!(ended.status, 404);
    assert!(plain(&ended.text()).contains("effacé au bout de deux heures"));
    let mut late = again.clone();
    late.push(("garde", &kept));
    let answer = send(&desk, &late, &[]).await;
    assert_eq!(answer.status, 422);
    let page = plain(&answer.text());
    assert!(
        page.contains("joignez-les de nouveau : photo.png"),
        "{page}"
    );
    assert!(page.contains("value=\"Écran noir\""), "{page}");
    typed(&desk, &again, &[]).await;
}
