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
