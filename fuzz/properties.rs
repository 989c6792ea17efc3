//! What holds whatever the bytes: one function for each fuzz target, shared by the targets
//! (`fuzz/fuzz_targets`) and by the ordinary test that replays their seeds (`tests/corpus_fuzz.rs`).

use guichet::desk::command;
use guichet::mail::text::{self, Bodies};
use guichet::mail::{self, Automatic, Digest, Mail, authenticity};
use guichet::token::{self, Keys, Page, Reply};

/// Nothing that could begin another header or end a line of a protocol.
fn one_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}

fn check_mail(bytes: &[u8], mail: &Mail) {
    for address in mail
        .from
        .iter()
        .chain(&mail.reply_to)
        .chain(&mail.to)
        .chain(&mail.cc)
    {
        assert!(one_line(&address.address) && address.name.as_deref().is_none_or(one_line));
    }
    assert!(mail.subject.as_deref().is_none_or(one_line) && one_line(&mail.title));
    assert!(!mail.title.trim().is_empty());
    assert!(!mail.text.contains(['\r', '\0']) && !mail.reply.contains(['\r', '\0']));
    assert!(
        mail.text.trim().is_empty() || !mail.reply.trim().is_empty(),
        "something was written, the reply is empty"
    );
    for file in &mail.attachments {
        assert!(file.name.as_deref().is_none_or(one_line));
        let found = mail::extract(bytes, &file.sha256).expect("what is listed is found");
        assert_eq!(Digest::of(&found), file.sha256);
    }
}

/// A whole message.
pub fn read(bytes: &[u8]) {
    check_mail(bytes, &mail::read(bytes));
    let own = ["mx.example".to_owned()];
    authenticity::from_results(bytes, "mx.example", &own, &own);
}

/// The value of an address field.
pub fn address(bytes: &[u8]) {
    let raw = [
        b"From: ",
        bytes,
        b"\r\nTo: ",
        bytes,
        b"\r\nReferences: ",
        bytes,
        b"\r\n\r\nx",
    ]
    .concat();
    check_mail(&raw, &mail::read(&raw));
}

/// The value of an `Authentication-Results` field. Whatever it says of itself, it proves nothing
/// when another server wrote it.
pub fn authentication_results(bytes: &[u8]) {
    let message = |first: &[u8]| {
        [
            first,
            b"Authentication-Results: ",
            bytes,
            b"\r\nFrom: a@example.org\r\n\r\nx",
        ]
        .concat()
    };
    let own = ["mx.example".to_owned()];
    authenticity::from_results(&message(b""), "mx.example", &own, &[]);
    let below =
        message(b"Received: from a by elsewhere.example; Mon, 16 Nov 2026 09:00:00 +0000\r\n");
    assert_eq!(
        authenticity::from_results(&below, "mx.example", &own, &[]),
        authenticity::Authenticity::None
    );
}

/// The parts of a delivery report behind its text: status and original.
pub fn delivery_report(bytes: &[u8]) {
    let report = [
        b"From: mailer-daemon@mx.example\r\nContent-Type: multipart/report; \
          report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nfailed\r\n--b\r\n\
          Content-Type: message/delivery-status\r\n\r\n",
        bytes,
        b"\r\n--b--\r\n",
    ]
    .concat();
    let mail = mail::read(&report);
    check_mail(&report, &mail);
    assert_eq!(mail.automatic, Some(Automatic::Bounce));
    for bounce in &mail.bounces {
        let said = [
            &bounce.recipient,
            &bounce.status,
            &bounce.action,
            &bounce.original_message_id,
        ];
        assert!(said.into_iter().flatten().all(|text| one_line(text)));
    }
    let words = [
        b"From: mailer-daemon@mx.example\r\nSubject: failure notice\r\n\r\n",
        bytes,
    ]
    .concat();
    check_mail(&words, &mail::read(&words));
}

/// A text body: history, signature and forwards, and the verdicts on what is left.
pub fn reply(bytes: &[u8]) {
    let plain = String::from_utf8_lossy(bytes);
    let subject = plain.lines().next();
    let written = text::split(&Bodies {
        plain: Some(&plain),
        subject,
        sender_name: Some("Jean Dupont"),
        answers: true,
        ..Bodies::default()
    });
    assert!(
        written.text.trim().is_empty() || !written.reply.trim().is_empty(),
        "something was written, the reply is empty"
    );
    text::is_thanks(&written.reply, false);
    text::lone_reaction(&written.reply);
    text::language(&written.reply);
    text::claims_urgency(subject.unwrap_or_default());
    token::marker_tokens(&plain);
}

/// An HTML body.
pub fn html(bytes: &[u8]) {
    let html = String::from_utf8_lossy(bytes);
    let shown = text::html_to_text(&html);
    assert!(!shown.contains(['\r', '\0']));
    let written = text::split(&Bodies {
        html: Some(&html),
        subject: Some("Re: x"),
        answers: true,
        ..Bodies::default()
    });
    assert!(written.text.trim().is_empty() || !written.reply.trim().is_empty());
}

/// A token: nothing opens that was not sealed with the key, and what was sealed opens unchanged
/// only.
pub fn token(bytes: &[u8]) {
    let keys = Keys::parse(&Keys::file_text(&[7; token::KEY_BYTES])).expect("a key file of ours");
    let text = String::from_utf8_lossy(bytes);
    let opened = (Reply::open(&keys, &text), Page::open(&keys, &text));
    // The fuzzer cannot guess 128 bits: what opens is a seed, in another spelling at most.
    if let Some(reply) = &opened.0 {
        assert!(reply.seal(&keys).eq_ignore_ascii_case(text.trim()));
    }
    if let Some(page) = &opened.1 {
        assert!(page.seal(&keys).eq_ignore_ascii_case(text.trim()));
    }
    for token in token::marker_tokens(&text) {
        Reply::open(&keys, &token);
    }
    token::plus_token(&text);
    token::message_id_token(&text, keys.instance());
}

/// A technician's reply: its command lines, and the message that remains. No line is lost between
/// the two, and none is invented.
pub fn command(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (lines, message) = command::parse(&text);
    for line in &lines {
        assert!(
            text.contains(line.written.trim()),
            "a command that nobody wrote"
        );
    }
    for line in message.lines() {
        assert!(text.contains(line.trim()), "a line that nobody wrote");
    }
    let shown = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).count();
    assert_eq!(
        shown(&text),
        lines.len() + shown(&message),
        "a line was lost"
    );
}
