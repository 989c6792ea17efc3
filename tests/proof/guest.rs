//! F6: a whole machine loses its power. A guest of QEMU runs the desk on a disk of its own; QEMU is
//! killed, so that what the guest's kernel had not written yet is gone, and the guest is started again
//! from that disk. Only in the long form (`PROOF_GUEST_CUTS`): it wants QEMU and a kernel, which
//! `tests/guest/machine` fetches.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::checker;
use crate::mails::{self, Class, Injected};
use crate::random::{self, Chance};
use crate::support::sink::Received;

/// Mails that arrive after each start.
const PORTION: usize = 20;

/// A guest that is not up, or not done, by then never is. It computes some thirty times slower.
const PATIENCE: Duration = Duration::from_secs(600);

/// Nothing but folders: mail in, mail out and database are on the disk that loses its power.
const CONFIG: &str = r#"
language = "fr"
timezone = "Europe/Paris"
base_url = "http://127.0.0.1:8080"
data_dir = "data"
key_file = "secret.key"
internal_domains = ["example.org"]
min_free = "1MB"
[limits]
sender_per_hour = 0
sender_per_day = 0
domain_per_hour = 0
total_per_hour = 0
technician_per_hour = 0
[smtp]
maildir = "out"
[[accounts]]
name = "support"
team = "dsi"
maildir = "in"
[[teams]]
id = "dsi"
name = "DSI – Support"
from = "support@example.org"
prefix = "DSI"
[[addresses]]
pattern = "support@example.org"
team = "dsi"
"#;

/// What the guest does: a portion of mails moves from `stock` into the Maildir while the desk works. With
/// `last` on its command line all of them do, and it ends when nothing is left to do.
const START: &str = r#"
b=/bin/busybox
last=$($b grep -c last /proc/cmdline)
$b ip link set lo up 2>/dev/null
if [ $last = 1 ]; then portion=100000; else portion=PORTION; fi
(
    for mail in $($b ls /mnt/stock | $b head -n $portion); do
        $b mv /mnt/stock/$mail /mnt/in/new/$mail
    done
) &
/bin/guichet --config /mnt/config.toml run >>/mnt/log 2>&1 &
desk=$!
[ $last = 1 ] || wait $desk
none() {
    [ "$(/bin/guichet --config /mnt/config.toml "$@" --json | $b tr -d ' \n')" = "[]" ]
}
quiet() {
    [ -z "$($b ls /mnt/stock)" ] && [ -z "$($b ls /mnt/in/new)" ] && none inbox list --state new &&
        none outbox list --state queued && none outbox list --state sending &&
        none outbox list --state uncertain
}
until quiet; do $b sleep 2; done
$b kill $desk
wait $desk
"#;

/// The machine, and its disk.
struct Guest {
    folder: tempfile::TempDir,
}

impl Guest {
    /// A disk with the configuration and all mails on it.
    fn new(mails: &[Injected]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let machine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guest/machine");
        run(Command::new(machine)
            .arg(folder.path())
            .arg(env!("CARGO_BIN_EXE_guichet")));
        let disk = folder.path().join("disk");
        for part in ["stock", "in/new", "in/cur", "in/tmp"] {
            fs::create_dir_all(disk.join(part)).expect("created");
        }
        let start = START.replace("PORTION", &PORTION.to_string());
        fs::write(disk.join("start"), start).expect("written");
        fs::write(disk.join("config.toml"), CONFIG).expect("written");
        for mail in mails {
            let name = format!("stock/{:06}.test", mail.id);
            fs::write(disk.join(name), &mail.bytes).expect("written");
        }
        let guest = Self { folder };
        let image = guest.image();
        run(Command::new("truncate").args(["-s", "1G"]).arg(&image));
        run(Command::new("/sbin/mkfs.ext4")
            .args(["-q", "-F", "-d"])
            .arg(&disk)
            .arg(&image));
        guest
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("disk.img")
    }

    /// Starts it and returns when the desk is about to start.
    fn start(&self, word: &str) -> Child {
        let drive = format!(
            "file={},format=raw,if=virtio,cache=writeback",
            self.image().display()
        );
        let console = format!("console=ttyS0 quiet panic=-1 {word}");
        let mut child = Command::new("qemu-system-x86_64")
            .args(["-accel", "tcg,thread=multi", "-smp", "2", "-m", "1024"])
            .args(["-nographic", "-no-reboot", "-nic", "none", "-kernel"])
            .arg(self.folder.path().join("vmlinuz"))
            .arg("-initrd")
            .arg(self.folder.path().join("initrd.gz"))
            .args(["-append", &console, "-drive", &drive])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("QEMU starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut said = Vec::new();
        let up = lines.by_ref().map_while(Result::ok).any(|line| {
            let up = line.contains("GUEST UP");
            said.push(line);
            up
        });
        assert!(up, "the guest does not start:\n{}", said.join("\n"));
        let whole = !said.iter().any(|line| line.contains("GUEST HAS NO DISK"));
        assert!(
            whole,
            "the guest cannot mount its disk:\n{}",
            said.join("\n")
        );
        // Read on, so that it never waits for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        child
    }

    /// Copies what is on the disk to `to`; the journal of its file system is replayed before.
    fn unpack(&self, to: &Path) {
        // Ends with 1 when it mended something, as after every cut.
        let status = Command::new("/sbin/e2fsck")
            .args(["-p"])
            .arg(self.image())
            .stdout(Stdio::null())
            .status();
        let code = status.expect("e2fsck runs").code();
        assert!(
            code.is_some_and(|code| code <= 1),
            "e2fsck ended with {code:?}"
        );
        run(Command::new("/sbin/debugfs")
            .args(["-R", &format!("rdump / {}", to.display())])
            .arg(self.image())
            .stderr(Stdio::null()));
    }
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status();
    let status = status.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?} ended with {status}");
}

/// What left, as the folders hold it: a second copy takes the place of the first.
fn received(out: &Path) -> Vec<Received> {
    let mut received = Vec::new();
    for folder in fs::read_dir(out)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
    {
        let to = folder.file_name().to_string_lossy().into_owned();
        for file in fs::read_dir(folder.path().join("new")).expect("a Maildir") {
            let bytes = fs::read(file.expect("an entry").path()).expect("readable");
            received.push(Received {
                from: String::new(),
                parameters: String::new(),
                to: vec![to.clone()],
                wire: bytes.clone(),
                bytes,
                at: Instant::now(),
                connection: 0,
                in_tls: false,
                user: None,
            });
        }
    }
    received
}

/// What the desk has told or filed survives the power of its machine. That such a check can fail is
/// shown by `power`, which forgets all that was not synced: the file system of a guest writes much of it
/// down along with what is.
pub async fn a_guest_that_loses_its_power_loses_no_mail() {
    let cuts = random::number("PROOF_GUEST_CUTS", 1);
    let seed = random::number("PROOF_SEED", 20_261_130);
    let mut chance = Chance::new(seed as u64);
    let mut mails: Vec<Injected> = Vec::new();
    for id in 0..(cuts + 1) * PORTION {
        let original = mails.get(id.saturating_sub(7)).cloned();
        let mail = match (id % 10, original) {
            (3, _) => mails::mail(id, Class::Automatic, 0),
            (7, Some(original)) if original.class == Class::Person => mails::again(id, &original),
            (5, _) => mails::mail(id, Class::Person, 700_000),
            _ => mails::mail(id, Class::Person, 0),
        };
        mails.push(mail);
    }
    let guest = Guest::new(&mails);
    let began = Instant::now();
    for cut in 0..cuts {
        let mut machine = guest.start("");
        std::thread::sleep(Duration::from_millis(chance.below(12_000)));
        machine.kill().expect("it runs");
        machine.wait().expect("it ends");
        println!("{} of {cuts} guests cut", cut + 1);
    }
    let mut machine = guest.start("last");
    let started = Instant::now();
    while machine.try_wait().expect("asked").is_none() {
        assert!(started.elapsed() < PATIENCE, "the guest is never done");
        std::thread::sleep(Duration::from_millis(200));
    }
    let disk = tempfile::tempdir().expect("a temporary folder");
    guest.unpack(disk.path());
    let received = received(&disk.path().join("out"));
    match checker::check(&disk.path().join("data"), &mails, &received, &[]).await {
        Ok(report) => {
            let seconds = began.elapsed().as_secs();
            let what = format!("{cuts} guests cut, seed {seed}, {seconds} s: {report:?}");
            crate::report("F6", &what);
        }
        Err(wrong) => panic!("{}", wrong.join("\n")),
    }
}
