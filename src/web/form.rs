//! Reads what a form sends, urlencoded or multipart, within limits: size, number of parts, slowness,
//! and how often one client may send (T21). A form of another site is refused. What is too much is
//! said on a page, in the visitor's language.
//!
//! The body is taken whole first, within a room that all share ([`super::room`]), so that a client
//! that dawdles holds a piece of that room and nothing else.

use std::net::IpAddr;
use std::time::Duration;

use axum::Form as Pairs;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use data_encoding::HEXLOWER;
use futures_util::StreamExt;
use ring::rand::{SecureRandom, SystemRandom};

use super::Site;
use super::frame::{self, Visitor};
use super::room::{Held, Room};
use crate::notification::header::Line;
use crate::service::submit::Enclosure;

/// Forms that one client may send in a minute: a whole institution may be behind one address.
pub const FORMS_PER_MINUTE: u32 = 120;

/// Bytes of forms with files that may be in memory at once, and of forms of words alone.
pub const BYTES_IN_FLIGHT: usize = 128 << 20;
pub const WORDS_IN_FLIGHT: usize = 32 << 20;

/// How long a client may be silent within a form.
const SILENCE: Duration = Duration::from_secs(20);

/// How long a form may take in all, and a second more for each of so many bytes.
const LONGEST: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_A_SECOND: usize = 16 << 10;

/// What is not a file: words, names of fields, boundaries.
const WORDS_BYTES: usize = 512 << 10;

/// What may be asked about while it is typed: the script sends a few hundred characters.
const QUESTION_BYTES: usize = 16 << 10;

/// Fields and files of a form.
const FIELDS: usize = 200;
pub const FILES: usize = 20;

/// A body that is too large is still read, up to so many times what is allowed, and thrown away: a
/// browser that is cut off shows no answer.
const POLITENESS: usize = 4;

/// What was sent.
#[derive(Debug, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    /// Files with a name, in order.
    pub files: Vec<Enclosure>,
    /// The room that it takes in memory, for as long as it is there.
    _held: Option<Held>,
}

impl Form {
    #[cfg(test)]
    pub fn of(fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter();
        Self {
            fields: fields
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Self::default()
        }
    }

    /// The value of a field, without blanks around it; empty when it was not sent.
    pub fn get(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.fields.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.trim())
    }

    /// A box was ticked. Boxes are never ticked beforehand, so a machine that only submits did not.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.get(name) == "1"
    }
}

/// A number for a form that is shown: it comes back with it, and what comes twice is one.
pub fn number() -> String {
    let mut bytes = [0; 16];
    // Without chance only the words tell two forms apart, which is still sound.
    let _ = SystemRandom::new().fill(&mut bytes);
    HEXLOWER.encode(&bytes)
}

/// A limit as the configuration has it: 25 MB, of 1024 × 1024 bytes.
pub fn at_most(bytes: u64, language: &str) -> String {
    let unit = super::status::pick(language, "Mo", "MB");
    format!("{}\u{a0}{unit}", bytes >> 20)
}

/// Why a form was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// It comes from another site.
    Foreign,
    /// This client sends too many.
    TooMany,
    /// Others send too much at once.
    Busy,
    /// It is larger than files may be, in bytes; 0: it takes none.
    TooLarge(u64),
    /// It has more fields or files than allowed.
    TooManyParts,
    /// It came too slowly, or stopped.
    TooSlow,
    /// It is no form.
    NoForm,
}

/// Reads a form, or gives the page that says why not.
///
/// # Errors
/// That page.
pub async fn read(site: &Site, visitor: &Visitor, request: Request) -> Result<Form, Response> {
    match take(site, visitor, request).await {
        Ok(form) => Ok(form),
        Err(refusal) => Err(refused(site, visitor, refusal)),
    }
}

/// Reads a few words that are asked about and not kept: no form that is sent, so it counts for none.
///
/// # Errors
/// The page that says why they were not read.
pub async fn question(site: &Site, visitor: &Visitor, request: Request) -> Result<Form, Response> {
    let asked = async {
        if !is_ours(request.headers(), &site.service.rules().policy.base_url) {
            return Err(Refusal::Foreign);
        }
        let (parts, body) = request.into_parts();
        let bytes = whole(body, QUESTION_BYTES).await?;
        pairs(Request::from_parts(parts, Body::from(bytes))).await
    };
    asked
        .await
        .map_err(|refusal| refused(site, visitor, refusal))
}

async fn take(site: &Site, visitor: &Visitor, request: Request) -> Result<Form, Refusal> {
    let rules = site.service.rules();
    if !is_ours(request.headers(), &rules.policy.base_url) {
        return Err(Refusal::Foreign);
    }
    if site.forms.is_over(visitor.address) {
        return Err(Refusal::TooMany);
    }
    site.forms.count(visitor.address);
    let (parts, body) = request.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let multipart = kind.starts_with("multipart/form-data");
    if !multipart && !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Refusal::NoForm);
    }
    let files = site.service.current().settings.web.max_upload;
    let allowed = if multipart { files } else { 0 };
    let limit = WORDS_BYTES + usize::try_from(allowed).unwrap_or(usize::MAX / 8);
    let announced = parts.headers.get(header::CONTENT_LENGTH);
    let announced = announced
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or(limit);
    let (room, limit) = match announced {
        // Not a byte more than was announced will be looked at.
        ..=WORDS_BYTES => (&site.words, limit.min(WORDS_BYTES)),
        _ => (&site.uploads, limit),
    };
    let room = (room, visitor.address, announced.min(limit));
    let form = within(room, Request::from_parts(parts, body), limit, multipart);
    form.await.map_err(|refusal| match refusal {
        Refusal::TooLarge(_) => Refusal::TooLarge(allowed),
        other => other,
    })
}

/// Reads the form once there is room for so many bytes of this client's; the form holds it.
async fn within(
    (room, client, bytes): (&Room, IpAddr, usize),
    request: Request,
    limit: usize,
    multipart: bool,
) -> Result<Form, Refusal> {
    let held = room.take(client, bytes as u64).await;
    let held = held.ok_or(Refusal::Busy)?;
    let (parts, body) = request.into_parts();
    let bytes = whole(body, limit).await?;
    let mut request = Request::from_parts(parts, Body::from(bytes));
    // The limit was ours.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = match multipart {
        true => multiple(request).await?,
        false => pairs(request).await?,
    };
    form._held = Some(held);
    Ok(form)
}

/// Fields of an urlencoded form.
async fn pairs(request: Request) -> Result<Form, Refusal> {
    let fields: Result<Pairs<Vec<(String, String)>>, _> = Pairs::from_request(request, &()).await;
    let Ok(Pairs(fields)) = fields else {
        return Err(Refusal::NoForm);
    };
    if fields.len() > FIELDS {
        return Err(Refusal::TooManyParts);
    }
    Ok(Form {
        fields,
        ..Form::default()
    })
}

/// The whole body, of at most `limit` bytes.
async fn whole(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut taken = 0_usize;
    let began = tokio::time::Instant::now();
    loop {
        let piece = tokio::time::timeout(SILENCE, pieces.next()).await;
        let piece = match piece {
            Err(_) | Ok(Some(Err(_))) => return Err(Refusal::TooSlow),
            Ok(None) => break,
            Ok(Some(Ok(piece))) => piece,
        };
        taken = taken.saturating_add(piece.len());
        let earned = Duration::from_secs((taken / SLOWEST_BYTES_A_SECOND) as u64);
        if began.elapsed() > LONGEST + earned {
            return Err(Refusal::TooSlow);
        }
        if taken <= limit {
            bytes.extend_from_slice(&piece);
        } else {
            bytes = Vec::new();
            if taken > limit.saturating_mul(POLITENESS) {
                break;
            }
        }
    }
    if taken > limit {
        return Err(Refusal::TooLarge(0));
    }
    Ok(bytes.into())
}

/// Fields and files of a multipart form (RFC 7578).
async fn multiple(request: Request) -> Result<Form, Refusal> {
    let no_form = |_| Refusal::NoForm;
    let parts = Multipart::from_request(request, &()).await;
    let mut parts = parts.map_err(|_| Refusal::NoForm)?;
    let mut form = Form::default();
    let mut words = 0;
    while let Some(part) = parts.next_field().await.map_err(no_form)? {
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.file_name().map(str::to_owned);
        let kind = part.content_type().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(no_form)?;
        match file_name {
            // A field for files that was left empty.
            Some(file_name) if file_name.is_empty() && bytes.is_empty() => {}
            Some(file_name) => form.files.push(Enclosure {
                name: Line::new(&super::download::safe_name(&file_name)),
                content_type: kind,
                bytes: bytes.into(),
            }),
            None => {
                words += bytes.len();
                let value = String::from_utf8_lossy(&bytes).into_owned();
                form.fields.push((name, value));
            }
        }
        if form.files.len() > FILES || form.fields.len() > FIELDS || words > WORDS_BYTES {
            return Err(Refusal::TooManyParts);
        }
    }
    Ok(form)
}

/// Whether the browser says that a page of ours sent it. `Sec-Fetch-Site` is exact and cannot be
/// forged by a page. Without it (older browsers, plain HTTP) `Origin` is asked, which our
/// `Referrer-Policy` makes `null`: that says nothing, and the link or the token in the form decides.
fn is_ours(headers: &HeaderMap, base_url: &str) -> bool {
    let value = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match value("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => match value("origin") {
            None | Some("null") => true,
            Some(origin) => origin == origin_of(base_url),
        },
    }
}

/// Scheme, host and port.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/'));
    end.and_then(|end| url.get(..host + end)).unwrap_or(url)
}

/// The page that says why.
fn refused(site: &Site, visitor: &Visitor, refusal: Refusal) -> Response {
    use Refusal::{Busy, Foreign, NoForm, TooLarge, TooMany, TooManyParts, TooSlow};
    let (status, french, english) = match refusal {
        Foreign => (
            StatusCode::FORBIDDEN,
            "Ce formulaire a été envoyé depuis un autre site. Ouvrez la page ici et recommencez.".to_owned(),
            "This form was sent from another site. Open the page here and try again.".to_owned(),
        ),
        TooMany => (
            StatusCode::TOO_MANY_REQUESTS,
            "Trop d’envois depuis votre adresse\u{a0}; réessayez dans une minute.".to_owned(),
            "Too many forms from your address; try again in a minute.".to_owned(),
        ),
        Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Beaucoup de fichiers arrivent en ce moment\u{a0}; réessayez dans une minute.".to_owned(),
            "Many files are arriving right now; try again in a minute.".to_owned(),
        ),
        TooLarge(0) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "Votre texte est trop long\u{a0}: joignez-le plutôt comme fichier.".to_owned(),
            "Your text is too long: attach it as a file instead.".to_owned(),
        ),
        TooLarge(bytes) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "Votre envoi est trop volumineux\u{a0}: les fichiers peuvent faire {} en tout. Envoyez-les en plusieurs fois, ou indiquez où les trouver.",
                at_most(bytes, "fr")
            ),
            format!(
                "What you sent is too large: files may take {} in all. Send them in several parts, or say where they are.",
                at_most(bytes, "en")
            ),
        ),
        TooManyParts => (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("Votre envoi contient trop d’éléments\u{a0}: {FILES} fichiers au plus."),
            format!("There is too much in this form: {FILES} files at most."),
        ),
        TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            "L’envoi a été interrompu ou était trop lent\u{a0}: rien n’a été enregistré. Réessayez, avec moins de fichiers si besoin.".to_owned(),
            "The form stopped arriving or came too slowly: nothing was kept. Try again, with fewer files if need be.".to_owned(),
        ),
        NoForm => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Cet envoi n’est pas un formulaire de ces pages.".to_owned(),
            "This was not sent by a form of these pages.".to_owned(),
        ),
    };
    let mut context = frame::context(site, visitor);
    context.insert("message", visitor.pick(&french, &english));
    let response = super::page(status, "refused.html", &context);
    match refusal {
        TooMany | Busy => super::in_a_minute(response),
        Foreign | TooLarge(_) | TooManyParts | TooSlow | NoForm => response,
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    /// A browser says where a form comes from; a page cannot say it otherwise (T21).
    #[test]
    fn only_our_own_pages_send_forms() {
        const BASE: &str = "https://guichet.example.org/aide";
        for (site, origin, ours) in [
            (Some("same-origin"), Some("null"), true),
            (
                Some("same-site"),
                Some("https://guichet.example.org"),
                false,
            ),
            (Some("cross-site"), None, false),
            (Some("none"), None, false),
            (None, Some("https://guichet.example.org"), true),
            (
                None,
                Some("https://guichet.example.org.evil.example"),
                false,
            ),
            (None, Some("http://guichet.example.org"), false),
            (None, Some("null"), true),
            (None, None, true),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().expect("a header"));
                }
            }
            assert_eq!(is_ours(&headers, BASE), ours, "{site:?}, {origin:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_dawdles_is_sent_away() {
        let piece = || Ok::<_, Infallible>(Bytes::from_static(b"description="));
        // Says something, then nothing.
        let silent = stream::once(async move { piece() }).chain(stream::pending());
        let taken = whole(Body::from_stream(silent), 1 << 20).await;
        assert_eq!(taken, Err(Refusal::TooSlow));
        // A few bytes every ten seconds, for ever.
        let drip = stream::unfold((), move |()| async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Some((piece(), ()))
        });
        let taken = whole(Body::from_stream(drip), 1 << 20).await;
        assert_eq!(taken, Err(Refusal::TooSlow));
    }

    /// What was sent stays in memory until it is dealt with, and so does its part of the room.
    #[tokio::test(start_paused = true)]
    async fn room_is_given_back_with_the_form() {
        let room = Room::new(4_000);
        let client = IpAddr::from([192, 0, 2, 1]);
        let body = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\nabc\r\n--x--\r\n";
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from(body))
            .expect("a request");
        let form = within((&room, client, 900), request, 900, true).await;
        let form = form.expect("a form");
        assert_eq!(form.files.len(), 1);
        assert!(room.take(client, 200).await.is_none(), "its part is 1000");
        drop(form);
        assert!(room.take(client, 1_000).await.is_some());
    }

    #[tokio::test]
    async fn a_body_without_end_is_not_read_for_ever() {
        let endless =
            stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1000])));
        let taken = whole(Body::from_stream(endless), 10_000).await;
        assert_eq!(taken, Err(Refusal::TooLarge(0)));
        let taken = whole(Body::from("a=1"), 3).await;
        assert_eq!(taken, Ok(Bytes::from_static(b"a=1")));
    }
}
