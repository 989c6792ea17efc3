//! Whole bodies, as clients write them: what is the reply, what is folded, what was forwarded.

mod unseen;

use super::*;

fn plain(subject: &str, text: &str) -> Written {
    split(&Bodies {
        plain: Some(text),
        html: None,
        subject: Some(subject),
        ..Bodies::default()
    })
}

fn html(subject: &str, html: &str) -> Written {
    split(&Bodies {
        plain: None,
        html: Some(html),
        subject: Some(subject),
        ..Bodies::default()
    })
}

const RE: &str = "Re: [SUP-1042] Imprimante";

/// Checks a table and names every row that differs.
#[track_caller]
fn check(read: fn(&str, &str) -> Written, subject: &str, rows: &[(&str, &str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(name, body, expected)| {
            let written = read(subject, body);
            (written.reply != *expected).then(|| {
                format!(
                    "{name}\n  expected {expected:?}\n  got      {:?}",
                    written.reply
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_is_nothing() {
    for text in ["", " \n\r\n", "\u{200b}"] {
        assert_eq!(plain("x", text), Written::default());
        assert_eq!(html("x", text), Written::default());
    }
}

#[test]
fn replies_in_html() {
    check(
        html,
        RE,
        &[
            (
                "Gmail",
                "<div dir=\"ltr\">Toujours en panne.<div><br></div><div>Julie</div></div><br>\
                 <div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" class=\"gmail_attr\">Le lun. 4 mars 2024 à 10:12, \
                 Support &lt;<a href=\"mailto:support@example.org\">support@example.org</a>&gt; a écrit :<br></div>\
                 <blockquote class=\"gmail_quote\" style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex\">\
                 <p>-- Répondez au-dessus de cette ligne --</p><p>Bonjour, avez-vous redémarré ?</p></blockquote></div>",
                "Toujours en panne.\n\nJulie",
            ),
            (
                "Gmail in a language nobody listed",
                "<div dir=ltr>oui</div><div class=gmail_quote><div class=gmail_attr>2024. márc. 4., H, 10:12 dátummal valaki ezt mondta:<br></div>\
                 <blockquote class=gmail_quote>régi</blockquote></div>",
                "oui",
            ),
            (
                "Gmail, answers between the quotations",
                "<div dir=ltr>Voir ci-dessous.</div><div class=gmail_quote><div class=gmail_attr>Le lun. 4 mars 2024 à 10:12, S &lt;s@example.org&gt; a écrit :</div>\
                 <blockquote class=gmail_quote>Quel poste ?</blockquote><div>PC-1042</div>\
                 <blockquote class=gmail_quote>Quel écran ?</blockquote><div>Le grand</div><blockquote class=gmail_quote>Merci</blockquote></div>",
                "Voir ci-dessous.\n\n> Quel poste ?\n\nPC-1042\n\n> Quel écran ?\n\nLe grand",
            ),
            (
                "Outlook for Windows",
                "<html><body lang=FR><div class=WordSection1><p class=MsoNormal>Bonjour,<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>\
                 <p class=MsoNormal>Le poste redémarre seul.<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>\
                 <p class=MsoNormal>Cordialement,<o:p></o:p></p><p class=MsoNormal><b>Marie MARTIN<o:p></o:p></b></p>\
                 <p class=MsoNormal>Assistante – Direction générale<o:p></o:p></p><p class=MsoNormal>Tél : 01 23 45 67 89<o:p></o:p></p>\
                 <div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>De&nbsp;:</b> Support \
                 &lt;support@example.org&gt; <br><b>Envoyé&nbsp;:</b> lundi 4 mars 2024 10:12<br><b>À&nbsp;:</b> Marie MARTIN<br>\
                 <b>Objet&nbsp;:</b> [SUP-1042] Imprimante<o:p></o:p></p></div><p class=MsoNormal>Avez-vous redémarré ?</p></div></body></html>",
                "Bonjour,\n\nLe poste redémarre seul.",
            ),
            (
                "Outlook in a language nobody listed",
                "<p class=MsoNormal>oui</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'>\
                 <p class=MsoNormal><b>Kimden:</b> Destek &lt;d@example.org&gt;<br><b>Gönderildi:</b> 4 Mart 2024 Pazartesi 10:12<br>\
                 <b>Kime:</b> Ayşe<br><b>Konu:</b> Yazıcı</p></div><p>eski</p>",
                "oui",
            ),
            (
                "Outlook on the web",
                "<div class=\"elementToProof\" style=\"font-size:12pt\">C'est résolu.</div><div id=\"Signature\"><p>Paul Durand<br>Comptabilité</p></div>\
                 <div id=\"appendonsend\"></div><hr style=\"display:inline-block;width:98%\" tabindex=\"-1\">\
                 <div id=\"divRplyFwdMsg\" dir=\"ltr\"><font face=\"Calibri\"><b>De :</b> Support &lt;support@example.org&gt;<br>\
                 <b>Envoyé :</b> lundi 4 mars 2024 10:12<br><b>À :</b> Paul<br><b>Objet :</b> [SUP-1042]</font><div>&nbsp;</div></div><div>Bonjour</div>",
                "C'est résolu.",
            ),
            (
                "Outlook on the web, relayed (x_)",
                "<div>D'accord</div><div id=\"x_x_divRplyFwdMsg\"><b>Expéditeur inconnu</b></div><div>ancien</div>",
                "D'accord",
            ),
            (
                "Outlook for iOS",
                "<div dir=ltr>Ça ne démarre pas.</div><div id=\"ms-outlook-mobile-body-separator-line\"><br></div>\
                 <div id=\"ms-outlook-mobile-signature\">Envoyé à partir de <a href=\"https://aka.ms/o0ukef\">Outlook pour iOS</a></div>\
                 <div id=\"mail-editor-reference-message-container\"><div class=ms-outlook-mobile-reference-message>\
                 <hr><div dir=ltr><b>De :</b> Support &lt;s@example.org&gt;<br><b>Date :</b> lundi, 4 mars 2024 à 10:12<br><b>À :</b> Moi<br><b>Objet :</b> X</div>\
                 <div>vieux texte</div></div></div>",
                "Ça ne démarre pas.",
            ),
            (
                "Apple Mail",
                "<html><body style=\"overflow-wrap: break-word;\">Bonjour,<br><br>L’écran est noir.<br id=\"lineBreakAtBeginningOfMessage\"><div><br>\
                 <blockquote type=\"cite\"><div>Le 4 mars 2024 à 10:12, Support &lt;support@example.org&gt; a écrit :</div><br>\
                 <div>Avez-vous redémarré ?</div></blockquote></div><br></body></html>",
                "Bonjour,\n\nL’écran est noir.",
            ),
            (
                "iPhone",
                "<html><body dir=\"auto\">Oui, deux fois.<br><div dir=\"ltr\">Envoyé de mon iPhone</div><div dir=\"ltr\"><br><blockquote type=\"cite\">\
                 Le 4 mars 2024 à 10:12, Support &lt;support@example.org&gt; a écrit :<br><br></blockquote></div>\
                 <blockquote type=\"cite\"><div dir=\"ltr\">﻿Avez-vous redémarré ?</div></blockquote></body></html>",
                "Oui, deux fois.",
            ),
            (
                "Thunderbird",
                "<p>Bonsoir,</p><p>j'ai essayé, sans succès.<br></p><div class=\"moz-signature\">-- <br>Anne</div>\
                 <div class=\"moz-cite-prefix\">Le 04/03/2024 à 10:12, Support a écrit :<br></div>\
                 <blockquote type=\"cite\" cite=\"mid:1@example.org\"><pre class=\"moz-quote-pre\" wrap=\"\">Essayez ceci</pre></blockquote>",
                "Bonsoir,\n\nj'ai essayé, sans succès.",
            ),
            (
                "Thunderbird, answer below",
                "<div class=\"moz-cite-prefix\">Le 04/03/2024 à 10:12, Support a écrit :<br></div>\
                 <blockquote type=\"cite\"><p>Essayez ceci</p></blockquote><p>Cela marche, merci.</p>",
                "Cela marche, merci.",
            ),
            (
                "Yahoo",
                "<div class=\"ydp1-yahoo-style-wrap\"><div dir=\"ltr\">Pas mieux.</div></div><div id=\"ydp2yahoo_quoted_123\" class=\"ydp2yahoo_quoted\">\
                 <div><div>Le lundi 4 mars 2024 à 10:12:33 UTC+1, Support &lt;support@example.org&gt; a écrit :</div><div><br></div><div>Et là ?</div></div></div>",
                "Pas mieux.",
            ),
            (
                "Zimbra",
                "<div style=\"font-family: arial\"><div>Voilà le numéro : 42.</div><div data-marker=\"__SIG_PRE__\">Luc<br>DRH</div>\
                 <hr id=\"zwchr\" data-marker=\"__DIVIDER__\"><div data-marker=\"__HEADERS__\"><b>De: </b>\"Support\" &lt;support@example.org&gt;<br>\
                 <b>À: </b>\"Luc\"<br><b>Envoyé: </b>Lundi 4 Mars 2024 10:12:33<br><b>Objet: </b>X</div><br><div data-marker=\"__QUOTED_TEXT__\">Bonjour</div></div>",
                "Voilà le numéro : 42.",
            ),
            (
                "Roundcube",
                "<html><body><p>C'est fait.</p><div id=\"_rc_sig\">-- <br>Luc</div><p id=\"reply-intro\">Le 2024-03-04 10:12, Support a écrit :</p>\
                 <blockquote type=\"cite\" style=\"padding: 0 0.4em; border-left: #1010ff 2px solid; margin: 0\">Bonjour</blockquote></body></html>",
                "C'est fait.",
            ),
            (
                "Proton",
                "<div style=\"font-family: Arial\">Toujours rien.</div><div class=\"protonmail_signature_block\"><div>Envoyé avec Proton Mail</div></div>\
                 <div class=\"protonmail_quote\">Le lundi 4 mars 2024 à 10:12, Support &lt;support@example.org&gt; a écrit :<br>\
                 <blockquote class=\"protonmail_quote\" type=\"cite\">Bonjour</blockquote></div>",
                "Toujours rien.",
            ),
            (
                "Samsung",
                "<html><body><div dir=\"auto\">Je suis au bureau 12.</div><div><br></div><div id=\"composer_signature\" dir=\"auto\">Envoyé depuis mon Galaxy</div>\
                 <div><br></div><div style=\"font-size:100%;color:#000000\" dir=\"auto\"><!-- originalMessage --><div>-------- Message d'origine --------</div>\
                 <div>De : Support &lt;support@example.org&gt; </div><div>Date : 04/03/2024  10:12  (GMT+01:00) </div><div>À : moi@example.org </div>\
                 <div>Objet : [SUP-1042] </div></div>Bonjour</body></html>",
                "Je suis au bureau 12.",
            ),
            (
                "Outlook, a table and a screenshot",
                "<p class=MsoNormal>Voici les postes :</p><table class=MsoNormalTable><tr><td><p class=MsoNormal>Poste</p></td><td><p class=MsoNormal>État</p></td></tr>\
                 <tr><td><p class=MsoNormal>PC-1</p></td><td><p class=MsoNormal>HS</p></td></tr></table>\
                 <p class=MsoNormal><img width=624 height=351 src=\"cid:image001.png@01DA\" alt=\"Une image contenant texte\"></p><p class=MsoNormal>Merci</p>",
                "Voici les postes :\nPoste | État\nPC-1 | HS\n[image]\nMerci",
            ),
            (
                "nothing but a signature",
                "<div id=Signature>Jean</div>",
                "Jean",
            ),
            (
                "nothing but a quotation",
                "<blockquote type=cite>Bonjour</blockquote>",
                "> Bonjour",
            ),
        ],
    );
}

#[test]
fn replies_in_text() {
    check(
        plain,
        RE,
        &[
            (
                "wrapped attribution",
                "Oui.\r\n\r\nLe lun. 4 mars 2024 à 10:12, Support <\r\nsupport@example.org> a écrit :\r\n\r\n> Bonjour\r\n",
                "Oui.",
            ),
            (
                "our reply line without quote marks",
                "Oui, c'est ça.\n\n-- Répondez au-dessus de cette ligne --\n\nBonjour, quel poste ?",
                "Oui, c'est ça.",
            ),
            (
                "Outlook, text only",
                "Bonjour,\n\nça marche.\n\n-----Message d'origine-----\nDe : Support <support@example.org>\nEnvoyé : lundi 4 mars 2024 10:12\nÀ : Jean\nObjet : X\n\nBonjour",
                "Bonjour,\n\nça marche.",
            ),
            (
                "Outlook's underscores",
                "Fait.\n________________________________\nVon: Support <s@example.org>\nGesendet: Montag, 4. März 2024 10:12\nAn: Jean\nBetreff: X\n\nalt",
                "Fait.",
            ),
            (
                "answers between quotations",
                "Le 04/03/2024 10:12, Support a écrit :\n> Bonjour,\n> avant tout,\n> ceci,\n> cela.\n> Quel poste ?\nPC-12\n> Depuis quand ?\nLundi.\n>\n> Cordialement\n",
                "> ceci,\n> cela.\n> Quel poste ?\nPC-12\n> Depuis quand ?\nLundi.",
            ),
            (
                "answer below everything",
                "Le 04/03/2024 10:12, Support a écrit :\n> Bonjour,\n> quel poste ?\n\nPC-12\n\nCordialement,\nJean",
                "PC-12",
            ),
            (
                "a signature above the history and one below",
                "Oui\n\nEnvoyé de mon iPhone\n\nLe 4 mars 2024 à 10:12, S <s@example.org> a écrit :\n\n> x\n\n-- \nJean\nDSI",
                "Oui",
            ),
            (
                "thanks is nearly everything",
                "Merci d'avance,\nCordialement,\nJean",
                "Merci d'avance,",
            ),
            (
                "only a closing",
                "Bonjour,\n\nCordialement,\nJean",
                "Bonjour,\n\nCordialement,\nJean",
            ),
            (
                "only a device",
                "Envoyé de mon iPhone\n\nLe 4 mars 2024 à 10:12, S <s@example.org> a écrit :\n> x",
                "Envoyé de mon iPhone",
            ),
            (
                "a pasted error with marks",
                "Voici l'erreur :\n> npm ERR! code E404\n> npm ERR! 404 Not Found\n\nQue faire ?\n",
                "Voici l'erreur :\n> npm ERR! code E404\n> npm ERR! 404 Not Found\n\nQue faire ?",
            ),
            (
                "a pasted trace",
                "Bonjour,\n\nDe : quoi s'agit-il ?\n\nException in thread \"main\" java.lang.NullPointerException\n\tat com.example.Main.main(Main.java:5)\nCaused by: java.io.IOException: disk\n\t... 12 more\n\n----------\nErreur 42\n----------",
                "Bonjour,\n\nDe : quoi s'agit-il ?\n\nException in thread \"main\" java.lang.NullPointerException\n\tat com.example.Main.main(Main.java:5)\nCaused by: java.io.IOException: disk\n\t... 12 more\n\n----------\nErreur 42\n----------",
            ),
            (
                "a journey",
                "Pouvez-vous réserver ?\n\nDe : Paris\nÀ : Lyon\nDate : 12 mars\n\nMerci",
                "Pouvez-vous réserver ?\n\nDe : Paris\nÀ : Lyon\nDate : 12 mars\n\nMerci",
            ),
            (
                "answers inside what Outlook does not mark as quoted",
                "Bonjour,\n\nMes réponses ci-dessous en rouge.\n\nDe : Support <support@example.org>\nEnvoyé : lundi 4 mars 2024 10:12\nÀ : Jean\nObjet : X\n\nQuel poste ?\nPC-12\n\nDe : Jean <jean@example.org>\nEnvoyé : lundi 4 mars 2024 09:12\nÀ : Support\nObjet : X\n\nvieux",
                "Bonjour,\n\nMes réponses ci-dessous en rouge.\n\n> Quel poste ?\n> PC-12",
            ),
            (
                "Orange webmail",
                "Bonjour, ok pour moi.\n\n> Message du 04/03/24 10:12\n> De : \"Support\" <support@example.org>\n> A : \"Jean\" <jean@orange.example>\n> Copie à : \n> Objet : [SUP-1042]\n> \n> Quel poste ?\n",
                "Bonjour, ok pour moi.",
            ),
        ],
    );
}

#[test]
fn what_is_cut_is_folded() {
    let written = plain(
        RE,
        "Oui.\n\nCordialement,\nJean\n\nLe 4 mars 2024 à 10:12, S <s@example.org> a écrit :\n> Quel poste ?",
    );
    assert_eq!(written.reply, "Oui.");
    assert!(written.folded.contains("Jean") && written.folded.contains("> Quel poste ?"));
    assert_eq!(written.forwarded, None);
}

#[test]
fn forwards_are_content() {
    let french = "De : Jean Dupont <jean@example.org>\nEnvoyé : lundi 4 mars 2024 10:12\nÀ : Marie\nObjet : Écran noir\n\nBonjour,\n\nmon écran est noir.";
    for (name, subject, text, comment, title) in [
        ("Outlook", "TR: Écran noir", format!("Pour vous.\n\n{french}"), "Pour vous.", "Écran noir"),
        (
            "Outlook, underscores",
            "TR: Écran noir",
            format!("Pour vous.\n\n________________________________\n{french}"),
            "Pour vous.",
            "Écran noir",
        ),
        (
            "Gmail",
            "Fwd: Écran noir",
            "Pour vous.\n\n---------- Forwarded message ---------\nDe : Jean Dupont <jean@example.org>\nDate: lun. 4 mars 2024 à 10:12\nSubject: Écran noir\nTo: Marie <marie@example.org>\n\n\nBonjour,\n\nmon écran est noir.".to_owned(),
            "Pour vous.",
            "Écran noir",
        ),
        (
            "Apple",
            "Fwd: Écran noir",
            "Pour vous.\n\nDébut du message réexpédié :\n\n> De: Jean Dupont <jean@example.org>\n> Objet: Écran noir\n> Date: 4 mars 2024 à 10:12:00 UTC\n> À: Marie <marie@example.org>\n> \n> Bonjour,\n> \n> mon écran est noir.".to_owned(),
            "Pour vous.",
            "Écran noir",
        ),
        (
            "Apple, all of it quoted",
            "Fwd: Écran noir",
            "Pour vous.\n\n> Début du message transféré :\n> \n> De: Jean Dupont <jean@example.org>\n> Objet: Écran noir\n> Date: 4 mars 2024 à 10:12:00 UTC\n> À: Marie <marie@example.org>\n> \n> Bonjour,\n> \n> mon écran est noir.".to_owned(),
            "Pour vous.",
            "Écran noir",
        ),
        (
            "Thunderbird",
            "Fwd: Écran noir",
            "Pour vous.\n\n\n-------- Message transféré --------\nSujet : \tÉcran noir\nDate : \tMon, 4 Mar 2024 10:12:00 +0000\nDe : \tJean Dupont <jean@example.org>\nPour : \tmarie@example.org\n\n\n\nBonjour,\n\nmon écran est noir.".to_owned(),
            "Pour vous.",
            "Écran noir",
        ),
        (
            "German",
            "WG: Schirm",
            "Für Sie.\n\nVon: Jean Dupont <jean@example.org>\nGesendet: Montag, 4. März 2024 10:12\nAn: Marie\nBetreff: Schirm\n\nBonjour,\n\nmon écran est noir.".to_owned(),
            "Für Sie.",
            "Schirm",
        ),
        (
            "Italian",
            "I: Schermo",
            "Per voi.\n\nDa: Jean Dupont <jean@example.org>\nInviato: lunedì 4 marzo 2024 10:12\nA: Marie\nOggetto: Schermo\n\nBonjour,\n\nmon écran est noir.".to_owned(),
            "Per voi.",
            "Schermo",
        ),
    ] {
        let written = plain(subject, &text);
        let original = written.forwarded.unwrap_or_else(|| panic!("{name}"));
        let from = original.from.unwrap_or_default();
        assert_eq!(written.reply, comment, "{name}");
        assert_eq!(from.address, "jean@example.org", "{name}");
        assert_eq!(from.name.as_deref(), Some("Jean Dupont"), "{name}");
        assert_eq!(original.subject.as_deref(), Some(title), "{name}");
        assert_eq!(
            original.date.map(|date| date.to_rfc3339()).as_deref(),
            Some("2024-03-04T10:12:00+00:00"),
            "{name}"
        );
        assert_eq!(original.text, "Bonjour,\n\nmon écran est noir.", "{name}");
    }
    // The same block under « RE: » is history.
    let written = plain("RE: Écran noir", &format!("Vu.\n\n{french}"));
    assert_eq!((written.reply.as_str(), written.forwarded), ("Vu.", None));
}

#[test]
fn a_forward_in_html() {
    let written = html(
        "Fwd: Écran noir",
        "<div dir=ltr>#pour<br><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">---------- Forwarded message ---------<br>\
         De : <strong class=\"gmail_sendername\" dir=\"auto\">Jean Dupont</strong> <span dir=\"auto\">&lt;<a href=\"mailto:jean@example.org\">jean@example.org</a>&gt;</span><br>\
         Date: lun. 4 mars 2024 à 10:12<br>Subject: Écran noir<br>To: &lt;<a href=\"mailto:marie@example.org\">marie@example.org</a>&gt;<br></div><br><br>\
         <div dir=ltr>Mon écran est noir.<br>#urgent</div></div></div>",
    );
    assert_eq!(written.reply, "#pour");
    let original = written.forwarded.expect("a forward");
    assert_eq!(original.text, "Mon écran est noir.\n#urgent");
    assert_eq!(
        original.from.map(|from| (from.name, from.address)),
        Some((
            Some("Jean Dupont".to_owned()),
            "jean@example.org".to_owned()
        ))
    );
}

#[test]
fn a_bare_forward_is_not_blank() {
    for comment in ["", "Cordialement,\nMarie Martin\n\n"] {
        let written = plain(
            "TR: Écran noir",
            &format!(
                "{comment}De : Jean <jean@example.org>\nEnvoyé : lundi 4 mars 2024 10:12\nÀ : Marie\nObjet : Écran noir\n\nMon écran est noir.\n#resolu"
            ),
        );
        // Quoted: a command in it is not a command of the one who forwards it.
        assert!(
            written.reply.ends_with("> Mon écran est noir.\n> #resolu"),
            "{}",
            written.reply
        );
        assert!(written.forwarded.is_some());
    }
}

#[test]
fn an_empty_reply_shows_what_it_answers_as_quoted() {
    let written = html(
        RE,
        "<div><br></div><div id=appendonsend></div><div id=divRplyFwdMsg><b>De :</b> s@example.org<br><b>Envoyé :</b> lundi</div>\
         <div>Commandes :<br>#resolu</div>",
    );
    assert!(
        written.reply.ends_with("> Commandes :\n> #resolu"),
        "{}",
        written.reply
    );
}

#[test]
fn the_html_is_believed_only_when_it_says_the_same() {
    let gmail = "<div>Oui\u{a0}: PC-12</div><div class=gmail_quote><blockquote class=gmail_quote>Quel poste ?</blockquote></div>";
    let both = |text: &str| {
        split(&Bodies {
            plain: Some(text),
            html: Some(gmail),
            subject: Some(RE),
            ..Bodies::default()
        })
    };
    let same = both("Oui : PC-12\n\nQuel poste ?");
    assert_eq!(
        (same.reply.as_str(), same.text.as_str()),
        ("Oui : PC-12", "Oui : PC-12\n\nQuel poste ?")
    );
    assert_eq!(
        both("Tout autre chose, écrit par une autre main").reply,
        "Tout autre chose, écrit par une autre main"
    );
}

#[test]
fn texts_are_normal() {
    let written = plain("x", "e\u{301}cran\0\r\nnoir\rici");
    assert_eq!(written.reply, "écran\nnoir\nici");
}

#[test]
fn bombs_keep_their_words() {
    for bomb in [
        ">",
        ">\n",
        "On Mon, Mar 4, 2024 at 10:12 AM wrote\n",
        "-",
        "-----\n",
        "-- \n",
        "De : a@b.fr\n",
        "Cordialement,\nJean\n",
        "Merci,\nJean\n",
        "_____\n",
        "```\n",
        "> x\nx\n",
        "Le ",
        "\u{301}",
    ] {
        let text = format!("{}\nmot", bomb.repeat(200_000 / bomb.len()));
        let written = plain("x", &text);
        assert!(!written.reply.is_empty(), "{bomb:?}");
        assert!(written.text.ends_with("mot"), "{bomb:?}");
    }
}

#[test]
fn a_body_of_millions_of_lines_is_bounded() {
    let written = plain("x", &format!("mot\n{}fin", "\n".repeat(1_000_000)));
    assert!(written.reply.starts_with("mot") && written.reply.ends_with("fin"));
    let written = plain("x", &"é".repeat(BODY_BYTES));
    assert_eq!(written.reply.len(), BODY_BYTES);
}

/// Lines that mails are made of, in every order: nothing may be lost, nothing may be blank.
#[test]
fn every_line_is_somewhere() {
    const LINES: [&str; 44] = [
        "",
        "Bonjour,",
        "Mon imprimante ne marche plus.",
        "Merci",
        "Merci d'avance,",
        "Cordialement,",
        "Jean Dupont",
        "Responsable informatique",
        "Tél. : 01 23 45 67 89",
        "jean@example.org",
        "-- ",
        "--",
        "—",
        "-----",
        "________________________________",
        "> cité",
        ">> cité deux fois",
        ">",
        "> Le 4 mars 2024 à 10:12, S <s@example.org> a écrit :",
        "Le 4 mars 2024 à 10:12, S <s@example.org> a écrit :",
        "On Mon, Mar 4, 2024 at 10:12 AM Jean <",
        "jean@example.org> wrote:",
        ">:",
        "Jean Dupont a écrit :",
        "-----Message d'origine-----",
        "---------- Forwarded message ---------",
        "Début du message réexpédié :",
        "De : Jean <jean@example.org>",
        "Envoyé : lundi 4 mars 2024 10:12",
        "À : Support",
        "Objet : Imprimante",
        "-- Répondez au-dessus de cette ligne --",
        "Envoyé de mon iPhone",
        "Ce message et toutes les pièces jointes sont confidentiels et destinés à leurs destinataires.",
        "PS : et la souris ?",
        "```",
        "    at com.example.Main.run(Main.java:12)",
        "Voici :",
        "- un point",
        "ATTENTION : ce mail provient de l'extérieur de l'organisation",
        "👍",
        "#resolu",
        "Une phrase assez longue pour qu'un client la replie au bout de soixante-douze signes.",
        "fin",
    ];
    let mut seed: u64 = 42;
    let mut next = |bound: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap_or(0) % bound
    };
    for _ in 0..3_000 {
        let count = 1 + next(14);
        let lines: Vec<&str> = (0..count)
            .filter_map(|_| LINES.get(next(LINES.len())).copied())
            .collect();
        let subject = ["Imprimante", "Re: Imprimante", "TR: Imprimante"]
            .get(next(3))
            .copied()
            .unwrap_or_default();
        let body = lines.join("\n");
        let as_html: String = lines
            .iter()
            .map(|line| {
                format!(
                    "<div>{}<br></div>",
                    line.replace('<', "&lt;").replace('>', "&gt;")
                )
            })
            .collect();
        for written in [plain(subject, &body), html(subject, &as_html)] {
            if words::has_substance(&body) {
                assert!(words::has_substance(&written.reply), "blank:\n{body}");
            }
            if written.forwarded.is_some() {
                continue; // The header of the original is in `text` alone.
            }
            let kept = format!("{}\n{}", written.reply, written.folded);
            for line in &lines {
                let bare = line.trim_matches(|c: char| c == '>' || c.is_whitespace());
                assert!(kept.contains(bare), "{line:?} is lost:\n{body}");
            }
        }
    }
}

/// Pieces of HTML in every order, closed or not: words are always found again.
#[test]
fn no_html_hides_its_words() {
    const PIECES: [&str; 34] = [
        "mot ",
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<div style='display:none'>",
        "<span style=\"font-size:0\">",
        "</span>",
        "<table><tr><td>",
        "</td><td>",
        "</tr></table>",
        "<ul><li>",
        "</ul>",
        "<a href='https://example.org/'>",
        "</a>",
        "<a href=\"",
        "<b x='",
        "<!--",
        "-->",
        "<![if !mso]>",
        "<style>",
        "</style>",
        "<script>",
        "<title>",
        "<pre>",
        "<blockquote type=cite>",
        "</blockquote>",
        "<div id=divRplyFwdMsg>",
        "<div class=gmail_quote>",
        "&nbsp;",
        "&#",
        "<br>",
        "<",
        "<img src=cid:x>",
    ];
    let mut seed: u64 = 7;
    let mut next = |bound: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap_or(0) % bound
    };
    for _ in 0..5_000 {
        let mut body = String::new();
        for _ in 0..next(16) {
            body.push_str(PIECES.get(next(PIECES.len())).copied().unwrap_or_default());
        }
        body.push_str("mot");
        let written = html("x", &body);
        // What is a comment, or inside a quoted value, is no word.
        let is_word = |token| matches!(token, token::Token::Text(text) if text.contains("mot"));
        if !token::tokens(&body).any(is_word) {
            continue;
        }
        assert!(
            !line::is_blank(&written.text) && !line::is_blank(&written.reply),
            "{body}"
        );
        let hides = ["none", "font-size", "<style", "<script", "<title"];
        if !hides.iter().any(|hiding| body.contains(hiding)) {
            assert!(written.text.contains("mot"), "{body}");
        }
    }
}
