//! How much of one message is read, and why there is an end to it.
//!
//! Owns every bound of `mail`. Over a bound the message is still listed with what was read until
//! there, and `Mail::defects` says so; the raw bytes are kept by others and lose nothing. All
//! bounds together keep the worst message (reliability T1–T9) under 2 s and 256 MiB.

/// Containers inside containers. Clients reach 5 or 6; a forward of a forward of a signed mail 10.
/// Everything that walks the tree may recurse this deep and no deeper.
pub const DEPTH: usize = 24;

/// Attached mails inside attached mails that are opened for their own files. Each level hashes the
/// same bytes once more.
pub const MESSAGE_DEPTH: usize = 4;

/// Parts of one message. The busiest newsletters have some sixty.
pub const PARTS: usize = 2_000;

/// Header fields of one part. Mails that crossed many relays have some 150.
pub const FIELDS: usize = 2_000;

/// One header field with its folded lines, in bytes: room for several hundred addresses in `To`.
pub const FIELD_BYTES: usize = 256 * 1024;

/// What is read of all the fields of one part, in bytes.
pub const HEADER_BYTES: usize = 2 * 1024 * 1024;

/// Addresses of one field.
pub const ADDRESSES: usize = 1_000;

/// One address, in bytes. RFC 5321 allows 254; a little more is kept for display.
pub const ADDRESS_BYTES: usize = 512;

/// A display name, a file name or a subject, in characters.
pub const NAME_CHARS: usize = 1_000;

/// One message id, in bytes. RFC 5322 lines end at 998.
pub const ID_BYTES: usize = 998;

/// Ids of `References`: the first (the root of the thread) and the last ones count.
pub const IDS: usize = 200;

/// Text of all bodies together, in bytes. A person writes 20 KB; a pasted log 500 KB.
pub const TEXT_BYTES: usize = 1024 * 1024;

/// HTML of all bodies together, in bytes: Word writes 100 bytes of markup for one of text.
pub const HTML_BYTES: usize = 2 * 1024 * 1024;

/// Lines of machine parts (delivery reports, calendars) that are read.
pub const MACHINE_LINES: usize = 5_000;

/// Bytes of machine parts (delivery reports, calendars) that are read.
pub const MACHINE_BYTES: usize = 256 * 1024;

/// Recipients of one delivery report.
pub const BOUNCES: usize = 100;

/// Files listed of one message.
pub const ATTACHMENTS: usize = 1_000;

/// Files unpacked from one `winmail.dat`, and properties of one property list in it.
pub const TNEF_ITEMS: usize = 2_000;

/// Bytes of decompressed RTF in `winmail.dat`.
pub const RTF_BYTES: usize = 4 * 1024 * 1024;

/// Entries of `Mail::defects`.
pub const DEFECTS: usize = 50;

/// Entries of `Mail::remarks`.
pub const REMARKS: usize = 50;
