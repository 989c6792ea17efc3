//! The lists of the desk and its search: each technician's, and nobody else's.

use chrono::Duration;
use guichet::ticket::What;

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::staff::{Browser, KARIM, NADIA};

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_the_tickets_of_his_teams() {
    let mut desk = Desk::open().await;
    desk.request(
        "Plus d'accès à la scolarité",
        "Bonjour, plus rien ne marche.",
        &[],
    )
    .await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let nadia = Browser::sign_in(&mut desk, NADIA).await;

    let pool = camille.page(&desk, "/desk").await;
    assert!(
        pool.contains("Plus d&#39;accès à la scolarité")
            || pool.contains("Plus d'accès à la scolarité"),
        "{pool}"
    );
    assert!(
        pool.contains("Pot commun <span class=\"count\">2</span>"),
        "{pool}"
    );
    assert!(
        nadia
            .page(&desk, "/desk")
            .await
            .contains("le pot commun est vide")
    );

    let found = camille.page(&desk, "/desk?q=scolarite").await;
    assert!(
        found.contains("DSI-1") && !found.contains("DSI-2"),
        "{found}"
    );
    let by_requester = camille.page(&desk, &format!("/desk?q={MARIE}")).await;
    assert!(by_requester.contains("DSI-1") && by_requester.contains("DSI-2"));
    let nothing = nadia.page(&desk, "/desk?q=scolarite").await;
    assert!(!nothing.contains("DSI-1"), "{nothing}");
    // The filters beside the search hold for it as well.
    for (filters, found) in [
        ("view=all&status=open", true),
        ("view=all&status=closed", false),
        ("category=no-such-category", true),
        ("team=dsi", true),
    ] {
        let page = camille
            .page(&desk, &format!("/desk?q=ecran&{filters}"))
            .await;
        assert_eq!(page.contains("DSI-2"), found, "{filters}: {page}");
    }
    let number = camille.get(&desk, "/desk?q=dsi-2").await;
    assert_eq!((number.status, number.header("location")), (303, "/desk/2"));

    // A ticket of another team and none at all look the same.
    let foreign = nadia.get(&desk, "/desk/1").await;
    let none = nadia.get(&desk, "/desk/7").await;
    assert_eq!((foreign.status, none.status), (404, 404));
    assert_eq!(
        foreign.text().replace("«&nbsp;1", "«&nbsp;N"),
        none.text().replace("«&nbsp;7", "«&nbsp;N")
    );
    let page = nadia.page(&desk, "/desk").await;
    let act = nadia
        .press_on(&desk, &page, "/desk/1", &[("act", "take")])
        .await;
    assert_eq!(act.status, 404);
    assert_eq!(desk.ticket(1).await.technician, None);

    // Signed out, nobody sees anything.
    for path in [
        "/desk",
        "/desk/1",
        "/desk/statistics",
        "/desk/statistics.csv",
        "/desk/1/1/0/x",
    ] {
        assert_eq!(desk.get(path).await.status, 303, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_and_late_tickets_have_lists_of_their_own() {
    let mut desk = Desk::open().await;
    for number in 0..60 {
        desk.request(&format!("Poste {number} muet"), "Plus de son.", &[])
            .await;
        desk.wait(Duration::hours(80));
    }
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let first = camille.page(&desk, "/desk?view=late").await;
    assert_eq!(first.matches("<td role=\"cell\"><a").count(), 50);
    assert!(
        first.contains("En retard <span class=\"count\">6"),
        "{first}"
    );
    let next = first.split("rel=\"next\"").next().expect("a part");
    let next = next.rsplit("href=\"").next().expect("a link");
    let next = next
        .split('"')
        .next()
        .expect("its end")
        .replace("&amp;", "&");
    let second = camille.page(&desk, &next).await;
    let rest = second.matches("<td role=\"cell\"><a").count();
    assert!((9..=10).contains(&rest), "{rest}");
    assert!(first.contains("Poste 0 muet") && !second.contains("Poste 0 muet"));
    assert!(second.contains("Poste 57 muet") && !first.contains("Poste 57 muet"));
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    camille.press(&desk, "/desk/1", &[("act", "wait")]).await;
    let waiting = camille.page(&desk, "/desk?view=waiting").await;
    assert!(waiting.contains("Poste 0 muet"), "{waiting}");
    assert!(
        !camille
            .page(&desk, "/desk?view=late")
            .await
            .contains("Poste 0 muet")
    );
    assert!(
        camille
            .page(&desk, "/desk?view=mine")
            .await
            .contains("Poste 0 muet")
    );
}

/// A search and the list of all show what its reader may open: what his teams have or observe, and what
/// is his; an address finds what the same person wrote with another one.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_opened_is_found() {
    let people = "mail;nom;autres\nmarie.durand@example.org;Marie Durand;marie@perso.example.net\n";
    let mut desk = Desk::open_beside("annuaire.csv", people, "").await;
    let campus = "To: dsi.support.c5@example.org";
    let marie = format!("From: Marie Durand <{MARIE}>\n{campus}\nSubject: Vitrine du campus");
    desk.mail(&marie, "La vitrine reste noire.", &[]).await;
    let paul = format!("From: Paul <paul@example.org>\n{campus}\nSubject: Borne du hall");
    desk.mail(&paul, "La borne reste noire.", &[]).await;
    let own = "From: Marie <marie@perso.example.net>\nTo: support@example.org\nSubject: Chargeur";
    desk.mail(own, "Le chargeur manque.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let shown = async |desk: &Desk, path: &str| {
        let page = camille.page(desk, path).await;
        ["Vitrine", "Borne", "Chargeur"].map(|title| page.contains(title))
    };
    assert_eq!(shown(&desk, "/desk?q=noire").await, [false; 3]);
    assert_eq!(shown(&desk, "/desk?view=all").await, [false, false, true]);
    let observed = What::TeamObserves {
        team: "dsi".to_owned(),
    };
    desk.event(observed, true).await;
    assert_eq!(shown(&desk, "/desk?q=noire").await, [true, false, false]);
    for (list, vitrine) in [
        ("view=all", true),
        ("view=all&status=open", true),
        ("view=all&status=closed", false),
        ("view=all&category=no-such-category", true),
        ("view=pool", false),
    ] {
        let [seen, ..] = shown(&desk, &format!("/desk?{list}")).await;
        assert_eq!(seen, vitrine, "observed: {list}");
    }
    // Who is of both teams sees it once.
    let karim = Browser::sign_in(&mut desk, KARIM).await;
    let all = karim.page(&desk, "/desk?view=all").await;
    assert_eq!(all.matches("Vitrine du campus").count(), 1, "{all}");
    let by_address = format!("/desk?q={}", MARIE.replace('@', "%40"));
    assert_eq!(shown(&desk, &by_address).await, [true, false, true]);
    let hers = What::Assigned {
        technician: Some(guichet::mail::Address {
            name: Some("Camille Martin".to_owned()),
            address: CAMILLE.to_owned(),
        }),
    };
    desk.event(hers, true).await;
    assert_eq!(
        shown(&desk, "/desk?view=all").await,
        [true, false, true],
        "hers, wherever it is"
    );
    assert_eq!(
        shown(&desk, "/desk?q=reste+noire").await,
        [true, false, false]
    );
}
