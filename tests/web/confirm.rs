//! The word of whoever reads the mailbox: asked once, shown before it is given, and what is told when it
//! was (row I10).

use chrono::Duration;
use guichet::ticket::{Channel, Claim, Level, Nature, Part};

use crate::acting::number;
use crate::desk::{CAMILLE, MARIE};
use crate::http;
use crate::submit::{LEAST, choices, desk, flat, go_on, plain, post, send, tickets, typed, with};

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

/// The page says what the acknowledgement says: who has it, and whom to call when nobody is there.
#[tokio::test(flavor = "multi_thread")]
async fn who_confirms_is_told_which_service_has_it_and_whom_to_call() {
    for (hours, effect, called) in [
        (0, "stopped", false),
        (12, "stopped", true),
        (12, "hindered", false),
    ] {
        let mut desk = desk().await;
        desk.wait(Duration::hours(hours));
        let here = typed(&desk, &with(&[("effet", effect)]), &[]).await;
        go_on(&mut desk, &here).await;
        let link = desk.link(MARIE);
        let field = choices(&desk.get(&link).await.text());
        post(&mut desk, &link, Vec::new(), &[(&field[0], "envoyer")]).await;
        desk.settle().await;
        let page = plain(&desk.get(&link).await.text());
        let (head, body) = page.split_once("<main").expect("a page");
        for part in [head, body] {
            assert_eq!(part.matches("est envoyée").count(), 1, "said once\n{page}");
        }
        for words in [
            "<title>Votre demande est envoyée – ",
            "Référence : <strong>DSI-1</strong>",
            "Service : <strong>DSI – Support</strong>",
            "part à l’adresse marie.durand@example.org",
            "href=\"/t/",
        ] {
            assert!(page.contains(words), "{words}\n{page}");
        }
        let call = "appelez l’astreinte au <strong>02 31 00 00 00</strong>";
        assert_eq!(page.contains(call), called, "{hours} {effect}\n{page}");
        let told = flat(&desk.latest(MARIE).text);
        assert_eq!(told.contains("appelez l'astreinte"), called, "{told}");
    }
}

/// What goes on with an open request says so, and how to object.
#[tokio::test(flavor = "multi_thread")]
async fn who_repeats_a_request_is_told_that_it_joined() {
    let mut desk = desk().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    desk.wait(Duration::hours(12));
    let fields = [("effet", "stopped"), ("telephone", "06 11 22 33 44")];
    let here = typed(&desk, &with(&fields), &[]).await;
    go_on(&mut desk, &here).await;
    let link = desk.link(MARIE);
    let field = choices(&desk.get(&link).await.text());
    post(&mut desk, &link, Vec::new(), &[(&field[0], "envoyer")]).await;
    desk.settle().await;
    assert_eq!(tickets(&desk).await, 1);
    let page = plain(&desk.get(&link).await.text());
    for words in [
        "<h1>Votre demande a rejoint une demande en cours</h1>",
        "«\u{a0}Écran noir\u{a0}»",
        "C’était autre chose",
        "appelez l’astreinte au <strong>02 31 00 00 00</strong>",
    ] {
        let words = plain(words);
        assert!(page.contains(&words), "{words}\n{page}");
    }
    assert!(!page.contains("est envoyée"), "{page}");
    let ticket = desk.ticket(1).await;
    assert_eq!(
        (ticket.urgency, ticket.priority, ticket.claim),
        (Level::High, Level::High, Some(Claim::Confirmed))
    );
    assert_eq!(ticket.phone.as_deref(), Some("06 11 22 33 44"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_requests_each_is_named() {
    let mut desk = desk().await;
    for title in ["Écran noir", "Clavier muet"] {
        let here = typed(&desk, &with(&[("titre", title)]), &[]).await;
        go_on(&mut desk, &here).await;
        // The newest is first.
        desk.wait(Duration::minutes(1));
    }
    let link = desk.link(MARIE);
    let fields = choices(&desk.get(&link).await.text());
    post(&mut desk, &link, Vec::new(), &[(&fields[1], "envoyer")]).await;
    desk.settle().await;
    let page = plain(&desk.get(&link).await.text());
    for words in [
        "<h1>Une autre demande attend votre confirmation</h1>",
        "<h2>Votre demande est envoyée</h2>",
        "<strong>Écran noir</strong>",
        "id=\"demande-",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    post(&mut desk, &link, Vec::new(), &[(&fields[0], "envoyer")]).await;
    desk.settle().await;
    let page = plain(&desk.get(&link).await.text());
    for words in [
        "<h1>Vos demandes sont envoyées</h1>",
        "<strong>Écran noir</strong>",
        "<strong>Clavier muet</strong>",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
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
