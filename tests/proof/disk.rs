//! What a disk holds after the power is cut: the daemon runs beneath strace, which writes down every
//! change of a file, every sync, every change of a name and every byte sent; from that the state of
//! the files at any moment is made again, without what had not been synced. No kernel module and no
//! right is needed, and one run can be cut at every line of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The system calls that change files or tell somebody something.
pub const CALLS: &str = "trace=open,openat,creat,pwrite64,write,writev,pwritev,ftruncate,fallocate,\
     fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,symlink,\
     symlinkat,sendto,sendmsg,copy_file_range";

/// Bytes that a disk writes whole or not at all.
const SECTOR: usize = 512;

/// One line of the trace.
#[derive(Debug)]
pub struct Line {
    /// So many lines were complete when the call began.
    begun: usize,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    /// A file was opened that may not have been there.
    Created {
        path: PathBuf,
        emptied: bool,
    },
    Written {
        path: PathBuf,
        offset: Option<u64>,
        bytes: Vec<u8>,
    },
    Cut {
        path: PathBuf,
        length: u64,
    },
    Synced(PathBuf),
    Renamed(PathBuf, PathBuf),
    /// A further name for a file.
    Linked(PathBuf, PathBuf),
    Removed(PathBuf),
    /// To a socket.
    Sent(Vec<u8>),
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |path: &Path| path.file_name().unwrap_or_default().display().to_string();
        match &self.what {
            What::Created { path, emptied } => write!(f, "created {} {emptied}", name(path)),
            What::Written {
                path,
                offset,
                bytes,
            } => write!(f, "wrote {} {offset:?} + {}", name(path), bytes.len()),
            What::Cut { path, length } => write!(f, "cut {} to {length}", name(path)),
            What::Synced(path) => write!(f, "synced {} from {}", name(path), self.begun),
            What::Renamed(from, to) => write!(f, "renamed {} {}", name(from), name(to)),
            What::Linked(from, to) => write!(f, "linked {} {}", name(from), name(to)),
            What::Removed(path) => write!(f, "removed {}", name(path)),
            What::Sent(bytes) => {
                let start = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
                write!(f, "sent {start:?}")
            }
        }
    }
}

/// How much of what was not synced a cut leaves.
#[derive(Debug, Clone, Copy)]
pub enum Mercy {
    /// Nothing.
    None,
    /// All of it, as after a kill.
    All,
    /// Each write by chance: whole, torn, or not at all; of the names the first so many.
    Chance(u64),
}

/// Reads a trace. Calls that failed changed nothing.
pub fn read(log: &str) -> Vec<Line> {
    let mut begun: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let mut lines = Vec::new();
    for line in log.lines() {
        let Some((process, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if let Some(first) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(process, (lines.len(), first));
            continue;
        }
        let (start, call) = match call.strip_prefix("<... ") {
            None => (lines.len(), call.to_owned()),
            Some(rest) => {
                let Some((start, first)) = begun.remove(process) else {
                    continue;
                };
                let rest = rest.split_once(" resumed>").map_or("", |(_, rest)| rest);
                (start, format!("{first}{rest}"))
            }
        };
        if let Some(what) = parse(&call) {
            lines.push(Line { begun: start, what });
        }
    }
    lines
}

fn parse(call: &str) -> Option<What> {
    let (name, rest) = call.split_once('(')?;
    // Short lines are padded before the equals sign.
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let result: i64 = result.split([' ', '<']).next()?.parse().ok()?;
    if result < 0 {
        return None;
    }
    let all = arguments;
    let arguments = split(arguments);
    let path_at = |at: usize| text(arguments.get(at)?).map(PathBuf::from);
    let file_at = |at: usize| file(arguments.get(at)?);
    Some(match name {
        "open" | "creat" | "openat" => {
            let at = usize::from(name == "openat");
            let flags = arguments.get(at + 1).copied().unwrap_or_default();
            if name != "creat" && !flags.contains("O_CREAT") {
                return None;
            }
            What::Created {
                path: path_at(at)?,
                emptied: name == "creat" || flags.contains("O_TRUNC"),
            }
        }
        "pwrite64" => What::Written {
            path: file_at(0)?.into(),
            offset: Some(arguments.get(3)?.parse().ok()?),
            bytes: bytes(arguments.get(1)?, result)?,
        },
        "write" | "sendto" => {
            let to = file_at(0)?;
            let bytes = bytes(arguments.get(1)?, result)?;
            if to.starts_with("TCP:") {
                What::Sent(bytes)
            } else {
                What::Written {
                    path: to.into(),
                    offset: None,
                    bytes,
                }
            }
        }
        "writev" | "sendmsg" => {
            let to = file_at(0)?;
            assert!(to.starts_with("TCP:"), "{name} to {to} is not understood");
            let mut sent = Vec::new();
            for piece in all.split("iov_base=").skip(1) {
                sent.extend(bytes(piece.split(',').next()?, i64::MAX)?);
            }
            sent.truncate(usize::try_from(result).ok()?);
            What::Sent(sent)
        }
        "ftruncate" => What::Cut {
            path: file_at(0)?.into(),
            length: arguments.get(1)?.parse().ok()?,
        },
        "fsync" | "fdatasync" => What::Synced(file_at(0)?.into()),
        "rename" => What::Renamed(path_at(0)?, path_at(1)?),
        "renameat" | "renameat2" => What::Renamed(path_at(1)?, path_at(3)?),
        "unlink" | "rmdir" => What::Removed(path_at(0)?),
        "unlinkat" => What::Removed(path_at(1)?),
        "link" => What::Linked(path_at(0)?, path_at(1)?),
        "linkat" => What::Linked(path_at(1)?, path_at(3)?),
        // Folders are made again with what is in them; room may be reserved, never content.
        "mkdir" | "mkdirat" | "fallocate" => return None,
        other => panic!("{other} is not understood: {call}"),
    })
}

/// The arguments; none of ours holds a comma in its hexadecimal strings.
fn split(arguments: &str) -> Vec<&str> {
    arguments.split(", ").collect()
}

/// `\x61\x62` → `ab`.
fn unescape(hex: &str) -> Option<Vec<u8>> {
    hex.split("\\x")
        .skip(1)
        .map(|digits| u8::from_str_radix(digits.get(..2)?, 16).ok())
        .collect()
}

fn text(argument: &str) -> Option<String> {
    String::from_utf8(unescape(argument.trim_matches('"'))?).ok()
}

/// `5<\x2f…>` → the path, or `TCP:[…]`.
fn file(argument: &str) -> Option<String> {
    let (_, name) = argument.split_once('<')?;
    let name = name.strip_suffix('>')?;
    if name.contains("\\x") {
        String::from_utf8(unescape(name)?).ok()
    } else {
        Some(name.to_owned())
    }
}

fn bytes(argument: &str, count: i64) -> Option<Vec<u8>> {
    assert!(!argument.ends_with("..."), "strace shortened a string");
    let mut bytes = unescape(argument.trim_matches('"'))?;
    bytes.truncate(usize::try_from(count).ok()?);
    Some(bytes)
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

#[derive(Debug, Default, Clone)]
struct File {
    now: Vec<u8>,
    synced: Vec<u8>,
    /// Since then, with the line of each.
    pending: Vec<(usize, Change)>,
}

#[derive(Debug, Clone)]
enum Naming {
    Set(PathBuf, usize),
    Gone(PathBuf),
}

impl Naming {
    fn path(&self) -> &Path {
        match self {
            Self::Set(path, _) | Self::Gone(path) => path,
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Set(path, file) => names.insert(path.clone(), *file),
            Self::Gone(path) => names.remove(path),
        };
    }
}

/// The files below one folder, as the system shows them and as the disk has them.
#[derive(Debug, Default, Clone)]
pub struct Disk {
    root: PathBuf,
    files: Vec<File>,
    names: BTreeMap<PathBuf, usize>,
    synced_names: BTreeMap<PathBuf, usize>,
    /// Changes of names that no sync of their folder covers.
    pending: Vec<Naming>,
}

impl Disk {
    /// What is below `root` now, all of it on the disk.
    pub fn of(root: &Path) -> Self {
        let mut disk = Self {
            root: root.to_owned(),
            ..Self::default()
        };
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() && !is_left_out(&path) {
                    let now = std::fs::read(&path).expect("readable");
                    disk.names.insert(path, disk.files.len());
                    disk.files.push(File {
                        synced: now.clone(),
                        now,
                        pending: Vec::new(),
                    });
                }
            }
        }
        disk.synced_names = disk.names.clone();
        disk
    }

    /// Goes on by the line at this position.
    pub fn apply(&mut self, position: usize, line: &Line) {
        match &line.what {
            What::Sent(_) => {}
            What::Created { path, emptied } => {
                if !self.has(path) {
                    return;
                }
                let known = self.names.get(path).copied();
                if known.is_none() {
                    self.files.push(File::default());
                    self.name(Naming::Set(path.clone(), self.files.len() - 1));
                } else if *emptied {
                    self.change(position, path, Change::Length(0));
                }
            }
            What::Written {
                path,
                offset,
                bytes,
            } => {
                if let Some(file) = self.names.get(path) {
                    // Without an offset it is a new file, written from its beginning to its end.
                    let end = self.files[*file].now.len() as u64;
                    let change = Change::Write(offset.unwrap_or(end), bytes.clone());
                    self.change(position, path, change);
                }
            }
            What::Cut { path, length } => {
                self.change(position, path, Change::Length(*length));
            }
            What::Synced(path) => self.sync(path, line.begun),
            What::Renamed(from, to) => {
                if let Some(file) = self.names.get(from).copied() {
                    self.name(Naming::Gone(from.clone()));
                    self.name(Naming::Set(to.clone(), file));
                }
            }
            What::Removed(path) => {
                if self.names.contains_key(path) {
                    self.name(Naming::Gone(path.clone()));
                }
            }
            What::Linked(from, to) => {
                if let Some(file) = self.names.get(from).copied() {
                    self.name(Naming::Set(to.clone(), file));
                }
            }
        }
    }

    fn has(&self, path: &Path) -> bool {
        path.starts_with(&self.root) && !is_left_out(path)
    }

    fn name(&mut self, naming: Naming) {
        naming.apply(&mut self.names);
        self.pending.push(naming);
    }

    fn change(&mut self, position: usize, path: &Path, change: Change) {
        let Some(file) = self.names.get(path) else {
            return;
        };
        let file = &mut self.files[*file];
        make(&mut file.now, &change);
        file.pending.push((position, change));
    }

    /// A sync covers what was done before it began.
    fn sync(&mut self, path: &Path, begun: usize) {
        if let Some(file) = self.names.get(path) {
            let file = &mut self.files[*file];
            let pending = std::mem::take(&mut file.pending);
            let (covered, later): (Vec<_>, Vec<_>) =
                pending.into_iter().partition(|(at, _)| *at < begun);
            for (_, change) in &covered {
                make(&mut file.synced, change);
            }
            file.pending = later;
        } else {
            let pending = std::mem::take(&mut self.pending);
            let (covered, later): (Vec<_>, Vec<_>) = pending
                .into_iter()
                .partition(|naming| naming.path().parent() == Some(path));
            for naming in &covered {
                naming.apply(&mut self.synced_names);
            }
            self.pending = later;
        }
    }

    /// Changes that a cut may lose.
    pub fn unsynced(&self) -> usize {
        self.pending.len()
            + self
                .files
                .iter()
                .map(|file| file.pending.len())
                .sum::<usize>()
    }

    /// Writes what a cut leaves into the folder `to`, in the place of all that is there.
    pub fn after_cut(&self, mercy: Mercy, to: &Path) {
        let mut chance = match mercy {
            Mercy::Chance(seed) => crate::random::Chance::new(seed),
            Mercy::None | Mercy::All => crate::random::Chance::new(1),
        };
        let survivors = match mercy {
            Mercy::None => 0,
            Mercy::All => self.pending.len(),
            Mercy::Chance(_) => chance.below(self.pending.len() as u64 + 1) as usize,
        };
        let mut names = self.synced_names.clone();
        for naming in &self.pending[..survivors] {
            naming.apply(&mut names);
        }
        if to.exists() {
            std::fs::remove_dir_all(to).expect("our folder");
        }
        std::fs::create_dir_all(to).expect("our folder");
        for (path, file) in names {
            let file = &self.files[file];
            let mut bytes = file.synced.clone();
            for (_, change) in &file.pending {
                match (mercy, change) {
                    (Mercy::None, _) => {}
                    (Mercy::All, change) => make(&mut bytes, change),
                    (Mercy::Chance(_), change) => match (chance.below(3), change) {
                        (0, _) => {}
                        (1, Change::Write(offset, written)) => {
                            let sectors = written.len().div_ceil(SECTOR) as u64;
                            let kept = chance.below(sectors + 1) as usize * SECTOR;
                            let kept = written[..kept.min(written.len())].to_vec();
                            make(&mut bytes, &Change::Write(*offset, kept));
                        }
                        (_, change) => make(&mut bytes, change),
                    },
                }
            }
            let path = to.join(path.strip_prefix(&self.root).expect("below"));
            std::fs::create_dir_all(path.parent().expect("below")).expect("our folder");
            std::fs::write(path, bytes).expect("our folder");
        }
    }
}

/// The index of the write-ahead log is made anew from it; locks and logs are no data.
fn is_left_out(path: &Path) -> bool {
    let name = path.to_string_lossy();
    ["-shm", ".lock", "/log", "/trace"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

fn make(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Length(length) => bytes.resize(*length as usize, 0),
        Change::Write(offset, written) => {
            let start = *offset as usize;
            let end = start + written.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[start..end].copy_from_slice(written);
        }
    }
}
