//! What `check` and `health` say: one line for each thing that was looked at, ✔ or ✘ with the remedy.

use serde::Serialize;

use super::print;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What.
    pub name: String,
    /// All is well.
    pub ok: bool,
    /// How it is.
    pub detail: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Finding {
    /// It is well.
    pub fn good(name: &str, detail: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            ok: true,
            detail: detail.into(),
            remedy: None,
        }
    }

    /// It is not.
    pub fn bad(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            ok: false,
            detail: detail.into(),
            remedy: Some(remedy.into()),
        }
    }
}

/// Prints them.
///
/// # Errors
/// When they cannot be written.
pub fn print(findings: &[Finding], json: bool) -> anyhow::Result<()> {
    if json {
        print::json(&findings)
    } else {
        print::text(&lines(findings))
    }
}

fn lines(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let mark = if finding.ok { '✔' } else { '✘' };
        let line = format!("{mark} {}: {}", finding.name, finding.detail);
        out.push_str(&print::harmless(&line).replace('\n', " "));
        if let Some(remedy) = &finding.remedy {
            out.push_str(&format!(" → {}", print::harmless(remedy)));
        }
        out.push('\n');
    }
    out
}
