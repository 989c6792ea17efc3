//! The knowledge base over HTTP: its pages, what is not for everybody, and what is counted.

use std::path::Path;
use std::time::{Duration, Instant};

use guichet::service::knowledge::{once, readers};
use guichet::store::Revoked;
use guichet::ticket::Status;

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http::{self, Answer};
use crate::staff::Browser;

const BROWSER: (&str, &str) = (
    "User-Agent",
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
);

/// A desk with the example articles, in a folder that it may change.
async fn desk() -> (Desk, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/knowledge"),
        folder.path(),
    );
    let lines = format!("[knowledge]\nfolder = \"{}\"", folder.path().display());
    (Desk::open_with(&lines).await, folder)
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&to).expect("made");
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copied");
        }
    }
}

async fn get(desk: &Desk, path: &str) -> Answer {
    http::request(desk.address, "GET", path, &[BROWSER]).await
}

/// Without what only the layout needs.
fn plain(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text.replace("&nbsp;", " ").replace('\u{a0}', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn an_article_is_shown_with_all_its_fields() {
    let (desk, folder) = desk().await;
    let answer = get(&desk, "/articles/a/reseau/vpn").await;
    assert_eq!(answer.status, 200);
    let page = answer.text();
    let text = plain(&page);
    // The labels of S2.
    for said in [
        "Catégorie Assistance informatique &gt; Réseau et télétravail",
        "Sujet Se connecter au VPN depuis chez soi",
        "Rédacteur Camille Martin",
        "Approuvé par Hélène Brossard",
        "Réf. N0005INFO",
        "Créé le 17 mars 2020 à 18 h 02",
        "Dernière mise à jour le 14 septembre 2026 à 9 h 30",
        "Révision Version 3",
        "1 vue ",
        "Cet élément fait partie de la FAQ",
        "Éléments associés Connecter un appareil au Wi-Fi",
        "Documents Nom Entité Rubrique Date Le VPN en une page Direction du numérique Modes d",
        "Historique 14 septembre 2026, version 3 : Nouveau client",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let picture = get(&desk, "/articles/fichiers/reseau/images/vpn-connecte.png").await;
    assert_eq!(picture.status, 200);
    assert_eq!(picture.header("content-type"), "image/png");
    assert!(page.contains("src=\"/articles/fichiers/reseau/images/vpn-connecte.png\""));
    // The name is the way to the document, and what only machines need is left out.
    assert!(
        page.contains("<a href=\"/articles/fichiers/reseau/vpn-en-une-page.pdf\" download>Le VPN en une page</a>"),
        "{page}"
    );
    let (above, record) = page.split_once("Fiche complète").expect("a record");
    for machine in ["MIME", "application/pdf", "Balise", ">télétravail<"] {
        assert!(!above.contains(machine), "{machine}: {above}");
    }
    let record = plain(record);
    for said in [
        "Créé le 17-03-2020 18:02 Dernière mise à jour le 14-09-2026 09:30",
        "Élément associé Connecter un appareil au Wi-Fi",
        "Documents Nom Entité Fichier Lien web Rubrique Type MIME Balise Date Le VPN en une page Direction du numérique Télécharger Modes d",
        "application/pdf télétravail 14-09-2026",
        "https://vpn.port-salins.example/ Téléchargement text/html",
        "Révisions Version 3",
        "Commentaires Aucun commentaire. Une remarque sur cet article s’envoie à support@example.org",
    ] {
        assert!(record.contains(said), "{said}: {record}");
    }
    // What is not there takes no room.
    let text = plain(&get(&desk, "/articles/a/reseau/wifi").await.text());
    let about = text.find("À propos de cet article").expect("a section");
    let (text, _) = text.split_once("Fiche complète").expect("a record");
    for empty in [
        "Aucun",
        "Pas d’historique",
        "Documents",
        "Historique",
        "ne fait pas partie",
    ] {
        assert!(!text[about..].contains(empty), "{empty}: {text}");
    }
    // Its record says so, as the knowledge bases do that articles come from.
    std::fs::write(
        folder.path().join("peu.md"),
        "+++\ntitle = \"Peu\"\n+++\nTexte.\n",
    )
    .expect("writable");
    once(&desk.service).await.expect("read again");
    let little = plain(&get(&desk, "/articles/a/peu").await.text());
    let (_, record) = little.split_once("Fiche complète").expect("a record");
    for empty in [
        "ne fait pas partie de la FAQ",
        "Aucun objet lié",
        "Aucun document",
        "Pas d’historique",
        "Aucune révision",
        "Aucun commentaire",
    ] {
        assert!(record.contains(empty), "{empty}: {record}");
    }
    let text = plain(&get(&desk, "/articles/a/impression/numeriser").await.text());
    assert!(
        text.contains("Cet article devait être relu le 1er mai 2025"),
        "{text}"
    );
}

#[tokio::test]
async fn articles_are_found_by_category_and_by_words() {
    let (desk, _folder) = desk().await;
    let index = get(&desk, "/articles").await.text();
    let text = plain(&index);
    let faq = text.find("Questions fréquentes").expect("the FAQ");
    let category = text.find("Notes de procédure").expect("a category");
    assert!(faq < category, "{text}");
    let category = get(
        &desk,
        "/articles?categorie=Assistance%20informatique%20%3E%20Messagerie",
    )
    .await;
    let text = plain(&category.text());
    assert!(
        text.contains("boîte aux lettres pleine") && !text.contains("eduroam"),
        "{text}"
    );
    assert_eq!(get(&desk, "/articles?categorie=Rien").await.status, 404);

    let found = get(&desk, "/articles/recherche?q=Imprimantes%20bloqu%C3%A9es")
        .await
        .text();
    assert!(found.contains("<mark>Imprimante</mark>"), "{found}");
    let nothing = get(
        &desk,
        "/articles/recherche?q=%3Cscript%3Ealert(1)%3C/script%3Exyz",
    )
    .await;
    let page = nothing.text();
    assert!(
        page.contains("&lt;script&gt;") && !page.contains("<script>alert"),
        "{page}"
    );
    let english = http::request(
        desk.address,
        "GET",
        "/articles/recherche?q=password",
        &[BROWSER, ("Accept-Language", "en")],
    )
    .await;
    let text = plain(&english.text());
    assert!(
        text.contains("Reset a forgotten or expired password"),
        "{text}"
    );

    let asked = async |fields: &[(&str, &str)]| {
        let answer = http::submit(desk.address, "/articles/proposes", fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    };
    let offered = asked(&[("titre", "mot de passe oublié")]).await;
    assert!(
        offered.contains("href=\"/articles/a/comptes/mot-de-passe\""),
        "{offered}"
    );
    let details = [("titre", "Mot de passe"), ("details", "Je l'ai oublié.")];
    assert!(asked(&details).await.contains("comptes/mot-de-passe"));
    assert_eq!(asked(&[("titre", "bonjour")]).await.trim(), "");
}

/// What is typed lies in no address, so in no log; and it is asked about as often as one types.
#[tokio::test]
async fn what_is_being_typed_is_sent_in_a_body() {
    let (desk, _folder) = desk().await;
    let typed = [("titre", "mot de passe oublié")];
    let in_address = get(&desk, "/articles/proposes?titre=mot+de+passe").await;
    let location = in_address.header("location");
    assert_eq!((in_address.status, location), (303, "/articles"));
    let elsewhere = http::post(
        desk.address,
        "/articles/proposes",
        &[("Sec-Fetch-Site", "cross-site")],
        http::FORM,
        http::encoded(&typed).as_bytes(),
    )
    .await;
    assert_eq!(elsewhere.status, 403);
    let long = "x".repeat(20_000);
    let long = http::submit(desk.address, "/articles/proposes", &[("details", &long)]).await;
    assert_eq!(long.status, 413);
    for _ in 0..150 {
        let asked = http::submit(desk.address, "/articles/proposes", &typed).await;
        assert_eq!(asked.status, 200, "typing is no flood of forms");
    }
    let helped = "/articles/a/comptes/mot-de-passe";
    let sent = http::submit(desk.address, helped, &[("confirme", "1")]).await;
    assert_eq!(sent.status, 303, "forms are taken as before");
}

#[tokio::test]
async fn what_is_not_public_is_not_there() {
    let (desk, folder) = desk().await;
    std::fs::write(folder.path().join("secret.txt"), "secret").expect("writable");
    let hidden = "interne/plan.pdf";
    std::fs::write(folder.path().join(hidden), "%PDF-1.4").expect("writable");
    let internal = folder.path().join("interne/accueil-nouvel-arrivant.md");
    let text = std::fs::read_to_string(&internal).expect("readable");
    std::fs::write(&internal, format!("{text}\n[plan](plan.pdf)\n")).expect("writable");
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("passwd.png"), "\u{89}PNG").expect("writable");
    std::os::unix::fs::symlink(
        outside.path().join("passwd.png"),
        folder.path().join("passwd.png"),
    )
    .expect("linked");
    std::os::unix::fs::symlink(outside.path(), folder.path().join("dehors")).expect("linked");
    std::fs::write(
        folder.path().join("curieux.md"),
        "+++\ntitle = \"Curieux\"\n+++\n![a](passwd.png) ![b](dehors/passwd.png) ![c](../secret.png)\n",
    )
    .expect("writable");
    once(&desk.service).await.expect("read again");
    let problems: Vec<String> = desk
        .service
        .rules()
        .knowledge
        .problems()
        .iter()
        .map(ToString::to_string)
        .collect();
    for said in [
        "passwd.png: a link leads out",
        "dehors: a link leads out",
        "curieux.md:4",
    ] {
        assert!(
            problems.iter().any(|problem| problem.starts_with(said)),
            "{said}: {problems:?}"
        );
    }
    let missing = get(&desk, "/articles/a/rien").await;
    for path in [
        "/articles/a/interne/accueil-nouvel-arrivant",
        "/articles/a/interne/serveurs-impression",
        "/articles/a/../mot-de-passe",
        "/articles/a/comptes/mot-de-passe.md",
        "/articles/a/%ff",
        "/articles/fichiers/secret.txt",
        "/articles/fichiers/interne/plan.pdf",
        "/articles/fichiers/passwd.png",
        "/articles/fichiers/dehors/passwd.png",
        "/articles/fichiers/comptes/mot-de-passe.md",
        "/articles/fichiers/../config.toml",
        "/articles/fichiers/%2e%2e/config.toml",
        "/articles/fichiers//etc/passwd",
        "/articles/fichiers/reseau/../secret.txt",
    ] {
        let answer = get(&desk, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(plain(&answer.text()), plain(&missing.text()), "{path}");
    }
    let index = get(&desk, "/articles").await.text();
    assert!(
        !index.contains("nouvel agent") && !index.contains("Pour les techniciens"),
        "{index}"
    );
    let found = get(&desk, "/articles/recherche?q=spouleur").await.text();
    assert!(found.contains("Aucun article"), "{found}");
    // Whoever finds nothing, or has looked for nothing yet, is shown the way to the form.
    for path in [
        "/articles/recherche?q=spouleur",
        "/articles/recherche?q=",
        "/articles/recherche",
    ] {
        let page = get(&desk, path).await.text();
        let main = page.split("<main").nth(1).expect("a page");
        assert!(main.contains("href=\"/demande\""), "{path}: {main}");
    }
    // What an article that everybody may read gives is given to everybody.
    assert_eq!(
        get(&desk, "/articles/fichiers/reseau/vpn-en-une-page.pdf")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_faulty_article_is_left_out_and_comes_back_when_it_is_mended() {
    let (desk, folder) = desk().await;
    let path = folder.path().join("reseau/wifi.md");
    let good = std::fs::read_to_string(&path).expect("readable");
    std::fs::write(&path, good.replace("title =", "titre =")).expect("writable");
    once(&desk.service).await.expect("read again");
    assert_eq!(get(&desk, "/articles/a/reseau/wifi").await.status, 404);
    assert_eq!(get(&desk, "/articles/a/reseau/vpn").await.status, 200);
    let problems = desk.service.rules().knowledge.problems().to_vec();
    assert!(
        problems
            .iter()
            .any(|problem| problem.to_string().starts_with("reseau/wifi.md:2: ")),
        "{problems:?}"
    );
    std::fs::write(&path, good).expect("writable");
    once(&desk.service).await.expect("read again");
    assert_eq!(get(&desk, "/articles/a/reseau/wifi").await.status, 200);
    assert_eq!(desk.service.rules().knowledge.problems(), []);
}

#[tokio::test]
async fn people_are_counted_once_a_day_and_programmes_never() {
    let (desk, _folder) = desk().await;
    let path = "/articles/a/comptes/mot-de-passe";
    let robot = [("User-Agent", "Mozilla/5.0 (compatible; ExampleBot/2.1)")];
    http::request(desk.address, "GET", path, &robot).await;
    http::request(desk.address, "GET", path, &[]).await;
    http::request(desk.address, "HEAD", path, &[BROWSER]).await;
    let ahead = [BROWSER, ("Sec-Purpose", "prefetch;prerender")];
    http::request(desk.address, "GET", path, &ahead).await;
    let page = plain(&get(&desk, "/articles/a/comptes/compte-bloque").await.text());
    assert!(page.contains("Consultation 1 vue "), "{page}");
    for _ in 0..3 {
        let page = plain(&get(&desk, path).await.text());
        assert!(page.contains("Consultation 1 vue "), "{page}");
    }
    let same = [BROWSER, ("Sec-Fetch-Site", "same-origin")];
    // What submits every form it finds ticks no box.
    let unticked = http::post(desk.address, path, &same, http::FORM, b"").await;
    assert_eq!(unticked.status, 422);
    assert!(
        unticked
            .text()
            .contains("Cochez la case pour nous le dire.")
    );
    assert!(!unticked.text().contains("clore"));
    let sent = http::post(desk.address, path, &same, http::FORM, b"confirme=1").await;
    assert_eq!(sent.status, 303);
    assert_eq!(
        sent.header("location"),
        "/articles/a/comptes/mot-de-passe?fait=aide#avis"
    );
    let thanks = get(&desk, "/articles/a/comptes/mot-de-passe?fait=aide")
        .await
        .text();
    assert!(thanks.contains("Merci de nous l’avoir dit."), "{thanks}");
    let write = "Écrivez à <a href=\"mailto:";
    assert!(!thanks.contains(write), "nobody who was helped need write");
    assert!(get(&desk, path).await.text().contains(write));
    let foreign = [BROWSER, ("Sec-Fetch-Site", "cross-site")];
    let foreign = http::post(desk.address, path, &foreign, http::FORM, b"").await;
    assert_eq!(foreign.status, 403);

    let store = desk.service.store();
    assert_eq!(store.article_counts(None).await.expect("counts").len(), 0);
    readers::flush(&desk.service).await;
    readers::flush(&desk.service).await;
    let counts = store.article_counts(None).await.expect("counts");
    let of = counts["comptes/mot-de-passe"];
    assert_eq!((of.views, of.helped), (1, 1), "the ticked one");
    let page = plain(&get(&desk, path).await.text());
    assert!(page.contains("Consultation 1 vue "), "{page}");
    desk.wait(chrono::Duration::days(1));
    let page = plain(&get(&desk, path).await.text());
    assert!(page.contains("Consultation 2 vues"), "{page}");
}

/// Not a measure: a search that looks at every article anew would take seconds here.
#[tokio::test]
async fn two_thousand_articles_are_searched_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..2_000 {
        let text = format!(
            "+++\ntitle = \"Régler l'appareil {number} du bâtiment {}\"\ncategory = \"Appareils > Bâtiment {}\"\nwords = [\"appareil {number}\"]\n+++\n{}\n",
            number % 40,
            number % 40,
            "Éteignez l'appareil, attendez une minute, rallumez-le et vérifiez le câble du réseau. ".repeat(12),
        );
        std::fs::write(folder.path().join(format!("a{number}.md")), text).expect("writable");
    }
    let lines = format!("[knowledge]\nfolder = \"{}\"", folder.path().display());
    let desk = Desk::open_with(&lines).await;
    let began = Instant::now();
    for number in 0..50 {
        let page = get(
            &desk,
            &format!("/articles/recherche?q=r%C3%A9seau+appareil+{}", number * 37),
        )
        .await;
        assert!(page.text().contains("2000 articles") || page.text().contains("200 articles"));
    }
    let index = get(&desk, "/articles").await.text();
    assert!(
        index.len() < 40_000,
        "the index lists categories, not two thousand articles"
    );
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

/// The link of the acknowledgement opens what is for the people of the institution, and its button
/// closes the request, once its box is ticked.
#[tokio::test]
async fn the_article_of_an_acknowledgement_closes_its_request() {
    let (mut desk, _folder) = desk().await;
    desk.request(
        "Arrivée d'un collègue : création de compte",
        "Bonjour, que faut-il faire ?",
        &[],
    )
    .await;
    let text = desk.latest(MARIE).text.clone();
    let link = text
        .split_whitespace()
        .find(|word| word.contains("/articles/"))
        .unwrap_or_else(|| panic!("no article: {text}"));
    let path = link
        .split_once("/t/")
        .map(|(_, rest)| format!("/t/{rest}"))
        .expect("a link");
    assert!(
        path.ends_with("/articles/interne/accueil-nouvel-arrivant"),
        "{path}"
    );
    let page = get(&desk, &path).await;
    assert_eq!(page.status, 200);
    let shown = plain(&page.text());
    assert!(
        shown.contains("Oui, ma demande DSI-1 est réglée"),
        "{shown}"
    );
    // Not with a wrong link, and technicians' articles not at all.
    let wrong = path.replacen("/t/", "/t/x", 1);
    assert_eq!(get(&desk, &wrong).await.status, 404);
    let other = path.replace(
        "interne/accueil-nouvel-arrivant",
        "interne/serveurs-impression",
    );
    assert_eq!(get(&desk, &other).await.status, 404);

    let unticked = http::submit(desk.address, &path, &[]).await;
    assert_eq!(unticked.status, 422);
    assert!(
        unticked
            .text()
            .contains("Cochez la case pour clore la demande.")
    );
    assert_eq!(desk.ticket(1).await.status, Status::Open);
    let ticked = http::submit(desk.address, &path, &[("confirme", "1")]).await;
    assert_eq!(ticked.status, 303);
    desk.settle().await;
    let ticket = desk.ticket(1).await;
    assert_eq!((ticket.status, ticket.accepted), (Status::Closed, false));
    // Told that it is closed, and asked for no marks: nobody gave an answer.
    let closed = desk.latest(MARIE).clone();
    let told = &closed.text;
    assert!(
        told.contains("Tant mieux si l'article vous a aidé"),
        "{told}"
    );
    assert!(
        !told.contains("deux notes") && !told.contains("votre avis"),
        "{told}"
    );
    desk.wait(chrono::Duration::days(20));
    desk.settle().await;
    assert_eq!(
        desk.latest(MARIE).message_id,
        closed.message_id,
        "nor later"
    );
    let counts = desk
        .service
        .store()
        .article_counts(None)
        .await
        .expect("counts");
    assert_eq!(counts["interne/accueil-nouvel-arrivant"].helped, 1);
    // The page of the request says what happened, names the article, and asks for no marks of answers.
    let there = ticked.header("location").to_owned();
    assert!(there.ends_with("?fait=aide"), "{there}");
    let shown = plain(&get(&desk, &there).await.text());
    for words in [
        "Merci : la demande DSI-1 est close.",
        "Résolu par l’article « Préparer l’arrivée d’un nouvel agent ».",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    assert!(!shown.contains("Les réponses apportées"), "{shown}");
    let history = shown.split("Échanges").last().unwrap_or_default();
    assert!(history.contains("Résolu par l’article"), "{history}");
    // A second click changes nothing: the page only thanks.
    let again = http::submit(desk.address, &path, &[("confirme", "1")]).await;
    assert!(again.header("location").ends_with("?fait=aide#avis"));
}

/// Who reads decides what there is: on the list, in what is found, in what is offered, and by name.
#[tokio::test(flavor = "multi_thread")]
async fn each_reader_finds_what_is_for_him_on_every_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/knowledge");
    let lines = format!(
        "trusted_proxies = [\"127.0.0.1\"]\nidentity_header = \"Remote-User\"\nidentity_domain = \"example.org\"\n[knowledge]\nfolder = \"{}\"",
        folder.display()
    );
    let mut desk = Desk::open_with(&lines).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    const INTERNAL: (&str, &str, &str) = (
        "accueil-nouvel-arrivant",
        "nouvel+agent",
        "Arrivée d'un nouvel agent : création de compte",
    );
    const TECHNICIANS: (&str, &str, &str) = (
        "serveurs-impression",
        "spouleur",
        "Le spouleur du serveur d'impression",
    );
    for (who, headers, inside, technician) in [
        ("nobody knows him", vec![], false, false),
        (
            "named from outside",
            vec![("Remote-User", "x@ailleurs.example")],
            false,
            false,
        ),
        (
            "named by the portal",
            vec![("Remote-User", "marie.durand")],
            true,
            false,
        ),
        (
            "a technician by the portal",
            vec![("Remote-User", "camille.martin")],
            true,
            true,
        ),
        (
            "signed in",
            vec![("Cookie", camille.cookie.as_str())],
            true,
            true,
        ),
        (
            "with an invented cookie",
            vec![("Cookie", "guichet=0123")],
            false,
            false,
        ),
    ] {
        let get = async |path: &str| http::request(desk.address, "GET", path, &headers).await;
        let list = get("/articles").await.text();
        for ((slug, words, typed), may) in [(INTERNAL, inside), (TECHNICIANS, technician)] {
            let link = format!("href=\"/articles/a/interne/{slug}\"");
            assert_eq!(list.contains(&link), may, "{who}: list, {slug}");
            let marked = format!("{slug}\"");
            let entry = list
                .split(&marked)
                .nth(1)
                .and_then(|rest| rest.split("</li>").next());
            assert!(
                entry.is_none_or(|entry| entry.contains("class=\"only\"")),
                "{slug}"
            );
            let found = get(&format!("/articles/recherche?q={words}")).await.text();
            assert_eq!(found.contains(&link), may, "{who}: search, {slug}");
            let article = get(&format!("/articles/a/interne/{slug}")).await;
            assert_eq!(article.status == 200, may, "{who}: {slug}");
            let mut same = vec![("Sec-Fetch-Site", "same-origin")];
            same.extend(&headers);
            let body = http::encoded(&[("titre", typed)]);
            let offered = http::post(
                desk.address,
                "/articles/proposes",
                &same,
                http::FORM,
                body.as_bytes(),
            )
            .await;
            assert_eq!(offered.text().contains(slug), may, "{who}: offered, {slug}");
        }
    }
    // The colleague who leaves is a reader like any other.
    let ended = desk
        .service
        .store()
        .end_sessions(Revoked::Everybody, desk.now());
    ended.await.expect("ended");
    let path = "/articles/a/interne/serveurs-impression";
    assert_eq!(camille.get(&desk, path).await.status, 404);
}

/// A name that is not there, or not for this reader, is counted nowhere.
#[tokio::test]
async fn only_what_may_be_read_is_counted() {
    let (desk, _folder) = desk().await;
    for slug in [
        "rien",
        "interne/accueil-nouvel-arrivant",
        "comptes/mot-de-passe",
    ] {
        get(&desk, &format!("/articles/a/{slug}")).await;
    }
    readers::flush(&desk.service).await;
    let counts = desk
        .service
        .store()
        .article_counts(None)
        .await
        .expect("counts");
    assert_eq!(counts.keys().collect::<Vec<_>>(), ["comptes/mot-de-passe"]);
}

/// Who asks from an address of ours to be answered elsewhere is answered with what is for everybody.
#[tokio::test]
async fn what_is_internal_does_not_follow_an_answer_outside() {
    let (mut desk, _folder) = desk().await;
    let subject = crate::desk::encoded("Arrivée d'un collègue : création de compte");
    let headers = format!(
        "From: Marie Durand <{MARIE}>\nReply-To: marie@ailleurs.example\nTo: support@example.org\nSubject: {subject}"
    );
    desk.mail(&headers, "Bonjour, que faut-il faire ?", &[])
        .await;
    assert!(!desk.was_told(MARIE));
    let told = desk.latest("marie@ailleurs.example").text.clone();
    assert!(!told.contains("/articles/"), "{told}");
    let link = desk.link("marie@ailleurs.example");
    for (slug, status) in [
        ("interne/accueil-nouvel-arrivant", 404),
        ("comptes/mot-de-passe", 200),
    ] {
        let answer = get(&desk, &format!("{link}/articles/{slug}")).await;
        assert_eq!(answer.status, status, "{slug}");
    }
}
