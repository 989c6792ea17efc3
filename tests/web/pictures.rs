//! Takes the pictures of the page for `docs/screenshots`.
//!
//! `cargo test --test web -- --ignored` takes them anew; look at them before committing, made small with
//! `pngquant --force --ext .png --strip --speed 1 --nofs 48 docs/screenshots/*.png`.

use std::path::Path;

use chrono::Duration;

use crate::browser::chromium;
use crate::desk::{Attached, CAMILLE, Desk, MARIE};
use crate::http;
use crate::submit::{choices, go_on, post, typed};
use crate::technician::signed_in;

/// Whose desk it is, and its addresses.
const INSTITUTION: &str = r##"institution = "Université d'Exemple"
[[addresses]]
pattern = "assistance@example.org"
team = "dsi"
about = "Toutes les demandes d'assistance informatique"
recommended = true
[[addresses]]
pattern = "scolarite.*@example.org"
team = "dsi"
about = "Scolarité : remplacez l'étoile par le nom de votre composante"
"##;

/// Takes a picture of a page, and gives it.
async fn screenshot(desk: &Desk, path: &str, options: &[&str], size: &str, to: &Path) -> Vec<u8> {
    let target = format!("--screenshot={}", to.display());
    let size = format!("--window-size={size}");
    let mut arguments = vec![target.as_str(), size.as_str(), "--hide-scrollbars"];
    arguments.extend(options);
    let url = format!("http://{}{path}", desk.address);
    let output = chromium(&arguments, &url).await;
    std::fs::read(to).unwrap_or_else(|error| {
        panic!(
            "no picture ({error}): {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "writes the pictures of the documentation"]
async fn take_the_pictures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots");
    std::fs::create_dir_all(&folder).expect("writable");
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let dark = ["--blink-settings=preferredColorScheme=0"];
    let light = ["--blink-settings=preferredColorScheme=1"];

    let mut desk = Desk::open_with(INSTITUTION).await;
    for (path, look, size, name) in [
        ("/?lang=fr", &light, "360,800", "accueil-telephone.png"),
        ("/?lang=en", &dark, "1000,760", "home-dark.png"),
        ("/aide?lang=fr", &light, "1000,1500", "aide.png"),
        (
            "/accessibilite?lang=fr",
            &dark,
            "1000,1000",
            "accessibilite-sombre.png",
        ),
        (
            "/t/x?lang=fr",
            &light,
            "360,700",
            "lien-inconnu-telephone.png",
        ),
    ] {
        screenshot(&desk, path, look, size, &folder.join(name)).await;
    }
    let shot = screenshot(
        &desk,
        "/?lang=fr",
        &light,
        "900,500",
        &scratch.path().join("x.png"),
    )
    .await;
    desk.request(
        "Impossible d'imprimer depuis l'amphi Poincaré : la file « campus5-recto-verso-couleur » affiche « hors ligne » depuis la mise à jour de vendredi",
        "Bonjour,\n\ndepuis vendredi la file d'impression de l'amphi reste hors ligne, sur le poste fixe\ncomme sur mon portable. Je joins une capture de l'écran.\n\nJ'ai cours tous les matins à 8 h : un dépannage avant mercredi m'aiderait beaucoup.\n\n-- \nMarie Durand\nUFR Sciences, bureau S3-214\nPoste 5512\n",
        &[Attached { name: "capture d'écran.png", kind: "image/png", bytes: &shot }],
    )
    .await;
    desk.wait(Duration::hours(1));
    desk.reply("Camille Martin", CAMILLE, "#prendre").await;
    desk.wait(Duration::minutes(20));
    desk.reply("Camille Martin", CAMILLE, "Bonjour Marie,\n\nquelle adresse l'imprimante affiche-t-elle dans son menu Réseau ?\n\nCamille\n\n#attente").await;
    desk.wait(Duration::days(1));
    let link = desk.link(MARIE);
    screenshot(
        &desk,
        &link,
        &light,
        "360,1100",
        &folder.join("demande-telephone.png"),
    )
    .await;
    desk.reply("Marie Durand", MARIE, "Elle affiche 0.0.0.0.\n\nLe lun. 23 nov. 2026 à 10:50, DSI – Support <support@example.org> a écrit :\n> Bonjour Marie,\n> quelle adresse l'imprimante affiche-t-elle ?\n").await;
    desk.reply(
        "Camille Martin",
        CAMILLE,
        "#resolu\n\nLe câble réseau était débranché derrière le meuble ; c'est rétabli.\n\nCamille",
    )
    .await;
    desk.wait(Duration::days(1));
    screenshot(
        &desk,
        &link,
        &light,
        "1280,1400",
        &folder.join("demande-resolue.png"),
    )
    .await;
    screenshot(
        &desk,
        &link,
        &dark,
        "1280,900",
        &folder.join("demande-resolue-sombre.png"),
    )
    .await;
    http::submit(
        desk.address,
        &format!("{link}/noter"),
        &[("duree", "2"), ("reponses", "4")],
    )
    .await;
    screenshot(
        &desk,
        &link,
        &dark,
        "360,1500",
        &folder.join("note-basse-telephone-sombre.png"),
    )
    .await;

    let mut desk = Desk::open().await;
    desk.request(
        "The projector in room C5-112 does not start",
        "Hello,\n\nthe projector has not been working since this morning and I have a lecture at noon. Could somebody please have a look?\n\nThank you,\nMarie\n",
        &[],
    )
    .await;
    let link = desk.link(MARIE);
    screenshot(
        &desk,
        &link,
        &dark,
        "360,800",
        &folder.join("request-phone-dark.png"),
    )
    .await;
    screenshot(
        &desk,
        &link,
        &light,
        "1280,900",
        &folder.join("request.png"),
    )
    .await;
    of_the_form(&folder, &light).await;
    of_the_desk(&folder).await;
}

/// The categories of the example configuration, for the teams of this desk.
fn categories() -> String {
    let example = include_str!("../../config.toml");
    let mut example: toml::Table = example.parse().expect("TOML");
    let mut categories = example.remove("categories").expect("some");
    for category in categories.as_array_mut().expect("a list") {
        category.as_table_mut().expect("a table").remove("team");
    }
    toml::Table::from_iter([("categories".to_owned(), categories)]).to_string()
}

/// Before a request is one: the articles, the form, and what is said when it was sent.
async fn of_the_form(folder: &Path, look: &[&str]) {
    let articles = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/knowledge");
    let tables = format!(
        "{INSTITUTION}\n{}\n[knowledge]\nfolder = \"{}\"",
        categories(),
        articles.display()
    );
    let mut desk = Desk::open_with(&tables).await;
    for (path, size, name) in [
        ("/articles?lang=fr", "1000,1000", "base-de-connaissance.png"),
        ("/demande?lang=fr", "1000,1100", "formulaire.png"),
    ] {
        screenshot(&desk, path, look, size, &folder.join(name)).await;
    }
    // In the evening.
    desk.wait(Duration::hours(12));
    let fields = [
        ("categorie", "-"),
        ("titre", "Écran noir"),
        ("details", "Rien ne s'affiche."),
        ("effet", "stopped"),
        ("adresse", MARIE),
    ];
    let here = typed(&desk, &fields, &[]).await;
    go_on(&mut desk, &here).await;
    let link = desk.link(MARIE);
    let field = choices(&desk.get(&link).await.text());
    post(&mut desk, &link, Vec::new(), &[(&field[0], "envoyer")]).await;
    desk.settle().await;
    let (link, to) = (
        format!("{link}?lang=fr"),
        folder.join("demande-envoyee-telephone.png"),
    );
    screenshot(&desk, &link, look, "360,700", &to).await;
}

/// What technicians see: of a desk with a few tickets, in a browser that is signed in.
async fn of_the_desk(folder: &Path) {
    let mut desk = Desk::open_with(INSTITUTION).await;
    for (subject, body, hours) in [
        (
            "URGENT écran noir au guichet d'accueil",
            "L'écran reste noir, plus personne ne peut être reçu.",
            20,
        ),
        (
            "Plus de son en salle B204",
            "Les haut-parleurs sont muets depuis ce matin.",
            5,
        ),
        (
            "Accès à la scolarité pour une nouvelle collègue",
            "Jeanne Dupont arrive lundi.",
            30,
        ),
        (
            "Imprimante du deuxième hors ligne",
            "Elle affiche « hors ligne ».",
            3,
        ),
    ] {
        desk.request(subject, body, &[]).await;
        desk.wait(Duration::hours(hours));
    }
    desk.reply("Camille Martin", CAMILLE, "#prendre").await;
    desk.wait(Duration::minutes(30));
    desk.reply(
        "Marie Durand",
        MARIE,
        "Elle est de nouveau en ligne, puis retombe.\n\nMarie",
    )
    .await;
    desk.wait(Duration::minutes(10));
    let note = "#note\n\nMême panne qu'en octobre : voir le commutateur du deuxième.";
    desk.reply("Camille Martin", CAMILLE, note).await;
    desk.count().await;
    let mut chrome = signed_in(&mut desk, CAMILLE).await;
    for (path, width, scheme, name) in [
        ("/desk", 1280, "light", "bureau-liste"),
        ("/desk", 360, "dark", "bureau-liste-telephone-sombre"),
        ("/desk/4", 1280, "light", "bureau-ticket"),
        ("/desk/4", 360, "light", "bureau-ticket-telephone"),
        ("/desk/statistics", 1280, "light", "statistiques"),
    ] {
        chrome.colours(scheme).await;
        chrome.size(width, 900).await;
        chrome.go(&format!("http://{}{path}", desk.address)).await;
        let bytes = chrome.picture().await;
        std::fs::write(folder.join(format!("{name}.png")), bytes).expect("written");
    }
}
