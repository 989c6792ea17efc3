//! What every answer carries, what is refused, and that looking changes nothing (T20, T21, S5).

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::desk::{Attached, Desk, MARIE};
use crate::http::{Answer, request, send};

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

fn is_guarded(answer: &Answer, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex, nofollow"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {what}");
    }
    let policy = answer.header("content-security-policy");
    let download = "sandbox; default-src 'none'";
    assert!(policy == POLICY || policy == download, "{what}: {policy}");
    let cache = answer.header("cache-control");
    let same_for_all = ["style.css", "script.js", "icon.svg", "favicon.ico"]
        .iter()
        .any(|name| what.contains(name));
    let shared = same_for_all && cache == "max-age=3600";
    assert!(cache == "no-store" || shared, "{what}: {cache}");
    assert_eq!(answer.header("set-cookie"), "", "{what}");
    assert_eq!(answer.header("location"), "", "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_guarded_and_looking_writes_nothing() {
    let mut desk = Desk::open().await;
    let file = Attached {
        name: "note.txt",
        kind: "text/plain",
        bytes: b"abc",
    };
    desk.request("Imprimante", "Elle clignote.", &[file]).await;
    let link = desk.link(MARIE);
    let page = desk.page().await;
    let file = crate::files::links(&page).remove(0);
    let watch = desk.watch();

    let long = format!("/{}", "a/".repeat(5000));
    for (path, status) in [
        ("/", 200),
        ("/style.css", 200),
        ("/script.js", 200),
        ("/robots.txt", 200),
        ("/icon.svg", 200),
        // Asked for by habit: no trouble, and nothing to show.
        ("/favicon.ico", 204),
        (link.as_str(), 200),
        (file.as_str(), 200),
        ("/t/", 404),
        ("//", 404),
        ("//evil.example.net/", 404),
        ("/%00", 404),
        ("/t/%00", 404),
        ("/t/%ff%fe", 404),
        ("/t/..%2f..%2fetc%2fpasswd", 404),
        ("/../../etc/passwd", 404),
        (long.as_str(), 404),
    ] {
        let answer = desk.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        is_guarded(&answer, path);
        let head = request(desk.address, "HEAD", path, &[]).await;
        assert_eq!(head.status, status, "HEAD {path}");
        assert_eq!(head.body, b"", "HEAD {path}");
        is_guarded(&head, path);
    }
    for path in [format!("{link}/"), format!("/{link}"), format!("{file}/x")] {
        assert_eq!(desk.get(&path).await.status, 404, "{path}");
    }
    let slash = format!("{link}/999999999999999999999999/0/x");
    assert_eq!(desk.get(&slash).await.status, 404);
    assert_eq!(desk.get(&format!("{link}/1/-1/x")).await.status, 404);

    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for path in ["/", file.as_str(), "/style.css"] {
            let headers = [("Content-Length", "0"), ("X-HTTP-Method-Override", "GET")];
            let answer = request(desk.address, method, path, &headers).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), "GET,HEAD");
            is_guarded(&answer, path);
        }
    }
    let overridden = [("X-HTTP-Method-Override", "POST"), ("X-Method", "DELETE")];
    let answer = request(desk.address, "GET", &link, &overridden).await;
    assert_eq!(answer.status, 200);
    assert!(!watch.something_was_written(), "reading the page wrote");
    desk.settle().await;
    desk.reply("Marie Durand", MARIE, "Encore.").await;
    assert!(watch.something_was_written(), "the watch sees a mail");
}

/// The link is the key, so it is in no log, at whatever level.
#[tokio::test(flavor = "multi_thread")]
async fn no_log_holds_a_link() {
    let log = tempfile::NamedTempFile::new().expect("a temporary file");
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(Arc::new(log.reopen().expect("readable")))
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("no other test sets one");
    let mut desk = Desk::open().await;
    let file = Attached {
        name: "note.txt",
        kind: "text/plain",
        bytes: b"abc",
    };
    desk.request("Imprimante", "Elle clignote.", &[file]).await;
    let link = desk.link(MARIE);
    let file = crate::files::links(&desk.page().await).remove(0);
    desk.get(&file).await;
    desk.get(&format!("{link}/no/such/file")).await;
    desk.get(&format!("{link}x")).await;
    request(desk.address, "POST", &link, &[]).await;
    send(
        desk.address,
        format!("GET {link} HTTP/9\r\n\r\n").as_bytes(),
    )
    .await;
    tracing::info!("The end of what is looked at");
    let log = std::fs::read_to_string(log.path()).expect("readable");
    assert!(log.contains("The end of what is looked at"));
    let token = link.trim_start_matches("/t/");
    assert!(!log.contains(token), "a link was logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_host_is_found_nowhere_in_the_page() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    for (name, value) in [
        ("Host", "evil.example.net"),
        ("X-Forwarded-Host", "evil.example.net"),
        ("Forwarded", "host=evil.example.net"),
        ("Origin", "https://evil.example.net"),
        ("Referer", "https://evil.example.net/"),
    ] {
        let answer = request(desk.address, "GET", &desk.link(MARIE), &[(name, value)]).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("evil"), "{name}");
        assert!(
            answer
                .headers
                .iter()
                .all(|(_, value)| !value.contains("evil"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_and_oversized_requests_are_refused() {
    let desk = Desk::open().await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000));
    let header = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
        "a".repeat(200_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: x\r\n{}\r\n",
        "X: y\r\n".repeat(500)
    );
    for request in [
        long.as_str(),
        &header,
        &many,
        "GET / \x01\r\n\r\n",
        "\r\n\r\nx y z\r\n\r\n",
    ] {
        let answer = send(desk.address, request.as_bytes()).await;
        let shown: String = request.chars().take(40).collect();
        assert!(
            (400..500).contains(&answer.status),
            "{}: {shown:?}",
            answer.status
        );
    }
    let body = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n{}",
        "a".repeat(1_000_000)
    );
    assert_eq!(send(desk.address, body.as_bytes()).await.status, 405);
    assert_eq!(desk.get("/").await.status, 200, "and it goes on");
}

/// 500 clients that never finish their request keep nobody out, and are sent away.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_dawdle_are_sent_away() {
    let desk = Desk::open().await;
    let mut slow = Vec::new();
    for _ in 0..500 {
        let mut stream = TcpStream::connect(desk.address).await.expect("connected");
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: ")
            .await
            .expect("sent");
        slow.push(stream);
    }
    assert_eq!(desk.get("/").await.status, 200);
    let started = Instant::now();
    for (index, stream) in slow.iter_mut().enumerate() {
        // A byte now and then does not help.
        if index % 50 == 0 {
            let _ = stream.write_all(b"a").await;
        }
        let mut said = Vec::new();
        let end = stream.read_to_end(&mut said);
        let left = Duration::from_secs(20).saturating_sub(started.elapsed());
        assert!(
            tokio::time::timeout(left, end).await.is_ok(),
            "client {index} is still there"
        );
        let said = String::from_utf8_lossy(&said);
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 408"),
            "{said}"
        );
    }
    assert_eq!(desk.get("/").await.status, 200);
}
