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
    other.timezone = chrono_tz::Asia::Tokyo;
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
        "<th scope=\"row\">Résolution</th><td>2</td><td>4 h 00</td><td>12 h 00</td>",
        "<th scope=\"row\">dont en attente du demandeur</th><td>1</td><td>2 h 00</td>",
        "<th scope=\"row\">badge parking</th><td>3</td>",
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
    let marked = camille.get(&desk, &format!("{path}&bom=1")).await;
    assert!(marked.body.starts_with(b"\xEF\xBB\xBF"));

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
