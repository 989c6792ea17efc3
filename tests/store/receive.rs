//! Receiving: a mail is kept once, wherever it turns up.

use guichet::store::KEPT_IN_DATABASE_BYTES;

use super::*;

fn moved_to(mut mail: Incoming, new_uid_validity: u32, new_uid: u32) -> Incoming {
    mail.origin = Origin::Imap {
        folder: "INBOX".to_owned(),
        uid_validity: new_uid_validity,
        uid: new_uid,
    };
    mail
}

async fn rows(store: &Store) -> usize {
    store.inbox_list(None, 0).await.expect("listed").len()
}

#[tokio::test]
async fn the_same_place_twice_is_one_mail() {
    let directory = directory();
    let store = open(directory.path());
    let first = accept(&store, 1, "Bonjour").await;
    let Accepted::New(id) = first else {
        panic!("{first:?} is new")
    };
    assert_eq!(accept(&store, 1, "Bonjour").await, Accepted::Known(id));
    // Even when a server gives other bytes for it: the ledger is the truth.
    assert_eq!(accept(&store, 1, "Bonsoir").await, Accepted::Known(id));
    assert_eq!(rows(&store).await, 1);
}

#[tokio::test]
async fn a_change_of_uidvalidity_brings_no_mail_twice() {
    let directory = directory();
    let store = open(directory.path());
    let mails: Vec<_> = (1..=50)
        .map(|uid| incoming(uid, &format!("mail {uid}")))
        .collect();
    let before = store.accept(mails.clone()).await.expect("accepted");
    store
        .filed("support", "INBOX", 7, (1..=50).collect())
        .await
        .expect("filed");
    drop(store);
    let store = open(directory.path());
    let again = mails
        .into_iter()
        .zip(101..)
        .map(|(mail, uid)| moved_to(mail, 8, uid));
    let after = store.accept(again.collect()).await.expect("accepted");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(Accepted::Known(before.id()), *after);
    }
    assert_eq!(rows(&store).await, 50);
    // Under its new number each is known, and is filed again.
    let ledger = store
        .unfinished("support", "INBOX", 8)
        .await
        .expect("ledger");
    let known = store.known_uids("support", "INBOX", 8, (1..=200).collect());
    assert_eq!(known.await.expect("ledger").len(), 50);
    assert_eq!(ledger.unfiled, (101..=150).collect::<Vec<_>>());
    let ledger = store
        .unfinished("support", "INBOX", 7)
        .await
        .expect("ledger");
    assert_eq!(ledger.unfiled, Vec::<u32>::new());
}

#[tokio::test]
async fn the_same_bytes_to_two_accounts_or_recipients_are_two_mails() {
    let directory = directory();
    let store = open(directory.path());
    let mail = incoming(1, "Panne");
    let mut elsewhere = mail.clone();
    elsewhere.account = "finances".to_owned();
    let mut first = mail.clone();
    first.origin = Origin::Pipe;
    first.recipient = Some("dsi@example.org".to_owned());
    let mut second = first.clone();
    second.recipient = Some("rh@example.org".to_owned());
    let repeated = second.clone();
    let accepted = store
        .accept(vec![mail, elsewhere, first, second, repeated])
        .await
        .expect("accepted");
    let new: Vec<_> = accepted
        .iter()
        .map(|one| matches!(one, Accepted::New(_)))
        .collect();
    assert_eq!(new, [true, true, true, true, false]);
    assert_eq!(accepted[3].id(), accepted[4].id());
}

#[tokio::test]
async fn a_thousand_mails_in_one_call_are_one_commit() {
    let directory = directory();
    let store = open(directory.path());
    accept(&store, 5000, "before").await;
    let before = commits(directory.path());
    let mails = (1..=1000).map(|uid| incoming(uid, &format!("mail {uid}")));
    store.accept(mails.collect()).await.expect("accepted");
    assert_eq!(commits(directory.path()) - before, 1);
    assert_eq!(rows(&store).await, 1001);
}

#[tokio::test]
async fn mails_before_the_first_start_are_left_alone_and_counted() {
    let directory = directory();
    let store = open(directory.path());
    let first = store.first_start("support", at(0)).await.expect("noted");
    assert_eq!(first, at(0));
    store
        .leave("support", "INBOX", 7, vec![1, 2, 3])
        .await
        .expect("left");
    drop(store);
    let store = open(directory.path());
    let again = store.first_start("support", at(999)).await.expect("noted");
    assert_eq!(again, at(0), "only the first start counts");
    let ledger = store
        .unfinished("support", "INBOX", 7)
        .await
        .expect("ledger");
    let known = store.known_uids("support", "INBOX", 7, vec![4, 3, 2, 1]);
    assert_eq!(known.await.expect("ledger"), [3, 2, 1]);
    assert_eq!(ledger.unfiled, Vec::<u32>::new());
    let counts = store.counts().await.expect("counted");
    assert_eq!(counts.accounts["support"].left, 3);
    store
        .filed("support", "INBOX", 7, vec![2])
        .await
        .expect_err("what was left alone is never moved");
    // Asked for all the same, later: then it is a mail like others.
    assert!(matches!(accept(&store, 2, "Tard").await, Accepted::New(_)));
    let counts = store.counts().await.expect("counted");
    let account = &counts.accounts["support"];
    assert_eq!((account.left, account.unfiled), (2, 1));
}

#[tokio::test]
async fn a_copy_on_the_server_is_remembered_step_by_step() {
    let directory = directory();
    let store = open(directory.path());
    for uid in 1..=4 {
        accept(&store, uid, &format!("mail {uid}")).await;
    }
    let started = store.copy_started("support", "INBOX", 7, vec![1, 2, 3]);
    started.await.expect("started");
    let done = store.copy_done("support", "INBOX", 7, vec![2, 3]);
    done.await.expect("done");
    let filed = store.filed("support", "INBOX", 7, vec![3]);
    filed.await.expect("filed");
    drop(store);
    let store = open(directory.path());
    let ledger = store
        .unfinished("support", "INBOX", 7)
        .await
        .expect("ledger");
    assert_eq!(ledger.copying, [1]);
    assert_eq!(ledger.copied, [2]);
    assert_eq!(ledger.unfiled, [4]);
    let known = store.known_uids("support", "INBOX", 7, (0..9).collect());
    assert_eq!(known.await.expect("ledger").len(), 4);
}

#[tokio::test]
async fn a_maildir_has_its_own_ledger() {
    let directory = directory();
    let store = open(directory.path());
    let mut mail = incoming(0, "Maildir");
    mail.origin = Origin::Maildir {
        name: "1772.M1P2.host".to_owned(),
    };
    let accepted = store
        .accept(vec![mail.clone(), mail])
        .await
        .expect("accepted");
    assert_eq!(accepted[1], Accepted::Known(accepted[0].id()));
    let left = store.maildir_leave("support", vec!["old".to_owned()]);
    left.await.expect("left");
    let ledger = store.maildir_ledger("support").await.expect("ledger");
    assert_eq!(ledger.unfiled, ["1772.M1P2.host"]);
    assert_eq!(ledger.known.len(), 2);
    let filed = store.maildir_filed("support", ledger.unfiled);
    filed.await.expect("filed");
    let ledger = store.maildir_ledger("support").await.expect("ledger");
    assert_eq!(ledger.unfiled, Vec::<String>::new());
}

#[tokio::test]
async fn a_large_mail_is_a_file_and_comes_back_whole() {
    let directory = directory();
    let store = open(directory.path());
    let mut small = incoming(1, "petit");
    small.bytes.resize(KEPT_IN_DATABASE_BYTES, b'x');
    let mut large = incoming(2, "grand");
    large.bytes.resize(KEPT_IN_DATABASE_BYTES + 1, b'x');
    let mails = vec![small.clone(), large.clone()];
    let accepted = store.accept(mails).await.expect("accepted");
    let hex = guichet::mail::Digest::of(&large.bytes).to_string();
    let path = directory.path().join("raw").join(&hex[..2]).join(&hex[2..]);
    assert_eq!(std::fs::read(&path).expect("the file"), large.bytes);
    let names = std::fs::read_dir(path.parent().expect("a folder")).expect("read");
    assert_eq!(names.count(), 1, "no part of it is left behind");
    let folders = std::fs::read_dir(directory.path().join("raw")).expect("read");
    assert_eq!(folders.count(), 1, "the small one is in the database");
    drop(store);
    let store = open(directory.path());
    for (accepted, mail) in accepted.iter().zip([&small, &large]) {
        let bytes = store
            .raw(accepted.id())
            .await
            .expect("read")
            .expect("there");
        assert!(bytes == mail.bytes);
    }
    // A damaged file is said, not served.
    std::fs::write(&path, b"something else").expect("damaged");
    let error = store.raw(accepted[1].id()).await.expect_err("damaged");
    assert!(format!("{error:#}").contains("damaged"), "{error:#}");
    // The same mail by another way mends it.
    large.account = "finances".to_owned();
    store.accept(vec![large.clone()]).await.expect("accepted");
    let bytes = store.raw(accepted[1].id()).await.expect("mended");
    assert!(bytes == Some(large.bytes));
}
