//! Mails of clients and persons that no rule was written for: a check that the rules read for
//! structure and meaning. A row that fails asks for a better rule, not for one of its own.

use crate::mail;

/// A mail of Nadia Ferrand, from its subject, the lines of its header that matter and its body.
fn read(subject: &str, kind: &str, body: &str) -> mail::Mail {
    let reference = if subject.starts_with("Re") || subject.starts_with("RE") {
        "In-Reply-To: <t.2042@aide.example.org>\r\n"
    } else {
        ""
    };
    let bytes = format!(
        "From: Nadia Ferrand <nadia.ferrand@lycee.example.org>\r\nTo: aide@aide.example.org\r\n\
         Date: Mon, 23 Nov 2026 10:30:00 +0100\r\nMessage-ID: <u@lycee.example.org>\r\n{reference}\
         Subject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/{kind}; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{body}"
    );
    mail::read(bytes.as_bytes())
}

/// White space folded: what matters is what is kept.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names every row whose reply differs.
#[track_caller]
fn check(subject: &str, kind: &str, rows: &[(&str, &str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(name, body, expected)| {
            let reply = read(subject, kind, body).reply;
            (folded(&reply) != folded(expected))
                .then(|| format!("{name}\n  expected {expected:?}\n  got      {reply:?}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}

const RE: &str = "Re: [AIDE-2042] Badge de la salle des profs";

#[test]
fn replies_of_less_usual_clients() {
    check(
        RE,
        "plain",
        &[
            (
                "Outlook 2010 fr",
                "Le badge fonctionne à la porte B mais pas à la porte A.\n\n\nDe : Aide informatique [mailto:aide@aide.example.org]\nEnvoyé : lundi 23 novembre 2026 10:02\nÀ : Nadia Ferrand\nObjet : [AIDE-2042] Badge de la salle des profs\n\nBonjour,\nQuelle porte ?\n",
                "Le badge fonctionne à la porte B mais pas à la porte A.",
            ),
            (
                "Outlook for iOS fr",
                "Oui toujours bloqué\n\nObtenir Outlook pour iOS<https://aka.ms/o0ukef>\n________________________________\nDe: Aide informatique <aide@aide.example.org>\nEnvoyé: Monday, November 23, 2026 10:02:11 AM\nÀ: Nadia Ferrand <nadia.ferrand@lycee.example.org>\nObjet: [AIDE-2042] Badge\n\nToujours bloqué ?",
                "Oui toujours bloqué",
            ),
            (
                "Gmail mobile fr",
                "Porte A, au rez-de-chaussée\n\nLe lun. 23 nov. 2026, 10:02, Aide informatique <aide@aide.example.org> a\nécrit :\n\n> Bonjour,\n> Quelle porte ?\n>\n",
                "Porte A, au rez-de-chaussée",
            ),
            (
                "Apple Mail, attribution quoted",
                "C'est la porte A.\n\nNadia\n\n> Le 23 nov. 2026 à 10:02, Aide informatique <aide@aide.example.org> a écrit :\n> \n> Bonjour,\n> Quelle porte ?\n",
                "C'est la porte A.",
            ),
            (
                "Thunderbird fr",
                "Le 23/11/2026 à 10:02, Aide informatique a écrit :\n> Bonjour,\n>\n> Quelle porte ?\n\nLa porte A, côté parking.\n\n-- \nNadia Ferrand\nProfesseure documentaliste\n",
                "La porte A, côté parking.",
            ),
            (
                "Zimbra fr",
                "Porte A.\n\n----- Mail original -----\nDe: \"Aide informatique\" <aide@aide.example.org>\nÀ: \"Nadia Ferrand\" <nadia.ferrand@lycee.example.org>\nEnvoyé: Lundi 23 Novembre 2026 10:02:11\nObjet: [AIDE-2042] Badge\n\nQuelle porte ?\n",
                "Porte A.",
            ),
            (
                "Zimbra fr, De :",
                "Porte A.\n\nDe: \"Aide informatique\" <aide@aide.example.org>\nÀ: \"Nadia Ferrand\" <nadia.ferrand@lycee.example.org>\nEnvoyé: Lundi 23 Novembre 2026 10:02:11\nObjet: [AIDE-2042] Badge\n\nQuelle porte ?\n",
                "Porte A.",
            ),
            (
                "Roundcube fr",
                "Le 2026-11-23 10:02, Aide informatique a écrit :\n> Quelle porte ?\n\nLa porte A.\n",
                "La porte A.",
            ),
            (
                "SOGo fr",
                "La porte A.\n\nLe Lundi, Novembre 23, 2026 10:02 CET, Aide informatique <aide@aide.example.org> a écrit:\n\n> Quelle porte ?\n",
                "La porte A.",
            ),
            (
                "Horde IMP fr",
                "La porte A.\n\nAide informatique <aide@aide.example.org> a écrit :\n\n> Quelle porte ?\n> Merci\n",
                "La porte A.",
            ),
            (
                "BlueMail fr",
                "La porte A.\n\nEnvoyé depuis BlueMail pour mobile\nLe 23 nov. 2026, à 10:02, Aide informatique <aide@aide.example.org> a écrit:\nQuelle porte ?\n",
                "La porte A.",
            ),
            (
                "Mailo",
                "La porte A.\n\n\nDe : Aide informatique <aide@aide.example.org>\nÀ : Nadia Ferrand <nadia.ferrand@lycee.example.org>\nSujet : [AIDE-2042] Badge\nDate : 23/11/2026 10:02:11 Europe/Paris\n\nQuelle porte ?\n",
                "La porte A.",
            ),
            (
                "Infomaniak",
                "La porte A.\n\nLe 23 novembre 2026 à 10:02 \"Aide informatique\" <aide@aide.example.org> a écrit :\n\nQuelle porte ?\n",
                "La porte A.",
            ),
            (
                "Evolution",
                "Le lundi 23 novembre 2026 à 10:02 +0100, Aide informatique a écrit :\n> Quelle porte ?\n\nLa porte A.\n",
                "La porte A.",
            ),
            (
                "KMail",
                "Le lundi 23 novembre 2026, 10:02:00 CET Aide informatique a écrit :\n> Quelle porte ?\n\nLa porte A.\n-- \nNadia\n",
                "La porte A.",
            ),
            (
                "Lotus Notes fr",
                "La porte A.\n\n\n\nDe :    Aide informatique/DSI/Lycee\nA :     Nadia Ferrand/Lycee@Lycee\nDate :  23/11/2026 10:02\nObjet : [AIDE-2042] Badge\n\n\n\nQuelle porte ?\n",
                "La porte A.",
            ),
            (
                "Samsung",
                "La porte A\n\n\n\nEnvoyé depuis mon appareil Galaxy\n\n\n-------- Message d'origine --------\nDe : Aide informatique <aide@aide.example.org>\nDate : 23/11/2026 10:02 (GMT+01:00)\nÀ : Nadia Ferrand <nadia.ferrand@lycee.example.org>\nObjet : [AIDE-2042] Badge\n\nQuelle porte ?\n",
                "La porte A",
            ),
            (
                "Yahoo fr",
                " La porte A.\n    Le lundi 23 novembre 2026 à 10:02:00 UTC+1, Aide informatique <aide@aide.example.org> a écrit :  \n \n Quelle porte ?\n  ",
                "La porte A.",
            ),
            (
                "La Poste",
                "La porte A.\n\n> Message du 23/11/26 10:02\n> De : \"Aide informatique\" <aide@aide.example.org>\n> A : nadia.ferrand@lycee.example.org\n> Copie à :\n> Objet : [AIDE-2042] Badge\n>\n> Quelle porte ?\n",
                "La porte A.",
            ),
            (
                "Orange",
                "La porte A.\n\n\n\n> Message du 23/11/26 10:02\n> De : aide@aide.example.org\n> A : \"Nadia Ferrand\"\n> Objet : Badge\n> Quelle porte ?\n\n",
                "La porte A.",
            ),
            (
                "Free webmail",
                "La porte A.\n\nSelon Aide informatique <aide@aide.example.org>:\n\n> Quelle porte ?\n",
                "La porte A.",
            ),
            (
                "mutt fr",
                "On Mon, Nov 23, 2026 at 10:02:11AM +0100, Aide informatique wrote:\n> Quelle porte ?\nLa porte A.\n",
                "La porte A.",
            ),
            (
                "eM Client fr",
                "La porte A.\n\n\n------ Message d'origine ------\nDe \"Aide informatique\" <aide@aide.example.org>\nÀ \"Nadia Ferrand\" <nadia.ferrand@lycee.example.org>\nDate 23/11/2026 10:02:11\nObjet [AIDE-2042] Badge\n\nQuelle porte ?\n",
                "La porte A.",
            ),
            (
                "Fastmail",
                "La porte A.\n\nOn Mon, Nov 23, 2026, at 10:02 AM, Aide informatique wrote:\n> Quelle porte ?\n",
                "La porte A.",
            ),
            (
                "Proton fr",
                "La porte A.\n\nEnvoyé avec la messagerie sécurisée [Proton Mail](https://proton.me/).\n\nLe lundi 23 novembre 2026 à 10:02, Aide informatique <aide@aide.example.org> a écrit :\n\n> Quelle porte ?\n",
                "La porte A.",
            ),
            (
                "Spark",
                "La porte A.\n\nNadia\nLe 23 nov. 2026 à 10:02 +0100, Aide informatique <aide@aide.example.org>, a écrit :\n> Quelle porte ?\n",
                "La porte A.",
            ),
            (
                "Open-Xchange fr",
                "La porte A.\n\n> Aide informatique <aide@aide.example.org> a écrit le 23/11/2026 10:02 CET:\n> \n>  \n> Quelle porte ?\n",
                "La porte A.",
            ),
            (
                "Outlook de, answers in French",
                "Porte A svp\n\nVon: Aide informatique <aide@aide.example.org>\nGesendet: Montag, 23. November 2026 10:02\nAn: Nadia Ferrand <nadia.ferrand@lycee.example.org>\nBetreff: [AIDE-2042] Badge\n\nQuelle porte ?\n",
                "Porte A svp",
            ),
            (
                "Thunderbird de",
                "Tür A.\n\nAm 23.11.26 um 10:02 schrieb Aide informatique:\n> Welche Tür?\n",
                "Tür A.",
            ),
            (
                "Apple es",
                "La puerta A.\n\nEnviado desde mi iPhone\n\n> El 23 nov 2026, a las 10:02, Aide informatique <aide@aide.example.org> escribió:\n> \n> ¿Qué puerta?\n",
                "La puerta A.",
            ),
            (
                "Libero it",
                "La porta A.\n\n> Il 23/11/2026 10:02 CET Aide informatique <aide@aide.example.org> ha scritto:\n>\n> Quale porta?\n",
                "La porta A.",
            ),
            (
                "Outlook nl",
                "Deur A.\n\nMet vriendelijke groet,\nNadia\n\nVan: Aide informatique <aide@aide.example.org>\nVerzonden: maandag 23 november 2026 10:02\nAan: Nadia Ferrand <nadia.ferrand@lycee.example.org>\nOnderwerp: Badge\n\nWelke deur?\n",
                "Deur A.",
            ),
            (
                "Gmail pt",
                "A porta A.\n\nAide informatique <aide@aide.example.org> escreveu (segunda, 23/11/2026 à(s)\n10:02):\n\n> Qual porta?\n",
                "A porta A.",
            ),
            (
                "one word",
                "Oui\n\nLe lun. 23 nov. 2026 à 10:02, Aide <aide@aide.example.org> a écrit :\n> Porte A ?\n",
                "Oui",
            ),
            (
                "an emoji",
                "👍\n\nLe lun. 23 nov. 2026 à 10:02, Aide <aide@aide.example.org> a écrit :\n> Porte A ?\n",
                "👍",
            ),
            (
                "a number",
                "204\n\nLe lun. 23 nov. 2026 à 10:02, Aide <aide@aide.example.org> a écrit :\n> Quel bureau ?\n",
                "204",
            ),
            (
                "between",
                "Bonjour,\n\nLe 23/11/2026 à 10:02, Aide a écrit :\n> Quelle porte ?\n\nLa porte A.\n\n> Depuis quand ?\n\nDepuis vendredi.\n\n> L'équipe\n",
                "Bonjour,\n\n> Quelle porte ?\n\nLa porte A.\n\n> Depuis quand ?\n\nDepuis vendredi.",
            ),
            (
                "a date in the words",
                "Le 20/11/2026 à 8:30 le lecteur a bipé deux fois :\nrien depuis.\n\nLe 23/11/2026 à 10:02, Aide a écrit :\n> Depuis quand ?\n",
                "Le 20/11/2026 à 8:30 le lecteur a bipé deux fois :\nrien depuis.",
            ),
            (
                "somebody is cited",
                "Ma collègue Marie a écrit : « porte A fermée » sur la fiche.\n\nLe 23/11/2026 à 10:02, Aide a écrit :\n> Quelle porte ?\n",
                "Ma collègue Marie a écrit : « porte A fermée » sur la fiche.",
            ),
        ],
    );
}

#[test]
fn replies_in_html_of_less_usual_clients() {
    check(
        RE,
        "html",
        &[
            (
                "new Outlook 2024",
                "<html><body><div class=\"elementToProof\" style=\"font-family: Aptos\">La porte A.</div><div id=\"Signature\" class=\"elementToProof\"><p>Nadia Ferrand</p></div><div id=\"mail-editor-reference-message-container\"><div class=\"ms-outlook-mobile-reference-message skipProofing\"></div><div style=\"text-align:left;padding:3pt 0in 0in;border-width:1pt medium medium;border-style:solid none none\"><b>De :</b> Aide &lt;aide@aide.example.org&gt;<br><b>Date :</b> lundi, 23 novembre 2026 à 10:02<br><b>À :</b> Nadia<br><b>Objet :</b> Badge</div><div>Quelle porte ?</div></div></body></html>",
                "La porte A.",
            ),
            (
                "Outlook for Mac fr",
                "<div>La porte A.</div><div><br></div><div style=\"border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm\"><p class=\"MsoNormal\"><b><span style=\"color:black\">De : </span></b><span>Aide &lt;aide@aide.example.org&gt;<br><b>Date : </b>lundi 23 novembre 2026 à 10:02<br><b>À : </b>Nadia<br><b>Objet : </b>Badge</span></p></div><p>Quelle porte ?</p>",
                "La porte A.",
            ),
            (
                "Infomaniak",
                "<div>La porte A.</div><br><div class=\"ik_mail_quote answerContentMessage\"><div>Le lundi 23 novembre 2026 à 10:02, Aide &lt;aide@aide.example.org&gt; a écrit :</div><blockquote class=\"ws-ng-quote\"><div>Quelle porte ?</div></blockquote></div>",
                "La porte A.",
            ),
            (
                "Zimbra modern",
                "<div style=\"font-family:arial\"><div>La porte A.</div><div><br></div><hr id=\"zwchr\" data-marker=\"__DIVIDER__\"><div data-marker=\"__HEADERS__\"><b>De: </b>\"Aide\" &lt;aide@aide.example.org&gt;<br><b>À: </b>Nadia<br><b>Envoyé: </b>Lundi 23 Novembre 2026 10:02<br><b>Objet: </b>Badge</div><div data-marker=\"__QUOTED_TEXT__\">Quelle porte ?</div></div>",
                "La porte A.",
            ),
            (
                "Evolution",
                "<p>La porte A.</p><div class=\"-x-evo-paragraph\">Le lundi 23 novembre 2026 à 10:02 +0100, Aide a écrit :</div><blockquote type=\"cite\"><div>Quelle porte ?</div></blockquote>",
                "La porte A.",
            ),
            (
                "OX",
                "<p>La porte A.</p><blockquote type=\"cite\"><div>Aide &lt;aide@aide.example.org&gt; a écrit le 23.11.2026 10:02 CET :</div><div>Quelle porte ?</div></blockquote>",
                "La porte A.",
            ),
            (
                "Orange",
                "<p>La porte A.</p><blockquote style=\"padding-left: 5px; margin-left: 5px; border-left: #ff0000 2px solid;\">&gt; Message du 23/11/26 10:02<br>&gt; De : \"Aide\"<br>&gt; A : nadia<br>&gt; Objet : Badge<br>&gt; Quelle porte ?</blockquote>",
                "La porte A.",
            ),
            (
                "Spark",
                "<div name=\"messageBodySection\">La porte A.</div><div name=\"messageSignatureSection\"><br>Nadia Ferrand<br>CDI</div><div name=\"messageReplySection\">Le 23 nov. 2026 à 10:02 +0100, Aide &lt;aide@aide.example.org&gt;, a écrit :<br><blockquote type=\"cite\">Quelle porte ?</blockquote></div>",
                "La porte A.",
            ),
            (
                "Front",
                "<div>La porte A.</div><br><div class=\"front-signature\">Nadia</div><blockquote type=\"cite\" class=\"front-blockquote\">Le 23 novembre 2026 à 10:02 UTC+1 aide@aide.example.org a écrit :<br>Quelle porte ?</blockquote>",
                "La porte A.",
            ),
            (
                "Mailspring",
                "<div>La porte A.</div><div class=\"gmail_quote_attribution\">Le nov. 23 2026, à 10:02, Aide &lt;aide@aide.example.org&gt; a écrit :</div><blockquote class=\"gmail_quote\">Quelle porte ?</blockquote>",
                "La porte A.",
            ),
        ],
    );
}

#[test]
fn requests_with_signatures_of_less_usual_forms() {
    check(
        "Badge de la salle des profs",
        "plain",
        &[
            (
                "pronouns",
                "Bonjour,\n\nMon badge n'ouvre plus la porte A.\n\nBien à vous,\n\nNadia Ferrand (elle)\nProfesseure documentaliste\nLycée Exemple\n",
                "Bonjour,\n\nMon badge n'ouvre plus la porte A.",
            ),
            (
                "pronouns en",
                "Hello,\n\nMy badge no longer opens door A.\n\nKind regards,\nNadia Ferrand (she/her)\nLibrarian\n",
                "Hello,\n\nMy badge no longer opens door A.",
            ),
            (
                "mobile fr",
                "Mon badge n'ouvre plus la porte A\n\nEnvoyé depuis mon téléphone, veuillez excuser ma brièveté.\n",
                "Mon badge n'ouvre plus la porte A",
            ),
            (
                "mobile en",
                "Badge broken again\n\nSent from my Galaxy, please excuse typos\n",
                "Badge broken again",
            ),
            (
                "mobile de",
                "Mein Ausweis öffnet Tür A nicht.\n\nVon meinem Samsung Galaxy Smartphone gesendet.\n",
                "Mein Ausweis öffnet Tür A nicht.",
            ),
            (
                "K-9 fr",
                "Mon badge n'ouvre plus.\n-- \nEnvoyé de mon appareil Android avec Courriel K-9 Mail. Veuillez excuser ma brièveté.\n",
                "Mon badge n'ouvre plus.",
            ),
            (
                "continued below the phone's line",
                "Mon badge n'ouvre plus la porte A\n\nEnvoyé de mon iPhone\n\nJ'ai oublié de dire que celui de ma collègue marche encore.\n",
                "Mon badge n'ouvre plus la porte A\n\nJ'ai oublié de dire que celui de ma collègue marche encore.",
            ),
            (
                "disclaimer fr",
                "Mon badge n'ouvre plus la porte A.\n\nNadia Ferrand\n\nCe courrier électronique et les documents joints sont réservés à leurs destinataires. Si vous l'avez reçu par erreur, merci de le détruire.\n",
                "Mon badge n'ouvre plus la porte A.",
            ),
            (
                "disclaimer de",
                "Mein Ausweis öffnet Tür A nicht.\n\nViele Grüße\nNadia Ferrand\n\nDiese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, informieren Sie bitte den Absender.\n",
                "Mein Ausweis öffnet Tür A nicht.",
            ),
            (
                "surname first",
                "Mon badge n'ouvre plus la porte A.\n\nFERRAND Nadia\nCDI - poste 4512\n",
                "Mon badge n'ouvre plus la porte A.",
            ),
            (
                "everything in one line",
                "Mon badge n'ouvre plus la porte A.\n\nNadia Ferrand | CDI | Lycée Exemple | 01 99 00 12 34\n",
                "Mon badge n'ouvre plus la porte A.",
            ),
            (
                "absent on some days",
                "Mon badge n'ouvre plus la porte A.\n\nCordialement,\nNadia Ferrand\nCDI, 01 99 00 12 34\nAbsente le mercredi\n",
                "Mon badge n'ouvre plus la porte A.",
            ),
            (
                "formula in one sentence",
                "Mon badge n'ouvre plus la porte A.\n\nEn vous remerciant par avance de votre aide, je vous prie d'agréer mes salutations distinguées.\n\nNadia Ferrand\n",
                "Mon badge n'ouvre plus la porte A.\n\nEn vous remerciant par avance de votre aide, je vous prie d'agréer mes salutations distinguées.",
            ),
            (
                "two thanks",
                "Mon badge n'ouvre plus la porte A.\n\nMerci d'avance et bonne journée,\nNadia\n",
                "Mon badge n'ouvre plus la porte A.\n\nMerci d'avance et bonne journée,",
            ),
            (
                "the only line is polite",
                "Bonjour, pouvez-vous m'envoyer un nouveau badge ? Cordialement, Nadia Ferrand",
                "Bonjour, pouvez-vous m'envoyer un nouveau badge ? Cordialement, Nadia Ferrand",
            ),
            (
                "contacts are the request",
                "Bonjour,\n\nMerci de créer un compte pour :\n\nPaul Vidal\nAssistant d'éducation\n06 99 00 12 34\n",
                "Bonjour,\n\nMerci de créer un compte pour :\n\nPaul Vidal\nAssistant d'éducation\n06 99 00 12 34",
            ),
            (
                "spanish",
                "La tarjeta no abre la puerta A.\n\nUn cordial saludo,\nNadia Ferrand\nBiblioteca\n",
                "La tarjeta no abre la puerta A.",
            ),
            (
                "italian",
                "Il badge non apre la porta A.\n\nCordiali saluti\nNadia Ferrand\n",
                "Il badge non apre la porta A.",
            ),
        ],
    );
}

/// Names every verdict that differs.
#[track_caller]
fn verdicts(expected: bool, replies: &[&str]) {
    let wrong: Vec<&&str> = replies
        .iter()
        .filter(|reply| read(RE, "plain", reply).thanks != expected)
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {wrong:#?}",
        wrong.len(),
        replies.len()
    );
}

#[test]
fn thanks_in_other_words() {
    verdicts(
        true,
        &[
            "c'est nickel",
            "top merci",
            "ça remarche, merci",
            "Thanks, all good now",
            "works like a charm",
            "bonne journée et merci",
            "Merci pour tout !",
            "Un immense merci",
            "Merci, le badge fonctionne.",
            "Merci, la porte s'ouvre de nouveau !",
            "C'est parfait, je vous remercie beaucoup",
            "Merci pour votre intervention rapide et efficace.",
            "Merci, je confirme que tout est rentré dans l'ordre.",
            "Je confirme : c'est résolu. Merci !",
            "Hello, merci à toi, ça roule",
            "Merci à vous deux",
            "Good job, thank you all",
            "Thank you, problem solved on my side",
            "Cool, thanks a million",
            "Much appreciated, thanks",
            "Danke, es funktioniert wieder",
            "Gracias, ya funciona",
            "Grazie mille, ora funziona tutto",
            "Bedankt, het werkt weer",
            "Obrigado, já funciona",
            "Merci pour le coup de main 😊",
            "Impec, merci les filles",
            "Reçu, merci !",
            "Merci pour cette réponse claire",
            "Yes, merci c'est tout bon",
        ],
    );
}

#[test]
fn more_than_thanks_in_other_words() {
    verdicts(
        false,
        &[
            "merci je teste demain",
            "ok merci, et pour le deuxième poste ?",
            "thanks but still broken",
            "merci de clôturer",
            "Thank you for installing Word",
            "Thanks for adding Paul to the list",
            "Merci, quand est-ce que ce sera prêt",
            "Merci, ça clignote rouge maintenant",
            "Merci, la porte B reste fermée",
            "Merci de passer au CDI",
            "Merci, je vous tiens au courant",
            "Merci pour votre réponse. Je préfère le modèle noir.",
            "Merci, ce sera plutôt mardi",
            "Super, il faudra aussi un badge pour Paul",
            "Merci, mon bureau est le 204",
            "Thanks, the door is still locked",
            "Thanks, but no",
            "Danke, aber es geht nicht",
            "Gracias, pero no funciona",
            "Merci, en fait non",
            "Merci bien, encore une panne",
            "Merci, on se rappelle",
            "Parfait. Et la clé ?",
            "Ça marche pour jeudi, merci",
            "Merci d'ajouter Paul",
            "Merci, le lecteur bipe deux fois puis rien",
            "Ça roule",
            "Merci, ça plante de nouveau",
            "Merci, la porte ne s'ouvre pas bien",
        ],
    );
}

#[test]
fn urgency_in_other_words() {
    for (subject, expected) in [
        ("URGENT !!! badge bloqué", true),
        ("Demande urgente de badge", true),
        ("badge bloqué (très très urgent)", true),
        ("Plus rien ne marche, c'est urgent", true),
        ("Needs fixing ASAP", true),
        ("Urgent please: door locked", true),
        ("Badge : pas si urgent que ça", false),
        ("Rien de bien urgent", false),
        ("Porte de la sortie d'urgence bloquée", false),
        ("Pas d'urgence particulière", false),
        ("No rush, nothing urgent", false),
        ("Formation aux gestes d'urgence", false),
    ] {
        assert_eq!(
            read(subject, "plain", "Bonjour").urgent,
            expected,
            "{subject}"
        );
    }
}

#[test]
fn forwards_of_less_usual_clients() {
    for (name, body, from, date) in [
        (
            "Apple fr",
            "Pour vous.\n\nDébut du message réexpédié :\n\n> De: Paul Vidal <paul.vidal@lycee.example.org>\n> Objet: Vidéoprojecteur\n> Date: 22 novembre 2026 à 18:04:05 UTC+1\n> À: Nadia Ferrand <nadia.ferrand@lycee.example.org>\n> \n> Le vidéoprojecteur clignote.\n",
            "paul.vidal@lycee.example.org",
            "2026-11-22T17:04:05+00:00",
        ),
        (
            "Gmail fr",
            "Pour vous.\n\n---------- Forwarded message ---------\nDe : Paul Vidal <paul.vidal@lycee.example.org>\nDate: dim. 22 nov. 2026 à 18:04\nSubject: Vidéoprojecteur\nTo: <nadia.ferrand@lycee.example.org>\n\n\nLe vidéoprojecteur clignote.\n",
            "paul.vidal@lycee.example.org",
            "2026-11-22T17:04:00+00:00",
        ),
        (
            "Outlook fr, no zone",
            "Pour vous.\n\nDe : Paul Vidal <paul.vidal@lycee.example.org>\nEnvoyé : dimanche 22 novembre 2026 18:04\nÀ : Nadia Ferrand <nadia.ferrand@lycee.example.org>\nObjet : Vidéoprojecteur\n\nLe vidéoprojecteur clignote.\n",
            "paul.vidal@lycee.example.org",
            "2026-11-22T17:04:00+00:00",
        ),
        (
            "Thunderbird fr",
            "Pour vous.\n\n-------- Message transféré --------\nSujet : \tVidéoprojecteur\nDate : \tSun, 22 Nov 2026 18:04:05 +0100\nDe : \tPaul Vidal <paul.vidal@lycee.example.org>\nPour : \tNadia Ferrand <nadia.ferrand@lycee.example.org>\n\nLe vidéoprojecteur clignote.\n",
            "paul.vidal@lycee.example.org",
            "2026-11-22T17:04:05+00:00",
        ),
        (
            "Roundcube fr",
            "Pour vous.\n\n-------- Message original --------\nObjet : Vidéoprojecteur\nDate : 2026-11-22 18:04\nDe : Paul Vidal <paul.vidal@lycee.example.org>\nÀ : nadia.ferrand@lycee.example.org\n\nLe vidéoprojecteur clignote.\n",
            "paul.vidal@lycee.example.org",
            "2026-11-22T17:04:00+00:00",
        ),
    ] {
        let mail = read("TR: Vidéoprojecteur", "plain", body);
        assert_eq!(mail.reply, "Pour vous.", "{name}");
        let original = mail.forwarded.unwrap_or_else(|| panic!("{name}"));
        assert_eq!(
            original.from.map(|from| from.address).as_deref(),
            Some(from),
            "{name}"
        );
        let date_read = original.date.map(|date| date.to_utc().to_rfc3339());
        assert_eq!(date_read.as_deref(), Some(date), "{name}");
        assert_eq!(
            original.text.trim(),
            "Le vidéoprojecteur clignote.",
            "{name}"
        );
    }
}

#[test]
fn a_logo_leaves_no_mark_and_no_doubt() {
    let logo = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let bytes = format!(
        "From: Nadia Ferrand <nadia.ferrand@lycee.example.org>\r\nSubject: {RE}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
         <p>Merci, tout fonctionne.</p><p><img src=\"cid:logo@x\"></p>\r\n--b\r\nContent-Type: image/png; name=logo.png\r\n\
         Content-ID: <logo@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n{logo}\r\n--b--\r\n"
    );
    let mail = mail::read(bytes.as_bytes());
    assert!(mail.attachments.iter().all(|file| file.decoration));
    assert_eq!(mail.reply, "Merci, tout fonctionne.");
    assert!(mail.thanks);
}
