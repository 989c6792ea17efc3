//! The form under those who send too much, too large, too often or too slowly: they are told so, and
//! nobody else notices.

use std::time::Duration as Real;

use chrono::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::acting::number;
use crate::desk::{Desk, MARIE};
use crate::http::{self, Answer, encoded, multipart};
use crate::submit::CATEGORIES;

const PROXY: &str = "trusted_proxies = [\"127.0.0.1\"]\n";

/// Somebody's browser, as a proxy of ours tells of it.
fn from(address: &str) -> [(&str, &str); 2] {
    [
        ("Sec-Fetch-Site", "same-origin"),
        ("X-Forwarded-For", address),
    ]
}

fn fields<'a>(number: &'a str, address: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("number", number),
        ("categorie", "poste"),
        ("titre", "Écran noir"),
        ("details", "Rien ne s'affiche."),
        ("effet", "hindered"),
        ("adresse", address),
    ]
}

async fn typed(desk: &Desk, client: &str, address: &str, files: &[(&str, &str, &[u8])]) -> Answer {
    let number = number(&desk.get("/demande").await.text());
    let (kind, body) = multipart(&fields(&number, address), files);
    http::post(desk.address, "/demande", &from(client), &kind, &body).await
}

fn film(bytes: &[u8]) -> [(&str, &str, &[u8]); 1] {
    [("film.bin", "video/mp4", bytes)]
}

/// Sends what was read again.
async fn go_on(desk: &mut Desk, client: &str, here: &str) -> Answer {
    let answer = http::post(desk.address, here, &from(client), http::FORM, b"").await;
    desk.settle().await;
    answer
}

fn says(answer: &Answer, status: u16, words: &str) {
    let page = answer.text().replace(['\u{a0}', '\u{202f}'], " ");
    assert_eq!(answer.status, status, "{page}");
    assert!(page.contains(words), "{words}\n{page}");
}

/// Mails become tickets, pages open, and somebody else's form is taken.
async fn all_else_is_well(desk: &mut Desk) {
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let link = desk.link(MARIE);
    assert_eq!(desk.get(&link).await.status, 200);
    let answer = typed(desk, "192.0.2.200", "zoe@example.org", &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let here = answer.header("location").to_owned();
    let answer = go_on(desk, "192.0.2.200", &here).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(desk.was_told("zoe@example.org"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_requests_wait_for_one_mailbox_and_no_more() {
    let mut desk = Desk::open_with(&format!("{PROXY}{CATEGORIES}")).await;
    let mut mails = std::collections::BTreeSet::new();
    for turn in 0..11 {
        let client = format!("192.0.2.{turn}");
        let answer = typed(&desk, &client, "paul.petit@example.org", &[]).await;
        let here = answer.header("location").to_owned();
        let answer = go_on(&mut desk, &client, &here).await;
        if turn < 10 {
            assert_eq!(answer.status, 303, "{}", answer.text());
        } else {
            says(
                &answer,
                429,
                "Plusieurs demandes attendent déjà d’être confirmées",
            );
            says(&answer, 429, "value=\"Écran noir\"");
        }
        let latest = desk.latest("paul.petit@example.org");
        mails.insert(latest.message_id.clone().expect("ours have one"));
    }
    assert_eq!(mails.len(), 1, "one mail in ten minutes, whoever asks");
    all_else_is_well(&mut desk).await;
    // What nobody confirms makes room again.
    desk.wait(Duration::hours(25));
    let answer = typed(&desk, "192.0.2.11", "paul.petit@example.org", &[]).await;
    let here = answer.header("location").to_owned();
    assert_eq!(go_on(&mut desk, "192.0.2.11", &here).await.status, 303);
    assert_eq!(desk.rows("tickets"), 1, "none of them became a ticket");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_sends_forms_without_end_is_told_to_wait() {
    let mut desk = Desk::open_with(&format!("{PROXY}{CATEGORIES}")).await;
    let nothing = encoded(&[("titre", "x")]);
    let send = async |client: &str| {
        let body = nothing.as_bytes();
        http::post(desk.address, "/demande", &from(client), http::FORM, body).await
    };
    for _ in 0..120 {
        assert_eq!(send("198.51.100.7").await.status, 422);
    }
    let answer = send("198.51.100.7").await;
    says(&answer, 429, "Trop d’envois depuis votre adresse");
    assert_eq!(answer.header("retry-after"), "60");
    all_else_is_well(&mut desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_and_told_how_large_it_may_be() {
    let mut desk = Desk::open_with(&format!("{PROXY}max_upload = \"1MB\"\n{CATEGORIES}")).await;
    let large = vec![b'x'; 3 << 20];
    let answer = typed(&desk, "198.51.100.7", MARIE, &film(&large)).await;
    says(&answer, 413, "les fichiers peuvent faire 1 Mo en tout");
    assert_eq!(desk.rows("drafts"), 0);
    // In two steps: the second is not kept, and all else is.
    let half = vec![b'x'; 700 << 10];
    let number = number(&desk.get("/demande").await.text());
    let mut first = fields(&number, MARIE);
    first.retain(|(name, _)| *name != "titre");
    for (step, words) in [
        (first.clone(), "Décrivez votre demande en quelques mots."),
        (first, "Trop de fichiers : 20 au plus, et 1 Mo en tout."),
    ] {
        let (kind, body) = multipart(&step, &film(&half));
        let from = from("198.51.100.7");
        let answer = http::post(desk.address, "/demande", &from, &kind, &body).await;
        says(&answer, 422, words);
        says(&answer, 422, "Retirer film.bin");
    }
    assert_eq!(desk.rows("draft_files"), 1);
    all_else_is_well(&mut desk).await;
}

/// As if a network had begun requests with 128 MB of files.
fn fill(desk: &Desk, network: &str) {
    let database = rusqlite::Connection::open(desk.database()).expect("the database opens");
    let until = (desk.now() + Duration::hours(1)).timestamp_millis();
    let written = database.execute(
        "INSERT INTO drafts (id, network, created_at, expires_at, size, content) VALUES (?1, ?1, ?2, ?2, ?3, '')",
        rusqlite::params![network, until, 128 << 20],
    );
    written.expect("written");
}

/// One network fills a quarter of what may wait, all together fill it: whoever comes then is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_has_its_limit_by_network_and_in_all() {
    let mut desk = Desk::open_with(&format!("{PROXY}{CATEGORIES}")).await;
    fill(&desk, "198.51.100.7");
    let answer = typed(&desk, "198.51.100.7", MARIE, &[]).await;
    says(
        &answer,
        422,
        "Trop de demandes ont été commencées depuis votre réseau",
    );
    says(&answer, 422, "value=\"Écran noir\"");
    all_else_is_well(&mut desk).await;

    for network in ["198.51.100.8", "198.51.100.9", "198.51.100.10"] {
        fill(&desk, network);
    }
    let answer = typed(&desk, "192.0.2.1", MARIE, &[]).await;
    says(&answer, 422, "trop de demandes en ce moment");
    // By mail everything goes on, and after a while by the form.
    desk.request("Imprimante", "Elle clignote toujours.", &[])
        .await;
    desk.wait(Duration::hours(2));
    all_else_is_well(&mut desk).await;
}

/// Browsers that fetch large files and read nothing of them fill their part of the room and no more.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_read_nothing_keep_nobody_from_his_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "+++\ntitle = \"Le film\"\n+++\n[Le film](film.bin)\n";
    std::fs::write(folder.path().join("film.md"), text).expect("writable");
    let film = vec![b'x'; 15 << 20];
    std::fs::write(folder.path().join("film.bin"), &film).expect("writable");
    let knowledge = format!("[knowledge]\nfolder = \"{}\"", folder.path().display());
    let desk = Desk::open_with(&format!("{PROXY}{knowledge}")).await;
    const PATH: &str = "/articles/fichiers/film.bin";
    // Three fill the part of their address; the fourth is told why he gets nothing, once it is clear.
    let mut deaf = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(desk.address).await.expect("connected");
        let head = format!(
            "GET {PATH} HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n",
            desk.address
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        deaf.push(stream);
    }
    tokio::time::sleep(Real::from_millis(500)).await;
    let same = from("198.51.100.7");
    let fourth = http::request(desk.address, "GET", PATH, &same);
    let other = async {
        let began = std::time::Instant::now();
        let answer = http::request(desk.address, "GET", PATH, &from("192.0.2.1")).await;
        assert_eq!((answer.status, answer.body.len()), (200, film.len()));
        assert!(began.elapsed() < Real::from_secs(10), "he waited");
    };
    let (fourth, ()) = tokio::join!(fourth, other);
    says(&fourth, 503, "Beaucoup de fichiers partent en ce moment");
    assert_eq!(fourth.header("retry-after"), "60");
    drop(deaf);
}

/// Browsers that announce large files and send a few bytes take no room from forms of words, nor all
/// of that for files.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_dawdle_with_large_files_keep_nobody_out() {
    let mut desk = Desk::open_with(&format!("{PROXY}{CATEGORIES}")).await;
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(desk.address).await.expect("connected");
        let head = format!(
            "POST /demande HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\nX-Forwarded-For: 198.51.100.7\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 20000000\r\n\r\n--x\r\n",
            desk.address
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        slow.push(stream);
    }
    tokio::time::sleep(Real::from_millis(200)).await;
    let began = std::time::Instant::now();
    all_else_is_well(&mut desk).await;
    let photo = vec![b'x'; 2 << 20];
    let file = [("photo.bin", "application/octet-stream", &*photo)];
    let answer = typed(&desk, "192.0.2.1", MARIE, &file).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(began.elapsed() < Real::from_secs(15), "nobody waited");
    drop(slow);
}
