//! The mail that is sent when its template fails at run time: plain, and saying the same. A
//! template is checked at start, so this is for what no check foresees; the mail is never lost.

use super::header::Line;
use super::layout;
use super::template::Wording;
use super::words::Words;

/// Writes the mail without templates, in French or else in English.
pub fn write(words: &Words) -> Wording {
    let french = words.language == "fr";
    let say = |fr: &str, en: &str| if french { fr.to_owned() } else { en.to_owned() };
    let mut subject = String::new();
    if let Some(reference) = &words.reference {
        subject.push_str(&format!("[{reference}] "));
    }
    subject.push_str(&name(words, french));
    if let Some(title) = &words.title {
        subject.push_str(if french { " : " } else { ": " });
        subject.push_str(title);
    }

    let mut paragraphs: Vec<String> = Vec::new();
    paragraphs.extend(words.reply_line.clone());
    paragraphs.push(name(words, french));
    if words.kind == "taken"
        && let Some(technician) = &words.technician
    {
        paragraphs.push(technician.name.clone());
    }
    if let Some(author) = &words.author {
        let wrote = say("a écrit :", "wrote:");
        paragraphs.push(format!("{author} {wrote}"));
    }
    paragraphs.extend(words.text.as_deref().map(layout::keep));
    for file in &words.files {
        paragraphs.push(format!("- {} ({})", file.name, file.size));
    }
    for line in &words.lines {
        paragraphs.push(line.clone());
    }
    for section in words.report.iter().flat_map(|report| &report.sections) {
        paragraphs.push(section.title.clone());
        let rows = section.rows.iter();
        let rows = rows.map(|row| format!("- {} : {}", row.label, row.value));
        paragraphs.push(rows.collect::<Vec<_>>().join("\n"));
    }
    if let Some(requester) = &words.requester {
        let asked = say("Demandeur :", "Requester:");
        paragraphs.push(format!(
            "{asked} {} <{}>",
            requester.name, requester.address
        ));
    }
    for why in &words.why {
        paragraphs.push(why.clone());
    }
    if let Some(until) = &words.until {
        let paused = say("En pause jusqu'au", "Put aside until");
        paragraphs.push(format!("{paused} {until}"));
    }
    if let Some(close_at) = &words.close_at {
        let closes = say("Clôture automatique :", "Closes automatically:");
        paragraphs.push(format!("{closes} {close_at}"));
    }
    if let Some(on_call) = &words.on_call {
        let call = say("Astreinte :", "On call:");
        paragraphs.push(format!("{call} {on_call}"));
    }
    paragraphs.extend(words.link.clone());
    paragraphs.extend(words.team.as_ref().map(|team| team.name.clone()));
    paragraphs.extend(words.marker.clone());

    let text = layout::lay_out(&paragraphs.join("\n\n"));
    let html = format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"></head>\n<body>\n{}</body></html>\n",
        if french { "fr" } else { "en" },
        layout::to_html(&text)
    );
    Wording {
        subject: Line::new(&subject),
        text,
        html,
    }
}

fn name(words: &Words, french: bool) -> String {
    let (fr, en) = match words.kind {
        "acknowledgement" => (
            "Enregistrement de votre demande",
            "Your request is recorded",
        ),
        "taken" => (
            "Prise en charge de votre demande",
            "Your request is being dealt with",
        ),
        "follow-up" => ("Suivi de la demande", "Follow-up of your request"),
        "resolved" => ("Résolution de votre demande", "Your request is resolved"),
        "closed" => ("Clôture de votre demande", "Your request is closed"),
        "reopened" => ("Réouverture de votre demande", "Your request is open again"),
        "team-new" => ("Nouvelle demande", "New request"),
        "team-reply" => ("Nouveau message", "New message"),
        "team-observer" => ("Pour information", "For your information"),
        "team-given" => ("Ticket confié", "Ticket given to you"),
        "transcript" => ("Vos commandes", "Your commands"),
        "confirm" => ("Vos commandes à confirmer", "Your commands to confirm"),
        "team-digest" => ("Avis en attente", "Notices that waited"),
        "team-alert" => ("À vérifier", "To be looked at"),
        "digest" => ("Récapitulatif", "Summary"),
        "reminder" => (
            "Nous attendons votre réponse",
            "We are waiting for your answer",
        ),
        "paused" => ("Votre demande est en pause", "Your request is put aside"),
        "joined" => (
            "Votre message a rejoint votre demande",
            "Your message joined your request",
        ),
        "low-mark" => ("Qu'est-ce qui n'a pas convenu ?", "What went wrong?"),
        "report" => ("Bilan du mois", "Report of the month"),
        "review" => ("Articles à relire", "Articles to read again"),
        "team-thanks" => ("On vous dit merci", "People thank you"),
        _ => ("Message du guichet", "Message of the help desk"),
    };
    (if french { fr } else { en }).to_owned()
}
