//! Who wants to open the desk in a browser gets a link by mail, when he is a technician. What the
//! page answers is the same whoever asks.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::policy::Policy;
use super::{Kind, Notice, tell};
use crate::token::{self, Keys, RecipientTag};

/// The link is good for that long.
const GOOD_FOR_MINUTES: i64 = 15;

/// What names the page, in the link.
pub const LANDING: &str = "vers";

/// Characters of its path.
const LONGEST_PATH: usize = 60;

/// Somebody wants to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The address that he gives as his.
    pub address: String,
    /// The page that he wanted to see.
    pub landing: Option<Landing>,
}

/// A page that signing in leads to: one below `/desk`, so that no link of ours leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Landing(String);

impl Landing {
    /// The page of this path; `None` when it is none of the desk's, or signs in or out.
    pub fn parse(path: &str) -> Option<Self> {
        let page = path.strip_prefix("/desk/")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-');
        let good = (1..=LONGEST_PATH).contains(&page.len()) && page.chars().all(plain);
        (good && !page.starts_with("sign-")).then(|| Self(path.to_owned()))
    }

    /// Its path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
        let landing = notice.landing.as_ref();
        let landing = landing.map(|page| format!("?{LANDING}={}", page.as_str()));
        let token = link.seal(keys);
        let landing = landing.unwrap_or_default();
        Some(format!("{base}/desk/sign-in/{token}{landing}"))
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
    tell::sign_in(draft, technician, until, asked.landing.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_but_into_the_desk() {
        for path in ["/desk/12", "/desk/statistics", "/desk/12/3/0/cable"] {
            let landing = Landing::parse(path);
            assert_eq!(landing.as_ref().map(Landing::as_str), Some(path));
        }
        for path in [
            "",
            "/",
            "/desk",
            "/desk/",
            "/desktop",
            "/t/abc",
            "//evil.example/desk/1",
            "https://evil.example/desk/1",
            "/desk/../t/1",
            "/desk/\\evil.example",
            "/desk/1?next=//evil.example",
            "/desk/1#x",
            "/desk/1\r\nLocation: x",
            "/desk/%2e%2e/x",
            "/desk/sign-in/abc",
            "/desk/sign-out",
        ] {
            assert_eq!(Landing::parse(path), None, "{path:?}");
        }
        let long = format!("/desk/{}", "1".repeat(LONGEST_PATH + 1));
        assert_eq!(Landing::parse(&long), None);
    }
}
