//! Whether a mail's sender is who he says.

use serde::{Deserialize, Serialize};

/// The verdict (DESIGN "Who may do what").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authenticity {
    /// Proven: DMARC, or DKIM aligned with `From`.
    Pass,
    /// Disproven.
    Fail,
    /// Nothing is known.
    #[default]
    None,
}

/// Replaced by the reader's own.
pub fn from_results(
    _raw: &[u8],
    _authserv_id: &str,
    _own_hosts: &[String],
    _trusted_submission: &[String],
) -> Authenticity {
    Authenticity::None
}
