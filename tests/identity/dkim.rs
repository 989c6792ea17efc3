//! Mode `dkim`: our own check, with real signatures and a name server on loopback.

use chrono::Duration;
use data_encoding::BASE64;
use guichet::store::InboxState;
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::DkimSigner;
use ring::signature::KeyPair;
use rustls::pki_types::PrivatePkcs1KeyDer;

use super::desk::{CAMILLE, Desk, Draft, KARIM, MARIE, id_of, latest};
use super::support::dns::{Answer, Dns};

/// Made for these tests with `openssl genrsa -traditional 2048`; it signs nothing else.
const RSA: &str = include_str!("../../fixtures/dkim/rsa.pem");
const RSA_PUBLIC: &str = include_str!("../../fixtures/dkim/rsa.pub.txt");
/// Signed by other means than the library that checks: `fixtures/dkim/README.md`.
const ELSEWHERE: &[u8] = include_bytes!("../../fixtures/dkim/signed-elsewhere.eml");

const FIELDS: [&str; 6] = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To"];

/// A key of a domain, published under `selector`.
struct Signer {
    pkcs8: Vec<u8>,
    domain: &'static str,
}

impl Signer {
    fn publish(dns: &Dns, domain: &'static str) -> Self {
        let random = ring::rand::SystemRandom::new();
        let pkcs8 = ring::signature::Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        let pkcs8 = pkcs8.as_ref().to_vec();
        let pair = ring::signature::Ed25519KeyPair::from_pkcs8(&pkcs8).expect("its own");
        let public = BASE64.encode(pair.public_key().as_ref());
        let record = format!("v=DKIM1; k=ed25519; p={public}");
        dns.txt(&format!("cle._domainkey.{domain}"), &record);
        Self { pkcs8, domain }
    }

    fn sign_fields(&self, raw: &[u8], fields: &[&str], length: bool) -> Vec<u8> {
        let key = Ed25519Key::from_pkcs8_maybe_unchecked_der(&self.pkcs8).expect("a key");
        let signature = DkimSigner::from_key(key)
            .domain(self.domain)
            .selector("cle")
            .headers(fields.to_vec())
            .body_length(length)
            .sign(raw)
            .expect("signed");
        let mut out = signature.to_header().into_bytes();
        out.extend_from_slice(raw);
        out
    }

    fn sign(&self, raw: &[u8]) -> Vec<u8> {
        self.sign_fields(raw, &FIELDS, false)
    }
}

fn desk(dns: &Dns) -> Desk {
    let tables = format!(
        "[authentication]\nmode = \"dkim\"\nresolver = \"{}\"\nown_hosts = [\"mx.example.org\"]\ntrusted_submission = [\"10.0.0.25\"]\n",
        dns.address()
    );
    Desk::open("", &tables)
}

/// The bytes between the lines of a PEM file.
fn der(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    let text: String = lines.collect();
    BASE64.decode(text.as_bytes()).expect("base64")
}

/// The verdict on a mail, as the inbox keeps it.
async fn verdict(desk: &Desk, raw: impl Into<Vec<u8>>) -> String {
    let row = desk.receive(raw).await;
    assert_ne!(row.state, InboxState::New, "{}", row.error);
    row.authenticity.expect("a verdict")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_of_the_authors_domain_proves_him() {
    let dns = Dns::start();
    let ours = Signer::publish(&dns, "example.org");
    let theirs = Signer::publish(&dns, "evil.example");
    dns.txt("_dmarc.strict.example", "v=DMARC1; p=reject");
    dns.txt("_dmarc.soft.example", "v=DMARC1; p=none");
    let strict = Signer::publish(&dns, "strict.example");
    let desk = desk(&dns);
    let mut number = 0;
    let mut mail = |from: &str| {
        number += 1;
        let id = format!("n{number}@poste.example.org");
        Draft {
            from,
            message_id: &id,
            ..Draft::default()
        }
        .write()
    };

    let marie = format!("Marie <{MARIE}>");
    // Without a policy.
    let raw = mail(&marie);
    assert_eq!(verdict(&desk, ours.sign(&raw)).await, "pass");
    let raw = mail("Marie <marie@dsi.example.org>");
    assert_eq!(verdict(&desk, ours.sign(&raw)).await, "pass", "relaxed");
    assert_eq!(verdict(&desk, mail(&marie)).await, "none", "unsigned");
    let raw = mail(&marie);
    assert_eq!(
        verdict(&desk, theirs.sign(&raw)).await,
        "none",
        "not theirs"
    );
    // A signature of a third party beside a good one does no harm.
    let raw = mail(&marie);
    assert_eq!(verdict(&desk, theirs.sign(&ours.sign(&raw))).await, "pass");
    // With a policy.
    let raw = mail("Paul <paul@strict.example>");
    assert_eq!(verdict(&desk, strict.sign(&raw)).await, "pass");
    assert_eq!(
        verdict(&desk, mail("Paul <paul@strict.example>")).await,
        "fail"
    );
    assert_eq!(
        verdict(&desk, mail("Paul <paul@sous.strict.example>")).await,
        "fail"
    );
    let raw = mail("Paul <paul@strict.example>");
    assert_eq!(verdict(&desk, theirs.sign(&raw)).await, "fail");
    assert_eq!(verdict(&desk, mail("Ana <ana@soft.example>")).await, "none");
    // RSA, and a mail that this library did not sign.
    dns.txt("rsa._domainkey.agence.example", RSA_PUBLIC.trim());
    let raw = mail("Zoé <zoe@agence.example>");
    let key =
        RsaKey::<Sha256>::from_key_der(PrivatePkcs1KeyDer::from(der(RSA)).into()).expect("a key");
    let signature = DkimSigner::from_key(key)
        .domain("agence.example")
        .selector("rsa")
        .headers(FIELDS)
        .sign(&raw)
        .expect("signed");
    let signed = [signature.to_header().into_bytes(), raw].concat();
    assert_eq!(verdict(&desk, signed).await, "pass");
    assert_eq!(verdict(&desk, ELSEWHERE).await, "pass", "signed elsewhere");
    // From a Maildir: the line ends of the system.
    let raw = ours.sign(&mail(&marie));
    let lines = String::from_utf8(raw).expect("text").replace("\r\n", "\n");
    assert_eq!(verdict(&desk, lines).await, "pass");
    // Our own submission host, unsigned.
    let seen = "Received: from poste (unknown [10.0.0.25]) by mx.example.org with ESMTPSA; Mon, 23 Nov 2026 10:00:00 +0100\r\n";
    let raw = [seen.as_bytes(), &mail(&marie)].concat();
    assert_eq!(verdict(&desk, raw).await, "pass");
    desk.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_signature_does_not_cover_it_does_not_prove() {
    let dns = Dns::start();
    let ours = Signer::publish(&dns, "example.org");
    let desk = desk(&dns);
    let camille = format!("Camille Martin <{CAMILLE}>");
    let mail = |id: &str, body: &str| {
        Draft {
            from: &camille,
            message_id: id,
            body,
            ..Draft::default()
        }
        .write()
    };
    let changed = |raw: Vec<u8>, from: &str, to: &str| {
        let text = String::from_utf8(raw).expect("text");
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };

    let signed = ours.sign(&mail("a@x.example.org", "Bonjour"));
    assert_eq!(
        verdict(&desk, changed(signed, "Bonjour", "#clore")).await,
        "none"
    );
    let signed = ours.sign(&mail("b@x.example.org", "Bonjour"));
    let text = changed(signed, "Message-ID: <b@", "Message-ID: <bb@");
    assert_eq!(verdict(&desk, text).await, "none");
    // `l=`: what was added behind is not signed; nor is anything, with `l=0`.
    let mut long = ours.sign_fields(&mail("c@x.example.org", "Bonjour"), &FIELDS, true);
    assert!(
        String::from_utf8_lossy(&long).contains(" l="),
        "it has a length"
    );
    long.extend_from_slice(b"#clore\r\n");
    assert_eq!(verdict(&desk, long).await, "none");
    let whole = ours.sign_fields(&mail("d@x.example.org", "Bonjour"), &FIELDS, true);
    let text = changed(whole, " l=", " l=0");
    assert_eq!(verdict(&desk, text).await, "none");
    // `From` or `Subject` unsigned.
    let raw = mail("e@x.example.org", "Bonjour");
    let without_from = ours.sign_fields(&raw, &["To", "Subject", "Date"], false);
    assert_eq!(verdict(&desk, without_from).await, "none");
    let raw = mail("f@x.example.org", "Bonjour");
    let without_subject = ours.sign_fields(&raw, &["From", "To", "Date"], false);
    assert_eq!(verdict(&desk, without_subject).await, "none");
    // Several authors, in one field or in two.
    let two = Draft {
        from: "Camille <camille.martin@example.org>, x@evil.example",
        message_id: "g@x.example.org",
        ..Draft::default()
    };
    assert_eq!(verdict(&desk, ours.sign(&two.write())).await, "none");
    let signed = ours.sign(&mail("h@x.example.org", "Bonjour"));
    let second = [b"From: Camille <x@evil.example>\r\n".to_vec(), signed].concat();
    assert_eq!(verdict(&desk, second).await, "none");
    // A key that was withdrawn.
    dns.txt("cle._domainkey.example.org", "v=DKIM1; k=ed25519; p=");
    let signed = ours.sign(&mail("i@x.example.org", "Bonjour"));
    assert_eq!(verdict(&desk, signed).await, "none");
    desk.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_mail_does_nothing_twice() {
    let dns = Dns::start();
    let ours = Signer::publish(&dns, "example.org");
    let desk = desk(&dns);
    let request = Draft::default().write();
    desk.receive(ours.sign(&request)).await;
    let told = desk.sent();
    let told = latest(&told, CAMILLE);
    let reply = Draft {
        from: "Camille Martin <camille.martin@example.org>",
        message_id: "r@poste.example.org",
        answers: &id_of(told),
        body: "#resolu\nC'est réparé.",
        ..Draft::default()
    };
    let signed = ours.sign(&reply.write());
    desk.receive(signed.clone()).await;
    assert_eq!(desk.executed(1).await, ["#resolu"]);
    desk.sent();
    // Once more, by another way: another Received, even another account would do.
    let again = [
        b"Received: from x by mx.evil.example with SMTP; Mon, 23 Nov 2026 11:00:00 +0100\r\n"
            .to_vec(),
        signed,
    ]
    .concat();
    let row = desk.receive(again).await;
    assert_eq!(row.state, InboxState::Duplicate);
    assert_eq!(
        row.authenticity.as_deref(),
        Some("pass"),
        "the signature still holds"
    );
    assert_eq!(desk.executed(1).await, ["#resolu"]);
    assert!(desk.sent().is_empty(), "and nobody is told");
    desk.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_server_that_fails_is_asked_again_and_at_last_nobody_knows() {
    let dns = Dns::start();
    let ours = Signer::publish(&dns, "example.org");
    let key = "cle._domainkey.example.org";
    let desk = desk(&dns);
    dns.set(key, Answer::Failure);
    let signed = ours.sign(&Draft::default().write());
    let row = desk.receive(signed).await;
    assert_eq!(row.state, InboxState::New);
    assert_eq!(row.attempts, 0, "waiting is no attempt");
    assert!(row.error.contains("name servers"), "{}", row.error);
    // Mail that needs no answer does not wait behind it.
    dns.set("_dmarc.agence.example", Answer::Silence);
    let other = Draft {
        from: "Karim <karim@perso.example.net>",
        message_id: "m2@perso.example.net",
        ..Draft::default()
    };
    assert_eq!(verdict(&desk, other.write()).await, "none");
    // It is not asked again at once.
    let asked = dns.asked();
    desk.settle().await;
    assert_eq!(dns.asked(), asked);
    // It comes back: the mail is proven after all.
    Signer::publish(&dns, "autre.example");
    desk.pass(Duration::seconds(31));
    desk.settle().await;
    assert_eq!(desk.row(row.id).await.state, InboxState::New);
    let record = {
        let pair = ring::signature::Ed25519KeyPair::from_pkcs8(&ours.pkcs8).expect("its own");
        BASE64.encode(pair.public_key().as_ref())
    };
    dns.txt(key, &format!("v=DKIM1; k=ed25519; p={record}"));
    desk.pass(Duration::seconds(70));
    desk.settle().await;
    let row = desk.row(row.id).await;
    assert_eq!(
        (row.state, row.authenticity.as_deref()),
        (InboxState::Filed, Some("pass"))
    );

    // A name server that never answers holds nobody for ever, and not for as many tries as hours.
    dns.set(key, Answer::Failure);
    let late = Draft {
        message_id: "m3@poste.example.org",
        body: "Encore moi.",
        ..Draft::default()
    };
    let row = desk.receive(ours.sign(&late.write())).await;
    let mut tries = 0;
    for _ in 0..200 {
        let before = dns.asked();
        desk.pass(Duration::minutes(1));
        desk.settle().await;
        tries += usize::from(dns.asked() > before);
        if desk.row(row.id).await.state != InboxState::New {
            break;
        }
    }
    let row = desk.row(row.id).await;
    assert_eq!(
        (row.state, row.authenticity.as_deref()),
        (InboxState::Filed, Some("none"))
    );
    let waited = desk.now() - row.received_at;
    assert!(
        waited >= Duration::hours(2) && waited < Duration::minutes(140),
        "{waited}"
    );
    assert!((12..=24).contains(&tries), "with pauses that grow: {tries}");
    desk.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_whose_domain_signs_commands_and_a_forger_does_not() {
    let dns = Dns::start();
    let ours = Signer::publish(&dns, "example.org");
    dns.txt("_dmarc.example.org", "v=DMARC1; p=quarantine");
    let desk = desk(&dns);
    desk.receive(ours.sign(&Draft::default().write())).await;
    let sent = desk.sent();
    let told = id_of(latest(&sent, KARIM));
    let reply = |id: &'static str| Draft {
        from: "Karim Benali <karim.benali@example.org>",
        message_id: id,
        answers: &told,
        body: "#prendre",
        ..Draft::default()
    };
    let forged = desk.receive(reply("f@x.example").write()).await;
    assert_eq!(forged.authenticity.as_deref(), Some("fail"));
    assert_ne!(forged.ticket.map(|id| id.0), Some(1), "kept apart");
    assert_eq!(desk.executed(1).await, Vec::<String>::new());
    let proven = desk.receive(ours.sign(&reply("p@x.example").write())).await;
    assert_eq!(proven.ticket.map(|id| id.0), Some(1));
    assert_eq!(desk.executed(1).await, ["#prendre"]);
    desk.check().await;
}
