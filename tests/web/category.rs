//! A wrong category costs nothing (N4): where many are offered, what is typed and attached goes along to
//! another one; and an entry of the catalogue asks its own questions alone.

use crate::acting::number;
use crate::desk::{Desk, MARIE};
use crate::http::Answer;
use crate::submit::{plain, send, typed};

/// More than fit on one page: one is chosen first.
async fn desk() -> Desk {
    let mut tables = String::new();
    for (id, name, nature) in [
        ("poste", "Poste de travail", "incident"),
        ("reseau", "Réseau", "incident"),
        ("mel", "Messagerie", "incident"),
        ("appli", "Application", "incident"),
        ("salle", "Salle", "incident"),
        ("imprimante", "Imprimante", "incident"),
        ("pret", "Prêt d'un portable", "request"),
        ("achat", "Achat", "request"),
    ] {
        tables.push_str(&format!(
            "[[categories]]\nid = \"{id}\"\nname = \"{name}\"\ntype = \"{nature}\"\n"
        ));
        if matches!(id, "pret" | "achat") {
            tables.push_str(&format!(
                "[[categories.questions]]\nlabel = \"Modèle pour {id}\"\n\
                 [[categories.questions]]\nlabel = \"Bâtiment\"\n"
            ));
        }
    }
    Desk::open_with(&tables).await
}

async fn page(desk: &Desk, path: &str) -> Answer {
    desk.get(path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_category_takes_along_what_is_typed_and_attached() {
    let desk = desk().await;
    let file: [(&str, &str, &[u8]); 1] = [("devis.txt", "text/plain", b"abc")];
    let fields = [
        ("categorie", "pret"),
        ("titre", "Un portable pour le jury"),
        ("details", ""),
        ("q-pret-0", "14 pouces"),
        ("q-pret-1", "Bâtiment C"),
        ("telephone", "02 31 00 00 00"),
        ("autre", "1"),
    ];
    let answer = send(&desk, &fields, &file).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let choice = answer.header("location").to_owned();
    let shown = plain(&page(&desk, &choice).await.text());
    for words in [
        "Réseau",
        "Ce que vous avez saisi et vos fichiers sont gardés.",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    let kept = shown
        .split("name=\"brouillon\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("the request goes along")
        .to_owned();

    // Nothing chosen: said beside the choice, and nothing is lost.
    let none = page(&desk, &format!("/demande?brouillon={kept}&choix=fait")).await;
    assert_eq!(none.status, 422);
    let shown = plain(&none.text());
    assert!(shown.contains("id=\"categorie-error\""), "{shown}");
    assert!(shown.contains(&kept), "{shown}");

    let chosen = format!("/demande?brouillon={kept}&choix=fait&categorie=achat");
    let chosen = page(&desk, &chosen).await;
    assert_eq!(chosen.status, 200);
    let shown = plain(&chosen.text());
    for words in [
        "value=\"Un portable pour le jury\"",
        "value=\"Bâtiment C\"",
        "value=\"02 31 00 00 00\"",
        "Retirer devis.txt",
        "value=\"achat\" data-nature=\"request\" data-any-team checked",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    assert!(!shown.contains("14 pouces"), "another question's answer");

    // Sent from there, it is one request with its file.
    let number = number(&shown);
    assert_eq!(number, kept);
    let fields = [
        ("number", &*number),
        ("categorie", "achat"),
        ("titre", "Un portable pour le jury"),
        ("details", "Pour lundi."),
        ("q-achat-1", "Bâtiment C"),
        ("nom", "Marie Durand"),
        ("adresse", MARIE),
    ];
    let here = typed(&desk, &fields, &[]).await;
    let shown = plain(&page(&desk, &here).await.text());
    for words in ["Achat", "devis.txt", "Pour lundi.", "Marie Durand"] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn going_on_without_a_choice_is_said_beside_it() {
    let desk = desk().await;
    let first = page(&desk, "/demande").await;
    assert_eq!(first.status, 200);
    assert!(!first.text().contains("categorie-error"));
    let none = page(&desk, "/demande?choix=fait").await;
    assert_eq!(none.status, 422);
    let shown = plain(&none.text());
    assert!(shown.contains("À corriger"), "{shown}");
    assert!(shown.contains("id=\"categorie-error\""), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_the_catalogue_stops_nothing() {
    let desk = desk().await;
    let shown = plain(&page(&desk, "/demande?categorie=pret").await.text());
    assert!(
        shown.contains("De quoi avez-vous besoin, pour quand ?"),
        "{shown}"
    );
    // What a breakdown was said to stop is no urgency of a request.
    let fields = [
        ("categorie", "pret"),
        ("titre", "Un portable"),
        ("details", "Pour lundi."),
        ("effet", "everybody"),
        ("adresse", MARIE),
    ];
    let here = typed(&desk, &fields, &[]).await;
    let shown = plain(&page(&desk, &here).await.text());
    assert!(!shown.contains("Conséquence"), "{shown}");
    assert!(!shown.contains("Urgence"), "{shown}");
}
