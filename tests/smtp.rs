//! Where mail goes, told against real servers on loopback: what became of a mail is always known,
//! and the one case in which it cannot be known is named.

mod support;

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use guichet::smtp::{
    Credential, Envelope, Login, Outcome, Secret, Sender, Settings, Timeouts, Tls, Transport,
};
use support::certificates::{Authority, Validity, self_signed};
use support::sink::{Act, Auth, EndOfData, Fault, Protection, Script, Sink, Step};

const MAIL: &[u8] = b"From: Support <support@example.org>\r\nTo: alice@example.org\r\n\
    Subject: Enregistrement\r\n\r\nBonjour,\r\n.\r\n..un point\r\n\r\n-- \r\nLe support\r\n";

fn settings(sink: &Sink) -> Settings {
    Settings::new("127.0.0.1", sink.port(), Tls::None)
}

fn sender(settings: Settings) -> Sender {
    Sender::new(Transport::Smtp(Box::new(settings))).unwrap()
}

fn mail_to(to: &str) -> Envelope {
    Envelope {
        id: 1,
        from: "support@example.org".to_owned(),
        to: to.to_owned(),
        bytes: MAIL.into(),
    }
}

fn is_sent(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Sent { .. })
}

/// The text of a `Later`.
fn why_later(outcome: Outcome) -> String {
    match outcome {
        Outcome::Later(why) => why,
        other => panic!("not later but {other:?}"),
    }
}

async fn later(sink: &Sink) -> String {
    why_later(
        sender(settings(sink))
            .send(&mail_to("alice@example.org"))
            .await,
    )
}

fn impatient() -> Timeouts {
    let short = Duration::from_millis(300);
    Timeouts {
        connect: short,
        greeting: short,
        command: short,
        block: short,
        before_dot: Duration::from_secs(3),
        final_dot: short,
    }
}

// ---- accepted

#[tokio::test]
async fn a_mail_arrives_byte_for_byte_with_its_envelope() {
    let sink = Sink::start().await;
    let outcome = sender(settings(&sink))
        .send(&mail_to("alice@example.org"))
        .await;
    assert_eq!(
        outcome,
        Outcome::Sent {
            answer: "250 2.0.0 Ok: queued as 1".to_owned()
        }
    );
    let [mail] = &sink.received()[..] else {
        panic!("one mail")
    };
    assert_eq!(mail.bytes, MAIL);
    assert_eq!(mail.from, "support@example.org");
    assert_eq!(mail.to, ["alice@example.org"]);
    assert_eq!(mail.parameters, format!("SIZE={}", MAIL.len()));
    assert_eq!(sink.commands()[0], "EHLO [127.0.0.1]");
}

#[tokio::test]
async fn the_null_return_path_is_written_as_such() {
    let sink = Sink::start().await;
    let mail = Envelope {
        from: String::new(),
        ..mail_to("alice@example.org")
    };
    assert!(is_sent(&sender(settings(&sink)).send(&mail).await));
    assert_eq!(sink.received()[0].from, "");
    assert!(sink.commands()[1].starts_with("MAIL FROM:<> SIZE="));
}

#[tokio::test]
async fn a_server_without_any_extension_is_served_one_command_at_a_time() {
    let sink = Sink::with(Script {
        extensions: Vec::new(),
        ..Script::default()
    })
    .await;
    assert!(is_sent(
        &sender(settings(&sink))
            .send(&mail_to("alice@example.org"))
            .await
    ));
    assert_eq!(
        sink.commands()[1..],
        [
            "MAIL FROM:<support@example.org>",
            "RCPT TO:<alice@example.org>",
            "DATA"
        ]
    );
    assert_eq!(sink.received()[0].bytes, MAIL);
}

#[tokio::test]
async fn a_server_that_only_knows_helo_is_served() {
    let sink = Sink::start().await;
    sink.fault(Fault::always(
        Step::Ehlo,
        Act::Answer("502 5.5.1 EHLO?".to_owned()),
    ));
    assert!(is_sent(
        &sender(settings(&sink))
            .send(&mail_to("alice@example.org"))
            .await
    ));
}

#[tokio::test]
async fn eight_bit_and_international_mails_are_announced() {
    let sink = Sink::start().await;
    let mail = Envelope {
        bytes: "Subject: x\r\n\r\nDéjà vu\r\n".as_bytes().into(),
        ..mail_to("élodie@université.example")
    };
    assert!(is_sent(&sender(settings(&sink)).send(&mail).await));
    let received = &sink.received()[0];
    assert!(received.parameters.ends_with(" BODY=8BITMIME SMTPUTF8"));
    assert_eq!(received.to, ["élodie@université.example"]);
    assert_eq!(&*received.bytes, &*mail.bytes);
}

#[tokio::test]
async fn one_connection_carries_many_mails_and_closes_politely() {
    let sink = Sink::start().await;
    let sender = sender(settings(&sink));
    for number in 0..20 {
        assert!(is_sent(
            &sender
                .send(&mail_to(&format!("u{number}@example.org")))
                .await
        ));
    }
    assert_eq!(sink.connections(), 1);
    assert_eq!(sink.received().len(), 20);
    sender.close().await;
    assert_eq!(sink.commands().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn many_at_once_share_a_few_connections() {
    let sink = Sink::start().await;
    let mut limited = settings(&sink);
    limited.connections = 3;
    let sender = sender(limited);
    let mut all = tokio::task::JoinSet::new();
    for number in 0..60 {
        let sender = sender.clone();
        all.spawn(async move {
            sender
                .send(&mail_to(&format!("u{number}@example.org")))
                .await
        });
    }
    assert!(all.join_all().await.iter().all(is_sent));
    assert!(
        (1..=3).contains(&sink.connections()),
        "{}",
        sink.connections()
    );
    let mut to: Vec<_> = sink
        .received()
        .into_iter()
        .flat_map(|mail| mail.to)
        .collect();
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_mail_arrives_whole() {
    let sink = Sink::start().await;
    let mut bytes = b"Subject: big\r\n\r\n".to_vec();
    for line in 0..200_000 {
        bytes.extend_from_slice(format!(".{line} ............\r\n").as_bytes());
    }
    let mail = Envelope {
        bytes: bytes.clone().into(),
        ..mail_to("alice@example.org")
    };
    assert!(is_sent(&sender(settings(&sink)).send(&mail).await));
    assert!(sink.received()[0].bytes == bytes);
}

// ---- certainly not sent: the network, before the final dot

#[tokio::test]
async fn nobody_listens() {
    let sink = Sink::start().await;
    let nowhere = settings(&sink);
    drop(sink);
    let outcome = sender(nowhere).send(&mail_to("alice@example.org")).await;
    assert!(why_later(outcome).contains("connecting"));
}

#[tokio::test]
async fn hanging_up_before_the_dot_is_later_at_every_step() {
    for step in [
        Step::Connect,
        Step::Ehlo,
        Step::Mail,
        Step::Rcpt,
        Step::Data,
        Step::Message,
    ] {
        for extensions in [Script::default().extensions, Vec::new()] {
            let sink = Sink::with(Script {
                extensions,
                ..Script::default()
            })
            .await;
            sink.fault(Fault::always(step, Act::HangUp));
            let mail = Envelope {
                // More than all buffers in between can hold.
                bytes: b"x: y\r\n".repeat(2_000_000).into(),
                ..mail_to("alice@example.org")
            };
            let why = why_later(sender(settings(&sink)).send(&mail).await);
            assert!(!why.is_empty());
            assert_eq!(
                sink.connections(),
                1,
                "{step:?}: a fresh connection is not retried"
            );
            assert!(sink.received().is_empty());
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_talking_is_left_after_the_limit() {
    for step in [
        Step::Connect,
        Step::Ehlo,
        Step::Mail,
        Step::Rcpt,
        Step::Data,
    ] {
        let sink = Sink::start().await;
        sink.fault(Fault::always(step, Act::Stall));
        let mut settings = settings(&sink);
        settings.timeouts = impatient();
        let outcome = sender(settings).send(&mail_to("alice@example.org")).await;
        assert!(why_later(outcome).contains("within"), "{step:?}");
    }
}

#[tokio::test]
async fn a_server_that_stops_reading_in_the_middle_is_later() {
    let sink = Sink::start().await;
    sink.fault(Fault::always(Step::Message, Act::Stall));
    let mut settings = settings(&sink);
    settings.timeouts = impatient();
    let mail = Envelope {
        bytes: b"x: y\r\n".repeat(3_000_000).into(),
        ..mail_to("alice@example.org")
    };
    why_later(sender(settings).send(&mail).await);
    assert!(sink.received().is_empty());
}

#[tokio::test]
async fn a_tarpit_below_every_limit_is_left_all_the_same() {
    let sink = Sink::with(Script {
        extensions: Vec::new(),
        ..Script::default()
    })
    .await;
    for step in [Step::Mail, Step::Rcpt, Step::Data] {
        sink.fault(Fault::always(step, Act::Wait(Duration::from_millis(200))));
    }
    let mut settings = settings(&sink);
    settings.timeouts = Timeouts {
        before_dot: Duration::from_millis(300),
        ..impatient()
    };
    why_later(sender(settings).send(&mail_to("alice@example.org")).await);
    assert!(sink.received().is_empty());
}

// ---- the server says no

#[tokio::test]
async fn a_no_for_now_is_later_at_every_step() {
    for (step, text) in [
        (Step::Ehlo, "451 4.3.0 Not now"),
        (Step::Mail, "451 4.3.0 Load"),
        (Step::Rcpt, "450 4.7.1 Greylisted, come back in 300 s"),
        (Step::Data, "452 4.3.1 No space"),
        (Step::Dot, "451 4.7.1 Please try again"),
    ] {
        let sink = Sink::start().await;
        sink.fault(Fault::once(step, Act::Answer(text.to_owned())));
        let sender = sender(settings(&sink));
        let why = why_later(sender.send(&mail_to("alice@example.org")).await);
        assert!(why.contains(text), "{step:?}: {why}");
        assert!(sink.received().is_empty());
        // The second attempt goes through, on the same connection unless EHLO failed.
        assert!(is_sent(&sender.send(&mail_to("alice@example.org")).await));
        assert_eq!(sink.connections(), if step == Step::Ehlo { 2 } else { 1 });
        assert_eq!(sink.received().len(), 1);
    }
}

#[tokio::test]
async fn a_final_no_about_the_mail_is_never() {
    for extensions in [Script::default().extensions, Vec::new()] {
        for (step, text, code) in [
            (Step::Mail, "553 5.1.7 Bad sender", 553),
            (Step::Rcpt, "550 5.1.1 No such user", 550),
            (Step::Data, "554 5.7.1 Policy", 554),
            (Step::Dot, "554 5.7.1 Spam", 554),
        ] {
            let sink = Sink::with(Script {
                extensions: extensions.clone(),
                ..Script::default()
            })
            .await;
            sink.fault(Fault::once(step, Act::Answer(text.to_owned())));
            let sender = sender(settings(&sink));
            assert_eq!(
                sender.send(&mail_to("alice@example.org")).await,
                Outcome::Never {
                    code,
                    text: text.to_owned()
                }
            );
            assert!(is_sent(&sender.send(&mail_to("bob@example.org")).await));
            assert_eq!(sink.connections(), 1, "a no does not cost the connection");
        }
    }
}

#[tokio::test]
async fn an_ill_account_is_later_whatever_the_code() {
    for (step, text) in [
        (Step::Connect, "554 5.7.1 Your address is on a list"),
        (Step::Ehlo, "550 5.7.1 I do not know you"),
        (Step::Mail, "530 5.7.0 Authentication required"),
        (
            Step::Mail,
            "550 5.7.57 Client not authenticated to send mail",
        ),
        (Step::Dot, "554 5.2.252 SendAsDenied"),
    ] {
        let sink = Sink::with(Script {
            greeting: if step == Step::Connect {
                format!("{text}\r\n").into_bytes()
            } else {
                Script::default().greeting
            },
            ..Script::default()
        })
        .await;
        sink.fault(Fault::always(step, Act::Answer(text.to_owned())));
        assert!(later(&sink).await.contains(text), "{text}");
    }
}

#[tokio::test]
async fn one_bad_recipient_hurts_no_other() {
    let sink = Sink::start().await;
    sink.fault(
        Fault::always(Step::Rcpt, Act::Answer("550 5.1.1 Gone".into())).to("gone@example.org"),
    );
    sink.fault(
        Fault::always(
            Step::Rcpt,
            Act::AnswerAndHangUp("421 4.7.0 I hate this one".into()),
        )
        .to("hated@example.org"),
    );
    sink.fault(Fault::always(Step::Dot, Act::AcceptAndHangUp).to("unsure@example.org"));
    let sender = sender(settings(&sink));
    let mut outcomes = Vec::new();
    for name in [
        "a",
        "gone",
        "b",
        "hated",
        "c",
        "unsure",
        "d\r\nRCPT TO:<e",
        "f",
    ] {
        outcomes.push(sender.send(&mail_to(&format!("{name}@example.org"))).await);
    }
    assert!(
        matches!(
            &outcomes[..],
            [
                Outcome::Sent { .. },
                Outcome::Never { code: 550, .. },
                Outcome::Sent { .. },
                Outcome::Later(_),
                Outcome::Sent { .. },
                Outcome::Uncertain(_),
                Outcome::Never { code: 501, .. },
                Outcome::Sent { .. },
            ]
        ),
        "{outcomes:#?}"
    );
    let to: Vec<_> = sink
        .received()
        .into_iter()
        .flat_map(|mail| mail.to)
        .collect();
    let expected = ["a", "b", "c", "unsure", "f"].map(|name| format!("{name}@example.org"));
    assert_eq!(to, expected);
}

#[tokio::test]
async fn a_go_on_to_a_mail_without_recipient_is_not_followed() {
    // Some servers say 354 to a pipelined DATA although they refused everybody.
    let sink = Sink::start().await;
    sink.fault(Fault::once(
        Step::Rcpt,
        Act::Answer("550 5.1.1 Gone".to_owned()),
    ));
    sink.fault(Fault::once(Step::Data, Act::Answer("354 Go on".to_owned())));
    let sender = sender(settings(&sink));
    let outcome = sender.send(&mail_to("gone@example.org")).await;
    assert!(
        matches!(outcome, Outcome::Never { code: 550, .. }),
        "{outcome:?}"
    );
    assert!(is_sent(&sender.send(&mail_to("alice@example.org")).await));
    assert_eq!(sink.received().len(), 1);
    assert_eq!(sink.received()[0].to, ["alice@example.org"]);
    assert_eq!(sink.received()[0].connection, 1);
    let words = sink.commands();
    assert_eq!(words[3..5], ["DATA", "EHLO [127.0.0.1]"], "{words:?}");
}

#[tokio::test]
async fn the_reason_for_breaking_off_a_message_is_heard() {
    for lines in [300, 2_000_000] {
        let sink = Sink::start().await;
        sink.fault(Fault::always(
            Step::Message,
            Act::AnswerAndHangUp("552 5.3.4 Too big after all".to_owned()),
        ));
        let mail = Envelope {
            bytes: b"x: y\r\n".repeat(lines).into(),
            ..mail_to("alice@example.org")
        };
        let outcome = sender(settings(&sink)).send(&mail).await;
        assert!(
            matches!(outcome, Outcome::Never { code: 552, .. }),
            "{outcome:?}"
        );
        assert!(sink.received().is_empty());
    }
}

#[tokio::test]
async fn a_mail_beyond_the_announced_size_is_not_tried() {
    let sink = Sink::with(Script {
        extensions: vec![b"SIZE 100".to_vec()],
        ..Script::default()
    })
    .await;
    let outcome = sender(settings(&sink))
        .send(&mail_to("alice@example.org"))
        .await;
    assert!(
        matches!(outcome, Outcome::Never { code: 552, .. }),
        "{outcome:?}"
    );
    assert_eq!(sink.commands().len(), 1, "{:?}", sink.commands());
}

#[tokio::test]
async fn an_international_address_needs_a_server_that_takes_it() {
    let sink = Sink::with(Script {
        extensions: vec![b"8BITMIME".to_vec()],
        ..Script::default()
    })
    .await;
    let sender = sender(settings(&sink));
    let outcome = sender.send(&mail_to("élodie@example.org")).await;
    assert!(
        matches!(&outcome, Outcome::Never { code: 553, text } if text.contains("SMTPUTF8")),
        "{outcome:?}"
    );
    assert!(is_sent(
        &sender.send(&mail_to("elodie@université.example")).await
    ));
    assert_eq!(sink.received()[0].to, ["elodie@xn--universit-j4a.example"]);
}

// ---- behind the final dot

#[tokio::test]
async fn no_answer_to_the_final_dot_is_uncertain_and_not_repeated_by_itself() {
    for act in [Act::HangUp, Act::AcceptAndHangUp, Act::Stall] {
        for has_kept_connection in [false, true] {
            let sink = Sink::start().await;
            let mut settings = settings(&sink);
            settings.timeouts = impatient();
            let sender = sender(settings);
            if has_kept_connection {
                assert!(is_sent(&sender.send(&mail_to("first@example.org")).await));
            }
            sink.fault(Fault::once(Step::Dot, act.clone()));
            let outcome = sender.send(&mail_to("alice@example.org")).await;
            assert!(
                matches!(outcome, Outcome::Uncertain(_)),
                "{act:?}: {outcome:?}"
            );
            let copies = |sink: &Sink| {
                let received = sink.received();
                received
                    .iter()
                    .filter(|mail| mail.to == ["alice@example.org"])
                    .count()
            };
            let accepted = usize::from(!matches!(act, Act::HangUp));
            assert_eq!(copies(&sink), accepted);
            assert_eq!(sink.connections(), 1);
            // The caller's repeat: copies = 1 + cuts at most.
            assert!(is_sent(&sender.send(&mail_to("alice@example.org")).await));
            assert_eq!(copies(&sink), accepted + 1);
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_no_smtp_behind_the_dot_is_uncertain() {
    for text in ["what a nice mail", "354 Go on", "\u{0}\u{1}\u{2}"] {
        let sink = Sink::start().await;
        sink.fault(Fault::once(Step::Dot, Act::Answer(text.to_owned())));
        let outcome = sender(settings(&sink))
            .send(&mail_to("alice@example.org"))
            .await;
        assert!(
            matches!(outcome, Outcome::Uncertain(_)),
            "{text}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_yes_that_is_strangely_said_is_still_a_yes() {
    let long = format!("250 2.0.0 {}", "Ok ".repeat(5000));
    for text in [
        "250",
        "250 Message accepté",
        "251 will forward",
        "250-2.0.0 Ok\r\n\r\n250-\r\n250 2.0.0 really",
        &long,
    ] {
        let sink = Sink::start().await;
        sink.fault(Fault::once(Step::Dot, Act::Answer(text.to_owned())));
        let sender = sender(settings(&sink));
        assert!(
            is_sent(&sender.send(&mail_to("alice@example.org")).await),
            "{text}"
        );
        assert!(is_sent(&sender.send(&mail_to("bob@example.org")).await));
        assert_eq!(sink.connections(), 1);
    }
}

// ---- kept connections

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced_at_once() {
    let sink = Sink::start().await;
    let old = settings(&sink);
    let sender = sender(old);
    assert!(is_sent(&sender.send(&mail_to("a@example.org")).await));
    // The server restarts: connections die, the port stays.
    let port = sink.port();
    drop(sink);
    tokio::task::yield_now().await;
    let sink = restart(port).await;
    assert!(is_sent(&sender.send(&mail_to("b@example.org")).await));
    assert_eq!(sink.received().len(), 1);
}

async fn restart(port: u16) -> Sink {
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Sink::with(Script {
        port,
        ..Script::default()
    })
    .await
}

#[tokio::test]
async fn a_kept_connection_that_says_goodbye_is_replaced_at_once() {
    for act in [
        Act::HangUp,
        Act::AnswerAndHangUp("421 4.4.2 Timeout".to_owned()),
        Act::AnswerAndHangUp("421 4.7.0 Too many mails".to_owned()),
    ] {
        for step in [Step::Mail, Step::Rcpt, Step::Data] {
            let sink = Sink::start().await;
            let sender = sender(settings(&sink));
            assert!(is_sent(&sender.send(&mail_to("a@example.org")).await));
            sink.fault(Fault::once(step, act.clone()));
            assert!(is_sent(&sender.send(&mail_to("b@example.org")).await));
            assert_eq!(sink.connections(), 2);
            assert_eq!(sink.received().len(), 2, "one copy each");
        }
    }
}

#[tokio::test]
async fn a_second_try_is_judged_by_itself() {
    // The kept connection comes to the dot and is told to come back; the fresh one does not come
    // that far.
    let sink = Sink::start().await;
    let sender = sender(settings(&sink));
    assert!(is_sent(&sender.send(&mail_to("a@example.org")).await));
    sink.fault(Fault::once(
        Step::Dot,
        Act::AnswerAndHangUp("421 4.3.2 Restarting".to_owned()),
    ));
    // DATA passes once, on the kept connection.
    sink.fault(Fault::once(Step::Data, Act::Wait(Duration::ZERO)));
    sink.fault(Fault::once(Step::Data, Act::HangUp));
    let outcome = sender.send(&mail_to("b@example.org")).await;
    assert!(matches!(outcome, Outcome::Later(_)), "{outcome:?}");
    assert_eq!(sink.connections(), 2);
    assert_eq!(sink.received().len(), 1);
}

#[tokio::test]
async fn a_connection_is_replaced_after_a_hundred_mails() {
    let sink = Sink::start().await;
    let sender = sender(settings(&sink));
    for number in 0..101 {
        assert!(is_sent(
            &sender
                .send(&mail_to(&format!("u{number}@example.org")))
                .await
        ));
    }
    assert_eq!(sink.connections(), 2);
    assert_eq!(sink.received()[99].connection, 0);
    assert_eq!(sink.received()[100].connection, 1);
}

#[tokio::test]
async fn a_refusal_is_reported_though_the_server_falls_silent() {
    let sink = Sink::start().await;
    sink.fault(Fault::once(
        Step::Rcpt,
        Act::Answer("550 5.1.1 Gone".to_owned()),
    ));
    sink.fault(Fault::always(Step::Rset, Act::Stall));
    let sender = sender(settings(&sink));
    let outcome = sender.send(&mail_to("gone@example.org")).await;
    assert!(
        matches!(outcome, Outcome::Never { code: 550, .. }),
        "{outcome:?}"
    );
    assert!(is_sent(&sender.send(&mail_to("alice@example.org")).await));
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn a_server_that_speaks_unasked_is_not_believed() {
    // A second yes behind the first would be taken for the answer to the next mail's MAIL, and in
    // the end a refused mail for sent.
    let sink = Sink::start().await;
    sink.fault(Fault::once(
        Step::Dot,
        Act::Answer("250 2.0.0 Ok\r\n250 2.0.0 Ok".to_owned()),
    ));
    let sender = sender(settings(&sink));
    assert!(is_sent(&sender.send(&mail_to("a@example.org")).await));
    sink.fault(Fault::once(
        Step::Dot,
        Act::Answer("554 5.7.1 No".to_owned()),
    ));
    let outcome = sender.send(&mail_to("b@example.org")).await;
    assert!(
        matches!(outcome, Outcome::Never { code: 554, .. }),
        "{outcome:?}"
    );
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn idle_connections_are_closed_after_a_while() {
    let sink = Sink::start().await;
    let sender = sender(settings(&sink));
    assert!(is_sent(&sender.send(&mail_to("a@example.org")).await));
    assert_eq!(sink.open_connections(), 1);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    sink.wait_until_closed().await;
    assert_eq!(sink.commands().last().unwrap(), "QUIT");
    assert!(is_sent(&sender.send(&mail_to("b@example.org")).await));
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn an_attempt_that_nobody_waits_for_ends() {
    let sink = Sink::start().await;
    sink.fault(Fault::always(
        Step::Rcpt,
        Act::Wait(Duration::from_millis(300)),
    ));
    let sender = sender(settings(&sink));
    let mail = mail_to("alice@example.org");
    let attempt = sender.send(&mail);
    let gone = tokio::time::timeout(Duration::from_millis(100), attempt).await;
    assert!(gone.is_err());
    sink.wait_until_closed().await;
    assert!(
        sink.received().is_empty(),
        "no mail goes out behind our back"
    );
}

// ---- TLS

#[tokio::test]
async fn tls_from_the_start_and_by_starttls() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, &authority.pem).unwrap();
    let certificate = authority.certify("127.0.0.1", Validity::Current);
    for (tls, protection) in [
        (
            Tls::Implicit,
            Protection::Implicit(certificate.server_config()),
        ),
        (
            Tls::StartTls,
            Protection::StartTls(certificate.server_config()),
        ),
    ] {
        let sink = Sink::with(Script {
            protection,
            ..Script::default()
        })
        .await;
        let mut settings = settings(&sink);
        settings.tls = tls;
        settings.ca_file = Some(ca_file.clone());
        let sender = sender(settings);
        for name in ["a", "b"] {
            let outcome = sender.send(&mail_to(&format!("{name}@example.org"))).await;
            assert!(is_sent(&outcome), "{tls:?}: {outcome:?}");
        }
        assert!(
            sink.received()
                .iter()
                .all(|mail| mail.in_tls && mail.bytes == MAIL)
        );
        assert_eq!(sink.connections(), 1);
        let found = sender.check().await.unwrap();
        assert!(
            found.contains("TLS") && found.contains("PIPELINING"),
            "{found}"
        );
    }
}

#[tokio::test]
async fn uncertain_is_known_through_tls_too() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, &authority.pem).unwrap();
    let certificate = authority.certify("127.0.0.1", Validity::Current);
    for (step, is_uncertain) in [
        (Step::Dot, true),
        (Step::Message, false),
        (Step::Data, false),
    ] {
        let sink = Sink::with(Script {
            protection: Protection::Implicit(certificate.server_config()),
            ..Script::default()
        })
        .await;
        sink.fault(Fault::always(step, Act::HangUp));
        let mut settings = settings(&sink);
        settings.tls = Tls::Implicit;
        settings.ca_file = Some(ca_file.clone());
        let mail = Envelope {
            bytes: b"x: y\r\n".repeat(2_000_000).into(),
            ..mail_to("alice@example.org")
        };
        let outcome = sender(settings).send(&mail).await;
        assert_eq!(
            matches!(outcome, Outcome::Uncertain(_)),
            is_uncertain,
            "{step:?}: {outcome:?}"
        );
        assert_eq!(matches!(outcome, Outcome::Later(_)), !is_uncertain);
    }
}

#[tokio::test]
async fn a_server_that_cannot_prove_who_it_is_gets_nothing() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, &authority.pem).unwrap();
    let good = authority.certify("127.0.0.1", Validity::Current);
    for (name, config, ca_file) in [
        (
            "self-signed",
            self_signed("127.0.0.1").server_config(),
            None,
        ),
        ("unknown authority", good.server_config(), None),
        (
            "wrong host",
            authority
                .certify("mail.example.org", Validity::Current)
                .server_config(),
            Some(&ca_file),
        ),
        (
            "expired",
            authority
                .certify("127.0.0.1", Validity::Expired)
                .server_config(),
            Some(&ca_file),
        ),
        (
            "self-signed beside an authority",
            self_signed("127.0.0.1").server_config(),
            Some(&ca_file),
        ),
    ] {
        for tls in [Tls::Implicit, Tls::StartTls] {
            let sink = Sink::with(Script {
                protection: match tls {
                    Tls::Implicit => Protection::Implicit(Arc::clone(&config)),
                    Tls::StartTls | Tls::None => Protection::StartTls(Arc::clone(&config)),
                },
                ..Script::default()
            })
            .await;
            let mut settings = settings(&sink);
            settings.tls = tls;
            settings.ca_file = ca_file.cloned();
            // The loud flag is about clear text; it does not make a certificate good.
            settings.allow_plaintext = true;
            let why = why_later(sender(settings).send(&mail_to("alice@example.org")).await);
            assert!(why.contains("certificate"), "{name}, {tls:?}: {why}");
            let words = sink.commands();
            assert!(
                words
                    .iter()
                    .all(|word| word.starts_with("EHLO") || word == "STARTTLS"),
                "{name}: {words:?}"
            );
        }
    }
}

#[tokio::test]
async fn starttls_that_is_no_longer_offered_is_refused() {
    let sink = Sink::start().await;
    let mut settings = settings(&sink);
    settings.tls = Tls::StartTls;
    settings.allow_plaintext = true;
    settings.login = Some(Login {
        user: "support".to_owned(),
        credential: Credential::Password(Secret::new("geheim")),
    });
    let why = why_later(sender(settings).send(&mail_to("alice@example.org")).await);
    assert!(why.contains("STARTTLS"), "{why}");
    assert_eq!(sink.commands(), ["EHLO [127.0.0.1]"]);
}

#[tokio::test]
async fn what_is_slipped_in_before_tls_is_refused() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, &authority.pem).unwrap();
    let sink = Sink::with(Script {
        protection: Protection::StartTls(
            authority
                .certify("127.0.0.1", Validity::Current)
                .server_config(),
        ),
        injected: b"250-evil.example\r\n250 AUTH LOGIN\r\n".to_vec(),
        ..Script::default()
    })
    .await;
    let mut settings = settings(&sink);
    settings.tls = Tls::StartTls;
    settings.ca_file = Some(ca_file);
    let why = why_later(sender(settings).send(&mail_to("alice@example.org")).await);
    assert!(why.contains("slipped in"), "{why}");
    assert_eq!(sink.commands(), ["EHLO [127.0.0.1]", "STARTTLS"]);
}

#[tokio::test]
async fn tls_to_a_server_in_clear_fails_and_says_nothing() {
    let sink = Sink::start().await;
    let mut settings = settings(&sink);
    settings.tls = Tls::Implicit;
    settings.timeouts = impatient();
    why_later(sender(settings).send(&mail_to("alice@example.org")).await);
    assert!(sink.received().is_empty());
}

/// What rustls cannot be as a server, OpenSSL can: too old.
#[tokio::test]
async fn tls_before_1_2_is_refused() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let certificate = authority.certify("127.0.0.1", Validity::Current);
    let ca_file = file("ca.pem", &authority.pem);
    let certificate_file = file("server.pem", &certificate.pem);
    let key_file = file("key.pem", &certificate.key_pem);
    for (version, is_good) in [("-tls1", false), ("-tls1_1", false), ("-tls1_2", true)] {
        let port = free_port();
        let mut server = tokio::process::Command::new("openssl")
            .args(["s_server", "-quiet", version, "-cipher", "ALL:@SECLEVEL=0"])
            .args(["-accept", &format!("127.0.0.1:{port}")])
            .arg("-cert")
            .arg(&certificate_file)
            .arg("-key")
            .arg(&key_file)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the package openssl is installed");
        wait_for_port(port, &mut server).await;
        let mut settings = Settings::new("127.0.0.1", port, Tls::Implicit);
        settings.ca_file = Some(ca_file.clone());
        settings.timeouts = impatient();
        let why = why_later(sender(settings).send(&mail_to("alice@example.org")).await);
        // A good server is believed, and waited for: it never greets.
        let expected = if is_good {
            "greeting"
        } else {
            "agreeing on TLS"
        };
        assert!(why.contains(expected), "{version}: {why}");
        server.kill().await.unwrap();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

async fn wait_for_port(port: u16, server: &mut tokio::process::Child) {
    for _ in 0..250 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_ok()
        {
            return;
        }
        let end = server.try_wait().unwrap();
        assert!(end.is_none(), "the server did not start: {end:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the server does not listen");
}

#[tokio::test]
async fn in_clear_only_to_this_machine() {
    // An address of this machine that is not loopback, if it has one.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let other = socket
        .connect("192.0.2.1:9")
        .and_then(|()| socket.local_addr())
        .map(|address| address.ip());
    let Ok(ip) = other else {
        // Without any network there is nothing beyond loopback to refuse.
        return;
    };
    let listener = tokio::net::TcpListener::bind((ip, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let settings = Settings::new(ip.to_string(), port, Tls::None);
    let why = why_later(sender(settings).send(&mail_to("alice@example.org")).await);
    assert!(why.contains("refusing to speak in clear"), "{why}");
}

#[test]
fn a_ca_file_that_is_none_is_a_mistake_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    for path in [empty.as_path(), Path::new("/does/not/exist.pem")] {
        let mut settings = Settings::new("127.0.0.1", 1, Tls::Implicit);
        settings.ca_file = Some(path.to_owned());
        let error = Sender::new(Transport::Smtp(Box::new(settings))).unwrap_err();
        assert!(format!("{error:#}").contains(&path.display().to_string()));
    }
}

// ---- login

fn with_auth(mechanisms: &[&'static str], secret: &str) -> Script {
    Script {
        auth: Some(Auth {
            mechanisms: mechanisms.to_vec(),
            user: "support@example.org".to_owned(),
            secret: secret.to_owned(),
        }),
        ..Script::default()
    }
}

fn login(credential: Credential) -> Option<Login> {
    Some(Login {
        user: "support@example.org".to_owned(),
        credential,
    })
}

#[tokio::test]
async fn logging_in_with_plain_and_with_login() {
    for mechanisms in [&["PLAIN"][..], &["LOGIN"], &["CRAM-MD5", "LOGIN", "PLAIN"]] {
        let sink = Sink::with(with_auth(mechanisms, "pässword ✓")).await;
        let mut settings = settings(&sink);
        settings.login = login(Credential::Password(Secret::new("pässword ✓")));
        let sender = sender(settings);
        for _ in 0..2 {
            let outcome = sender.send(&mail_to("alice@example.org")).await;
            assert!(is_sent(&outcome), "{mechanisms:?}: {outcome:?}");
        }
        assert_eq!(
            sink.received()[1].user.as_deref(),
            Some("support@example.org")
        );
        assert_eq!(sink.connections(), 1);
    }
}

#[tokio::test]
async fn a_password_or_token_file_is_read_at_each_login() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    for (mechanism, credential) in [
        ("PLAIN", Credential::PasswordFile(file.clone())),
        ("XOAUTH2", Credential::OauthTokenFile(file.clone())),
    ] {
        let sink = Sink::with(with_auth(&[mechanism], "new")).await;
        let mut settings = settings(&sink);
        settings.login = login(credential);
        let sender = sender(settings);
        std::fs::remove_file(&file).ok();
        let why = why_later(sender.send(&mail_to("alice@example.org")).await);
        assert!(why.contains(&file.display().to_string()), "{why}");
        std::fs::write(&file, "expired\n").unwrap();
        let why = why_later(sender.send(&mail_to("alice@example.org")).await);
        assert!(why.contains("535") && !why.contains("expired"), "{why}");
        std::fs::write(&file, "new\n").unwrap();
        assert!(
            is_sent(&sender.send(&mail_to("alice@example.org")).await),
            "{mechanism}"
        );
    }
}

#[tokio::test]
async fn login_troubles_are_the_accounts_and_hurt_no_mail() {
    let right = || Credential::Password(Secret::new("right"));
    for (mechanisms, credential, expected) in [
        (
            &["PLAIN"][..],
            Credential::Password(Secret::new("wrong")),
            "535",
        ),
        (&["CRAM-MD5"], right(), "CRAM-MD5"),
        (&["PLAIN"], Credential::Password(Secret::new("")), "empty"),
        (
            &["PLAIN"],
            Credential::Password(Secret::new("a\0b")),
            "control",
        ),
    ] {
        let sink = Sink::with(with_auth(mechanisms, "right")).await;
        let mut settings = settings(&sink);
        settings.login = login(credential);
        let sender = sender(settings);
        let why = why_later(sender.send(&mail_to("alice@example.org")).await);
        assert!(why.contains(expected), "{why}");
        let error = sender.check().await.unwrap_err();
        assert!(format!("{error:#}").contains(expected));
    }
    // None offered.
    let sink = Sink::start().await;
    let mut settings = settings(&sink);
    settings.login = login(right());
    let why = why_later(sender(settings).send(&mail_to("alice@example.org")).await);
    assert!(why.contains("no login"), "{why}");
    // Wanted, but not configured.
    let sink = Sink::with(with_auth(&["PLAIN"], "right")).await;
    assert!(later(&sink).await.contains("530"));
}

#[test]
fn secrets_are_not_printed() {
    let mut settings = Settings::new("127.0.0.1", 25, Tls::None);
    settings.login = login(Credential::Password(Secret::new("xyzzy")));
    let sender = sender(settings.clone());
    for text in [
        format!("{settings:?}"),
        format!("{settings:#?}"),
        format!("{sender:?}"),
        format!("{:?}", Transport::Smtp(Box::new(settings))),
    ] {
        assert!(!text.contains("xyzzy") && text.contains("***"), "{text}");
    }
}

// ---- hostile servers

#[tokio::test]
async fn strange_greetings_and_ehlo_lines() {
    let blank = Sink::with(Script {
        greeting: b"220-\r\n220- \r\n\r\n220 hello\r\n".to_vec(),
        extensions: vec![
            Vec::new(),
            b" ".to_vec(),
            b"\t\t".to_vec(),
            b"SIZE".to_vec(),
            b"SIZE many".to_vec(),
            b"SIZE 99999999999999999999999".to_vec(),
            b"AUTH".to_vec(),
            b"=".to_vec(),
            b"\xff\xfe".to_vec(),
            vec![b'X'; 5000],
            b" 8BITMIME".to_vec(),
        ],
        ..Script::default()
    })
    .await;
    let outcome = sender(settings(&blank))
        .send(&mail_to("alice@example.org"))
        .await;
    assert!(is_sent(&outcome), "{outcome:?}");

    for greeting in [
        vec![b'2'; 10_000_000],
        [b"220 ".to_vec(), vec![b'x'; 10_000_000], b"\r\n".to_vec()].concat(),
        b"220-more\r\n".repeat(1_000_000),
        b"\r\n".repeat(5_000_000),
        b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
        b"* OK IMAP4rev1 ready\r\n".to_vec(),
        b"\0\0\0\r\n".to_vec(),
    ] {
        let sink = Sink::with(Script {
            greeting,
            ..Script::default()
        })
        .await;
        later(&sink).await;
    }
}

// ---- hostile mails

#[tokio::test]
async fn no_byte_of_a_mail_ends_it_or_becomes_a_command() {
    let smuggled = "MAIL FROM:<boss@example.org>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\n\
                    Subject: smuggled\r\n\r\nPay.\r\n.\r\n";
    for separator in [
        "\n.\n",
        "\n.\r\n",
        "\r\n.\n",
        "\r\n.\r",
        "\r.\r",
        "\r.\r\n",
        "\r.\n",
        "\r\n.\r\n",
        "\n.\r",
        "\r\r\n.\r\r\n",
        "\r\n\0.\r\n",
        "\r\0\n.\r\n",
        "\n\0.\0\n",
        ".\r\n",
    ] {
        for end_of_data in [EndOfData::Strict, EndOfData::Sloppy] {
            let sink = Sink::with(Script {
                end_of_data,
                ..Script::default()
            })
            .await;
            let mail = Envelope {
                bytes: format!("Subject: hello\r\n\r\nHello{separator}{smuggled}")
                    .into_bytes()
                    .into(),
                ..mail_to("alice@example.org")
            };
            let sender = sender(settings(&sink));
            let outcome = sender.send(&mail).await;
            assert!(
                is_sent(&outcome),
                "{separator:?}, {end_of_data:?}: {outcome:?}"
            );
            // The session is in step: the next mail goes through.
            assert!(is_sent(&sender.send(&mail_to("bob@example.org")).await));
            let to: Vec<_> = sink.received().into_iter().map(|mail| mail.to).collect();
            assert_eq!(
                to,
                [["alice@example.org"], ["bob@example.org"]],
                "{separator:?}, {end_of_data:?}"
            );
            let received = &sink.received()[0];
            let text = String::from_utf8(received.bytes.clone()).unwrap();
            assert!(text.contains("Pay."), "nothing is lost");
            let bare = text.replace("\r\n", "");
            assert!(
                !bare.contains(['\r', '\n', '\0']),
                "{separator:?}: {text:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_address_never_becomes_a_command() {
    let sink = Sink::start().await;
    let sender = sender(settings(&sink));
    for address in [
        "",
        "nobody",
        "a@b.example>\r\nRCPT TO:<v@x.example",
        "\"a\r\nRCPT TO:<v>\"@x.example",
        "a@b.example\nDATA",
        "a b@example.org",
        "<a@b.example>",
        "a@b.example> SIZE=1 <",
        "a@b.example\0",
    ] {
        let never = |outcome: &Outcome| matches!(outcome, Outcome::Never { code: 501, .. });
        let outcome = sender.send(&mail_to(address)).await;
        assert!(never(&outcome), "{address:?}: {outcome:?}");
        if !address.is_empty() {
            let mail = Envelope {
                from: address.to_owned(),
                ..mail_to("alice@example.org")
            };
            let outcome = sender.send(&mail).await;
            assert!(never(&outcome), "{address:?}: {outcome:?}");
        }
    }
    assert_eq!(sink.connections(), 0, "nothing was said to anybody");
}

// ---- a server that is not ours

/// Postfix's own test server, which writes each mail into a file.
#[tokio::test]
async fn postfix_smtp_sink_takes_our_mail() {
    const PROGRAM: &str = "/usr/sbin/smtp-sink";
    assert!(
        Path::new(PROGRAM).exists(),
        "{PROGRAM} is missing: install the package postfix (apt-get install postfix)"
    );
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut command = tokio::process::Command::new(PROGRAM);
    if rustix::process::geteuid().is_root() {
        // It refuses to run as root; the folder must be writable for whom it becomes.
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        command.args(["-u", "nobody"]);
    }
    let mut server = command
        .arg("-d")
        .arg("mail.%H%M%S.")
        .current_dir(folder.path())
        .arg(format!("127.0.0.1:{port}"))
        .arg("64")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    wait_for_port(port, &mut server).await;
    let sender = sender(Settings::new("127.0.0.1", port, Tls::None));
    for name in ["alice", "bob", "carol"] {
        let outcome = sender.send(&mail_to(&format!("{name}@example.org"))).await;
        assert!(is_sent(&outcome), "{outcome:?}");
    }
    sender.close().await;
    let mut mails: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .filter(|mail| mail.contains("X-Rcpt-Args"))
        .collect();
    mails.sort();
    assert_eq!(mails.len(), 3);
    let body = String::from_utf8_lossy(MAIL).replace("\r\n", "\n");
    for name in ["alice", "bob", "carol"] {
        let to = format!("X-Rcpt-Args: <{name}@example.org>");
        let mail = mails.iter().find(|mail| mail.contains(&to)).unwrap();
        assert!(
            mail.contains("X-Mail-Args: <support@example.org>"),
            "{mail}"
        );
        assert!(mail.contains(&body), "{mail}");
    }
    server.kill().await.unwrap();
}

// ---- folders and memory

#[tokio::test]
async fn a_maildir_per_recipient_and_a_repeat_takes_the_place_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("out");
    let sender = Sender::new(Transport::Maildir(root.clone())).unwrap();
    let mut mail = mail_to("Alice@Example.org");
    assert!(is_sent(&sender.send(&mail).await));
    assert!(is_sent(&sender.send(&mail).await));
    mail.id = 2;
    assert!(is_sent(&sender.send(&mail).await));
    assert!(is_sent(&sender.send(&mail_to("bob@example.org")).await));

    let alice = root.join("alice@example.org");
    assert_eq!(
        names(&alice.join("new")),
        ["000000000001.guichet", "000000000002.guichet"]
    );
    assert!(names(&alice.join("tmp")).is_empty());
    let file = alice.join("new/000000000001.guichet");
    assert_eq!(std::fs::read(&file).unwrap(), MAIL);
    assert_eq!(names(&root), ["alice@example.org", "bob@example.org"]);

    // Read in the meantime: a repeat does not bring it back.
    std::fs::rename(&file, alice.join("cur/000000000001.guichet:2,S")).unwrap();
    mail.id = 1;
    assert!(is_sent(&sender.send(&mail).await));
    assert_eq!(names(&alice.join("new")), ["000000000002.guichet"]);

    // A draft that a crash left behind is no obstacle.
    std::fs::write(alice.join("tmp/000000000003.guichet"), "half").unwrap();
    mail.id = 3;
    assert!(is_sent(&sender.send(&mail).await));
    assert_eq!(
        std::fs::read(alice.join("new/000000000003.guichet")).unwrap(),
        MAIL
    );
    assert!(names(&alice.join("tmp")).is_empty());
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn no_address_leaves_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("out");
    let sender = Sender::new(Transport::Maildir(root.clone())).unwrap();
    for to in [
        "../../evil@example.org",
        "/etc/evil@example.org",
        "..@example.org",
        "%2e@x",
    ] {
        assert!(is_sent(&sender.send(&mail_to(to)).await), "{to}");
    }
    for to in ["a\0b@example.org", "a\nb@example.org", "x@../../etc"] {
        let outcome = sender.send(&mail_to(to)).await;
        assert!(
            matches!(outcome, Outcome::Never { .. }),
            "{to}: {outcome:?}"
        );
    }
    assert_eq!(names(folder.path()), ["out"]);
    assert_eq!(names(&root).len(), 4);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_later() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    std::fs::write(&file, "a file, not a folder").unwrap();
    let sender = Sender::new(Transport::Maildir(file)).unwrap();
    why_later(sender.send(&mail_to("alice@example.org")).await);
}

#[tokio::test]
async fn memory_keeps_what_it_is_given() {
    let list = Arc::new(Mutex::new(Vec::new()));
    let sender = Sender::new(Transport::Memory(Arc::clone(&list))).unwrap();
    assert!(is_sent(&sender.send(&mail_to("alice@example.org")).await));
    assert!(matches!(
        sender.send(&mail_to("a b")).await,
        Outcome::Never { .. }
    ));
    assert_eq!(*list.lock().unwrap(), [mail_to("alice@example.org")]);
}
