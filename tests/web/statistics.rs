//! Figures of a small log, computed by hand: on the page, as CSV, on the command line.

use std::sync::Arc;

use chrono::Duration;
use guichet::desk::Deed;
use guichet::service::statistics as station;
use guichet::statistics::{Figures, Question, Spread};
use guichet::ticket::{Marks, What};
use tokio::process::Command;

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::staff::Browser;

const PAUL: &str = "paul.petit@example.org";
const ZOE: &str = "zoe.leger@example.org";

async fn request(desk: &mut Desk, name: &str, address: &str, subject: &str) {
    let headers = format!("From: {name} <{address}>\nTo: support@example.org\nSubject: {subject}");
    desk.mail(&headers, "Bonjour, voir l'objet.", &[]).await;
}

/// Two days of three tickets; the desk is there from 8 to 18. It is Monday, half past nine.
async fn two_days() -> Desk {
    let mut desk = Desk::open().await;
    let hour = Duration::hours(1);
    request(&mut desk, "Marie Durand", MARIE, "Badge parking refuse").await;
    desk.wait(hour); // 10:30, the first answer to 1 after 60 minutes
    desk.reply("Camille Martin", CAMILLE, "Bonjour, on regarde.")
        .await;
    request(
        &mut desk,
        "Paul Petit",
        PAUL,
        "URGENT badge parking en panne",
    )
    .await;
    desk.wait(hour); // 11:30, the first answer to 2 after 60 minutes; it waits for Paul
    desk.reply("Camille Martin", CAMILLE, "#attente\n\nQuel parking ?")
        .await;
    desk.wait(hour * 2); // 13:30, he answers after 120 minutes
    desk.reply("Paul Petit", PAUL, "Celui du nord.").await;
    desk.wait(hour); // 14:30, 2 is resolved after 240 minutes, 120 of them open
    let words = "#declasser un seul badge\n#resolu\n\nLe badge est change.";
    desk.reply("Camille Martin", CAMILLE, words).await;
    request(&mut desk, "Zoe Leger", ZOE, "Badge parking perdu").await;
    desk.wait(hour * 19); // Tuesday 9:30, 1 is resolved after 510 + 90 minutes
    desk.operate(Deed::Resolve(Some("Badge regle.".to_owned())))
        .await;
    desk.wait(hour); // 10:30, and refused
    desk.reply(
        "Marie Durand",
        MARIE,
        "Non, le badge ne marche toujours pas.",
    )
    .await;
    desk.wait(hour); // 11:30, and resolved for good: 510 + 210 minutes, 60 of them done already
    desk.operate(Deed::Resolve(Some("Borne reparee.".to_owned())))
        .await;
    let marks = Marks::new(4, 5).expect("good marks");
    let comment = None;
    desk.event(What::Rated { marks, comment }, true).await;
    desk
}

async fn figures(desk: &Desk) -> Figures {
    let rules = desk.service.rules();
    let (store, policy) = (desk.service.store(), &rules.policy);
    let day = |text: &str| text.parse().expect("a day");
    let question = Question {
        from: day("2026-11-23"),
        to: day("2026-11-24"),
        teams: vec!["dsi".to_owned(), "c5".to_owned()],
        individuals: true,
    };
    // Whoever looks before the desk has counted, with its rules or others, sees the same and keeps
    // nothing: the desk finds its work as it was.
    let shared = Arc::new(policy.clone());
    let now = station::figures_now(store, &shared, &question).await;
    desk.count().await;
    let figures = station::figures(store, policy, &question).await;
    let figures = figures.expect("drawn up");
    assert_eq!(now.expect("drawn up"), figures);
    let mut other = policy.clone();
    other.timezone = guichet::zone::Zone::named("Asia/Tokyo").expect("a zone");
    assert_ne!(
        guichet::statistics::rules(&other),
        guichet::statistics::rules(policy)
    );
    let elsewhere = station::figures_now(store, &Arc::new(other), &question).await;
    elsewhere.expect("drawn up");
    assert_eq!(
        station::once(&desk.service).await.expect("nothing to do"),
        0
    );
    figures
}

fn spread(n: usize, median: u32, p90: u32) -> Spread {
    Spread {
        n,
        median: Some(median),
        p90: Some(p90),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_those_that_a_hand_computes() {
    let desk = two_days().await;
    let figures = figures(&desk).await;
    assert_eq!((figures.opened, figures.resolved), (3, 2));
    assert_eq!(figures.first_answer, spread(2, 60, 60));
    assert_eq!(figures.resolution, spread(2, 240, 720));
    let [open, requester, third_party, paused] = figures.spent;
    assert_eq!(open, spread(2, 120, 660));
    assert_eq!(requester, spread(1, 120, 120));
    assert_eq!((third_party.n, paused.n), (0, 0));
    assert_eq!(
        (figures.reopened, figures.refused, figures.refusals),
        (1, 1, 1)
    );
    assert_eq!(figures.judged, [(None, [3, 1, 1])], "no service is known");
    assert_eq!((figures.recategorised, figures.services.len()), (0, 1));
    assert_eq!(figures.claims, [1, 0, 1, 0]);
    assert_eq!(figures.channels, [3, 0, 0, 0]);
    assert_eq!(figures.marks[0].counts, [0, 0, 0, 1, 0]);
    assert_eq!(figures.marks[1].mean(), Some(5.0));
    let volume: Vec<Vec<usize>> = figures
        .days
        .iter()
        .map(|(_, counts)| counts.clone())
        .collect();
    assert_eq!(volume, [[3, 0], [0, 0]]);
    let proposals: Vec<(&str, usize)> = figures
        .proposals
        .iter()
        .map(|proposal| (proposal.words.as_str(), proposal.tickets))
        .collect();
    assert_eq!(proposals, [("badge parking", 3)]);
    assert_eq!(figures.technicians, Some(Vec::new()), "never below five");
}

#[tokio::test(flavor = "multi_thread")]
async fn page_file_and_command_line_say_the_same() {
    let mut desk = two_days().await;
    figures(&desk).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let period = "from=2026-11-23&to=2026-11-24";
    let page = camille
        .page(&desk, &format!("/desk/statistics?{period}"))
        .await;
    for shown in [
        "<th scope=\"row\" role=\"rowheader\">Résolution</th>",
        ":</span> 4 h 00</td>",
        ":</span> 12 h 00</td>",
        "dont en attente du demandeur</th>",
        ":</span> 2 h 00</td>",
        "badge parking</th><td role=\"cell\">3</td>",
        "<svg class=\"chart\"",
        "réservés aux responsables",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(
        !page.contains("style="),
        "the policy of the page refuses that"
    );

    let path = format!("/desk/statistics.csv?{period}&table=times");
    let file = camille.get(&desk, &path).await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let text = file.text();
    assert!(text.contains("\r\nRésolution,2,240,720\r\n"), "{text}");
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"times-2026-11-23-2026-11-24.csv\""
    );
    // A French Excel takes it as it is: its separator, its name, the unit of its times.
    let excel = camille.get(&desk, &format!("{path}&excel=1")).await;
    assert_eq!(
        excel.header("content-disposition"),
        "attachment; filename=\"statistiques-delais-en-heures-ouvrees-2026-11-23-2026-11-24.csv\""
    );
    let text = excel.text();
    assert!(text.starts_with('\u{feff}'), "{text}");
    assert!(text.contains("\"Médiane (minutes)\""), "{text}");
    assert!(text.contains("\r\n\"Résolution\";2;240;720\r\n"), "{text}");
    let marks = format!("/desk/statistics.csv?{period}&table=marks&excel=1");
    let text = camille.get(&desk, &marks).await.text();
    assert!(text.contains("\"Réponses\";1;\"5,00\";"), "{text}");
    let english = camille.get(&desk, &format!("{marks}&lang=en")).await;
    assert!(
        english.text().contains("\"Answers\",1,5.00,"),
        "{}",
        english.text()
    );

    let said = Command::new(env!("CARGO_BIN_EXE_guichet"))
        .arg("--config")
        .arg(desk.config())
        .args(["statistics", "--from", "2026-11-23", "--to", "2026-11-24"])
        .args(["--team", "dsi", "--csv", "--table", "times"])
        .output()
        .await
        .expect("it runs");
    let said = String::from_utf8(said.stdout).expect("UTF-8");
    assert!(said.contains("\r\nResolution,2,240,720\r\n"), "{said}");
    // What is asked wrongly is put right, and said.
    let wrong = camille
        .page(&desk, "/desk/statistics?from=2026-12-01&to=2020-01-01")
        .await;
    assert!(wrong.contains("doit précéder le dernier"), "{wrong}");
}

/// Row N4: how often the category that was chosen was the wrong one; to find the first one is no mistake.
#[tokio::test(flavor = "multi_thread")]
async fn a_category_that_was_put_right_counts() {
    let mut desk = Desk::open().await;
    desk.request("Badge", "Il ne marche plus.", &[]).await;
    for (category, wrong) in [("reseau", 0), ("badges", 1), ("poste", 1)] {
        let classified = What::Classified {
            nature: guichet::ticket::Nature::Incident,
            category: Some(category.to_owned()),
            why: "mieux".to_owned(),
        };
        desk.event(classified, true).await;
        assert_eq!(figures(&desk).await.recategorised, wrong, "{category}");
    }
}

/// Row N2: what comes again within a category, beside the words that it is known by.
#[tokio::test(flavor = "multi_thread")]
async fn subjects_that_come_again_are_counted_in_their_category() {
    let tables =
        "[[categories]]\nid = \"impression\"\nname = \"Imprimantes\"\nwords = [\"imprimante\"]\n";
    let mut desk = Desk::open_with(tables).await;
    request(&mut desk, "Marie Durand", MARIE, "Imprimante hors ligne").await;
    request(&mut desk, "Paul Petit", PAUL, "Une imprimante hors ligne").await;
    request(&mut desk, "Zoe Leger", ZOE, "Imprimante du hall hors ligne").await;
    request(&mut desk, "Zoe Leger", ZOE, "Imprimante : bourrage").await;
    let figures = figures(&desk).await;
    let [subject] = &figures.subjects[..] else {
        panic!("one subject: {:?}", figures.subjects);
    };
    assert_eq!(
        (&*subject.category, &*subject.words, subject.tickets),
        ("Imprimantes", "hors ligne", 3)
    );
    assert!(figures.proposals.is_empty(), "they have a category");
    let said = guichet::statistics::sections(&figures, "fr").into_iter();
    let rows = said.filter(|section| section.title == "Sujets qui reviennent");
    let rows: Vec<String> = rows
        .flat_map(|section| section.rows)
        .map(|row| format!("{} : {}", row.label, row.value))
        .collect();
    assert_eq!(rows, ["Imprimantes – hors ligne : 3 demandes"]);
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let period = "from=2026-11-23&to=2026-11-24";
    let page = camille
        .page(&desk, &format!("/desk/statistics?{period}&lang=en"))
        .await;
    assert!(page.contains("Subjects that come again"), "{page}");
    let table = format!("/desk/statistics.csv?{period}&table=subjects");
    let text = camille.get(&desk, &table).await.text();
    assert!(text.contains("\r\nhors ligne,Imprimantes,3\r\n"), "{text}");
}

/// Row N2: beside words, what recurs is where people are and what they name.
#[tokio::test(flavor = "multi_thread")]
async fn sites_and_applications_are_counted() {
    let people = "mail;nom;site\nmarie.durand@example.org;Marie Durand;Campus 2\npaul.petit@example.org;Paul Petit;IUT de Caen\n";
    let tables = "[[categories]]\nid = \"salle\"\nname = \"Salle\"\n\
        [[categories.questions]]\nlabel = \"Site concerné\"\nkind = \"choice\"\n\
        choices = [\"Campus 1\", \"=2+3\"]\n";
    let habits = "applications = [\"Apogée\", \"Moodle\"]";
    let mut desk = Desk::open_as(people, habits, tables).await;
    request(&mut desk, "Marie Durand", MARIE, "Apogee ne repond plus").await;
    request(&mut desk, "Paul Petit", PAUL, "Cours absents de Moodle").await;
    request(&mut desk, "Zoe Leger", ZOE, "Ecran noir").await;
    // What the form asked is where the trouble is; words that only look like its answer are words.
    let text = "Moodle et Apogée affichent une erreur.\n\nSite concerné\u{a0}: Campus 1";
    desk.form_in(Some("salle"), "Salle 12", text).await;
    desk.form("Projecteur en panne", "Site concerné\u{a0}: Campus 1")
        .await;
    let figures = figures(&desk).await;
    let named = |counted: &[guichet::statistics::Compared]| {
        let counted = counted.iter();
        counted
            .map(|one| (one.name.clone().unwrap_or_default(), one.tickets))
            .collect::<Vec<_>>()
    };
    let pairs = |pairs: &[(&str, usize)]| {
        let pairs = pairs.iter();
        pairs
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        named(&figures.sites),
        pairs(&[
            ("Campus 2", 2),
            ("", 1),
            ("Campus 1", 1),
            ("IUT de Caen", 1)
        ])
    );
    assert_eq!(
        named(&figures.applications),
        pairs(&[("Apogée", 2), ("Moodle", 2)])
    );
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let period = "from=2026-11-23&to=2026-11-24";
    let page = camille
        .page(&desk, &format!("/desk/statistics?{period}"))
        .await;
    for shown in [
        "Par site",
        "Campus 2</th><td role=\"cell\"><span class=\"column\" aria-hidden=\"true\">Demandes&nbsp;:</span> 2</td>",
        "Site inconnu</th><td role=\"cell\"><span class=\"column\" aria-hidden=\"true\">Demandes&nbsp;:</span> 1</td>",
        "Par application",
        "Moodle</th><td role=\"cell\"><span class=\"column\" aria-hidden=\"true\">Demandes&nbsp;:</span> 2</td>",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let sites = format!("/desk/statistics.csv?{period}&table=sites");
    let text = camille.get(&desk, &sites).await.text();
    assert!(text.contains("\r\nCampus 2,2,0\r\n"), "{text}");
    // Another directory or other names: all is counted anew.
    let rules = desk.service.rules();
    let mut fewer = rules.policy.clone();
    fewer.applications.clear();
    assert_ne!(
        guichet::statistics::rules(&fewer),
        guichet::statistics::rules(&rules.policy)
    );
    fewer.clone_from(&rules.policy);
    fewer.directory = Arc::default();
    assert_ne!(
        guichet::statistics::rules(&fewer),
        guichet::statistics::rules(&rules.policy)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_counts_nobody_says_so() {
    let mut desk = Desk::open_as("mail\n", "individual_statistics = false", "").await;
    desk.request("Badge", "Il ne marche plus.", &[]).await;
    desk.count().await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let page = camille.page(&desk, "/desk/statistics").await;
    assert!(
        page.contains("Ce service n’affiche aucun chiffre par technicien."),
        "{page}"
    );
    assert!(!page.contains("réservés aux responsables"), "{page}");
    let english = camille.page(&desk, "/desk/statistics?lang=en").await;
    assert!(
        english.contains("This desk shows no figures of single technicians."),
        "{english}"
    );
}
