//! The conversation of the demo: who writes what, and what comes back.

use anyhow::Result;

use super::{Place, say};
use crate::mail::Mail;

const MARIE: &str = "marie.durand@example.org";
const CAMILLE: &str = "camille.martin@example.org";

/// A small picture: the "screenshot".
const PICTURE: &[u8] = include_bytes!("screenshot.png");

/// Plays it, printing each mail as it leaves or arrives.
pub async fn conversation(place: &Place) -> Result<()> {
    say("Guichet, the desk in a box: a request, from the first mail to its closure.");
    say("Every mail below really went through the desk.");

    send(place, &Letter {
        from: "Marie Durand",
        address: MARIE,
        subject: "URGENT : vidéoprojecteur en panne en amphi Poincaré",
        text: "Bonjour,\n\nLe vidéoprojecteur de l'amphi Poincaré affiche « No signal » et j'ai cours\ndans une heure : je ne peux pas travailler sans. Capture jointe.\n\nMerci d'avance,\nMarie Durand",
        answers: None,
        picture: true,
    })
    .await?;
    let acknowledged = got(place, MARIE, "Enregistrement").await?;
    let told = got(place, CAMILLE, "vidéoprojecteur").await?;

    send(
        place,
        &Letter::reply("Camille Martin", CAMILLE, &told, "#prendre"),
    )
    .await?;
    got(place, MARIE, "Prise en charge").await?;
    got(place, CAMILLE, "commandes").await?;

    send(place, &Letter::reply(
        "Camille Martin",
        CAMILLE,
        &told,
        "Bonjour Marie,\n\nLe câble HDMI est-il branché sur l'entrée 2 du pupitre ?\n\n#attente",
    ))
    .await?;
    let question = got(place, MARIE, "Suivi").await?;
    got(place, CAMILLE, "commandes").await?;

    send(
        place,
        &Letter::reply(
            "Marie Durand",
            MARIE,
            &question,
            "Il était sur l'entrée 1, je l'ai changé et l'image est revenue.",
        ),
    )
    .await?;
    let answer = got(place, CAMILLE, "vidéoprojecteur").await?;

    send(place, &Letter::reply(
        "Camille Martin",
        CAMILLE,
        &answer,
        "Parfait. J'ai collé une étiquette sur le pupitre pour que cela ne se reproduise plus.\n\n#resolu",
    ))
    .await?;
    let resolved = got(place, MARIE, "Résolution").await?;

    send(
        place,
        &Letter::reply(
            "Marie Durand",
            MARIE,
            &resolved,
            "Merci beaucoup, c'est parfait ❤️",
        ),
    )
    .await?;
    say("");
    say("   (thanks are kept on the ticket and reopen nothing; the team closes after 3 s here)");
    got(place, MARIE, "Clôture").await?;

    if let Some(link) = acknowledged
        .text
        .split_whitespace()
        .find(|word| word.starts_with("http"))
    {
        say("");
        say(&format!("Marie's page of this ticket: {link}"));
    }
    Ok(())
}

struct Letter<'a> {
    from: &'a str,
    address: &'a str,
    subject: &'a str,
    text: &'a str,
    answers: Option<&'a Mail>,
    picture: bool,
}

impl<'a> Letter<'a> {
    fn reply(from: &'a str, address: &'a str, answers: &'a Mail, text: &'a str) -> Self {
        Self {
            from,
            address,
            subject: answers.subject.as_deref().unwrap_or_default(),
            text,
            answers: Some(answers),
            picture: false,
        }
    }

    fn raw(&self) -> String {
        let encode = |text: &str| {
            format!(
                "=?utf-8?B?{}?=",
                data_encoding::BASE64.encode(text.as_bytes())
            )
        };
        let now = chrono::Local::now();
        let subject = if self.answers.is_some() {
            format!("RE: {}", self.subject)
        } else {
            self.subject.to_owned()
        };
        // Short words, each its own encoded word: a subject may be longer than one may hold.
        let subject: Vec<String> = chunks(&subject, 20)
            .iter()
            .map(|part| encode(part))
            .collect();
        let mut raw = format!(
            "From: {} <{}>\nTo: DSI Support <support@example.org>\nSubject: {}\nDate: {}\nMessage-ID: <demo.{}@example.org>\nMIME-Version: 1.0\n",
            self.from,
            self.address,
            subject.join("\n "),
            now.to_rfc2822(),
            now.timestamp_nanos_opt().unwrap_or_default(),
        );
        if let Some(id) = self.answers.and_then(|mail| mail.message_id.as_ref()) {
            raw.push_str(&format!("In-Reply-To: <{id}>\nReferences: <{id}>\n"));
        }
        let mut text = self.text.to_owned();
        if let Some(quoted) = self.answers {
            text.push_str(
                "\n\nLe lun. 23 nov. 2026 à 10:00, DSI – Support <support@example.org> a écrit :\n",
            );
            for line in quoted.text.lines() {
                text.push_str(&format!("> {line}\n"));
            }
        }
        let plain = format!(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{}\n",
            wrapped(text.as_bytes())
        );
        if self.picture {
            raw.push_str(&format!(
                "Content-Type: multipart/mixed; boundary=\"demo\"\n\n--demo\n{plain}\n--demo\nContent-Type: image/png; name=\"capture.png\"\nContent-Disposition: attachment; filename=\"capture.png\"\nContent-Transfer-Encoding: base64\n\n{}\n--demo--\n",
                wrapped(PICTURE)
            ));
        } else {
            raw.push_str(&plain);
        }
        raw
    }
}

fn chunks(text: &str, characters: usize) -> Vec<String> {
    let all: Vec<char> = text.chars().collect();
    all.chunks(characters)
        .map(|part| part.iter().collect())
        .collect()
}

fn wrapped(bytes: &[u8]) -> String {
    chunks(&data_encoding::BASE64.encode(bytes), 76).join("\n")
}

async fn send(place: &Place, letter: &Letter<'_>) -> Result<()> {
    say("");
    say(&format!("▶ {} écrit à support@example.org", letter.from));
    let subject = if letter.answers.is_some() {
        "(réponse) "
    } else {
        ""
    };
    say(&format!("  Objet : {subject}{}", letter.subject));
    show(letter.text);
    place.deliver(letter.raw()).await
}

async fn got(place: &Place, address: &str, about: &str) -> Result<Mail> {
    let mail = place.wait_for(address, about).await?;
    let from = mail
        .sender()
        .map(|from| from.name.clone().unwrap_or_else(|| from.address.clone()))
        .unwrap_or_default();
    say("");
    say(&format!("◀ {address} reçoit, de {from}"));
    say(&format!(
        "  Objet : {}",
        mail.subject.clone().unwrap_or_default()
    ));
    show(&essence(&mail.text));
    Ok(mail)
}

/// What a reader looks at: without the reply line, and up to the foot with facts and commands.
fn essence(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        if line.starts_with("-- ") || line.contains("guichet:") {
            continue;
        }
        if line.starts_with("-----") {
            lines.push("[…]");
            break;
        }
        lines.push(line);
    }
    lines.join("\n")
}

fn show(text: &str) {
    for line in text.trim().lines() {
        say(&format!("  │ {line}"));
    }
}
