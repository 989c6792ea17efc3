//! The form for new requests: its fields and categories, what is wrong with them, and the ticket that comes
//! of it (rows I1–I9, S1.19–S1.25, S4.16–S4.20); and the steps that the tests of its neighbours take.

use guichet::ticket::{Level, Nature, What};

use crate::acting::number;
use crate::desk::{Desk, MARIE};
use crate::http::{self, Answer, FORM, encoded, multipart};

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
pub const LEAST: [(&str, &str); 5] = [
    ("categorie", "poste"),
    ("titre", "Écran noir"),
    ("details", "Rien ne s'affiche depuis ce matin."),
    ("effet", "hindered"),
    ("adresse", MARIE),
];

/// The same with some fields changed.
pub fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
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
pub async fn go_on(desk: &mut Desk, here: &str) -> Answer {
    let answer = http::submit(desk.address, here, &[]).await;
    desk.settle().await;
    answer
}

/// Posts while the desk works, as it does when it runs.
pub async fn post(
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

pub async fn tickets(desk: &Desk) -> usize {
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
        "Du : 31 janvier 2027\nSystème : Linux\nAvec une souris ? oui",
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
async fn a_suggestion_has_no_urgency_and_is_thanked_for() {
    let mut desk = desk().await;
    let fields = with(&[
        ("categorie", "idee"),
        ("effet", "everybody"),
        ("pour", "autre"),
        ("beneficiaire", "Paul Petit"),
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
    assert_eq!(ticket.beneficiary(), None, "nobody has a trouble");
    let told = flat(&desk.latest(MARIE).text);
    assert!(told.contains("Merci pour votre suggestion"), "{told}");
    assert!(!told.contains("va la prendre en charge"), "{told}");
    assert!(!told.contains("urgence"), "{told}");
    // The page says what the mail says.
    let page = plain(&desk.get(&desk.link(MARIE)).await.text());
    assert!(page.contains("Une suggestion n’a pas de délai"), "{page}");
    for other in ["elle attend un technicien", "la prend en charge"] {
        assert!(!page.contains(other), "{other}: {page}");
    }
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

/// What is typed into the form is all its author's own: nothing of it is history or a signature.
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
