//! For whom articles are shown at their own addresses: a technician who is signed in, somebody of the
//! institution whom a trusted proxy names, anybody else. Who comes by the link of a mail is known by
//! that link (`ticket`).

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::knowledge::Audience;
use crate::web::Site;
use crate::web::desk;
use crate::web::frame::Visitor;
use crate::web::submit::Proven;

/// What whoever asks may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader(pub Audience);

impl FromRequestParts<Arc<Site>> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Infallible> {
        let Ok(visitor) = Visitor::from_request_parts(parts, site).await;
        match desk::signed_in(site, parts, &visitor).await {
            Ok(Some(_)) => return Ok(Self(Audience::Technicians)),
            Ok(None) => {}
            // He reads what everybody may.
            Err(error) => tracing::error!("A session cannot be looked up: {error:#}"),
        }
        let Ok(Proven(proven)) = Proven::from_request_parts(parts, site).await;
        let policy = &site.service.rules().policy;
        let inside = proven.is_some_and(|who| policy.is_internal(&who.address));
        Ok(Self(match inside {
            true => Audience::Internal,
            false => Audience::Public,
        }))
    }
}
