//! A hostile IMAP server: says whatever the test wants, in answer to what it wants. Real servers do not misbehave on demand.

use std::net::Ipv4Addr;

use guichet::imap::{Credential, Settings, Tls};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a well-behaved server would answer; `TAG` stands for the tag of the command.
const ORDINARY: [(&str, &str); 6] = [
    (
        "CAPABILITY",
        "* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS SASL-IR AUTH=PLAIN\r\nTAG OK\r\n",
    ),
    ("AUTHENTICATE", "TAG OK\r\n"),
    (
        "LIST \"\" \"\"",
        "* LIST (\\Noselect) \"/\" \"\"\r\nTAG OK\r\n",
    ),
    (
        "SELECT",
        "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 3] ok\r\nTAG OK\r\n",
    ),
    ("UID SEARCH", "* SEARCH 1 2\r\nTAG OK\r\n"),
    ("NOOP", "TAG OK\r\n"),
];

/// One answer: to commands that start so, this is said. An answer without a line end at its end closes the connection.
pub type Answer = (&'static str, String);

/// The running server.
#[derive(Debug)]
pub struct Script {
    port: u16,
    task: JoinHandle<()>,
}

impl Script {
    /// Answers as told, in preference to what is ordinary.
    pub async fn start(answers: Vec<Answer>) -> Self {
        Self::start_with("* OK ready\r\n".to_owned(), answers).await
    }

    pub async fn start_with(greeting: String, answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("loopback has free ports");
        let port = listener.local_addr().expect("a bound port").port();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // The client hangs up as soon as it has heard enough; that ends the conversation.
                let _ = converse(client, &greeting, &answers).await;
            }
        });
        Self { port, task }
    }

    pub fn settings(&self) -> Settings {
        Settings {
            name: "hostile".to_owned(),
            host: "127.0.0.1".to_owned(),
            port: self.port,
            tls: Tls::None,
            ca_file: None,
            allow_plaintext: false,
            user: "support".to_owned(),
            credential: Credential::Password("secret".to_owned()),
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(
    mut client: TcpStream,
    greeting: &str,
    answers: &[Answer],
) -> std::io::Result<()> {
    let (from, mut to) = client.split();
    let mut lines = BufReader::new(from).lines();
    to.write_all(greeting.as_bytes()).await?;
    while let Some(line) = lines.next_line().await? {
        let Some((tag, command)) = line.split_once(' ') else {
            continue;
        };
        let told = answers.iter().map(|(start, said)| (*start, said.as_str()));
        let answer = told
            .chain(ORDINARY)
            .find(|(start, _)| command.starts_with(start));
        let said = answer.map_or("TAG BAD what?\r\n", |(_, said)| said);
        to.write_all(said.replace("TAG", tag).as_bytes()).await?;
        if !said.ends_with('\n') {
            break;
        }
    }
    Ok(())
}
