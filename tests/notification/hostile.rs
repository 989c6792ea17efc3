//! What strangers try (RELIABILITY T10, T11).

use guichet::desk::Kind;
use guichet::ticket::TicketId;
use guichet::token::{Reply, marker_tokens};
use mail_parser::MessageParser;

use crate::desk::*;
use crate::reading::*;

const HOSTILE: [&str; 12] = [
    "a\r\nBcc: v@x",
    "a\nBcc: v@x\n.\n",
    "a\r.\rQUIT\r",
    "\n.\r\nMAIL FROM:<v@x>",
    "=?utf-8?B?DQpCY2M6IHZAeA==?=",
    "=?utf-8?Q?=0D=0ABcc:_v@x?=",
    "{{ config }} {{7*7}}",
    "{% include \"/etc/passwd\" %}{# x #}",
    "<script>alert(1)</script>\"'><img src=x>",
    "\0\u{1}\u{85}\u{2028}\u{202e}gpj.exe",
    "\" <v@x>, \"",
    "\u{1f600}\u{301}é\\\"",
];

#[test]
fn nothing_a_stranger_writes_becomes_a_header_a_recipient_or_a_template() {
    let ours = [
        "From",
        "Reply-To",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "Precedence",
        "X-Guichet-Instance",
        "MIME-Version",
        "Content-Type",
    ];
    let long = "é\r\n".repeat(3_000);
    for hostile in HOSTILE.into_iter().chain([long.as_str()]) {
        for kind in Kind::ALL {
            let mut ticket = ticket();
            hostile.clone_into(&mut ticket.title);
            ticket.why = vec![hostile.to_owned()];
            ticket.people[0].who = address(hostile, "jeanne.dupont@example.org");
            ticket.technician = Some(address(hostile, "x@example.org"));
            ticket.origin_message_id = Some(format!("x>{hostile}"));
            ticket.last_message_id = Some(hostile.to_owned());
            let mut notice = notice(kind, "fr");
            notice.to.name = Some(hostile.to_owned());
            notice.author = Some(address(hostile, hostile));
            notice.text = Some(hostile.to_owned());
            notice.in_reply_to = Some(hostile.to_owned());
            notice.lines = vec![hostile.to_owned()];
            notice.files[0].attachment.name = Some(hostile.to_owned());
            notice.files[0].attachment.content_type = hostile.to_owned();
            let outgoing = write_with(&policy(), &notice, &ticket);
            let mail = read(&outgoing);
            for (name, _) in &mail.headers {
                assert!(ours.contains(&name.as_str()), "{name}\n{}", mail.raw);
            }
            for name in ours {
                mail.header(name);
            }
            assert_eq!(outgoing.envelope_to, notice.to.address);
            let message = MessageParser::default()
                .parse(&outgoing.bytes)
                .expect("a message");
            let to = message.to().expect("a recipient");
            assert_eq!(to.iter().count(), 1, "{}", mail.raw);
            assert_eq!(
                to.first().and_then(|to| to.address()),
                Some(notice.to.address.as_str())
            );
            assert!(message.bcc().is_none());
            assert!(!mail.html.contains("<script"), "{}", mail.html);
            assert!(!mail.html.contains("<img"), "{}", mail.html);
            assert!(!mail.text.contains("49"), "{}", mail.text);
            assert!(!mail.text.contains("root:x"), "{}", mail.text);
            if hostile.contains("config") && kind == Kind::TeamNew {
                assert!(mail.subject.ends_with(": {{ config }} {{7*7}}"));
                assert!(mail.text.contains("{{ config }} {{7*7}}"));
                assert!(mail.html.contains("{{ config }} {{7*7}}"));
            }
        }
    }
}

#[test]
fn a_marker_that_somebody_writes_does_not_lead_the_reply_elsewhere() {
    let mut other = notice(Kind::FollowUp, "fr");
    other.ticket = Some(TicketId(7));
    let token = marker_tokens(&write(&other).text).remove(0);
    for kind in Kind::ALL {
        let mut ticket = ticket();
        ticket.title = format!("guichet:{token}");
        let mut notice = notice(kind, "fr");
        notice.text = Some(format!("> Réf. [DSI-7] · guichet:{}", token.to_uppercase()));
        notice.author = Some(address(&format!("guichet:{token}"), "x@example.org"));
        notice.lines = vec![format!("guichet:{token}")];
        let mail = read(&write_with(&policy(), &notice, &ticket));
        for part in [&mail.text, &plain(&mail.html), &mail.subject] {
            for found in marker_tokens(part) {
                let reply = Reply::open(&keys(), &found).expect("ours");
                assert_eq!(reply.ticket, 1042, "{part}");
            }
        }
    }
}

#[test]
fn an_address_that_could_break_out_is_no_recipient() {
    for hostile in [
        "\"a\r\nRCPT TO:<v>\"@x",
        "a@x\r\nBcc: v@x",
        "a@x, v@x",
        "<a@x> <v@x>",
        "",
    ] {
        let mut notice = notice(Kind::FollowUp, "fr");
        hostile.clone_into(&mut notice.to.address);
        let outgoing = write(&notice);
        assert!(!outgoing.envelope_to.contains(['\r', '\n', '\0']));
        let mail = read(&outgoing);
        assert_eq!(mail.header("To"), Some("undisclosed-recipients:;"));
        assert_eq!(mail.header("Bcc"), None);
    }
}
