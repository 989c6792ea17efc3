//! An IMAP account against a real Dovecot: what the network, the server and other people can do to it.

mod support;

use std::future::pending;
use std::time::Duration;

use guichet::imap::{
    Bodies, Credential, Filing, Kind, Listed, Session, Settings, Tls, Woken, probe, sets,
};
use support::dovecot::{Dovecot, Options, PASSWORD, certificate};
use support::proxy::{Proxy, Trick};

/// Long enough that only what never happens makes a test fail.
const LONG: Duration = Duration::from_secs(60);

/// Dovecot 2.3's own list for a logged-in user, without the words named.
const WITHOUT_MOVE: &str = "IMAP4rev1 SASL-IR LITERAL+ IDLE NAMESPACE UIDPLUS";
const BARE: &str = "IMAP4rev1";

fn message(number: usize, size: usize) -> Vec<u8> {
    let mut message = format!(
        "From: camille@example.org\r\nTo: support@example.org\r\nSubject: panne {number}\r\n\
         Message-ID: <{number}@example.org>\r\n\r\n"
    )
    .into_bytes();
    // Lines that look like the protocol must pass as they are.
    for line in 0.. {
        if message.len() >= size {
            return message;
        }
        message.extend_from_slice(format!("{line} ) FETCH {{99}}\r\n* BYE é\r\n").as_bytes());
    }
    message
}

async fn connect(settings: &Settings) -> Session {
    Session::connect(settings).await.expect("a session")
}

async fn refused(settings: &Settings) -> (Kind, String) {
    let error = Session::connect(settings).await.expect_err("no session");
    (error.kind, error.to_string())
}

async fn list(session: &mut Session) -> Vec<Listed> {
    let uids = session.search_all().await.expect("a listing");
    session.sizes_and_dates(&uids).await.expect("sizes")
}

fn starttls(server: &Dovecot, settings: &Settings) -> Settings {
    Settings {
        port: server.imap,
        tls: Tls::StartTls,
        ..settings.clone()
    }
}

#[tokio::test]
async fn logs_in_over_tls_and_starttls_and_in_clear_on_loopback() {
    let server = Dovecot::start();
    let implicit = server.user("support");
    let by_starttls = starttls(&server, &implicit);
    let clear = Settings {
        port: server.imap,
        tls: Tls::None,
        ca_file: None,
        ..implicit.clone()
    };
    let file = server.path("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).expect("our folder");
    let by_file = Settings {
        credential: Credential::PasswordFile(file),
        ..implicit.clone()
    };
    for settings in [implicit, by_starttls, clear, by_file] {
        let mut session = connect(&settings).await;
        let inbox = session.select("INBOX").await.expect("an inbox");
        assert!(inbox.uid_validity > 0);
        assert_eq!((inbox.exists, inbox.read_only), (0, false));
        assert_eq!(session.search_all().await.expect("a listing"), [0_u32; 0]);
        let capabilities = session.capabilities();
        assert!(capabilities.idle() && capabilities.moves() && capabilities.uidplus());
        session.logout().await;
    }
}

#[tokio::test]
async fn the_login_command_carries_any_password() {
    let server = Dovecot::start();
    let proxy = Proxy::start(server.imap, Trick::Replace(" AUTH=PLAIN", "")).await;
    let settings = Settings {
        port: proxy.port,
        tls: Tls::None,
        ..server.user("support")
    };
    let mut session = connect(&settings).await;
    session.select("INBOX").await.expect("an inbox");
    let wrong = Settings {
        credential: Credential::Password("é".to_owned()),
        ..settings
    };
    assert_eq!(refused(&wrong).await.0, Kind::LoginRefused);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_not_for_the_host_is_refused() {
    let server = Dovecot::start_with(Options {
        names: "DNS:localhost",
        ..Options::default()
    });
    let settings = server.user("support");
    for settings in [settings.clone(), starttls(&server, &settings)] {
        let unknown = Settings {
            ca_file: None,
            ..settings.clone()
        };
        let (kind, text) = refused(&unknown).await;
        assert_eq!(kind, Kind::Tls, "{text}");
        assert!(text.contains("UnknownIssuer"), "{text}");

        let other = Settings {
            host: "127.0.0.1".to_owned(),
            ..settings
        };
        let (kind, text) = refused(&other).await;
        assert_eq!(kind, Kind::Tls, "{text}");
        assert!(text.contains("not valid for name"), "{text}");
    }
    // Somebody else's certificate for the same name does not help.
    let folder = tempfile::tempdir().expect("a temporary folder");
    certificate(folder.path(), "DNS:localhost", "2");
    let forged = Settings {
        ca_file: Some(folder.path().join("cert.pem")),
        ..settings
    };
    assert_eq!(refused(&forged).await.0, Kind::Tls);
    assert!(!server.log().contains("Login:"), "no password was shown");
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let server = Dovecot::start_with(Options {
        days: "-1",
        ..Options::default()
    });
    let settings = server.user("support");
    let (kind, text) = refused(&settings).await;
    assert_eq!(kind, Kind::Tls, "{text}");
    assert!(text.contains("expired"), "{text}");
}

#[tokio::test]
async fn a_token_from_a_file_opens_the_account_and_is_read_anew_each_time() {
    let server = Dovecot::start();
    let file = server.path("token");
    let settings = Settings {
        credential: Credential::TokenFile(file.clone()),
        ..server.user("support")
    };
    std::fs::write(&file, Dovecot::token("somebody-else") + "\n").expect("our folder");
    let (kind, text) = refused(&settings).await;
    assert_eq!(kind, Kind::LoginRefused, "{text}");
    // Another program renews it.
    std::fs::write(&file, Dovecot::token("support") + "\n").expect("our folder");
    let mut session = connect(&settings).await;
    session.select("INBOX").await.expect("an inbox");
    assert!(server.log().contains("method=XOAUTH2"));
}

#[tokio::test]
async fn starttls_that_was_stripped_or_tampered_with_is_refused() {
    let server = Dovecot::start();
    let settings = starttls(&server, &server.user("support"));
    for (trick, expected) in [
        // An attacker makes the server's consent a refusal.
        (
            Trick::Replace("OK Begin TLS", "BAD unknown command"),
            "refuses STARTTLS",
        ),
        // An attacker adds an answer in clear, to be taken for one under TLS.
        (
            Trick::Replace(
                "Begin TLS negotiation now.\r\n",
                "Begin TLS negotiation now.\r\n* CAPABILITY IMAP4rev1\r\n",
            ),
            "slipped in",
        ),
        (Trick::Replace("* OK [", "* PREAUTH ["), "PREAUTH"),
    ] {
        let proxy = Proxy::start(server.imap, trick).await;
        let through = Settings {
            port: proxy.port,
            ..settings.clone()
        };
        let (kind, text) = refused(&through).await;
        assert_eq!(kind, Kind::NoStartTls, "{text}");
        assert!(text.contains(expected), "{text}");
    }
    // The same way without a trick works.
    let proxy = Proxy::start(server.imap, Trick::None).await;
    let through = Settings {
        port: proxy.port,
        ..settings
    };
    connect(&through).await.logout().await;
}

#[tokio::test]
async fn a_server_without_starttls_is_refused() {
    let server = Dovecot::start();
    let proxy = Proxy::start(server.imap, Trick::Replace(" STARTTLS", "")).await;
    let settings = Settings {
        port: proxy.port,
        ..starttls(&server, &server.user("support"))
    };
    let (kind, text) = refused(&settings).await;
    assert_eq!(kind, Kind::NoStartTls, "{text}");
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_server_that_is_away() {
    let server = Dovecot::start();
    let settings = server.user("support");
    let wrong = Settings {
        credential: Credential::Password("guess".to_owned()),
        ..settings.clone()
    };
    let (kind, text) = refused(&wrong).await;
    assert_eq!(kind, Kind::LoginRefused, "{text}");
    assert!(
        text.contains("support") && text.contains("localhost"),
        "{text}"
    );
    assert!(!text.contains("guess") && !format!("{wrong:?}").contains("guess"));

    let missing = Settings {
        credential: Credential::PasswordFile(server.path("nowhere")),
        ..settings.clone()
    };
    let (kind, text) = refused(&missing).await;
    assert_eq!(kind, Kind::Credential, "{text}");
    assert!(text.contains("nowhere"), "{text}");

    server.stop();
    let (kind, text) = refused(&settings).await;
    assert_eq!(kind, Kind::Network, "{text}");
    server.launch();
    connect(&settings).await.logout().await;
}

#[tokio::test]
async fn bodies_come_byte_for_byte_in_sets() {
    let server = Dovecot::start();
    let settings = server.user("support");
    let mut sent: Vec<Vec<u8>> = (0..40)
        .map(|number| message(number, number * 3_000))
        .collect();
    sent.push(message(40, 5_000_000));
    for message in &sent {
        server.deliver("support", message);
    }
    let mut session = connect(&settings).await;
    session.select("INBOX").await.expect("an inbox");
    let listed = list(&mut session).await;
    assert_eq!(listed.len(), sent.len());
    let mut received = Vec::new();
    for set in sets(&listed, 200_000, 10) {
        let Bodies {
            mails,
            missing,
            refused,
        } = session.fetch(set).await.expect("bodies");
        assert_eq!((missing, refused), (vec![], vec![]));
        for (mail, listed) in mails.into_iter().zip(set) {
            assert_eq!(mail.uid, listed.uid);
            assert_eq!(mail.internal_date, listed.internal_date);
            assert_eq!(mail.bytes.len() as u64, listed.size);
            received.push(mail.bytes);
        }
    }
    received.sort();
    sent.sort();
    assert!(received == sent, "each mail as it was sent");
    let seen = std::fs::read_dir(server.maildir("support").join("cur"))
        .expect("a folder")
        .any(|file| {
            let name = file.expect("readable").file_name();
            name.to_string_lossy().ends_with('S')
        });
    assert!(!seen, "reading marks nothing");
}

#[tokio::test]
async fn the_beginning_of_a_large_mail_is_read_alone() {
    let server = Dovecot::start();
    let settings = server.user("support");
    let large = message(1, 3_000_000);
    server.deliver("support", &large);
    let proxy = Proxy::start(server.imaps, Trick::None).await;
    let mut session = connect(&Settings {
        port: proxy.port,
        ..settings
    })
    .await;
    session.select("INBOX").await.expect("an inbox");
    let listed = list(&mut session).await;
    let head = session
        .fetch_head(listed[0].uid, 10_000)
        .await
        .expect("read");
    assert!(head.expect("there").bytes == large[..10_000]);
    assert!(proxy.passed() < 100_000, "{} bytes passed", proxy.passed());
    let gone = session.fetch_head(999, 10_000).await.expect("read");
    assert_eq!(gone, None);
}

#[tokio::test]
async fn idle_wakes_on_delivery_and_the_bell_and_gives_up_in_time() {
    let server = Dovecot::start();
    let settings = server.user("support");
    let mut session = connect(&settings).await;
    session.select("INBOX").await.expect("an inbox");
    session.search_all().await.expect("a listing");

    let bell = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.deliver("support", &message(1, 0));
        pending().await
    };
    let woken = session.wait(LONG, bell).await.expect("a wait");
    assert_eq!(woken, Woken::NewMail);
    // Nobody looked yet, so it is still news.
    let woken = session.wait(LONG, pending()).await.expect("a wait");
    assert_eq!(woken, Woken::NewMail);
    assert_eq!(session.search_all().await.expect("a listing").len(), 1);

    let woken = session.wait(LONG, async {}).await.expect("a wait");
    assert_eq!(woken, Woken::Called);
    let short = Duration::from_millis(200);
    let woken = session.wait(short, pending()).await.expect("a wait");
    assert_eq!(woken, Woken::Timeout);
    assert_eq!(session.search_all().await.expect("a listing").len(), 1);
}

#[tokio::test]
async fn mail_that_comes_while_nobody_waits_ends_the_next_wait() {
    let server = Dovecot::start();
    let mut session = connect(&server.user("support")).await;
    session.select("INBOX").await.expect("an inbox");
    assert_eq!(session.search_all().await.expect("a listing"), [0_u32; 0]);
    server.deliver("support", &message(1, 0));
    let woken = session.wait(LONG, pending()).await.expect("a wait");
    assert_eq!(woken, Woken::NewMail);
}

#[tokio::test]
async fn without_idle_the_server_is_asked() {
    let server = Dovecot::start_with(Options {
        capability: Some(BARE),
        ..Options::default()
    });
    let mut session = connect(&server.user("support")).await;
    assert!(!session.capabilities().idle());
    session.select("INBOX").await.expect("an inbox");
    session.search_all().await.expect("a listing");
    server.deliver("support", &message(1, 0));
    let soon = Duration::from_millis(100);
    let woken = session.wait(soon, pending()).await.expect("a wait");
    assert_eq!(woken, Woken::NewMail);
}

#[tokio::test]
async fn what_keeps_the_line_open_does_not_lengthen_the_wait() {
    let server = Dovecot::start();
    let mut session = connect(&server.user("support")).await;
    session.select("INBOX").await.expect("an inbox");
    session.search_all().await.expect("a listing");
    // Dovecot says "Still here" each second here.
    let started = std::time::Instant::now();
    let longest = Duration::from_millis(2_500);
    let woken = session.wait(longest, pending()).await.expect("a wait");
    assert_eq!(woken, Woken::Timeout);
    assert!(started.elapsed() < 2 * longest, "{:?}", started.elapsed());
}

/// A session whose connection has died without a word. From here on the clock is false: it runs as soon as everybody waits.
async fn half_open(server: &Dovecot) -> (Session, Proxy) {
    let settings = server.user("support");
    let proxy = Proxy::start(server.imaps, Trick::None).await;
    let mut session = connect(&Settings {
        port: proxy.port,
        ..settings
    })
    .await;
    session.select("INBOX").await.expect("an inbox");
    proxy.stall();
    tokio::time::pause();
    (session, proxy)
}

#[tokio::test]
async fn a_connection_that_died_silently_is_found_at_the_end_of_the_wait() {
    let server = Dovecot::start();
    let (mut session, _proxy) = half_open(&server).await;
    let started = tokio::time::Instant::now();
    let error = session
        .wait(Duration::from_secs(300), pending())
        .await
        .expect_err("nobody answers");
    assert_eq!(error.kind, Kind::Network, "{error}");
    assert!(!session.is_usable());
    assert!(started.elapsed() < Duration::from_secs(330));
}

#[tokio::test]
async fn a_connection_that_died_silently_is_found_in_the_middle_of_a_command() {
    let server = Dovecot::start();
    let (mut session, _proxy) = half_open(&server).await;
    let started = tokio::time::Instant::now();
    let error = session.search_all().await.expect_err("nobody answers");
    assert_eq!(error.kind, Kind::Network, "{error}");
    assert!(started.elapsed() < Duration::from_secs(90));
}

#[tokio::test]
async fn mails_move_to_a_folder_that_is_made_for_them() {
    for (separator, prefix) in [('/', ""), ('.', ""), ('.', "INBOX.")] {
        let server = Dovecot::start_with(Options {
            separator,
            prefix,
            ..Options::default()
        });
        let settings = server.user("support");
        for number in 0..3 {
            server.deliver("support", &message(number, 0));
        }
        let mut session = connect(&settings).await;
        session.select("INBOX").await.expect("an inbox");
        let uids = session.search_all().await.expect("a listing");
        assert_eq!(session.filing(), Filing::Move);
        for name in ["Traités", "Support/Déjà vus"] {
            session.ensure_folder(name).await.expect("made");
        }
        let folder = session.ensure_folder("Traités").await.expect("there");
        session.move_to(&uids[..1], &folder).await.expect("moved");
        let nested = session
            .ensure_folder("Support/Déjà vus")
            .await
            .expect("there");
        // UIDs that are gone do not matter.
        session.move_to(&uids[..2], &nested).await.expect("moved");
        assert_eq!(session.search_all().await.expect("a listing"), uids[2..]);
        assert_eq!(
            server.count("support", ".Trait&AOk-s"),
            1,
            "{separator}{prefix}"
        );
        assert_eq!(server.count("support", ".Support.D&AOk-j&AOA- vus"), 1);
        let subscribed = std::fs::read_to_string(server.maildir("support").join("subscriptions"))
            .expect("subscriptions");
        assert!(subscribed.contains("Trait&AOk-s"), "{subscribed}");
    }
}

#[tokio::test]
async fn odd_names_of_folders_are_made_found_and_opened() {
    let server = Dovecot::start();
    let mut session = connect(&server.user("support")).await;
    for name in [
        "Clos \"vite\"",
        "A\\B",
        "R&D (2026) {3}",
        "台北/日本語",
        "été",
    ] {
        session.ensure_folder(name).await.expect(name);
        session.ensure_folder(name).await.expect(name);
        session.select(name).await.expect(name);
    }
    let error = session.ensure_folder("a*").await.expect_err("a pattern");
    assert_eq!(error.kind, Kind::FolderMissing, "{error}");
}

#[tokio::test]
async fn a_folder_that_went_away_is_told_and_made_again() {
    let server = Dovecot::start();
    let settings = server.user("support");
    server.deliver("support", &message(1, 0));
    let mut session = connect(&settings).await;
    session.select("INBOX").await.expect("an inbox");
    let uids = session.search_all().await.expect("a listing");
    let folder = session.ensure_folder("Traités").await.expect("made");
    server.doveadm(&["mailbox", "delete", "-u", "support", "Traités"]);
    let error = session
        .move_to(&uids, &folder)
        .await
        .expect_err("no folder");
    assert_eq!(error.kind, Kind::FolderMissing, "{error}");
    assert!(error.to_string().contains("Traités"), "{error}");
    let folder = session.ensure_folder("Traités").await.expect("made");
    session.move_to(&uids, &folder).await.expect("moved");
    assert_eq!(server.count("support", ".Trait&AOk-s"), 1);

    let error = session.select("Nulle part").await.expect_err("no folder");
    assert_eq!(error.kind, Kind::FolderMissing, "{error}");
    assert!(session.is_usable());
}

#[tokio::test]
async fn without_move_mails_are_copied_and_only_ours_are_expunged() {
    let server = Dovecot::start_with(Options {
        capability: Some(WITHOUT_MOVE),
        ..Options::default()
    });
    let settings = server.user("support");
    for number in 0..3 {
        server.deliver("support", &message(number, 0));
    }
    let mut session = connect(&settings).await;
    assert_eq!(session.filing(), Filing::CopyAndExpunge);
    session.select("INBOX").await.expect("an inbox");
    let uids = session.search_all().await.expect("a listing");
    // Somebody else is about to throw the last one away; that is not ours to do.
    session.mark_deleted(&uids[2..]).await.expect("marked");

    let folder = session.ensure_folder("Traités").await.expect("made");
    let pairs = session.copy_to(&uids[..1], &folder).await.expect("copied");
    assert_eq!(pairs.first().map(|(from, _)| *from), uids.first().copied());
    session.mark_deleted(&uids[..1]).await.expect("marked");
    session.uid_expunge(&uids[..1]).await.expect("expunged");
    assert_eq!(session.search_all().await.expect("a listing"), uids[1..]);
    assert_eq!(server.count("support", ".Trait&AOk-s"), 1);

    // After a crash: was the copy made?
    session.select("Traités").await.expect("a folder");
    let found = session.search_header("Message-ID", "<0@example.org>").await;
    let other = session.search_header("Message-ID", "<1@example.org>").await;
    let there: Vec<u32> = pairs.iter().map(|(_, to)| *to).collect();
    let (found, other) = (found.expect("an answer"), other.expect("an answer"));
    assert!(found == there || other == there, "{found:?} {other:?}");
}

#[tokio::test]
async fn without_uidplus_mails_are_only_marked() {
    let server = Dovecot::start_with(Options {
        capability: Some(BARE),
        ..Options::default()
    });
    let settings = server.user("support");
    server.deliver("support", &message(1, 0));
    let mut session = connect(&settings).await;
    assert_eq!(session.filing(), Filing::SeenOnly);
    session.select("INBOX").await.expect("an inbox");
    let uids = session.search_all().await.expect("a listing");
    session.mark_seen(&uids).await.expect("marked");
    let error = session.uid_expunge(&uids).await.expect_err("too dangerous");
    assert_eq!(error.kind, Kind::CommandRefused, "{error}");
    let marked = std::fs::read_dir(server.maildir("support").join("cur"))
        .expect("a folder")
        .filter(|file| {
            let name = file.as_ref().expect("readable").file_name();
            name.to_string_lossy().contains(":2,S")
        })
        .count();
    assert_eq!(marked, 1);
    // Without NAMESPACE the delimiter is asked by LIST.
    session.ensure_folder("A/é").await.expect("made");
    assert!(server.maildir("support").join(".A.&AOk-").is_dir());
}

#[tokio::test]
async fn a_folder_that_was_made_anew_has_another_uid_validity() {
    let server = Dovecot::start();
    let settings = server.user("support");
    server.deliver("support", &message(1, 0));
    let mut session = connect(&settings).await;
    let before = session.select("INBOX").await.expect("an inbox");
    session.logout().await;
    server.doveadm(&[
        "mailbox",
        "update",
        "-u",
        "support",
        "--uid-validity",
        "4711",
        "INBOX",
    ]);
    let mut session = connect(&settings).await;
    let after = session.select("INBOX").await.expect("an inbox");
    assert_ne!(before.uid_validity, after.uid_validity);
    assert_eq!(after.uid_validity, 4711);
    assert_eq!(after.exists, 1);
}

#[tokio::test]
async fn mails_that_went_away_are_counted_as_missing() {
    let server = Dovecot::start();
    let settings = server.user("support");
    for number in 0..5 {
        server.deliver("support", &message(number, 2_000));
    }
    let mut session = connect(&settings).await;
    session.select("INBOX").await.expect("an inbox");
    let listed = list(&mut session).await;

    let mut other = connect(&settings).await;
    other.select("INBOX").await.expect("an inbox");
    let gone = [listed[1].uid, listed[3].uid];
    other.mark_deleted(&gone).await.expect("marked");
    other.uid_expunge(&gone).await.expect("expunged");

    let bodies = session.fetch(&listed).await.expect("an answer");
    let there: Vec<u32> = bodies.mails.iter().map(|mail| mail.uid).collect();
    assert_eq!(there, [listed[0].uid, listed[2].uid, listed[4].uid]);
    assert_eq!(bodies.missing, gone);
    assert_eq!(bodies.refused, []);
    assert_eq!(session.search_all().await.expect("a listing"), there);
}

#[tokio::test]
async fn a_file_that_vanishes_under_the_server_loses_no_other_mail() {
    let server = Dovecot::start();
    let settings = server.user("support");
    for number in 0..3 {
        server.deliver("support", &message(number, 2_000));
    }
    let mut session = connect(&settings).await;
    session.select("INBOX").await.expect("an inbox");
    let listed = list(&mut session).await;
    let cur = server.maildir("support").join("cur");
    let victim = std::fs::read_dir(cur)
        .expect("a folder")
        .next()
        .expect("a mail")
        .expect("readable");
    std::fs::remove_file(victim.path()).expect("removed");
    let bodies = session.fetch(&listed).await.expect("an answer");
    assert_eq!(bodies.mails.len(), 2);
    assert_eq!(
        bodies.missing.len() + bodies.refused.len(),
        1,
        "{:?}",
        bodies.refused
    );
}

#[tokio::test]
async fn a_mail_that_is_cut_is_no_mail() {
    let server = Dovecot::start();
    let settings = Settings {
        tls: Tls::None,
        ..server.user("support")
    };
    for number in 0..2 {
        server.deliver("support", &message(number, 20_000));
    }
    // How much passes until both bodies are there.
    let proxy = Proxy::start(server.imap, Trick::None).await;
    let through = |port| Settings {
        port,
        ..settings.clone()
    };
    let mut session = connect(&through(proxy.port)).await;
    session.select("INBOX").await.expect("an inbox");
    let listed = list(&mut session).await;
    let before = proxy.passed();
    let whole = session.fetch(&listed).await.expect("bodies");
    assert_eq!(whole.mails.len(), 2);
    let answer = proxy.passed() - before;

    // The tagged line holds how long it took, so the length of the answer varies by a few bytes.
    for cut in (1..answer).step_by(4_001).chain([answer - 20, answer - 10]) {
        let proxy = Proxy::start(server.imap, Trick::None).await;
        let mut session = connect(&through(proxy.port)).await;
        session.select("INBOX").await.expect("an inbox");
        list(&mut session).await;
        proxy.cut_after(cut);
        let error = session.fetch(&listed).await.expect_err("cut off");
        assert_eq!(error.kind, Kind::Network, "cut after {cut}: {error}");
        assert!(!session.is_usable());
    }
}

#[tokio::test]
async fn a_server_that_goes_away_is_an_error_and_no_empty_mailbox() {
    let server = Dovecot::start();
    let settings = server.user("support");
    server.deliver("support", &message(1, 0));
    let mut session = connect(&settings).await;
    session.select("INBOX").await.expect("an inbox");
    server.doveadm(&["kick", "support"]);
    let error = session.search_all().await.expect_err("no server");
    assert_eq!(error.kind, Kind::Network, "{error}");
    assert_eq!(session.search_all().await, Err(error), "and stays one");
}

#[tokio::test]
async fn a_command_that_was_given_up_ends_the_session() {
    let server = Dovecot::start();
    let settings = server.user("support");
    let proxy = Proxy::start(server.imaps, Trick::None).await;
    let mut session = connect(&Settings {
        port: proxy.port,
        ..settings
    })
    .await;
    session.select("INBOX").await.expect("an inbox");
    proxy.stall();
    let soon = Duration::from_millis(100);
    let given_up = tokio::time::timeout(soon, session.search_all()).await;
    assert!(given_up.is_err());
    let error = session.search_all().await.expect_err("half an answer");
    assert_eq!(error.kind, Kind::Network, "{error}");
}

#[tokio::test]
async fn a_visit_tells_what_the_operator_needs_and_changes_nothing() {
    let server = Dovecot::start();
    let settings = server.user("support");
    for number in 0..3 {
        server.deliver("support", &message(number, 0));
    }
    let today = chrono::Utc::now().date_naive();
    let tomorrow = today + chrono::Days::new(2);
    let visit = probe(&settings, "INBOX", tomorrow, Some("Traités"))
        .await
        .expect("a visit");
    assert_eq!((visit.folder.exists, visit.older), (3, 3));
    assert_eq!(
        (visit.filing, visit.target_exists),
        (Filing::Move, Some(false))
    );
    assert!(visit.capabilities.to_string().contains("IMAP4REV1"));
    assert!(!server.maildir("support").join(".Trait&AOk-s").exists());
    let error = probe(&settings, "Nulle part", today, None)
        .await
        .expect_err("no folder");
    assert_eq!(error.kind, Kind::FolderMissing, "{error}");
}

#[tokio::test]
async fn a_huge_mailbox_is_listed_whole() {
    let server = Dovecot::start();
    let settings = server.user("support");
    let cur = server.maildir("support").join("cur");
    for number in 0..20_010 {
        let name = format!("{}.M{number}.host:2,S", 1_700_000_000 + number);
        std::fs::write(cur.join(name), "Subject: x\n\nx\n").expect("our folder");
    }
    let mut session = connect(&settings).await;
    let inbox = session.select("INBOX").await.expect("an inbox");
    assert_eq!(inbox.exists, 20_010);
    let uids = session.search_all().await.expect("a listing");
    assert!(uids.iter().copied().eq(1..=20_010), "{} UIDs", uids.len());
    let some: Vec<u32> = uids.iter().copied().step_by(3).collect();
    let listed = session.sizes_and_dates(&some).await.expect("sizes");
    assert_eq!(listed.len(), some.len());
}

#[tokio::test]
async fn old_mail_is_counted_by_the_day() {
    let server = Dovecot::start();
    let settings = server.user("support");
    server.deliver("support", &message(1, 0));
    let mut session = connect(&settings).await;
    session.select("INBOX").await.expect("an inbox");
    let today = chrono::Utc::now().date_naive();
    let past = today - chrono::Days::new(2);
    let future = today + chrono::Days::new(2);
    assert_eq!(session.count_before(past).await, Ok(0));
    assert_eq!(session.count_before(future).await, Ok(1));
}
