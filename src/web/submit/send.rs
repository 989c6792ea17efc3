//! Sends a request that was read again: at once when its author is proven, else after his word.

use anyhow::Result;

use super::Look;
use super::keep::enclosure;
use super::typed::Typed;
use crate::mail::Address;
use crate::service::submit::{Form as Sent, Submitted};
use crate::store::Draft;
use crate::token::Errand;
use crate::web::Site;

/// Asks the mailbox that was typed; `Some`: why that cannot be now.
pub async fn ask(look: &Look<'_>, draft: &Draft, typed: &Typed) -> Result<Option<String>> {
    let (site, visitor) = (look.site, look.visitor);
    let rules = site.service.rules();
    let judged = typed.judge(&rules.policy, false, look.internal_only());
    let Some(address) = typed.author_address().filter(|_| judged.is_ok()) else {
        return Ok(Some(
            visitor
                .pick(
                    "Votre demande est incomplète\u{a0}: complétez-la, puis envoyez-la de nouveau.",
                    "Your request is not complete: complete it, then send it again.",
                )
                .to_owned(),
        ));
    };
    let language = visitor.language;
    let service = &site.service;
    if !service
        .send_link(Errand::Confirm, &address.address, None, language)
        .await?
    {
        return Ok(Some(
            visitor
                .pick(
                    "Trop de messages partent en ce moment. Votre demande est gardée ici pendant deux heures\u{a0}: réessayez dans une heure, ou écrivez-nous.",
                    "Too many mails are leaving right now. Your request is kept here for two hours: try again in an hour, or write to us.",
                )
                .to_owned(),
        ));
    }
    let now = service.now();
    let until = crate::desk::Visit::end(Errand::Confirm, now);
    let store = service.store();
    if !store
        .ask_draft(&draft.id, &address.address, until, now)
        .await?
    {
        return Ok(Some(
            visitor
                .pick(
                    "Plusieurs demandes attendent déjà d’être confirmées avec cette adresse\u{a0}: ouvrez notre dernier message, confirmez-les ou effacez-les, puis réessayez.",
                    "Several requests with this address wait for their confirmation already: open our latest mail, confirm or delete them, then try again.",
                )
                .to_owned(),
        ));
    }
    Ok(None)
}

/// What became of sending.
pub enum Outcome {
    Sent,
    /// Why not, in words.
    Not(String),
}

/// Puts a request into the inbox. Its author is proven.
pub async fn send(site: &Site, draft: &Draft, typed: &Typed, author: Address) -> Result<Outcome> {
    let rules = site.service.rules();
    let no = |french: &str, english: &str| {
        Ok(Outcome::Not(
            crate::web::status::pick(&typed.language, french, english).to_owned(),
        ))
    };
    let Ok(request) = typed.judge(&rules.policy, true, false) else {
        return no(
            "Le formulaire a changé entre-temps\u{a0}: complétez votre demande, puis envoyez-la de nouveau.",
            "The form has changed meanwhile: complete your request, then send it again.",
        );
    };
    let sent = Sent {
        number: draft.id.clone(),
        author,
        account: request.account,
        to: request.to,
        subject: request.title,
        text: request.text,
        files: draft.files.iter().map(enclosure).collect(),
        submission: request.submission,
    };
    match site.service.submit(sent).await? {
        Submitted::Kept(inbox, _) => {
            site.service.store().sent_draft(&draft.id, inbox).await?;
            Ok(Outcome::Sent)
        }
        Submitted::NoRoom => no(
            "Le service ne peut rien enregistrer pour le moment. Votre demande est gardée ici\u{a0}: réessayez dans quelques minutes.",
            "The desk cannot record anything right now. Your request is kept here: try again in a few minutes.",
        ),
        Submitted::NoAddress => no(
            "Votre adresse ne peut pas recevoir de courriel.",
            "Your address cannot receive mail.",
        ),
    }
}
