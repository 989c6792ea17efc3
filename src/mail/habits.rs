//! What a sender repeats from mail to mail (rows B3, B4): the last lines that no rule knew as a
//! signature, and small images. Owns what is remembered of a mail and what is folded because of
//! it; keeping the memory belongs to `store`. Nothing is deleted: what is folded stays in
//! [`Mail::folded`], an image becomes a [`Attachment::decoration`].

use std::collections::BTreeSet;

use super::text::{fold as folded, is_closing, is_greeting, is_thanks, language, lone_reaction};
use super::{Attachment, Digest, Mail};

/// Lines of a tail that are remembered: a name, a function, an address, a slogan.
const TAIL_LINES: usize = 12;

/// Characters of a remembered line; a paragraph is no signature.
const LINE_CHARACTERS: usize = 200;

/// Mails that end alike before their end counts as a signature, the one at hand included.
const ALIKE: usize = 3;

/// Bytes up to which a repeated image is an ornament: a repeated screenshot is larger.
const ORNAMENT_BYTES: u64 = 100_000;

/// What is remembered of a sender.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SenderHabits {
    /// The tails ([`tail`]) of earlier mails of this sender, one entry a mail, in any order. The
    /// last ten are enough.
    pub tails: Vec<Vec<String>>,
    /// Digests of images ([`ornaments`]) that came in at least two earlier mails of this sender,
    /// or of different senders of the same organisation.
    pub images: BTreeSet<Digest>,
}

/// What is to be remembered of a mail's end: its last lines that show something, last first,
/// folded for comparison. Empty when nothing was written.
///
/// Take it from the mail as [`read`](super::read), before [`fold`].
pub fn tail(mail: &Mail) -> Vec<String> {
    mail.reply
        .lines()
        .rev()
        .map(key)
        .filter(|line| !line.is_empty())
        .take(TAIL_LINES)
        .take_while(|line| line.chars().count() <= LINE_CHARACTERS)
        .collect()
}

/// The images of a mail that may be ornaments, to be counted by sender and by domain.
pub fn ornaments(mail: &Mail) -> Vec<Digest> {
    mail.attachments
        .iter()
        .filter(|attachment| is_small_image(attachment))
        .map(|attachment| attachment.sha256)
        .collect()
}

/// The mail with what its sender always repeats folded away.
///
/// The reply keeps at least one line that says something.
pub fn fold(mail: &Mail, habits: &SenderHabits) -> Mail {
    let mut mail = mail.clone();
    for attachment in &mut mail.attachments {
        if is_small_image(attachment) && habits.images.contains(&attachment.sha256) {
            attachment.decoration = true;
        }
    }
    let repeated = repeated(&tail(&mail), &habits.tails);
    if let Some((reply, signature)) = cut(&mail.reply, repeated) {
        let before = |rest: &str| match rest.is_empty() {
            true => signature.clone(),
            false => format!("{signature}\n\n{rest}"),
        };
        (mail.folded, mail.signature) = (before(&mail.folded), before(&mail.signature));
        mail.reply = reply;
        mail.language = language(&mail.reply).or(mail.language);
    }
    // A thanks or a heart was perhaps hidden by a signature or its logo.
    if mail.automatic.is_none() {
        let has_files = mail.attachments.iter().any(|file| !file.decoration);
        mail.thanks |= is_thanks(&mail.reply, has_files);
        mail.reaction = mail
            .reaction
            .take()
            .or_else(|| (!has_files).then(|| lone_reaction(&mail.reply)).flatten());
    }
    mail
}

/// How many of the last lines are repeated.
fn repeated(tail: &[String], tails: &[Vec<String>]) -> usize {
    let mut lengths: Vec<usize> = tails
        .iter()
        .map(|other| {
            tail.iter()
                .zip(other)
                .take_while(|(line, other)| line == other)
                .count()
        })
        .collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    // The second longest agreement is one that three mails share.
    lengths.get(ALIKE - 2).copied().unwrap_or(0)
}

/// Takes the last `count` shown lines off; `None` when nothing of worth would remain.
fn cut(reply: &str, count: usize) -> Option<(String, String)> {
    if count == 0 {
        return None;
    }
    let lines: Vec<&str> = reply.lines().collect();
    let mut start = lines.len();
    let mut left = count;
    for (at, line) in lines.iter().enumerate().rev() {
        if left == 0 {
            break;
        }
        if !key(line).is_empty() {
            left -= 1;
            start = at;
        }
    }
    // A repeated « Merci ! » is a word, not a signature: it stays with what is above the name.
    while lines
        .get(start)
        .is_some_and(|line| is_thanks(line, false) || line.trim().is_empty())
    {
        start += 1;
    }
    let (kept, signature) = (lines.get(..start)?, lines.get(start..)?);
    let says_something = kept.iter().any(|line| {
        !key(line).is_empty() && !is_greeting(line) && (!is_closing(line) || is_thanks(line, false))
    });
    if !says_something || signature.is_empty() {
        return None;
    }
    Some((
        kept.join("\n").trim_end().to_owned(),
        signature.join("\n").trim_end().to_owned(),
    ))
}

/// A line as it is compared: folded, without the marks of emphasis and drawing.
fn key(line: &str) -> String {
    folded(line)
        .trim_matches(|c: char| !c.is_alphanumeric() && c.is_ascii())
        .to_owned()
}

fn is_small_image(attachment: &Attachment) -> bool {
    attachment.content_type.starts_with("image/") && attachment.size <= ORNAMENT_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(reply: &str) -> Mail {
        Mail {
            reply: reply.to_owned(),
            ..Mail::default()
        }
    }

    fn logo() -> Attachment {
        Attachment {
            name: Some("logo.png".to_owned()),
            content_type: "image/png".to_owned(),
            size: 4_200,
            sha256: Digest::of(b"logo"),
            inline: true,
            content_id: None,
            decoration: false,
        }
    }

    /// The sender wrote these before.
    fn after(earlier: &[&str]) -> SenderHabits {
        SenderHabits {
            tails: earlier.iter().map(|reply| tail(&mail(reply))).collect(),
            ..SenderHabits::default()
        }
    }

    const END: &str = "Le pôle Voirie\nici on goudronne avec le sourire";

    #[test]
    fn the_third_mail_with_the_same_end_loses_it() {
        let first = format!("Mon écran est noir.\n\n{END}");
        let second = format!("Bonjour,\nla souris est morte.\n\n{END}");
        let third = format!("Il manque un câble.\n\n{END}");
        let habits = after(&[&first, &second]);
        let seen = fold(&mail(&third), &habits);
        assert_eq!(seen.reply, "Il manque un câble.");
        assert_eq!(seen.folded, END);
        assert_eq!(fold(&mail(&third), &after(&[&first])).reply, third);
    }

    #[test]
    fn a_signature_that_changed_is_left_alone() {
        let habits = after(&["a\n\nPaul\nDSI", "b\n\nPaul\nDSI"]);
        assert_eq!(
            fold(&mail("c\n\nPaul\nDAF"), &habits).reply,
            "c\n\nPaul\nDAF"
        );
    }

    #[test]
    fn a_reply_is_never_eaten() {
        for reply in [
            "Merci !",
            "Bonjour,\nPaul",
            "Mon PC est en panne.",
            "Cordialement,\nPaul",
        ] {
            let habits = after(&[reply, reply, reply]);
            assert_eq!(fold(&mail(reply), &habits).reply, reply);
        }
    }

    #[test]
    fn a_thanks_is_seen_behind_a_signature_and_its_logo() {
        let end = "Paulette du service des eaux vives et des fontaines municipales";
        let habits = SenderHabits {
            images: BTreeSet::from([Digest::of(b"logo")]),
            ..after(&[&format!("Fuite.\n{end}"), &format!("Panne.\n{end}")])
        };
        let mut last = mail(&format!("Merci beaucoup !\n{end}"));
        last.attachments.push(logo());
        let seen = fold(&last, &habits);
        assert_eq!(seen.reply, "Merci beaucoup !");
        assert!(seen.thanks);
        assert!(seen.attachments.iter().all(|file| file.decoration));
        assert!(!fold(&last, &SenderHabits::default()).thanks);
    }

    #[test]
    fn only_small_images_are_ornaments() {
        let mut with = mail("x");
        with.attachments.push(logo());
        with.attachments.push(Attachment {
            size: 2_000_000,
            sha256: Digest::of(b"screenshot"),
            ..logo()
        });
        with.attachments.push(Attachment {
            content_type: "application/pdf".to_owned(),
            sha256: Digest::of(b"pdf"),
            ..logo()
        });
        assert_eq!(ornaments(&with), [Digest::of(b"logo")]);
    }
}
