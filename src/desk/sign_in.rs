//! Who wants to open the desk in a browser gets a link by mail, when he is a technician. What the
//! page answers is the same whoever asks.

use chrono::{DateTime, Duration, Utc};

use super::draft::Draft;
use super::policy::Policy;
use super::{Kind, Notice, tell};
use crate::token::{self, Keys, RecipientTag};

/// The link is good for that long.
const GOOD_FOR_MINUTES: i64 = 15;

/// Somebody wants to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The address that he gives as his.
    pub address: String,
}

impl SignIn {
    /// The link that a notice carries; `None` for other notices.
    pub fn link(policy: &Policy, keys: &Keys, notice: &Notice) -> Option<String> {
        let until = notice.expires_at.filter(|_| notice.kind == Kind::SignIn)?;
        let link = token::SignIn {
            notice: notice.id.0,
            recipient: RecipientTag::of(&notice.to.address),
            until: until.timestamp(),
        };
        let base = policy.base_url.trim_end_matches('/');
        Some(format!("{base}/desk/sign-in/{}", link.seal(keys)))
    }

    /// Until when a link is good that is sent now.
    pub fn until(now: DateTime<Utc>) -> DateTime<Utc> {
        now + Duration::minutes(GOOD_FOR_MINUTES)
    }
}

/// Sends the link to the registered address of the technician, whichever of his he gave.
pub fn answer(draft: &mut Draft<'_>, asked: &SignIn) {
    let Some(technician) = draft.policy.technician(&asked.address) else {
        draft.decision.why = "the address is no technician's".to_owned();
        return;
    };
    let until = SignIn::until(draft.now);
    tell::sign_in(draft, technician, until);
}
