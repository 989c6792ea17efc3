//! The knowledge base against its example folder: what is read, found, offered and refused.

use std::path::{Path, PathBuf};

use guichet::config::{Config, Settings};
use guichet::knowledge::{Audience, WORTH_OFFERING};
use guichet::service::knowledge::Knowledge;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/knowledge")
}

/// Settings of a desk whose articles are in `folder`; the folder that holds its files lives as
/// long as the answer.
fn settings(folder: &Path) -> (Settings, tempfile::TempDir) {
    let place = tempfile::tempdir().expect("a folder");
    let text = format!(
        r#"
        base_url = "https://guichet.example.org"
        internal_domains = ["example.org"]
        [authentication]
        mode = "none"
        [smtp]
        maildir = "out"
        [[accounts]]
        name = "support"
        team = "dsi"
        maildir = "in"
        [[teams]]
        id = "dsi"
        name = "DSI"
        from = "support@example.org"
        [knowledge]
        folder = "{}"
        "#,
        folder.display()
    );
    let file = place.path().join("config.toml");
    std::fs::write(&file, text).expect("writable");
    let settings = Config::load(&file).unwrap_or_else(|problems| panic!("{problems}"));
    (settings, place)
}

fn knowledge(folder: &Path) -> Knowledge {
    let (settings, _place) = settings(folder);
    Knowledge::load(&settings).expect("an index")
}

fn found(knowledge: &Knowledge, text: &str, reader: Audience) -> Vec<String> {
    let (_, articles) = knowledge.search(text, "fr", reader).expect("an answer");
    articles
        .iter()
        .map(|article| article.slug.clone())
        .collect()
}

#[test]
fn the_examples_are_without_a_mistake() {
    let knowledge = knowledge(&examples());
    assert_eq!(knowledge.problems(), []);
    let articles = knowledge.library().articles();
    let of = |language: &str| {
        articles
            .iter()
            .filter(|article| article.language == language)
            .count()
    };
    assert!(of("fr") >= 10 && of("en") >= 2);
}

/// The first answer is the one that its author would give.
#[test]
fn people_find_what_they_look_for() {
    let knowledge = knowledge(&examples());
    for (text, first) in [
        ("mot de passe oublié", "comptes/mot-de-passe"),
        ("MOTS DE PASSE OUBLIES", "comptes/mot-de-passe"),
        ("réinitialisation mdp", "comptes/mot-de-passe"),
        ("reinitialisé", "comptes/mot-de-passe"),
        ("vpn", "reseau/vpn"),
        ("connexion à distance", "reseau/vpn"),
        ("erreur 809", "reseau/vpn"),
        ("eduroam", "reseau/wifi"),
        ("imprimantes bloquées", "impression/bourrage"),
        ("bourage papier", "impression/bourrage"),
        ("imprimamte", "impression/bourrage"),
        ("num", "impression/numeriser"),
        ("lecteurs réseaux disparus", "postes/lecteur-reseau"),
        ("compte verrouillé", "comptes/compte-bloque"),
        ("nouveau télépho", "comptes/double-authentification"),
        ("NP-2026-03", "notes/demandes-informatiques"),
        ("quota", "messagerie/boite-pleine"),
        ("forgotten password", "english/password"),
        ("wireless", "english/wifi"),
    ] {
        let found = found(&knowledge, text, Audience::Public);
        assert_eq!(
            found.first().map(String::as_str),
            Some(first),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn nobody_finds_what_is_not_for_him() {
    let knowledge = knowledge(&examples());
    for (text, slug, from) in [
        (
            "nouvel arrivant",
            "interne/accueil-nouvel-arrivant",
            Audience::Internal,
        ),
        (
            "spouleur cups",
            "interne/serveurs-impression",
            Audience::Technicians,
        ),
    ] {
        for reader in [Audience::Public, Audience::Internal, Audience::Technicians] {
            let slugs = found(&knowledge, text, reader);
            assert_eq!(
                slugs.iter().any(|found| found == slug),
                reader >= from,
                "{text}, {reader:?}"
            );
        }
    }
}

/// FTS5 has a language of its own; whatever is typed is words.
#[test]
fn no_question_is_an_error() {
    let knowledge = knowledge(&examples());
    let long = "mot ".repeat(100_000);
    let one = "x".repeat(1_000_000);
    for text in [
        "",
        " ",
        "\"",
        "\"\"",
        "'",
        "*",
        "vpn*",
        "vpn OR",
        "NOT vpn",
        "AND",
        "NEAR(vpn, 2)",
        "title:vpn",
        "{title}:vpn",
        "-vpn",
        "^vpn",
        "(vpn",
        "vpn)",
        "a\0b",
        "%",
        "'; DROP TABLE articles; --",
        "\u{202e}vpn",
        "日本語",
        "🖨",
        "é",
        "l'",
        "rowid",
        "bm25(articles)",
        "\\",
        "\u{301}\u{301}",
        &long,
        &one,
    ] {
        let answer = knowledge.search(text, "fr", Audience::Public);
        assert!(answer.is_ok(), "{text:.40}: {answer:?}");
        let (question, articles) = answer.expect("just looked");
        for article in articles {
            let (title, _) = knowledge.library().excerpt(article, &question);
            let whole: String = title.iter().map(|piece| piece.text.as_str()).collect();
            assert_eq!(whole, article.title);
        }
    }
}

/// Mails as people write them, and what may be offered: an offer that misses is worse than none.
#[test]
fn mails_are_offered_what_answers_them_and_nothing_else() {
    let knowledge = knowledge(&examples());
    for (subject, text, expected) in [
        (
            "Mot de passe oublié",
            "Bonjour,\nJ'ai oublié mon mot de passe, pouvez-vous me le redonner ?",
            Some("comptes/mot-de-passe"),
        ),
        ("mdp perdu", "svp", Some("comptes/mot-de-passe")),
        (
            "Mon mot de passe a expiré ce matin",
            "",
            Some("comptes/mot-de-passe"),
        ),
        (
            "VPN",
            "Bonjour, je n'arrive plus à me connecter au VPN depuis ce matin.",
            Some("reseau/vpn"),
        ),
        (
            "Impossible de me connecter au VPN en télétravail",
            "",
            Some("reseau/vpn"),
        ),
        (
            "Compte verrouillé",
            "Mon compte est verrouillé après trop d'essais.",
            Some("comptes/compte-bloque"),
        ),
        (
            "Nouveau téléphone",
            "J'ai changé de téléphone et je ne reçois plus le code de validation.",
            Some("comptes/double-authentification"),
        ),
        (
            "Bourrage papier imprimante 2e étage",
            "",
            Some("impression/bourrage"),
        ),
        (
            "connexion au wifi",
            "eduroam ne marche pas sur mon portable",
            Some("reseau/wifi"),
        ),
        (
            "Boîte aux lettres pleine",
            "je ne peux plus envoyer",
            Some("messagerie/boite-pleine"),
        ),
        (
            "lecteur réseau P disparu",
            "",
            Some("postes/lecteur-reseau"),
        ),
        (
            "Forgotten password",
            "Hello, I have forgotten my password.",
            Some("english/password"),
        ),
        (
            "Vidéoprojecteur de la salle B12",
            "Le vidéoprojecteur ne s'allume plus.",
            None,
        ),
        (
            "Écran noir",
            "Mon écran reste noir depuis ce matin, j'ai vérifié le câble.",
            None,
        ),
        (
            "Commande d'un ordinateur portable pour une doctorante",
            "Elle arrive le 5 janvier ; il lui faudra aussi le VPN et un compte.",
            None,
        ),
        (
            "Réservation de la salle du conseil",
            "Bonjour, la salle est-elle libre jeudi ?",
            None,
        ),
        ("Problème", "Bonjour, ça ne marche pas. Merci", None),
        (
            "Fuite d'eau au sous-sol",
            "Il y a de l'eau devant l'imprimante du sous-sol.",
            None,
        ),
        (
            "Logiciel de comptabilité lent",
            "Le logiciel met deux minutes à ouvrir un compte.",
            None,
        ),
        (
            "Facture téléphone",
            "Qui paie la facture du téléphone de l'accueil ?",
            None,
        ),
        ("", "", None),
        ("Re: réunion", "Un mot pour dire que je passe jeudi.", None),
        (
            "Droits sur le dossier partagé RH",
            "Pouvez-vous donner l'accès à Mme Petit ?",
            None,
        ),
        (
            "Changement de nom sur mon badge",
            "Je me suis mariée, merci de changer mon nom.",
            None,
        ),
    ] {
        let language = if subject.starts_with("Forgotten") {
            "en"
        } else {
            "fr"
        };
        let offered =
            knowledge
                .library()
                .offer(subject, text, language, Audience::Public, WORTH_OFFERING, 2);
        assert_eq!(
            offered.first().map(|offered| offered.slug.as_str()),
            expected,
            "{subject}: {:?}",
            knowledge
                .library()
                .offer(subject, text, language, Audience::Public, 1, 3)
        );
    }
}
