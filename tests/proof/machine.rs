//! Faults of the machine: errors of the disk, a full one, one that may only be read, few handles and
//! little memory. System calls fail by strace, so that no right is needed and the daemon is the real
//! one; the full disk is a real one where the tests may mount one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::desk::{Desk, Road, Setup};
use crate::mails::{self, Class};
use crate::random::number;
use crate::support::dovecot::Dovecot;
use crate::support::sink::Sink;

fn put_persons(desk: &mut Desk, count: usize, bulk: usize) {
    for _ in 0..count {
        let id = desk.next_id();
        desk.put(Road::Move, mails::mail(id, Class::Person, bulk));
    }
}

/// After a fault is over the desk goes on by itself within this (row F8 of the matrix).
const RESUMED: Duration = Duration::from_secs(60);

/// A fault comes while mails do, lasts for a while, and is over; nothing is restarted.
async fn survives(desk: &mut Desk, faults: &[&str], lasting: Duration, mails: usize) -> String {
    put_persons(desk, 1, 0);
    desk.start(&[]);
    assert!(desk.quiet(RESUMED).await, "{}", desk.log());
    let mut longest = Duration::ZERO;
    for fault in faults {
        let injection = desk.inject(fault);
        put_persons(desk, mails, 2000);
        tokio::time::sleep(lasting).await;
        drop(injection);
        let over = Instant::now();
        assert!(desk.quiet(RESUMED).await, "{fault}: {}", desk.log());
        longest = longest.max(over.elapsed());
    }
    let report = desk.prove("after the faults").await;
    assert_eq!(report.tickets, desk.injected.len());
    // What failed is no reason to send anything twice.
    assert_eq!(report.copies, 0);
    let count = faults.len();
    format!("{count} episodes, at rest {longest:?} after the longest: {report:?}")
}

/// F7: syncs and writes fail now and then, and all the time.
pub async fn a_disk_with_errors_costs_time_and_nothing_else() {
    let faults = [
        "fdatasync,fsync:error=EIO:when=1+3",
        "fdatasync,fsync:error=EIO",
        "pwrite64:error=EIO:when=2+5",
    ]
    .repeat(number("PROOF_EPISODES", 1));
    let mut desk = Desk::new(false).await;
    let what = survives(&mut desk, &faults, Duration::from_secs(3), 8).await;
    crate::report("F7", &what);
}

/// F9: the file system may suddenly only be read; the desk stays and says so, and goes on.
pub async fn a_disk_that_may_only_be_read_is_waited_for() {
    let mut desk = Desk::new(false).await;
    let fault = "pwrite64,ftruncate,fallocate,fdatasync,fsync,unlink,rename,mkdir:error=EROFS";
    let what = survives(&mut desk, &[fault], Duration::from_secs(8), 10).await;
    crate::report("F9", &what);
    let log = std::fs::read_to_string(desk.path("log")).expect("a log");
    let told = log.lines().filter(|line| line.contains("ERROR")).count();
    assert!((1..60).contains(&told), "{told} lines: {}", desk.log());
    assert_eq!(log.matches("The desk is running").count(), 1, "restarted");
}

/// A file system in memory, gone when dropped; `None` where the tests may not mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, megabytes: usize) -> Option<Self> {
        std::fs::create_dir_all(at).expect("our folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=700")])
            .args(["guichet-test".as_ref(), at.as_os_str()])
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| Self(at.to_owned()))
    }

    /// Takes all the room but so many bytes.
    fn fill(&self, leave: u64) {
        let stat = rustix::fs::statvfs(&self.0).expect("mounted");
        let free = stat.f_bavail * stat.f_frsize;
        let size = usize::try_from(free.saturating_sub(leave)).expect("small");
        // What does not fit is what the test is about.
        let _ = std::fs::write(self.0.join("ballast"), vec![1; size]);
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).expect("it was filled");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// F8: below `min_free` intake stops, the outbox goes on, the status says so; with no room at all
/// nothing is lost either; both times it goes on by itself.
pub async fn a_full_disk_stops_the_intake_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let episodes = number("PROOF_EPISODES", 1);
    let Some(disk) = SmallDisk::mount(folder.path(), 40 + 6 * episodes) else {
        println!("not run: no file system may be mounted here");
        return;
    };
    let setup = Setup {
        data: Some(folder.path().to_owned()),
        min_free: "12MB".to_owned(),
        ..Setup::default()
    };
    let mut desk = Desk::with(Dovecot::start(), Sink::start().await, setup);
    put_persons(&mut desk, 5, 0);
    desk.start(&[]);
    assert!(desk.quiet(Duration::from_secs(30)).await, "{}", desk.log());
    for episode in 0..episodes {
        // Little room: what is here goes on, what is there stays there.
        disk.fill(6 << 20);
        let before = desk.injected.len();
        put_persons(&mut desk, 20, 0);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(desk.dovecot.count("support", ""), 20, "{}", desk.log());
        let health = desk.command(&["health"]);
        let said = String::from_utf8_lossy(&health.stdout).into_owned();
        assert_eq!(health.status.code(), Some(1), "{said}");
        assert!(
            said.contains("✘ disk") && said.contains("less than min_free"),
            "{said}"
        );
        disk.free();
        assert!(desk.quiet(RESUMED).await, "{episode}: {}", desk.log());
        assert_eq!(desk.told(), before + 20);
        // No room at all, beneath a desk that is at work.
        put_persons(&mut desk, 40, 60_000);
        disk.fill(0);
        tokio::time::sleep(Duration::from_secs(3)).await;
        disk.free();
        assert!(desk.quiet(RESUMED).await, "{episode}: {}", desk.log());
    }
    let report = desk.prove("after the disk was full").await;
    assert_eq!((report.tickets, report.copies), (desk.injected.len(), 0));
    crate::report(
        "F8",
        &format!("{episodes} times little room and none: {report:?}"),
    );
}

/// F30: with few handles and little memory it does what it can; what it cannot do it does later.
pub async fn few_handles_and_little_memory_lose_nothing() {
    let mut desk = Desk::new(true).await;
    for (limits, lasts) in [
        (["prlimit", "--nofile=64", "--as=1073741824"], true),
        (["prlimit", "--nofile=24", "--as=268435456"], false),
    ] {
        for road in [Road::Move, Road::Copy, Road::Maildir] {
            for _ in 0..10 {
                let id = desk.next_id();
                desk.put(road, mails::mail(id, Class::Person, 30_000));
            }
        }
        desk.start_beneath(&limits, &[]);
        if lasts {
            let quiet = desk.quiet(Duration::from_secs(40)).await;
            assert!(quiet, "{limits:?}: {}", desk.log());
            desk.stop().await;
        } else {
            // It may well end; it may not lie.
            tokio::time::sleep(Duration::from_secs(4)).await;
            desk.kill();
        }
    }
    desk.start(&[]);
    let report = desk.prove("with room again").await;
    assert_eq!(report.tickets, 60);
    crate::report(
        "F30",
        &format!("64 handles and 1 GiB, 24 and 256 MiB: {report:?}"),
    );
}
