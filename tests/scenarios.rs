//! Every rule has a story: mails in, a readable transcript out. Each folder of
//! `fixtures/scenarios` is one; its `README.md` says how they are written.
//!
//! `UPDATE=1 cargo test --test scenarios` writes the transcripts anew; read the difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use guichet::config::Config;
use guichet::desk::{Action, Deed};
use guichet::mail::{self, Address, Mail};
use guichet::maildir::Maildir;
use guichet::service::submit::{Form, Submitted};
use guichet::service::{Clock, Service, conclude};
use guichet::store::{InboxState, Incoming, Origin, TicketFilter};
use guichet::ticket::{Actor, Awaited, Marks, Role, Ticket, TicketId};
use serde::Deserialize;

#[path = "scenarios/form.rs"]
mod form;
#[path = "web/http.rs"]
mod http;

/// `scenario.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What it shows.
    about: String,
    /// When it begins.
    start: DateTime<Utc>,
    /// Replaces lines of the common configuration: `key = value` pairs by their dotted path.
    #[serde(default)]
    settings: BTreeMap<String, String>,
    step: Vec<Step>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Step {
    /// Time since the step before: "10m", "3h", "15d".
    after: Option<String>,
    /// File of the mail that comes.
    mail: Option<String>,
    /// Account it comes through.
    account: Option<String>,
    /// Envelope recipient.
    recipient: Option<String>,
    /// Envelope sender.
    sender: Option<String>,
    /// What the operator does: "note 1 text", "assign 1 address", "resolve 1", "close 1", "wait 1
    /// requester", "pause 1 2026-11-12T08:00:00Z".
    operator: Option<String>,
    /// What somebody does on the page: "accept 1 address", "helped 1 address
    /// article", "refuse 1 address text", "add 1 address
    /// text", "rate 1 address 5 4".
    page: Option<String>,
    /// What somebody types into the form for new requests, by the names of its fields, and sends.
    form: Option<BTreeMap<String, String>>,
    /// The name by which the portal in front of the form knows him.
    portal: Option<String>,
    /// What is chosen behind the link that asks whose request it is: "address envoyer", or "effacer".
    confirm: Option<String>,
    /// The relay is "down", or "up" again, from here on.
    relay: Option<String>,
    /// Size on the server of a mail of which only the beginning is here.
    oversize: Option<u64>,
}

const CONFIG: &str = include_str!("../fixtures/scenarios/config.toml");

struct Desk {
    service: Service,
    clock: Clock,
    folder: tempfile::TempDir,
    /// The latest notification to each address, for replies.
    latest: BTreeMap<String, Mail>,
    /// Where the pages are, once somebody needs them.
    pages: Option<std::net::SocketAddr>,
    transcript: String,
}

#[test]
fn every_scenario_reads_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&root)
        .expect("the folder of scenarios")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "no scenario");
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for folder in folders {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let transcript = runtime.block_on(play(&folder));
        let expected_path = folder.join("expected.txt");
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        let failed = folder.join("expected.failed");
        let _ = std::fs::remove_file(&failed);
        if transcript != expected {
            if update {
                std::fs::write(&expected_path, &transcript).expect("writable");
            } else {
                std::fs::write(&failed, &transcript).expect("writable");
                wrong.push(format!(
                    "{}: {}",
                    folder.file_name().unwrap_or_default().to_string_lossy(),
                    first_difference(&expected, &transcript)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "transcripts differ (written beside as expected.failed):\n{}",
        wrong.join("\n")
    );
}

fn first_difference(expected: &str, got: &str) -> String {
    let mut lines = expected.lines();
    for (number, line) in got.lines().enumerate() {
        let other = lines.next().unwrap_or("(nothing)");
        if other != line {
            return format!("line {}: expected {other:?}, got {line:?}", number + 1);
        }
    }
    "the transcript is shorter".to_owned()
}

async fn play(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("scenario.toml"))
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let scenario: Scenario =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut desk = Desk::open(&scenario, folder);
    let mut now = scenario.start;
    for step in &scenario.step {
        now += step.after.as_deref().map_or(Duration::zero(), duration);
        desk.clock.set(now);
        desk.step(folder, step).await;
    }
    desk.end().await
}

fn duration(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: i64 = number.parse().expect("a number before the unit");
    match unit {
        "s" => Duration::seconds(number),
        "m" => Duration::minutes(number),
        "h" => Duration::hours(number),
        "d" => Duration::days(number),
        _ => panic!("{text}: expected s, m, h or d"),
    }
}

impl Desk {
    fn open(scenario: &Scenario, folder_of_mails: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config: toml::Table = toml::from_str(CONFIG).expect("the common configuration");
        for (path, value) in &scenario.settings {
            let value: toml::Table = toml::from_str(&format!("value = {value}")).expect("a value");
            let mut table = &mut config;
            let parts: Vec<&str> = path.split('.').collect();
            let (last, above) = parts.split_last().expect("a path has a part");
            for part in above {
                table = match table.entry(*part).or_insert(toml::Table::new().into()) {
                    toml::Value::Table(table) => table,
                    // `teams.0…`: the first of a list.
                    toml::Value::Array(list) => match list.first_mut() {
                        Some(toml::Value::Table(table)) => table,
                        _ => panic!("{path}: not a list of tables"),
                    },
                    _ => panic!("{path}: not a table"),
                };
            }
            table.insert((*last).to_owned(), value["value"].clone());
        }
        let path = folder.path().join("config.toml");
        std::fs::write(&path, config.to_string()).expect("writable");
        // What the configuration names beside the mails: a directory of people.
        for entry in std::fs::read_dir(folder_of_mails).expect("readable") {
            let path = entry.expect("readable").path();
            if path.extension().is_some_and(|ending| ending == "csv") {
                let name = path.file_name().expect("it has a name");
                std::fs::copy(&path, folder.path().join(name)).expect("copied");
            }
        }
        // Articles for the stories that name them.
        let articles = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/knowledge");
        std::os::unix::fs::symlink(articles, folder.path().join("articles")).expect("linked");
        // A key that never changes, so that tokens are the same in each run.
        let key = folder.path().join("secret.key");
        std::fs::write(&key, guichet::token::Keys::file_text(&[1; 32])).expect("writable");
        let rights = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&key, rights).expect("rights");
        let settings = Config::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let clock = Clock::by_hand(scenario.start);
        let service = Service::open(settings, clock.clone()).expect("the desk opens");
        let mut transcript = String::new();
        let _ = writeln!(transcript, "# {}\n", scenario.about.trim());
        Self {
            service,
            clock,
            folder,
            latest: BTreeMap::new(),
            pages: None,
            transcript,
        }
    }

    async fn step(&mut self, folder: &Path, step: &Step) {
        let now = self.clock.now();
        let local = now.with_timezone(&guichet::zone::Zone::paris());
        let _ = writeln!(self.transcript, "== {} ==", local.format("%Y-%m-%d %H:%M"));
        if let Some(relay) = &step.relay {
            let _ = writeln!(self.transcript, "   (relais {relay})");
            self.relay(relay);
        }
        if let Some(name) = &step.mail {
            let raw = std::fs::read(folder.join(name))
                .unwrap_or_else(|error| panic!("{}/{name}: {error}", folder.display()));
            let raw = self.fill_in(&raw);
            let read = mail::read(&raw);
            let sender = read.sender().cloned().unwrap_or_default();
            let _ = writeln!(self.transcript, "-> {}", show(&sender));
            let _ = writeln!(
                self.transcript,
                "   Objet : {}",
                read.subject.clone().unwrap_or_else(|| "(aucun)".to_owned())
            );
            for line in mask(&read.reply).lines() {
                let _ = writeln!(self.transcript, "   | {line}");
            }
            let accepted = self
                .service
                .store()
                .accept(vec![Incoming {
                    account: step.account.clone().unwrap_or_else(|| "support".to_owned()),
                    origin: Origin::Pipe,
                    recipient: step.recipient.clone(),
                    sender: step.sender.clone(),
                    received_at: now,
                    bytes: raw,
                    oversize: step.oversize,
                    proven: None,
                }])
                .await
                .expect("accepted");
            self.settle().await;
            let id = accepted.first().expect("one was given").id();
            let row = self
                .service
                .store()
                .inbox_show(id)
                .await
                .expect("readable")
                .expect("it was accepted");
            let _ = writeln!(
                self.transcript,
                "   => {}{}",
                row.state.as_str(),
                row.ticket
                    .filter(|_| row.state == InboxState::Filed)
                    .map(|ticket| format!(" {ticket}"))
                    .unwrap_or_default()
            );
            if row.state != InboxState::Filed {
                let _ = writeln!(self.transcript, "      {}", row.why);
            }
        }
        if let Some(deed) = &step.operator {
            let _ = writeln!(self.transcript, "-> opérateur : {deed}");
            self.operate(deed).await;
            self.settle().await;
        }
        if let Some(deed) = &step.page {
            let _ = writeln!(self.transcript, "-> sur la page : {deed}");
            self.on_page(deed).await;
            self.settle().await;
        }
        if let Some(fields) = &step.form {
            let who = step.portal.as_ref();
            let who = who.map_or(String::new(), |who| format!(", {who} d'après le portail"));
            let _ = writeln!(self.transcript, "-> sur le formulaire{who}");
            for (name, value) in fields {
                for line in format!("{name} : {value}").lines() {
                    let _ = writeln!(self.transcript, "   | {line}");
                }
            }
            let visitor = self.visitor(step.portal.as_deref()).await;
            let said = self.beside(visitor.fill_in(fields)).await;
            self.said(&said);
            self.settle().await;
        }
        if let Some(choice) = &step.confirm {
            let _ = writeln!(self.transcript, "-> derrière le lien du message : {choice}");
            let (address, choice) = choice.split_once(' ').expect("an address and a choice");
            let link = self.link(address);
            let visitor = self.visitor(step.portal.as_deref()).await;
            let said = self.beside(visitor.confirm(&link, choice)).await;
            self.said(&said);
            self.settle().await;
        }
        let acts = [&step.mail, &step.operator, &step.page, &step.confirm];
        if acts.iter().all(|act| act.is_none()) && step.form.is_none() {
            let _ = writeln!(self.transcript, "   (le temps passe)");
            self.settle().await;
        }
        self.collect();
        self.transcript.push('\n');
    }

    async fn operate(&self, deed: &str) {
        let mut words = deed.splitn(3, ' ');
        let verb = words.next().unwrap_or_default();
        let ticket = words
            .next()
            .and_then(|number| number.parse().ok())
            .map(TicketId)
            .expect("a ticket number");
        let rest = words.next().map(str::to_owned);
        let what = match verb {
            "release" => {
                let id = guichet::ticket::InboxId(ticket.0);
                self.service
                    .store()
                    .inbox_release(id)
                    .await
                    .expect("releasable");
                return;
            }
            "note" => Deed::Note(rest.expect("a text")),
            "assign" => Deed::Assign(rest.expect("an address")),
            "resolve" => Deed::Resolve(rest),
            "close" => Deed::Close(rest),
            "reopen" => Deed::Reopen(rest),
            "wait" => Deed::Wait(match rest.as_deref() {
                Some("third-party") => Awaited::ThirdParty,
                _ => Awaited::Requester,
            }),
            "pause" => Deed::Pause(rest.and_then(|until| until.parse().ok()).expect("a moment")),
            _ => panic!("{verb}?"),
        };
        let actor = Actor {
            role: Role::Operator,
            who: None,
        };
        self.act(ticket, actor, what).await;
    }

    /// What a person of a ticket does on its page.
    async fn on_page(&self, deed: &str) {
        let mut words = deed.splitn(4, ' ');
        let verb = words.next().unwrap_or_default();
        let ticket = words
            .next()
            .and_then(|number| number.parse().ok())
            .map(TicketId)
            .expect("a ticket number");
        let address = words.next().expect("an address");
        let rest = words.next().unwrap_or_default().to_owned();
        let what = match verb {
            "accept" => Deed::Accept,
            "helped" => Deed::Helped(rest),
            "refuse" => Deed::Refuse(rest),
            "add" => return self.add(ticket, address, rest).await,
            "leave" => Deed::Unfollow,
            "rate" => {
                let marks: Vec<u8> = rest
                    .split(' ')
                    .map(|mark| mark.parse().expect("a mark"))
                    .collect();
                let marks = Marks::new(marks[0], marks[1]).expect("from 1 to 5");
                Deed::Rate(marks, None)
            }
            _ => panic!("{verb}?"),
        };
        let actor = Actor {
            role: Role::Requester,
            who: Some(Address {
                name: None,
                address: address.to_owned(),
            }),
        };
        self.act(ticket, actor, what).await;
    }

    /// A new follow-up, which is a mail; the desk works meanwhile.
    async fn add(&self, ticket: TicketId, address: &str, text: String) {
        let ticket = self.service.store().ticket(ticket).await;
        let ticket = ticket.expect("readable").expect("it exists");
        let author = ticket.person(address).expect("of the ticket").who.clone();
        let policy = &self.service.rules().policy;
        let form = Form::on(policy, &ticket, author, String::new(), text);
        let kept = self.beside(self.service.submit(form)).await;
        assert!(matches!(kept, Ok(Submitted::Kept(_, Some(_)))), "{kept:?}");
    }

    /// Somebody on the pages, which are there from now on.
    async fn visitor<'a>(&mut self, portal: Option<&'a str>) -> form::Visitor<'a> {
        let pages = match self.pages {
            Some(pages) => pages,
            None => form::serve(&self.service).await,
        };
        self.pages = Some(pages);
        form::Visitor { pages, portal }
    }

    /// Waits for something while the desk works, as it does when it runs, and lets it finish what it
    /// has in hand.
    async fn beside<T>(&self, something: impl Future<Output = T>) -> T {
        let is_done = std::cell::Cell::new(false);
        let awaited = async {
            let done = something.await;
            is_done.set(true);
            done
        };
        let work = async {
            while !is_done.get() {
                self.settle().await;
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::join!(awaited, work).0
    }

    /// The path of the link in the latest mail to that address.
    fn link(&self, address: &str) -> String {
        let base = &self.service.rules().policy.base_url;
        let latest = self.latest.get(address);
        let text = latest.map_or("", |latest| latest.text.as_str());
        let word = text.split_whitespace().find(|word| word.starts_with(base));
        let word = word.unwrap_or_else(|| panic!("no link to {address} yet:\n{}", self.transcript));
        word.trim_start_matches(base.as_str()).to_owned()
    }

    fn said(&mut self, pages: &[String]) {
        for page in pages {
            let _ = writeln!(self.transcript, "   => {page}");
        }
    }

    async fn act(&self, ticket: TicketId, actor: Actor, what: Deed) {
        let action = guichet::desk::Input::Action(Action {
            ticket,
            actor,
            what,
        });
        let now = self.clock.now();
        let rules = self.service.rules();
        let settled = self
            .service
            .store()
            .settle(vec![action], now, move |input, lookup| {
                conclude(&rules, input, lookup, now)
            })
            .await
            .expect("settled");
        assert!(settled.iter().all(Result::is_ok), "{settled:?}");
    }

    /// A file where the folder of outgoing mail was: every delivery fails for now.
    fn relay(&self, state: &str) {
        let (out, aside) = (
            self.folder.path().join("out"),
            self.folder.path().join("aside"),
        );
        match state {
            "down" => {
                let _ = std::fs::rename(&out, &aside);
                std::fs::write(&out, "").expect("writable");
            }
            "up" => {
                std::fs::remove_file(&out).expect("it was down");
                let _ = std::fs::rename(&aside, &out);
            }
            _ => panic!("relay: {state}?"),
        }
    }

    async fn settle(&self) {
        self.service.settle_all().await.expect("the desk works");
    }

    /// `@MESSAGE-ID(address)@`: of the latest mail to that address; likewise `@REPLY-TO(…)@`,
    /// `@SUBJECT(…)@`, `@QUOTE(…)@`, its text with `> ` before each line, and `@MARKER(…)@`, its last line.
    /// `(first address)`: of the first mail.
    fn fill_in(&self, raw: &[u8]) -> Vec<u8> {
        let Ok(mut text) = String::from_utf8(raw.to_vec()) else {
            return raw.to_vec();
        };
        for (address, latest) in &self.latest {
            let quoted: String = latest
                .text
                .lines()
                .map(|line| format!("> {line}\n"))
                .collect();
            let reply_to = latest.reply_to.first().or(latest.from.first());
            for (name, value) in [
                ("MESSAGE-ID", latest.message_id.clone().unwrap_or_default()),
                (
                    "REPLY-TO",
                    reply_to.map(|to| to.address.clone()).unwrap_or_default(),
                ),
                ("SUBJECT", latest.subject.clone().unwrap_or_default()),
                ("QUOTE", quoted.trim_end().to_owned()),
                (
                    "MARKER",
                    latest
                        .text
                        .lines()
                        .rfind(|line| line.contains("guichet:"))
                        .unwrap_or_default()
                        .to_owned(),
                ),
            ] {
                text = text.replace(&format!("@{name}({address})@"), &value);
            }
        }
        assert!(
            !["MESSAGE-ID", "REPLY-TO", "SUBJECT", "QUOTE", "MARKER"]
                .iter()
                .any(|name| text.contains(&format!("@{name}("))),
            "nothing was sent to that address yet: {text}"
        );
        text.into_bytes()
    }

    /// Writes down what left since the last step.
    fn collect(&mut self) {
        let out = self.folder.path().join("out");
        let mut mails: Vec<(String, String, Mail)> = Vec::new();
        for entry in std::fs::read_dir(&out).into_iter().flatten() {
            let path = entry.expect("readable").path();
            let to = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let maildir = Maildir::open(&path).expect("a Maildir");
            for entry in maildir.list_new().expect("readable").mails {
                let bytes = maildir
                    .read(&entry, 100 << 20)
                    .expect("readable")
                    .expect("it is there");
                maildir.file(&entry).expect("filed");
                mails.push((entry.name.clone(), to.clone(), mail::read(&bytes)));
            }
        }
        // File names carry the number of the outbox row: the order in which they left.
        mails.sort_by_key(|(name, _, _)| {
            let digits: String = name.chars().filter(char::is_ascii_digit).collect();
            (digits.len(), digits)
        });
        for (_, to, mail) in mails {
            let from = mail.sender().cloned().unwrap_or_default();
            let _ = writeln!(self.transcript, "<- à {to}, de {}", show(&from));
            let _ = writeln!(
                self.transcript,
                "   Objet : {}",
                mail.subject.clone().unwrap_or_default()
            );
            for line in mask(&mail.text).trim_end().lines() {
                let _ = writeln!(self.transcript, "   | {line}");
            }
            for file in &mail.attachments {
                let _ = writeln!(
                    self.transcript,
                    "   + {} ({}, {} octets)",
                    file.name.clone().unwrap_or_default(),
                    file.content_type,
                    file.size
                );
            }
            let first = format!("first {to}");
            self.latest.entry(first).or_insert_with(|| mail.clone());
            self.latest.insert(to, mail);
        }
    }

    async fn end(mut self) -> String {
        let store = self.service.store();
        assert_eq!(
            store.audit().await.expect("readable"),
            Vec::<String>::new(),
            "every chain of events folds to its ticket"
        );
        let tickets = store
            .tickets(TicketFilter::default())
            .await
            .expect("readable");
        let mut numbers: Vec<_> = tickets.iter().map(|ticket| ticket.id).collect();
        numbers.sort();
        let _ = writeln!(self.transcript, "== à la fin ==");
        for id in numbers {
            let ticket = store.ticket(id).await.expect("readable").expect("listed");
            let _ = writeln!(
                self.transcript,
                "{} « {} » {} ; urgence {}, priorité {} ; équipe {}{} ; {}",
                ticket.reference,
                ticket.title,
                ticket.status.as_str(),
                ticket.urgency.as_str(),
                ticket.priority.as_str(),
                ticket.team,
                if ticket.observing_teams.is_empty() {
                    String::new()
                } else {
                    format!(" (suivi par {})", ticket.observing_teams.join(", "))
                },
                ticket
                    .technician
                    .as_ref()
                    .and_then(|who| who.name.clone())
                    .unwrap_or_else(|| "à prendre".to_owned())
            );
            let said = feedback(&ticket);
            if !said.is_empty() {
                let _ = writeln!(self.transcript, "   avis : {said}");
            }
            for why in &ticket.why {
                let _ = writeln!(self.transcript, "   parce que : {why}");
            }
            if !ticket.linked.is_empty() {
                let _ = writeln!(self.transcript, "   lié à : {:?}", ticket.linked);
            }
            for person in &ticket.people {
                let _ = writeln!(
                    self.transcript,
                    "   {:?} : {}",
                    person.part,
                    show(&person.who)
                );
            }
            for (_, event) in store.events(id).await.expect("readable") {
                let _ = writeln!(
                    self.transcript,
                    "   {} {} {}{}{}",
                    event
                        .at
                        .with_timezone(&guichet::zone::Zone::paris())
                        .format("%d/%m %H:%M"),
                    event.actor.role.as_str(),
                    event.what.kind(),
                    if event.public { "" } else { " (interne)" },
                    event
                        .what
                        .text()
                        .and_then(|text| text.lines().next().map(|line| format!(" : {line}")))
                        .unwrap_or_default()
                );
            }
        }
        self.transcript
    }
}

/// What its requester thought of it.
fn feedback(ticket: &Ticket) -> String {
    let mut said = Vec::new();
    for (count, word) in [
        (ticket.refusals, "refus"),
        (ticket.complements, "complément(s)"),
        (ticket.thanks, "merci(s)"),
    ] {
        if count > 0 {
            said.push(format!("{count} {word}"));
        }
    }
    if ticket.accepted {
        said.push("solution validée".to_owned());
    }
    if let Some(marks) = ticket.marks {
        said.push(format!(
            "délai {}/5, réponses {}/5",
            marks.speed, marks.answers
        ));
    }
    said.join(", ")
}

fn show(who: &Address) -> String {
    match &who.name {
        Some(name) => format!("{name} <{}>", who.address),
        None => who.address.clone(),
    }
}

/// Tokens say nothing to a reader.
fn mask(text: &str) -> String {
    let links = regex::Regex::new(r"/([tcd])/[a-z2-7]+").expect("a pattern");
    let markers = regex::Regex::new(r"guichet:[a-z2-7]+").expect("a pattern");
    // What a link of a technician begins; the rest of it is the marker once more.
    let begun =
        regex::Regex::new(r"mailto:([^?\s]+)\?subject=\S*&body=%23(\w+)\S*").expect("a pattern");
    let text = links.replace_all(text, "/$1/…");
    let text = begun.replace_all(&text, "mailto:$1?…#$2…");
    markers.replace_all(&text, "guichet:…").into_owned()
}
