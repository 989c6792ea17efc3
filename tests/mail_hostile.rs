//! Hostile mails: bombs that aim at time, memory or the stack, and bytes that make no sense.
//!
//! Bombs are read by the real program in a process of its own, under a limit of memory, so that an
//! abort is seen as one. Each must end well, and still list who wrote and what was left out.

use guichet::mail::{self, Mail};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Address space of the reading process, in KiB: 256 MiB to work with, the rest for the program
/// itself and for what its allocator reserves.
const MEMORY_KIB: u32 = 400 * 1024;

/// No bomb takes seconds; a quadratic one takes minutes. The limit only tells them apart.
const PATIENCE: Duration = Duration::from_secs(40);

/// Reads `bytes` in another process and returns what it printed.
fn inspect(name: &str, bytes: Vec<u8>) -> serde_json::Value {
    let mut child = Command::new("sh")
        .args([
            "-c",
            "ulimit -v \"$2\" && exec \"$1\" inspect --json -",
            "sh",
        ])
        .args([env!("CARGO_BIN_EXE_guichet"), &MEMORY_KIB.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sh starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let mut stdout = child.stdout.take().expect("stdout is piped");
    let mut stderr = child.stderr.take().expect("stderr is piped");
    // A process that died early breaks the pipe; its status tells why.
    let writer = std::thread::spawn(move || stdin.write_all(&bytes).is_ok());
    let reader = std::thread::spawn(move || {
        let mut out = Vec::new();
        stdout.read_to_end(&mut out).map(|_| out)
    });
    let complaint = std::thread::spawn(move || {
        let mut out = String::new();
        stderr.read_to_string(&mut out).map(|_| out)
    });
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().expect("the child is ours");
            panic!("{name}: still reading after {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let complaint = complaint
        .join()
        .expect("reads only")
        .expect("stderr is text");
    assert!(status.success(), "{name}: {status}: {complaint}");
    assert!(
        writer.join().expect("writes only"),
        "{name}: the mail was not read whole"
    );
    let out = reader.join().expect("reads only").expect("stdout is read");
    serde_json::from_slice(&out).unwrap_or_else(|error| panic!("{name}: no JSON: {error}"))
}

fn defects(read: &serde_json::Value) -> String {
    read["defects"].to_string()
}

fn repeated(piece: &str, count: usize) -> String {
    piece.repeat(count)
}

/// T1: attached mails in attached mails.
#[test]
fn mails_in_mails_end_somewhere() {
    for count in [50_000, 300_000] {
        let bomb = repeated(
            "From: a@b.fr\r\nContent-Type: message/rfc822\r\n\r\n",
            count,
        );
        let read = inspect("T1", bomb.into_bytes());
        assert_eq!(read["from"]["address"], "a@b.fr");
        assert!(defects(&read).contains("too deep"), "{}", defects(&read));
    }
}

/// T2: multiparts that are never closed.
#[test]
fn unclosed_multiparts_end_somewhere() {
    let mut bomb =
        String::from("From: a@b.fr\r\nContent-Type: multipart/mixed; boundary=c0\r\n\r\n");
    for i in 0..20_000 {
        bomb.push_str(&format!(
            "--c{i}\r\nContent-Type: multipart/mixed; boundary=c{}\r\n\r\n",
            i + 1
        ));
    }
    let read = inspect("T2", bomb.into_bytes());
    assert_eq!(read["from"]["address"], "a@b.fr");
    assert!(defects(&read).contains("too deep"));
    let same = "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".repeat(20_000);
    let read = inspect(
        "T2 same",
        format!("From: a@b.fr\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{same}")
            .into_bytes(),
    );
    assert_eq!(read["from"]["address"], "a@b.fr");
}

/// T3: nesting that is closed, and very many parts.
#[test]
fn deep_and_many_parts_end_somewhere() {
    let mut bomb = String::from("From: a@b.fr\nContent-Type: multipart/mixed; boundary=c0\n\n");
    for i in 0..20_000 {
        bomb.push_str(&format!(
            "--c{i}\nContent-Type: multipart/mixed; boundary=c{}\n\n",
            i + 1
        ));
    }
    for i in (0..20_000).rev() {
        bomb.push_str(&format!("--c{i}--\n"));
    }
    let read = inspect("T3 deep", bomb.into_bytes());
    assert!(defects(&read).contains("too deep"));
    let parts = "--b\n\n".repeat(1_000_000);
    let read = inspect(
        "T3 many",
        format!(
            "From: a@b.fr\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nAu secours\n{parts}"
        )
        .into_bytes(),
    );
    assert!(defects(&read).contains("too many parts"));
    assert_eq!(read["text"].as_str().map(str::trim), Some("Au secours"));
    let files = "--b\nContent-Type: application/pdf; name=x.pdf\nContent-Transfer-Encoding: base64\n\nQQ==\n".repeat(100_000);
    let read = inspect(
        "T3 files",
        format!("From: a@b.fr\nContent-Type: multipart/mixed; boundary=b\n\n{files}").into_bytes(),
    );
    assert!(
        read["attachments"]
            .as_array()
            .is_some_and(|files| !files.is_empty() && files.len() <= 1_000)
    );
}

/// T4: headers.
#[test]
fn headers_have_an_end() {
    let head = "From: a@b.fr\r\nSubject: Panne\r\n";
    let many: String = (0..200_000)
        .map(|i| format!("X-Field-{i}: {}\r\n", "v".repeat(40)))
        .collect();
    let read = inspect("T4 many", format!("{head}{many}\r\nle texte").into_bytes());
    assert_eq!(read["subject"], "Panne");
    assert_eq!(read["text"], "le texte");
    let long = "x ".repeat(2_500_000);
    let read = inspect(
        "T4 long",
        format!("{head}To: {long}\r\n\r\nle texte").into_bytes(),
    );
    assert_eq!(read["text"], "le texte");
    let folded = "x\r\n ".repeat(1_500_000);
    let read = inspect(
        "T4 folded",
        format!("{head}References: {folded}\r\n\r\nle texte").into_bytes(),
    );
    assert_eq!(read["text"], "le texte");
    let words = "=?utf-8?Q?=C3=A9?= ".repeat(100_000);
    let read = inspect(
        "T4 words",
        format!("From: a@b.fr\r\nSubject: {words}\r\n\r\nle texte").into_bytes(),
    );
    assert!(
        read["subject"]
            .as_str()
            .is_some_and(|subject| subject.starts_with("ééé") && subject.chars().count() <= 1_000)
    );
    let starts = "=?".repeat(1_000_000);
    inspect(
        "T4 starts",
        format!("From: a@b.fr\r\nSubject: {starts}\r\n\r\n").into_bytes(),
    );
    let starts = "=?utf-8?Q?".repeat(300_000);
    inspect(
        "T4 open words",
        format!("From: {starts}\r\nSubject: {starts}\r\n\r\n").into_bytes(),
    );
    let people: String = (0..100_000)
        .map(|i| format!("p{i}@example.org, "))
        .collect();
    let read = inspect(
        "T4 people",
        format!("{head}To: {people}\r\n\r\nle texte").into_bytes(),
    );
    assert!(read["to"].as_array().is_some_and(|to| to.len() >= 1_000));
    for piece in ["(", "<", "\"", "(\\", ":", ";,", "<@", "<a@b>", "a@b "] {
        let value = piece.repeat(200_000);
        for field in [
            "From",
            "To",
            "Content-Type",
            "Date",
            "Message-ID",
            "References",
            "Content-Disposition",
            "List-Id",
            "Return-Path",
        ] {
            inspect(
                "T4 pieces",
                format!("{field}: {value}\r\n\r\n").into_bytes(),
            );
        }
    }
    let parameters: String = (0..100_000).map(|i| format!("; name*{i}=x")).collect();
    inspect(
        "T4 parameters",
        format!("Content-Type: text/plain{parameters}\r\n\r\n").into_bytes(),
    );
}

/// T5 and T7: encodings and structures that contradict themselves.
#[test]
fn contradictions_are_read() {
    let dashes = "-".repeat(70);
    let near = format!("--{}\r\n", "-".repeat(69)).repeat(100_000);
    let read = inspect("T5 dashes", format!("From: a@b.fr\r\nContent-Type: multipart/mixed; boundary=\"{dashes}\"\r\n\r\n--{dashes}\r\n\r\nle texte\r\n{near}--{dashes}--\r\n").into_bytes());
    assert!(
        read["text"]
            .as_str()
            .is_some_and(|text| text.starts_with("le texte"))
    );
    let read = inspect(
        "T5 returns",
        b"From: a@b.fr\rSubject: Panne\r\rle texte\rsuite".to_vec(),
    );
    assert_eq!(
        (&read["subject"], &read["text"]),
        (&"Panne".into(), &"le texte\nsuite".into())
    );
    let read = inspect(
        "T5 NUL",
        b"From: a@b.fr\r\nSubject: P\0anne\r\n\r\nle\0 texte".to_vec(),
    );
    assert_eq!(read["text"], "le texte");
    let read = inspect(
        "T5 UTF-7",
        b"From: a@b.fr\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+ADw-script+AD4-".to_vec(),
    );
    assert_eq!(read["text"], "+ADw-script+AD4-");
    assert!(defects(&read).contains("charset"));
    let junk = "!!!!".repeat(500_000);
    inspect(
        "T5 base64",
        format!("Content-Transfer-Encoding: base64\r\n\r\nQm9u{junk}am91cg==").into_bytes(),
    );
    inspect(
        "T5 quoted",
        format!(
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n{}",
            "=".repeat(2_000_000)
        )
        .into_bytes(),
    );
    let read = inspect(
        "T7",
        b"From: a@b.fr\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Type: text/html\r\n\r\n<b>gras</b>".to_vec(),
    );
    assert_eq!(
        (&read["html"], &read["text"]),
        (&false.into(), &"<b>gras</b>".into())
    );
    assert!(defects(&read).contains("several Content-Type"));
    let read = inspect(
        "T7 two boundaries",
        b"From: a@b.fr\r\nContent-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\nle texte\r\n--a--\r\n".to_vec(),
    );
    assert_eq!(read["text"], "le texte");
    let read = inspect(
        "T7 two texts",
        "From: a@b.fr\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nBonjour, mon imprimante est encore cassée depuis lundi matin.\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>Cliquez immédiatement pour confirmer votre mot de passe professionnel\r\n--a--\r\n".as_bytes().to_vec(),
    );
    assert!(defects(&read).contains("differ"));
}

/// T6: size, and archives that are never unpacked.
#[test]
fn size_alone_kills_nothing() {
    let line = format!("{}\r\n", "QUJD".repeat(19));
    let base64 = line.repeat(50 * 1024 * 1024 / line.len());
    let part = "Content-Type: application/zip; name=\"42.zip\"\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let read = inspect("T6 file", format!("From: a@b.fr\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nvoir ci-joint\r\n--b\r\n{part}{base64}\r\n--b--\r\n").into_bytes());
    assert_eq!(read["text"], "voir ci-joint");
    assert_eq!(read["attachments"][0]["name"], "42.zip");
    let text = "une ligne de journal comme une autre, avec un numéro\r\n".repeat(900_000);
    let read = inspect(
        "T6 text",
        format!("From: a@b.fr\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}")
            .into_bytes(),
    );
    assert!(defects(&read).contains("too long"));
}

/// T9: texts made for backtracking, and HTML made for recursion.
#[test]
fn texts_do_not_hold_anybody_up() {
    for piece in [
        ">",
        "> ",
        "-",
        "_",
        "=",
        "On wrote ",
        "Le a écrit",
        "Le lundi 1 juin 2026 à 10:00, ",
        "De : ",
        "\n>",
        "\n-- \n",
        "begin 644 ",
        "a@b.fr ",
        "jusqu'au ",
        "1.2.3 ",
        "cid:",
        "!",
        "\u{301}",
    ] {
        let text = piece.repeat(1_000_000 / piece.len());
        inspect(&format!("T9 {piece:?}"), format!("From: mailer-daemon@b.fr\nSubject: Undelivered mail, absence\nContent-Type: text/plain; charset=utf-8\n\n{text}").into_bytes());
    }
    for piece in [
        "<div>",
        "<blockquote>",
        "<table><tr><td>",
        "<b",
        "<!--",
        "<style",
        "<",
        "&",
        "<font><i>",
        "<ul><li>",
        "</div>",
    ] {
        let text = piece.repeat(300_000 / piece.len());
        let read = inspect(
            &format!("T9 {piece:?}"),
            format!("From: a@b.fr\nContent-Type: text/html\n\nAu secours {text}").into_bytes(),
        );
        assert!(
            read["text"]
                .as_str()
                .is_some_and(|text| text.contains("Au secours")),
            "{piece}"
        );
    }
}

/// Wrappings in wrappings: each level costs its bytes once more, so there is an end to them.
#[test]
fn wrappings_have_an_end() {
    let mut inner = b"From: a@b.fr\r\nSubject: au fond\r\n\r\nle texte".to_vec();
    for _ in 0..12 {
        let encoded = data_encoding::BASE64.encode(&inner);
        inner = format!("From: a@b.fr\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}").into_bytes();
    }
    let read = inspect("wrapped", inner);
    assert_eq!(read["from"]["address"], "a@b.fr");
    assert!(
        read["attachments"]
            .as_array()
            .is_some_and(|files| !files.is_empty())
    );
}

/// Mails to damage: one of each kind of structure.
fn seeds() -> Vec<Vec<u8>> {
    let alternative = "From: =?utf-8?Q?Zo=C3=A9?= <zoe@b.fr>\r\nTo: Support <support@ville.fr>, \"x, y\" <y@b.fr>\r\nSubject: =?iso-8859-1?Q?probl=E8me?= =?utf-8?B?w6k=?=\r\nMessage-ID: <1@b.fr>\r\nReferences: <0@b.fr> <9@b.fr>\r\nDate: Mon, 1 Jun 2026 10:00:00 +0200\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"o\"\r\n\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nBonjour, =C3=A7a ne marche =\r\npas.\r\n-- \r\nZo=C3=A9\r\n--i\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Bonjour, ça ne marche pas.<img src=\"cid:a@b\"></p>\r\n--i--\r\n--o\r\nContent-Type: image/png; name*0*=utf-8''%C3%A9; name*1=\"cran.png\"\r\nContent-ID: <a@b>\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ\r\n--o\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@d.fr\r\nSubject: original\r\n\r\ntexte\r\n--o--\r\n";
    let report = "From: MAILER-DAEMON@b.fr\r\nReturn-Path: <>\r\nSubject: Undelivered Mail Returned to Sender\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n--r\r\n\r\nsorry\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; b.fr\r\n\r\nFinal-Recipient: rfc822; x@y.fr\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n unknown\r\n--r\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <ours@ville.fr>\r\n--r--\r\n";
    let calendar = "From: a@b.fr\r\nContent-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.fr\r\nSUMMARY:Point\r\nDTSTART:20260601T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let uuencoded = "From: a@b.fr\nSubject: x\n\nvoir\nbegin 644 a.txt\n#0V%T\n`\nend\nfin\n";
    let mut tnef = b"From: a@b.fr\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: 8bit\n\n\x78\x9f\x3e\x22\x01\x00".to_vec();
    for (level, id, data) in [
        (1_u8, 0x0002_800c_u32, &b"D\xe9j\xe0\0"[..]),
        (2, 0x0006_9002, &[0; 14]),
        (2, 0x0001_8010, b"a.txt\0"),
        (2, 0x0006_800f, b"contents"),
    ] {
        tnef.push(level);
        tnef.extend(id.to_le_bytes());
        tnef.extend(u32::try_from(data.len()).expect("small").to_le_bytes());
        tnef.extend(data);
        tnef.extend([0, 0]);
    }
    let mut seeds: Vec<Vec<u8>> = [alternative, report, calendar, uuencoded]
        .iter()
        .map(|seed| seed.as_bytes().to_vec())
        .collect();
    seeds.push(tnef);
    seeds
}

/// Pieces that mean something to a reader of mails.
const PIECES: [&[u8]; 22] = [
    b"\r\n",
    b"\n\n",
    b"\r",
    b"\0",
    b"--o\r\n",
    b"--i--",
    b"=?utf-8?B?",
    b"?=",
    b"=\r\n",
    b"=C3",
    b"\xff\xfe",
    b"\xc3",
    b"<",
    b">",
    b"\"",
    b"(",
    b";",
    b":",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"begin 644 x\n",
    b"\xf0\x9f\x91\x8d",
];

/// Chance that repeats itself (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let wide = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(wide).expect("31 bits fit") % sides.max(1)
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.roll(6) {
            let at = self.roll(bytes.len());
            match self.roll(5) {
                0 => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = u8::try_from(self.roll(256)).expect("a byte");
                    }
                }
                1 => bytes.truncate(at),
                2 => {
                    let end = (at + self.roll(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
                3 => {
                    let piece = PIECES[self.roll(PIECES.len())];
                    bytes.splice(at..at, piece.iter().copied());
                }
                _ => {
                    let end = (at + self.roll(200)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    let to = self.roll(bytes.len());
                    bytes.splice(to..to, copy);
                }
            }
            if bytes.is_empty() {
                return;
            }
        }
    }
}

/// What holds for any mail whatsoever.
fn check(bytes: &[u8]) -> Mail {
    let read = mail::read(bytes);
    let one_line = |text: &str| !text.contains(['\r', '\n', '\0']);
    for address in read
        .from
        .iter()
        .chain(&read.reply_to)
        .chain(&read.to)
        .chain(&read.cc)
    {
        assert!(
            one_line(&address.address) && address.name.as_deref().is_none_or(one_line),
            "{address:?}"
        );
    }
    let ids = read
        .message_id
        .iter()
        .chain(&read.in_reply_to)
        .chain(&read.references);
    for text in ids
        .chain(read.subject.iter())
        .chain(&read.remarks)
        .chain(&read.defects)
        .chain(&read.delivered_to)
        .chain([&read.title])
    {
        assert!(one_line(text), "{text:?}");
    }
    assert!(!read.title.trim().is_empty(), "a title is never empty");
    for text in [&read.text, &read.reply, &read.folded] {
        assert!(!text.contains(['\r', '\0']), "{text:?}");
    }
    for file in &read.attachments {
        assert!(file.name.as_deref().is_none_or(one_line), "{file:?}");
        let found = mail::extract(bytes, &file.sha256).expect("what is listed is found");
        assert_eq!(
            (found.len() as u64, mail::Digest::of(&found)),
            (file.size, file.sha256)
        );
    }
    assert!(read.bounces.is_empty() || read.automatic == Some(mail::Automatic::Bounce));
    read
}

#[test]
fn damaged_mails_keep_the_promises() {
    let work = std::thread::Builder::new()
        .stack_size(1024 * 1024)
        .spawn(|| {
            let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
            let seeds = seeds();
            for round in 0..3_000 {
                let mut bytes = seeds[round % seeds.len()].clone();
                dice.damage(&mut bytes);
                if let Err(panic) = std::panic::catch_unwind(|| check(&bytes)) {
                    eprintln!("round {round}: {:?}", String::from_utf8_lossy(&bytes));
                    std::panic::resume_unwind(panic);
                }
            }
        });
    work.expect("a thread starts")
        .join()
        .expect("no promise is broken");
}

#[test]
fn random_bytes_keep_the_promises() {
    let mut dice = Dice(42);
    for _ in 0..500 {
        let mut bytes = Vec::new();
        for _ in 0..dice.roll(60) {
            if dice.roll(3) == 0 {
                bytes.push(u8::try_from(dice.roll(256)).expect("a byte"));
            } else {
                bytes.extend_from_slice(PIECES[dice.roll(PIECES.len())]);
            }
        }
        check(&bytes);
    }
}

#[test]
fn two_deliveries_of_a_mail_are_the_same_mail() {
    for seed in seeds() {
        let first = check(&seed).content_digest;
        let mut again = b"Return-Path: <x@y.fr>\r\nReceived: from a by b; Mon, 1 Jun 2026 10:00:01 +0200\r\nDelivered-To: s@v.fr\r\n".to_vec();
        again.extend(&seed);
        assert_eq!(mail::read(&again).content_digest, first);
        let mut other = seed.clone();
        let at = other.len() - 30;
        other.splice(at..at, b"x".iter().copied());
        assert_ne!(
            mail::read(&other).content_digest,
            first,
            "{}",
            String::from_utf8_lossy(&other)
        );
    }
}

/// Whatever a sender writes into names, nothing that could become a header line comes out.
#[test]
fn nothing_injects_lines() {
    let read = check(
        b"From: =?utf-8?B?Wm/DqQ0KQmNjOiB2QHg=?= <a@b.fr>\r\nReply-To: \"a\r\n Bcc: v@x\" <r@b.fr>\r\nTo: \"a=0D=0ARCPT TO:<v>\"@x.fr\r\nSubject: =?utf-8?Q?a=0D=0ABcc:_v@x?=\r\nMessage-ID: <a\r\n b@c>\r\nContent-Type: text/plain; name*=utf-8''a%0D%0Ab.txt\r\nContent-Disposition: attachment\r\n\r\n.\r\n",
    );
    assert_eq!(read.subject.as_deref(), Some("a Bcc: v@x"));
    assert_eq!(read.from[0].name.as_deref(), Some("Zoé Bcc: v@x"));
    assert_eq!(read.attachments[0].name.as_deref(), Some("a b.txt"));
}
