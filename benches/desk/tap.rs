//! Listens on the way to the mail server: when the client went into IDLE, when the server said
//! `* EXISTS`, how many commands filed mail.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub struct Heard {
    pub idle: Vec<Instant>,
    pub exists: Vec<Instant>,
    pub moves: usize,
}

pub struct Tap {
    pub port: u16,
    heard: Arc<Mutex<Heard>>,
}

impl Tap {
    pub fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let shared = Arc::clone(&heard);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
                    continue;
                };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let (Ok(client2), Ok(server2)) = (client.try_clone(), server.try_clone()) else {
                    continue;
                };
                let (up, down) = (Arc::clone(&shared), Arc::clone(&shared));
                std::thread::spawn(move || pass(client, server, |bytes| asked(bytes, &up)));
                std::thread::spawn(move || pass(server2, client2, |bytes| told(bytes, &down)));
            }
        });
        Self { port, heard }
    }

    pub fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Waits until `count` connections are in IDLE; when the last of them went.
    pub fn wait_for_idles(&self, count: usize) -> Instant {
        let begun = Instant::now();
        loop {
            if let Some(last) = count
                .checked_sub(1)
                .and_then(|last| self.heard().idle.get(last).copied())
            {
                return last;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "no IDLE");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, hear: impl Fn(&[u8])) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let Some(bytes) = buffer.get(..count) else {
            break;
        };
        hear(bytes);
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

fn asked(bytes: &[u8], heard: &Mutex<Heard>) {
    let mut heard = heard.lock().unwrap_or_else(|e| e.into_inner());
    let text = String::from_utf8_lossy(bytes);
    // Commands come in one piece each, on loopback.
    if text.contains(" IDLE\r\n") {
        heard.idle.push(Instant::now());
    }
    heard.moves += text.matches(" UID MOVE ").count() + text.matches(" UID STORE ").count();
}

fn told(bytes: &[u8], heard: &Mutex<Heard>) {
    // No mail of the bench speaks so.
    if memchr::memmem::find(bytes, b" EXISTS\r\n").is_some() {
        let mut heard = heard.lock().unwrap_or_else(|e| e.into_inner());
        heard.exists.push(Instant::now());
    }
}
