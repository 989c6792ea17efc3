//! A technician's own address never leaves with his words: a line of it is what is left of a signature that
//! no rule knew.

use super::super::words;
use super::Message;
use super::reply::Reply;

/// Words of a line that is more than a signature.
const SENTENCE_WORDS: usize = 9;

/// Takes the lines that hold an address of the technician out of what is sent; they stay with what was
/// folded away. He hears of it when such a line said something.
pub fn leave_out(message: &mut Message, reply: &mut Reply<'_>) {
    let own = &reply.technician.addresses;
    let holds = |line: &&str| {
        let line = line.to_lowercase();
        own.iter().any(|own| line.contains(&own.to_lowercase()))
    };
    let (out, kept): (Vec<&str>, Vec<&str>) = message.text.lines().partition(holds);
    if out.is_empty() {
        return;
    }
    let says_something = |line: &&str| {
        !line.contains('|') && line.split_whitespace().count() >= SENTENCE_WORDS
            || line.trim_end().ends_with(['.', '!', '?'])
    };
    if out.iter().any(says_something) {
        reply.must_report = true;
        reply.transcript.push(words::pick(
            &reply.technician.language,
            "ℹ La ligne qui porte votre propre adresse n'est pas envoyée : le demandeur répond au service.",
            "ℹ The line with your own address is not sent: the requester answers the service.",
        ));
    }
    let (out, kept) = (out.join("\n"), kept.join("\n"));
    message.text = kept.trim().to_owned();
    message.folded = match message.folded.is_empty() {
        true => out,
        false => format!("{out}\n\n{}", message.folded),
    };
}
