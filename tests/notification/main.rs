//! What goes out: every kind, in every language, as bytes that mail programs read back.

mod bytes;
mod desk;
mod hostile;
mod kept;
mod reading;
mod templates;
