//! `guichet deliver`: mails that a mail server hands over through a socket (to be joined with
//! `crate::pipe`).

use super::Service;
use super::accounts::Ending;

/// Serves the socket until `ending`.
pub async fn serve(_service: Service, ending: Ending) {
    ending.wait().await;
}
