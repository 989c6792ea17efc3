//! Signed tokens: what lets a reply find its ticket and a link open its page.
//!
//! A token is a short message and its HMAC-SHA-256, cut to 128 bits, in lower-case base32, so that
//! it survives address books, local parts and clients that fold case. It carries no secret, and it
//! is computed from its contents alone: the same notice always has the same token. What a valid
//! token allows is `desk`'s business (DESIGN "Who may do what").

use std::collections::BTreeMap;

use data_encoding::{BASE32_NOPAD, HEXLOWER_PERMISSIVE, Specification};
use ring::hmac;

/// Bytes of the HMAC that are kept: 128 bits (RELIABILITY G20).
const MAC_BYTES: usize = 16;

/// Bytes of the recipient's digest: enough to tell people of one ticket apart; the HMAC binds it.
const TAG_BYTES: usize = 6;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// The signing keys of this instance, by key id; new tokens use the highest id.
#[derive(Clone)]
pub struct Keys {
    keys: BTreeMap<u8, hmac::Key>,
    instance: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys(***, {} keys)", self.keys.len())
    }
}

impl Keys {
    /// Reads a key file: a line a key, `<id> <64 hexadecimal digits>`, `#` for comments.
    ///
    /// # Errors
    /// A sentence that names the line when one is not of that form, or when there is no key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut keys = BTreeMap::new();
        let mut first = None;
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let wrong = || {
                format!(
                    "line {}: expected a key id from 0 to 255 and 64 hexadecimal digits",
                    index + 1
                )
            };
            let (id, hex) = line.split_once(char::is_whitespace).ok_or_else(wrong)?;
            let id: u8 = id.parse().map_err(|_| wrong())?;
            let bytes = HEXLOWER_PERMISSIVE
                .decode(hex.trim().as_bytes())
                .ok()
                .filter(|bytes| bytes.len() == KEY_BYTES)
                .ok_or_else(wrong)?;
            keys.insert(id, hmac::Key::new(hmac::HMAC_SHA256, &bytes));
            first.get_or_insert(bytes);
        }
        let first = first.ok_or("the key file holds no key")?;
        // The first line names the instance, so that it stays the same when a key is added below.
        let digest = ring::digest::digest(&ring::digest::SHA256, &first);
        let instance = base32(&digest.as_ref()[..5]);
        Ok(Self { keys, instance })
    }

    /// The text of a new key file around 32 random bytes.
    pub fn file_text(random: &[u8; KEY_BYTES]) -> String {
        format!(
            "# Signs reply tokens and links. To change keys, add a line with a higher id.\n1 {}\n",
            HEXLOWER_PERMISSIVE.encode(random)
        )
    }

    /// Eight letters that tell this instance from others of the same software (row D13).
    pub fn instance(&self) -> &str {
        &self.instance
    }

    fn seal(&self, domain: &str, payload: &[u8]) -> String {
        let (id, key) = self
            .keys
            .last_key_value()
            .expect("parse refuses an empty set");
        let mut bytes = vec![*id];
        bytes.extend_from_slice(payload);
        let mac = mac(key, domain, &bytes);
        bytes.extend_from_slice(&mac.as_ref()[..MAC_BYTES]);
        base32(&bytes)
    }

    fn open(&self, domain: &str, token: &str) -> Option<Vec<u8>> {
        // 100 characters hold the largest payload; longer is not ours and not worth an HMAC.
        if token.len() > 100 {
            return None;
        }
        let mut bytes = BASE32_NOPAD
            .decode(token.trim().to_ascii_uppercase().as_bytes())
            .ok()?;
        let at = bytes.len().checked_sub(MAC_BYTES)?;
        let given = bytes.split_off(at);
        let key = self.keys.get(bytes.first()?)?;
        let expected = mac(key, domain, &bytes);
        let equal = expected.as_ref()[..MAC_BYTES]
            .iter()
            .zip(&given)
            .fold(0, |difference, (a, b)| difference | (a ^ b));
        (equal == 0).then(|| bytes.split_off(1))
    }
}

/// What a reply to a notification may do, beyond finding its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Sent to a requester or observer: the reply joins the ticket.
    Requester,
    /// Sent to a technician: the reply answers the requester and its commands run.
    Technician,
    /// Sent to a technician about something internal: the reply is a note (row F10).
    Note,
    /// Asks a technician whether commands are his: the reply is his word, once.
    Confirm,
    /// Sent to a third party: the reply is a note (row G11).
    Partner,
}

/// A reply token: which notification, about which ticket, to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What the reply may do.
    pub purpose: Purpose,
    /// Ticket number.
    pub ticket: i64,
    /// Notice number; each notification has its own identity.
    pub notice: i64,
    /// Whom it was sent to.
    pub recipient: RecipientTag,
}

/// A short digest of the address a token was issued to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecipientTag([u8; TAG_BYTES]);

impl RecipientTag {
    /// The tag of an address; case and surrounding blanks do not matter.
    pub fn of(address: &str) -> Self {
        let folded = address.trim().to_lowercase();
        let digest = ring::digest::digest(&ring::digest::SHA256, folded.as_bytes());
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&digest.as_ref()[..TAG_BYTES]);
        Self(tag)
    }
}

/// Numbers of persons from here on are staff's: see [`staff_number`].
const STAFF: i64 = 1 << 50;

/// The number that a page link carries for somebody of staff, who is no row of the ticket: it
/// follows from the registered address, so that the link ends when the address leaves the
/// configuration.
pub fn staff_number(address: &str) -> i64 {
    let RecipientTag(tag) = RecipientTag::of(address);
    let number = tag
        .iter()
        .fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
    STAFF | number
}

/// The number is staff's.
pub fn is_staff_number(number: i64) -> bool {
    (STAFF..READER).contains(&number)
}

/// Numbers of persons from here on are those who read the requests of a service: see
/// [`reader_number`].
const READER: i64 = 1 << 51;

/// The number that a page link carries for somebody who reads the requests of his service (row H5) and
/// is no row of the ticket: the link ends when the address leaves the configuration.
pub fn reader_number(address: &str) -> i64 {
    READER | (staff_number(address) - STAFF)
}

/// The number is that of a person of the ticket: a row of it.
pub fn is_row(number: i64) -> bool {
    number < STAFF
}

/// The number is that of a reader.
pub fn is_reader_number(number: i64) -> bool {
    number >= READER
}

impl Reply {
    /// The token, at most 48 characters of `a–z2–7` for numbers below 2^28.
    pub fn seal(&self, keys: &Keys) -> String {
        let mut payload = vec![match self.purpose {
            Purpose::Requester => b'r',
            Purpose::Technician => b't',
            Purpose::Note => b'n',
            Purpose::Confirm => b'c',
            Purpose::Partner => b'p',
        }];
        push_number(&mut payload, self.ticket);
        push_number(&mut payload, self.notice);
        payload.extend_from_slice(&self.recipient.0);
        keys.seal("reply/1", &payload)
    }

    /// Opens a token; `None` when it is not one of ours or was changed.
    pub fn open(keys: &Keys, token: &str) -> Option<Self> {
        let payload = keys.open("reply/1", token)?;
        let (purpose, mut rest) = payload.split_first()?;
        let purpose = match purpose {
            b'r' => Purpose::Requester,
            b't' => Purpose::Technician,
            b'n' => Purpose::Note,
            b'c' => Purpose::Confirm,
            b'p' => Purpose::Partner,
            _ => return None,
        };
        let ticket = take_number(&mut rest)?;
        let notice = take_number(&mut rest)?;
        let recipient = RecipientTag(rest.try_into().ok()?);
        Some(Self {
            purpose,
            ticket,
            notice,
            recipient,
        })
    }
}

/// A link that opens the desk in a browser: which notification brought it, to whom, until when. That
/// it does so once is for the store to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Notice number.
    pub notice: i64,
    /// Whom it was sent to.
    pub recipient: RecipientTag,
    /// Seconds since 1970.
    pub until: i64,
}

impl SignIn {
    /// The token, for the last segment of the link.
    pub fn seal(&self, keys: &Keys) -> String {
        let mut payload = Vec::new();
        push_number(&mut payload, self.notice);
        push_number(&mut payload, self.until);
        payload.extend_from_slice(&self.recipient.0);
        keys.seal("sign-in/1", &payload)
    }

    /// Opens a token; whether it is still in time is for the caller to compare.
    pub fn open(keys: &Keys, token: &str) -> Option<Self> {
        let payload = keys.open("sign-in/1", token)?;
        let mut rest = payload.as_slice();
        let (notice, until) = (take_number(&mut rest)?, take_number(&mut rest)?);
        Some(Self {
            notice,
            recipient: RecipientTag(rest.try_into().ok()?),
            until,
        })
    }
}

/// A page link: which person of which ticket; raising the generation revokes older links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Ticket number.
    pub ticket: i64,
    /// Row of the person, or the number of somebody of staff ([`staff_number`]).
    pub person: i64,
    /// Generation of this person's links.
    pub generation: i64,
    /// When it was written, in days since 1970: see [`day`].
    pub issued: i64,
}

/// The day, since 1970, of a moment in seconds since then.
pub fn day(seconds: i64) -> i64 {
    seconds.div_euclid(24 * 60 * 60)
}

impl Page {
    /// The token, for the last segment of the link.
    pub fn seal(&self, keys: &Keys) -> String {
        let mut payload = Vec::new();
        push_number(&mut payload, self.ticket);
        push_number(&mut payload, self.person);
        push_number(&mut payload, self.generation);
        push_number(&mut payload, self.issued);
        keys.seal("page/2", &payload)
    }

    /// Opens a token; whether its generation still holds, and its age, is for the caller to compare.
    pub fn open(keys: &Keys, token: &str) -> Option<Self> {
        let payload = keys.open("page/2", token)?;
        let mut rest = payload.as_slice();
        let page = Self {
            ticket: take_number(&mut rest)?,
            person: take_number(&mut rest)?,
            generation: take_number(&mut rest)?,
            issued: take_number(&mut rest)?,
        };
        rest.is_empty().then_some(page)
    }
}

/// What a link that was sent to a mailbox opens for whoever reads that mailbox.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Errand {
    /// The requests typed into the form with this address, to be sent or forgotten.
    Confirm,
    /// The list of his requests.
    Requests,
}

/// A link for somebody by his address alone; raising the generation revokes older links, and it
/// ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// What it opens.
    pub errand: Errand,
    /// The mailbox that it was sent to.
    pub mailbox: i64,
    /// Generation of this mailbox's links.
    pub generation: i64,
    /// Until when, in unix minutes.
    pub until: i64,
}

impl Visit {
    /// The token, for the last segment of the link.
    pub fn seal(&self, keys: &Keys) -> String {
        let mut payload = vec![match self.errand {
            Errand::Confirm => b'c',
            Errand::Requests => b'r',
        }];
        push_number(&mut payload, self.mailbox);
        push_number(&mut payload, self.generation);
        push_number(&mut payload, self.until);
        keys.seal("visit/1", &payload)
    }

    /// Opens a token; whether its time and generation still hold is for the caller to compare.
    pub fn open(keys: &Keys, token: &str) -> Option<Self> {
        let payload = keys.open("visit/1", token)?;
        let (errand, mut rest) = payload.split_first()?;
        let visit = Self {
            errand: match errand {
                b'c' => Errand::Confirm,
                b'r' => Errand::Requests,
                _ => return None,
            },
            mailbox: take_number(&mut rest)?,
            generation: take_number(&mut rest)?,
            until: take_number(&mut rest)?,
        };
        rest.is_empty().then_some(visit)
    }
}

/// Proves that a form was shown to the person who sends it, where a proxy says who somebody is: a
/// page elsewhere can send a form in his name, but not read this.
pub fn form_proof(keys: &Keys, number: &str, address: &str) -> String {
    let RecipientTag(tag) = RecipientTag::of(address);
    let digest = ring::digest::digest(&ring::digest::SHA256, number.as_bytes());
    let mut payload = tag.to_vec();
    payload.extend_from_slice(&digest.as_ref()[..TAG_BYTES]);
    keys.seal("form/1", &payload)
}

/// The reply tokens that a text carries in the marker of our mails, `guichet:TOKEN` (row D11), in order;
/// what is not of their form is left out, whether they open is for [`Reply::open`] to say.
pub fn marker_tokens(text: &str) -> Vec<String> {
    const MARK: &str = "guichet:";
    memchr::memmem::find_iter(text.as_bytes(), MARK)
        // A long conversation quotes many of our mails; the latest are on top.
        .take(50)
        .filter_map(|at| {
            let rest = text.get(at + MARK.len()..)?;
            let end = rest
                .find(|character: char| !character.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            rest.get(..end)
        })
        .filter(|token| is_token(token))
        .map(str::to_owned)
        .collect()
}

/// The reply token of a `Message-ID` (without angle brackets) that this instance gave; `None` for anybody
/// else's, other instances of the same software among them (row D13).
pub fn message_id_token<'a>(message_id: &'a str, instance: &str) -> Option<&'a str> {
    let (local, _) = message_id.trim().split_once('@')?;
    let token = local
        .strip_prefix("guichet.")?
        .strip_prefix(instance)?
        .strip_prefix('.')?;
    is_token(token).then_some(token)
}

/// The reply token of `support+TOKEN@example.org`; `None` when what follows the last plus is not
/// of its form.
pub fn plus_token(address: &str) -> Option<&str> {
    let (local, _) = address.trim().rsplit_once('@')?;
    let (_, token) = local.rsplit_once('+')?;
    is_token(token).then_some(token)
}

/// Has the form of a reply token: base32 in either case, long enough to hold an HMAC.
fn is_token(word: &str) -> bool {
    (32..=100).contains(&word.len())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(&byte))
}

fn mac(key: &hmac::Key, domain: &str, bytes: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(domain.as_bytes());
    context.update(&[0]);
    context.update(bytes);
    context.sign()
}

fn base32(bytes: &[u8]) -> String {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("abcdefghijklmnopqrstuvwxyz234567");
    let encoding = specification
        .encoding()
        .expect("32 distinct symbols are a valid specification");
    encoding.encode(bytes)
}

/// Seven bits a byte, least significant first (LEB128); negative numbers do not occur and count as 0.
fn push_number(out: &mut Vec<u8>, number: i64) {
    let mut rest = u64::try_from(number).unwrap_or(0);
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn take_number(rest: &mut &[u8]) -> Option<i64> {
    let mut number: u64 = 0;
    for shift in (0..63).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return i64::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::parse(&Keys::file_text(&[7; KEY_BYTES])).expect("well formed")
    }

    fn reply() -> Reply {
        Reply {
            purpose: Purpose::Technician,
            ticket: 1042,
            notice: 87_654_321,
            recipient: RecipientTag::of("Camille.Martin@example.org"),
        }
    }

    #[test]
    fn a_reply_token_opens_to_what_was_sealed_in_any_case() {
        let token = reply().seal(&keys());
        assert!(token.len() <= 48 + 4, "{} is {}", token, token.len());
        assert_eq!(Reply::open(&keys(), &token), Some(reply()));
        assert_eq!(Reply::open(&keys(), &token.to_uppercase()), Some(reply()));
    }

    #[test]
    fn a_changed_cut_or_foreign_token_opens_to_nothing() {
        let token = reply().seal(&keys());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(bytes).expect("ascii");
            assert_eq!(Reply::open(&keys(), &changed), None, "{changed}");
            assert_eq!(Reply::open(&keys(), &token[..at]), None);
        }
        let others = Keys::parse(&Keys::file_text(&[8; KEY_BYTES])).expect("well formed");
        assert_eq!(Reply::open(&others, &token), None);
        assert_eq!(Page::open(&keys(), &token), None);
    }

    #[test]
    fn a_link_for_one_errand_opens_no_other() {
        let visit = Visit {
            errand: Errand::Requests,
            mailbox: 12,
            generation: 3,
            until: 29_900_000,
        };
        let token = visit.seal(&keys());
        assert_eq!(Visit::open(&keys(), &token), Some(visit));
        assert_eq!(Visit::open(&keys(), &token.to_uppercase()), Some(visit));
        assert_eq!(Page::open(&keys(), &token), None);
        assert_eq!(Reply::open(&keys(), &token), None);
        let other = Visit {
            errand: Errand::Confirm,
            ..visit
        };
        assert_ne!(other.seal(&keys()), token);
        let page = Page {
            ticket: 12,
            person: 3,
            generation: 29_900_000,
            issued: 20_800,
        };
        assert_eq!(Visit::open(&keys(), &page.seal(&keys())), None);
    }

    #[test]
    fn a_token_survives_a_new_key() {
        let old = reply().seal(&keys());
        let text = format!(
            "{}2 {}\n",
            Keys::file_text(&[7; KEY_BYTES]),
            "ab".repeat(32)
        );
        let both = Keys::parse(&text).expect("well formed");
        assert_eq!(Reply::open(&both, &old), Some(reply()));
        assert_ne!(reply().seal(&both), old);
        assert_eq!(both.instance(), keys().instance());
    }

    #[test]
    fn tokens_are_found_in_what_carries_them() {
        let keys = keys();
        let token = reply().seal(&keys);
        let instance = keys.instance();
        let id = format!("guichet.{instance}.{token}@example.org");
        assert_eq!(message_id_token(&id, instance), Some(token.as_str()));
        assert_eq!(message_id_token(&id, "otherone"), None);
        let anchor = format!("guichet.{instance}.ticket.1042@example.org");
        assert_eq!(message_id_token(&anchor, instance), None);
        assert_eq!(message_id_token("guichet.@x", ""), None);

        let address = format!("dsi+support+{}@example.org", token.to_uppercase());
        let found = plus_token(&address).expect("a token");
        assert_eq!(Reply::open(&keys, found), Some(reply()));
        assert_eq!(plus_token("support+urgent@example.org"), None);
        assert_eq!(plus_token("support@example.org"), None);

        let text =
            format!("Merci\n> Réf. [DSI-1042] · guichet:{token}\n>> guichet:{token}<br>guichet:é");
        assert_eq!(marker_tokens(&text), [token.clone(), token]);
        assert_eq!(marker_tokens("guichet: guichet:abc"), Vec::<String>::new());
    }

    #[test]
    fn page_tokens_keep_their_numbers() {
        let page = Page {
            ticket: 1,
            person: i64::MAX >> 1,
            generation: 3,
            issued: day(1_795_000_000),
        };
        assert_eq!(Page::open(&keys(), &page.seal(&keys())), Some(page));
    }

    #[test]
    fn a_link_to_sign_in_is_nothing_else() {
        let link = SignIn {
            notice: 12_345,
            recipient: RecipientTag::of("camille.martin@example.org"),
            until: 1_795_000_000,
        };
        let token = link.seal(&keys());
        assert_eq!(SignIn::open(&keys(), &token), Some(link));
        assert_eq!(Page::open(&keys(), &token), None);
        assert_eq!(Reply::open(&keys(), &token), None);
        assert_eq!(SignIn::open(&keys(), &reply().seal(&keys())), None);
    }

    #[test]
    fn a_bad_key_file_names_its_line() {
        let error = Keys::parse("1 abc\n").expect_err("too short");
        assert!(error.contains("line 1"), "{error}");
        assert!(Keys::parse("# nothing\n").is_err());
    }
}
