//! `guichet deliver`: mails that a mail server hands over through a socket. The answer is given
//! after the commit, and the mail server keeps the mail until then.

use std::time::Duration;

use super::accounts::Ending;
use super::{Service, space};
use crate::pipe::{self, Answer, Envelope};
use crate::store::{Incoming, Origin};

/// After the socket could not be opened.
const PAUSE: Duration = Duration::from_secs(10);

/// Serves the socket until `ending`.
pub async fn serve(service: Service, ending: Ending) {
    while !ending.is_now() {
        let current = service.current();
        let settings = &current.settings;
        let socket = &settings.deliver.socket;
        let listener = match pipe::listen(socket, settings.deliver.group.as_deref()) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(
                    "Nothing can be delivered through {}: {error}; next attempt in {} s",
                    socket.display(),
                    PAUSE.as_secs()
                );
                ending.sleep(PAUSE).await;
                continue;
            }
        };
        let handler = {
            let service = service.clone();
            move |envelope, raw| {
                let service = service.clone();
                async move { accept(&service, envelope, raw).await }
            }
        };
        tokio::select! {
            () = pipe::serve(listener, settings.max_message, handler) => {}
            // Whoever is in the middle of it gets no answer and comes again; should its mail have
            // been committed already, the same bytes are known by their digest.
            () = ending.wait() => {}
        }
    }
}

async fn accept(service: &Service, envelope: Envelope, raw: Vec<u8>) -> Answer {
    let current = service.current();
    let settings = &current.settings;
    let name = envelope.account;
    if settings.account(&name).is_none() {
        tracing::error!(
            account = name,
            "A mail was delivered for an account that is not in the configuration; it has to wait"
        );
        return Answer::Later(format!("there is no account \"{name}\""));
    }
    let free = space::free_bytes(&settings.data_dir);
    if free.is_some_and(|free| free < settings.min_free) {
        return Answer::Later("too little free space".to_owned());
    }
    let incoming = Incoming {
        account: name,
        origin: Origin::Pipe,
        recipient: envelope.recipient,
        sender: envelope.sender,
        received_at: service.now(),
        bytes: raw,
        oversize: None,
        proven: None,
    };
    match service.store().accept(vec![incoming]).await {
        Ok(accepted) => {
            for id in accepted.iter().map(|accepted| accepted.id()) {
                tracing::info!(inbox.id = %id, "Took in mail {id} from the pipe");
            }
            service.inner.bells.inbox.notify_one();
            Answer::Stored
        }
        Err(error) => {
            tracing::error!("A mail from the pipe could not be kept: {error:#}");
            Answer::Later("it could not be stored".to_owned())
        }
    }
}
