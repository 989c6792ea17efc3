//! What was typed so far, kept on our side under the digest of the number that its form carries.

use crate::notification::header::Line;
use crate::service::submit::Enclosure;
use crate::store::{Draft, DraftFile, Kept};
use axum::http::StatusCode;
use axum::response::Response;

use super::Look;
use super::typed::{Mistakes, Typed};
use crate::web::form::{FILES, at_most};
use crate::web::frame::{self, Visitor};
use crate::web::{Site, client, link, page, see, unavailable};

/// A number as [`crate::web::form::number`] makes it.
pub fn is_number(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a request is kept under: who reads the database does not have the numbers.
pub fn draft_id(number: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, number.as_bytes());
    data_encoding::HEXLOWER.encode(digest.as_ref())
}

/// What was typed, from its column; only a damaged database holds what cannot be read.
pub fn typed_of(content: &str) -> Typed {
    serde_json::from_str(content).unwrap_or_default()
}

pub fn file_of(file: Enclosure) -> DraftFile {
    DraftFile {
        id: 0,
        name: file.name.as_str().to_owned(),
        content_type: file.content_type,
        size: file.bytes.len() as u64,
        bytes: file.bytes,
    }
}

/// Keeps what was typed. What cannot be kept is one more mistake: nothing that was typed is lost.
pub async fn keep(
    look: &Look<'_>,
    number: &str,
    typed: &Typed,
    mut files: Vec<DraftFile>,
    dropped: Vec<i64>,
    wrong: &mut Mistakes,
) -> Result<(), Response> {
    let (site, visitor) = (look.site, look.visitor);
    let store = site.service.store();
    let now = site.service.now();
    let id = draft_id(number);
    let before = store.draft(&id, false, now).await;
    let before = before.map_err(|error| look.failed(&error))?;
    let limit = site.service.current().settings.web.max_upload;
    let there = before.into_iter().flat_map(|draft| draft.files);
    let there: Vec<DraftFile> = there.filter(|file| !dropped.contains(&file.id)).collect();
    let bytes: u64 = there.iter().chain(&files).map(|file| file.size).sum();
    if bytes > limit || there.len() + files.len() > FILES {
        let (french, english) = (at_most(limit, "fr"), at_most(limit, "en"));
        wrong.insert(
            "fichiers".to_owned(),
            visitor
                .pick(
                    &format!("Trop de fichiers\u{a0}: {FILES} au plus, et {french} en tout. Les derniers n’ont pas été gardés."),
                    &format!("Too many files: {FILES} at most, and {english} in all. The last ones were not kept."),
                )
                .to_owned(),
        );
        files.clear();
    }
    let network = client::network(visitor.address).to_string();
    let content = serde_json::to_string(typed).map_err(|error| look.failed(&error.into()))?;
    let kept = store
        .keep_draft(&id, &network, content, files, dropped, now)
        .await
        .map_err(|error| look.failed(&error))?;
    match kept {
        Kept::Yes => {}
        // What waits for a word or was sent stays as it is; its page says so.
        Kept::Asked | Kept::Sent(_) => {
            return Err(see(&format!("/demande/{number}{}", visitor.query())));
        }
        Kept::TooMany => {
            wrong.insert("formulaire".to_owned(), too_many(visitor));
        }
        Kept::Full => {
            let sentence = visitor.pick(
                "Le formulaire reçoit trop de demandes en ce moment\u{a0}; réessayez plus tard, ou écrivez-nous.",
                "The form receives too many requests right now; try again later, or write to us.",
            );
            wrong.insert("formulaire".to_owned(), sentence.to_owned());
        }
    }
    Ok(())
}

/// Why a network begins no more requests.
pub fn too_many(visitor: &Visitor) -> String {
    let sentence = visitor.pick(
        "Trop de demandes ont été commencées depuis votre réseau\u{a0}; réessayez dans une heure, ou écrivez-nous.",
        "Too many requests were begun from your network; try again in an hour, or write to us.",
    );
    sentence.to_owned()
}

/// Says which files were kept with a form that nothing is kept of any more, so that its author attaches
/// them again: `there` are their names as the form has them.
pub fn gone(visitor: &Visitor, there: &[&str], wrong: &mut Mistakes) {
    if there.is_empty() {
        return;
    }
    let names = there.join(", ");
    wrong.insert(
        "fichiers".to_owned(),
        visitor
            .pick(
                &format!(
                    "Ces fichiers n’étaient plus gardés, joignez-les de nouveau\u{a0}: {names}."
                ),
                &format!("These files were no longer kept, attach them again: {names}."),
            )
            .to_owned(),
    );
}

/// A request that is kept, by its number.
pub async fn kept(
    site: &Site,
    visitor: &Visitor,
    number: &str,
    bytes: bool,
) -> Result<Draft, Response> {
    let now = site.service.now();
    match site
        .service
        .store()
        .draft(&draft_id(number), bytes, now)
        .await
    {
        Ok(Some(draft)) => Ok(draft),
        Ok(None) => Err(link::missed(site, visitor, || expired(site, visitor))),
        Err(error) => {
            tracing::error!("A request of the form cannot be read: {error:#}");
            Err(unavailable(site, visitor))
        }
    }
}

/// Nothing is kept under a number, any more or ever.
fn expired(site: &Site, visitor: &Visitor) -> Response {
    let mut context = frame::context(site, visitor);
    context.insert("errand", "typed");
    page(StatusCode::NOT_FOUND, "submit/ended.html", &context)
}

/// A kept file, as it goes into the mail.
pub fn enclosure(file: &DraftFile) -> Enclosure {
    Enclosure {
        name: Line::new(&file.name),
        content_type: file.content_type.clone(),
        bytes: file.bytes.clone(),
    }
}
