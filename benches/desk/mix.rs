//! The mails of the bench: made from a seed, the same at every run. 70 % text of 4–8 KB, 25 % HTML
//! of 30–80 KB, 5 % with an attachment of about 1 MB; a fifth answer an earlier mail of the same
//! person. Words are those of a French university's help desk.

use data_encoding::BASE64;

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// Bytes of the file in one mail of twenty; about a third more in base64.
const FILE_BYTES: usize = 680_000;

const PEOPLE: [&str; 12] = [
    "Élodie Marchand",
    "Jean-Baptiste Leroy",
    "Nadia Benkacem",
    "Hervé Le Goff",
    "Inès Fontaine",
    "Mathieu Delaunay",
    "Chloé Vasseur",
    "Rachid Amrani",
    "Solène Guérin",
    "Thibault Mercier",
    "Aïcha Diallo",
    "François Lemaître",
];

const SUBJECTS: [&str; 8] = [
    "Impossible d'accéder à l'ENT depuis hier",
    "Imprimante du secrétariat en panne",
    "Demande d'accès au partage de l'équipe pédagogique",
    "Mot de passe expiré",
    "Vidéoprojecteur de la salle B204",
    "Certificat de scolarité introuvable",
    "Le Wi-Fi coupe toutes les dix minutes",
    "Installation d'un logiciel de statistiques",
];

const SENTENCES: [&str; 16] = [
    "Depuis hier matin, je n'arrive plus à me connecter à l'espace numérique de travail.",
    "Le message affiché est « identifiant ou mot de passe incorrect », alors que je viens de le changer.",
    "J'ai essayé avec Firefox et avec Chrome, sur deux postes différents, sans succès.",
    "Ma collègue du bureau voisin rencontre exactement le même problème.",
    "L'imprimante du deuxième étage indique un bourrage papier qui n'existe pas.",
    "Nous avons un examen jeudi à quatorze heures dans cette salle et il faudrait que tout fonctionne.",
    "Pourriez-vous me dire à qui je dois m'adresser pour obtenir les droits sur ce dossier ?",
    "Le technicien qui est passé la semaine dernière avait redémarré la borne, et cela avait suffi.",
    "Je joins une copie d'écran de l'erreur pour vous aider à comprendre.",
    "Il s'agit du poste fixe de l'accueil, celui dont l'étiquette se termine par 4417.",
    "Je suis joignable au bureau le matin, et par téléphone l'après-midi.",
    "Les étudiants de deuxième année ne voient plus leurs notes du premier semestre.",
    "J'ai suivi la procédure décrite sur l'intranet jusqu'à l'étape cinq, puis plus rien.",
    "Après la mise à jour de ce week-end, le logiciel se ferme tout seul à l'ouverture d'un fichier.",
    "Ce n'est pas bloquant, mais cela nous fait perdre beaucoup de temps chaque jour.",
    "Serait-il possible de prolonger mon accès jusqu'à la fin de l'année universitaire ?",
];

/// Small and good enough: xorshift64*.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % limit
    }

    fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low)
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// What mails to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The mix of the module's header.
    Mix,
    /// Short texts, four of five an answer: to fill a database with a history.
    History,
}

/// `count` mails. `run` tells the mails of one bench from those of another: ids and senders differ.
pub fn mails(run: &str, kind: Kind, count: usize) -> Vec<Vec<u8>> {
    let mut chance = Chance(SEED);
    (0..count)
        .map(|number| mail(&mut chance, run, kind, number))
        .collect()
}

/// Whose mail it is: distinct, except that an answer is from who wrote what it answers.
fn sender(run: &str, number: usize) -> String {
    format!("personne.{run}.{number}@etu.univ-exemple.fr")
}

fn id(run: &str, number: usize) -> String {
    format!("{run}.{number}.mix@etu.univ-exemple.fr")
}

fn mail(chance: &mut Chance, run: &str, kind: Kind, number: usize) -> Vec<u8> {
    // The first of five opens, and of a history all others answer it.
    let first = number - number % 5;
    let answers = match kind {
        Kind::Mix => (number % 5 == 4).then_some(first),
        Kind::History => (!number.is_multiple_of(5)).then_some(first),
    };
    let name = PEOPLE[answers.unwrap_or(number) % PEOPLE.len()];
    let head = head(run, number, answers);
    let mut text = match kind {
        Kind::Mix => chance.between(4_000, 7_400),
        Kind::History => chance.between(300, 900),
    };
    let class = number % 20;
    if kind == Kind::Mix && class == 7 {
        text = 1_500;
    }
    let body = plain(chance, text, name, answers.is_some());
    match (kind, class) {
        (Kind::Mix, 7) => with_file(chance, &head, &body, FILE_BYTES),
        (Kind::Mix, 1 | 5 | 10 | 13 | 18) => with_html(chance, &head),
        _ => head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + &body,
    }
    .into_bytes()
}

/// The headers; `answers` is the mail that this one answers.
fn head(run: &str, number: usize, answers: Option<usize>) -> String {
    let author = answers.unwrap_or(number);
    let name = PEOPLE[author % PEOPLE.len()];
    let subject = SUBJECTS[author % SUBJECTS.len()];
    let mut head = format!(
        "Return-Path: <{from}>\r\nDelivered-To: support@univ-exemple.fr\r\n\
         Received: from smtp.univ-exemple.fr (smtp.univ-exemple.fr [192.0.2.25])\r\n\
         \tby mx.univ-exemple.fr (Postfix) with ESMTPS id 4F{number:08X}\r\n\
         \tfor <support@univ-exemple.fr>; Mon, 5 Oct 2026 09:{minute:02}:{second:02} +0200 (CEST)\r\n\
         Date: Mon, 05 Oct 2026 09:{minute:02}:{second:02} +0200\r\n\
         From: =?utf-8?B?{name}?= <{from}>\r\nTo: support@univ-exemple.fr\r\n\
         Subject: =?utf-8?B?{subject}?=\r\nMessage-ID: <{id}>\r\nMIME-Version: 1.0\r\n",
        from = sender(run, author),
        minute = number / 60 % 60,
        second = number % 60,
        name = BASE64.encode(name.as_bytes()),
        subject = BASE64.encode(
            match answers {
                Some(_) => format!("Re: {subject}"),
                None => format!("{subject} ({number})"),
            }
            .as_bytes()
        ),
        id = id(run, number),
    );
    if let Some(first) = answers {
        let first = id(run, first);
        head.push_str(&format!(
            "In-Reply-To: <{first}>\r\nReferences: <{first}>\r\n"
        ));
    }
    head
}

fn plain(chance: &mut Chance, size: usize, name: &str, answer: bool) -> String {
    let mut text = String::from("Bonjour,\r\n\r\n");
    let written = if answer { size / 3 } else { size };
    while text.len() < written {
        for _ in 0..chance.between(2, 5) {
            text.push_str(chance.of(&SENTENCES));
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
    }
    text.push_str(&format!("Bien cordialement,\r\n{name}\r\n"));
    if answer {
        text.push_str("\r\nLe lun. 5 oct. 2026 à 09:00, DSI – Support <support@univ-exemple.fr> a écrit :\r\n");
        while text.len() < size {
            text.push_str(&format!("> {}\r\n", chance.of(&SENTENCES)));
        }
    }
    text
}

fn with_html(chance: &mut Chance, head: &str) -> String {
    let size = chance.between(30_000, 80_000);
    let mut text = String::new();
    let mut html = String::from(
        "<html><head><meta charset=\"utf-8\"><style>p.MsoNormal{margin:0cm;font-size:11.0pt;\
         font-family:\"Calibri\",sans-serif}a:link{color:#0563C1}</style></head>\r\n\
         <body lang=\"FR\" link=\"#0563C1\"><div class=\"WordSection1\">\r\n",
    );
    while html.len() < size {
        let sentence = chance.of(&SENTENCES);
        html.push_str(&format!(
            "<p class=\"MsoNormal\" style=\"margin-bottom:6.0pt\"><span style=\"font-size:11.0pt;\
             font-family:&quot;Calibri&quot;,sans-serif;color:#1F3864\">{}<o:p></o:p></span></p>\r\n",
            sentence.replace('\'', "&#8217;").replace('é', "&eacute;")
        ));
        text.push_str(sentence);
        text.push_str("\r\n");
    }
    html.push_str("</div></body></html>\r\n");
    // As clients do, the text beside the HTML; a page of it.
    let mut cut = text.len().min(6_000);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    text.truncate(cut);
    format!(
        "{head}Content-Type: multipart/alternative; boundary=\"_000_mix_\"\r\n\r\n\
         --_000_mix_\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n\
         --_000_mix_\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{html}\r\n\
         --_000_mix_--\r\n"
    )
}

/// A mail with a file, of about `size` bytes.
pub fn large(run: &str, number: usize, size: usize) -> Vec<u8> {
    let mut chance = Chance(SEED ^ (number as u64 + 1));
    let name = PEOPLE[number % PEOPLE.len()];
    let head = head(run, number, None);
    let body = plain(&mut chance, 1_500, name, false);
    // Base64 in lines of 76 takes 78 bytes for 57.
    with_file(&mut chance, &head, &body, size / 78 * 57).into_bytes()
}

fn with_file(chance: &mut Chance, head: &str, body: &str, size: usize) -> String {
    let bytes: Vec<u8> = (0..size / 8)
        .flat_map(|_| chance.next().to_le_bytes())
        .collect();
    let encoded = BASE64.encode(&bytes);
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / 38);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(76));
        lines.push_str(line);
        lines.push_str("\r\n");
        rest = tail;
    }
    format!(
        "{head}Content-Type: multipart/mixed; boundary=\"_001_mix_\"\r\n\r\n\
         --_001_mix_\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n\
         --_001_mix_\r\nContent-Type: image/png; name=\"capture.png\"\r\n\
         Content-Disposition: attachment; filename=\"capture.png\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{lines}--_001_mix_--\r\n"
    )
}
