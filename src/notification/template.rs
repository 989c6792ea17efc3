//! The words of the notifications: files of `mail-templates/`, embedded, overridable.

/// Compiled templates.
#[derive(Debug, Default)]
pub struct Templates {}
