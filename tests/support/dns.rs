//! A name server of the tests' own: UDP on loopback, real packets (RFC 1035), a zone in memory.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it says about a name.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A TXT record.
    Txt(String),
    /// "I could not find out" (RCODE 2).
    Failure,
    /// Nothing at all.
    Silence,
}

/// A name server; a name that is not in its zone does not exist. Ends when dropped.
pub struct Dns {
    address: SocketAddr,
    zone: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Dns {
    /// Starts one with an empty zone.
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port on loopback");
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a time limit");
        let dns = Self {
            address: socket.local_addr().expect("bound"),
            zone: Arc::default(),
            asked: Arc::default(),
            stop: Arc::default(),
        };
        let (zone, asked, stop) = (dns.zone.clone(), dns.asked.clone(), dns.stop.clone());
        std::thread::spawn(move || {
            let mut packet = [0; 1500];
            while !stop.load(Ordering::Relaxed) {
                let Ok((size, from)) = socket.recv_from(&mut packet) else {
                    continue;
                };
                asked.fetch_add(1, Ordering::Relaxed);
                let zone = zone.lock().expect("no panic before");
                if let Some(answer) = answer(&packet[..size], &zone) {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        dns
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it says about `name` from now on.
    pub fn set(&self, name: &str, answer: Answer) {
        let mut zone = self.zone.lock().expect("no panic before");
        zone.insert(name.to_lowercase(), answer);
    }

    /// A TXT record.
    pub fn txt(&self, name: &str, text: &str) {
        self.set(name, Answer::Txt(text.to_owned()));
    }

    /// How many questions came.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The answer to a packet; none to what is no question, or where silence is the answer.
fn answer(packet: &[u8], zone: &BTreeMap<String, Answer>) -> Option<Vec<u8>> {
    const TXT: u16 = 16;
    let mut name = Vec::new();
    let mut at = 12;
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        let label = packet.get(at..at + length)?;
        name.push(String::from_utf8_lossy(label).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]);
    let question = packet.get(12..at + 4)?;
    let found = zone.get(&name.join("."));
    let (code, text) = match found {
        Some(Answer::Silence) => return None,
        Some(Answer::Failure) => (2, None),
        Some(Answer::Txt(text)) if kind == TXT => (0, Some(text)),
        Some(Answer::Txt(_)) => (0, None),
        None => (3, None),
    };
    let mut out = packet.get(..2)?.to_vec();
    // A response, recursion desired and available, no authority, no additional records.
    out.extend([
        0x81,
        0x80 | code,
        0,
        1,
        0,
        u8::from(text.is_some()),
        0,
        0,
        0,
        0,
    ]);
    out.extend(question);
    if let Some(text) = text {
        let mut data = Vec::new();
        for part in text.as_bytes().chunks(255) {
            data.push(part.len() as u8);
            data.extend(part);
        }
        // The name of the question, TXT, IN, not to be kept.
        out.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0]);
        out.extend((data.len() as u16).to_be_bytes());
        out.extend(data);
    }
    Some(out)
}
