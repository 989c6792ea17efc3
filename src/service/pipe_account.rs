//! `guichet deliver`: mails that a mail server or a script hands over through the socket. The answer
//! is `stored` only after the commit.

use std::time::Duration;

use super::accounts::Ending;
use super::{Service, space};
use crate::pipe::{self, Answer, Envelope};
use crate::store::{Incoming, Origin};

/// After the socket could not be opened.
const PAUSE: Duration = Duration::from_secs(30);

/// Serves the socket until `ending`. A mail in hand then gets no answer: its sender tries again, and
/// the same bytes are known.
pub async fn serve(service: Service, ending: Ending) {
    while !ending.is_now() {
        let current = service.current();
        let settings = &current.settings;
        let deliver = &settings.deliver;
        match pipe::listen(&deliver.socket, deliver.group.as_deref()) {
            Ok(listener) => {
                let handler = {
                    let service = service.clone();
                    move |envelope, bytes| {
                        let service = service.clone();
                        async move { take(&service, envelope, bytes).await }
                    }
                };
                tokio::select! {
                    () = pipe::serve(listener, settings.max_message, handler) => {}
                    () = ending.wait() => {}
                }
            }
            Err(error) => {
                tracing::warn!(
                    "The socket {} for `guichet deliver` cannot be opened: {error}",
                    deliver.socket.display()
                );
                ending.sleep(PAUSE).await;
            }
        }
    }
}

async fn take(service: &Service, envelope: Envelope, bytes: Vec<u8>) -> Answer {
    let current = service.current();
    let settings = &current.settings;
    if settings.account(&envelope.account).is_none() {
        return Answer::Later(format!(
            "there is no account \"{}\" in the configuration",
            envelope.account
        ));
    }
    if space::free_bytes(&settings.data_dir).is_some_and(|free| free < settings.min_free) {
        tracing::error!(
            "Too little free space in {}: a mail through the socket is put off",
            settings.data_dir.display()
        );
        return Answer::Later("too little free space".to_owned());
    }
    let incoming = Incoming {
        account: envelope.account,
        origin: Origin::Pipe,
        recipient: envelope.recipient,
        sender: envelope.sender,
        received_at: service.now(),
        bytes,
        oversize: None,
        proven: None,
    };
    match service.store().accept(vec![incoming]).await {
        Ok(_) => {
            service.inner.bells.inbox.notify_one();
            Answer::Stored
        }
        Err(error) => {
            tracing::error!("A mail through the socket could not be kept: {error:#}");
            Answer::Later("the database cannot be written".to_owned())
        }
    }
}
