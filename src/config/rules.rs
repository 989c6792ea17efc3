//! The part of the configuration that becomes the rules of the desk: teams, addresses,
//! technicians, limits.

use std::collections::BTreeSet;

use chrono::Duration;

use crate::desk::policy::{
    Account, AddressPattern, Assignment, Authentication, CcObservers, Limits, Policy, Rank,
    SubjectStyle, Team, Technician, Thanks,
};
use crate::zone::Zone;

use super::compile::{checked_address, list};
use super::problem::did_you_mean;
use super::reading::Reading;
use super::value::{self, Delay, Size};
use super::written::{self, Config};
use super::{categories, services};
use crate::desk::calendar::Term;

mod calendar;

/// An open ticket is late after that long, unless the team says otherwise.
const LATE_AFTER: Term = Term::WorkingDays(2);

/// The rules. The answer is good only if no problem was recorded.
pub fn policy(reading: &mut Reading, config: &Config) -> Policy {
    let language = config.language.clone().unwrap_or("fr".to_owned());
    let timezone = timezone(reading, config);
    let teams = teams(reading, config, timezone);
    let mut addresses = addresses(reading, config);
    // Where a team writes from, people write to: no pattern is needed for that.
    for team in &teams {
        let known = |address: &AddressPattern| address.matches.is_match(&team.from.to_lowercase());
        if !addresses.iter().any(known)
            && let Ok(matches) = value::address_pattern(&team.from)
        {
            addresses.push(AddressPattern {
                written: team.from.clone(),
                matches,
                team: team.id.clone(),
                list_id: None,
                technicians: Vec::new(),
                about: None,
                recommended: false,
            });
        }
    }
    let technicians = technicians(reading, config, &addresses, &language);
    answerers(reading, config, &technicians, &mut addresses);
    report_readers(reading, &teams, &addresses);
    let accounts = config
        .accounts
        .iter()
        .map(|account| Account {
            name: account.name.clone().unwrap_or_default(),
            team: account.team.clone().unwrap_or_default(),
            language: account.language.clone().unwrap_or(language.clone()),
        })
        .collect();
    let smtp = config.smtp.as_ref();
    Policy {
        categories: categories::categories(reading, config),
        services: services::services(reading, config),
        directory: std::sync::Arc::default(),
        cc_observers: match config.cc_observers.as_deref() {
            Some("always") => CcObservers::Always,
            Some("never") => CcObservers::Never,
            _ => CcObservers::Internal,
        },
        timezone,
        base_url: base_url(reading, config),
        desk_name: config.desk.name.clone().unwrap_or("Guichet".to_owned()),
        internal_domains: internal_domains(reading, config, &teams),
        plus_addressing: config.plus_addressing.unwrap_or(false),
        operations: checked_address(reading, "operations", config.operations.as_deref()),
        subject_style: match config.subject_style.as_deref() {
            Some("threaded") => SubjectStyle::Threaded,
            _ => SubjectStyle::Titled,
        },
        authentication: authentication(reading, config),
        pass_is_enough: config.authentication.pass_is_enough.unwrap_or(false),
        limits: limits(config),
        // Files, read when their folders are known.
        canned: Vec::new(),
        hold_replies: delay(config.desk.hold_replies, Duration::seconds(30)),
        coalesce: delay(config.desk.coalesce, Duration::seconds(90)),
        ask_marks_every: delay(config.desk.ask_marks_every, Duration::zero()),
        // "never" is a date that no ticket is older than.
        reopen_within: match config.desk.reopen_within {
            Some(Delay::Never) => Duration::days(36_500),
            other => delay(other, Duration::days(30)),
        },
        remind_authors: config.knowledge.remind_authors.unwrap_or(true),
        individual_statistics: config.desk.individual_statistics.unwrap_or(true),
        applications: categories::applications(reading, config),
        attach_up_to: config
            .desk
            .attach_up_to
            .map_or(10 << 20, |Size(bytes)| bytes),
        return_path: checked_address(
            reading,
            "smtp.return_path",
            smtp.and_then(|smtp| smtp.return_path.as_deref()),
        ),
        urgency_labels: urgency_labels(reading, config),
        language,
        teams,
        addresses,
        technicians,
        accounts,
    }
}

/// Low, normal, high in the words of this instance.
fn urgency_labels(reading: &mut Reading, config: &Config) -> Option<[String; 3]> {
    let written = config.desk.urgency_labels.as_ref()?.list();
    let labels: Result<[String; 3], _> = written.to_vec().try_into();
    match labels {
        Ok(labels) if labels.iter().collect::<BTreeSet<_>>().len() == 3 => Some(labels),
        _ => {
            reading.wrong(
                "desk.urgency_labels",
                "three different words are expected, from low to high, as in [\"basse\", \"moyenne\", \"haute\"]",
            );
            None
        }
    }
}

/// The id of a team that exists, or a problem and an empty id.
pub(super) fn known_team(reading: &mut Reading, path: &str, written: Option<&str>) -> String {
    let Some(id) = written else {
        reading.missing(path, "team is missing");
        return String::new();
    };
    let ids: Vec<String> = reading
        .config
        .teams
        .iter()
        .filter_map(|team| team.id.clone())
        .collect();
    if !ids.iter().any(|known| known == id) {
        let hint = did_you_mean(id, ids.iter().map(String::as_str));
        reading.wrong(path, format!("no team \"{id}\"{hint}"));
    }
    id.to_owned()
}

/// The id of the table at `at`, `before` those of its like so far: what a command, a folder and a link can
/// hold.
pub fn own_id<'a>(
    reading: &mut Reading,
    at: &str,
    what: &str,
    written: Option<&str>,
    mut before: impl Iterator<Item = &'a str>,
) -> String {
    let path = format!("{at}.id");
    let Some(id) = written else {
        reading.missing(&path, "id is missing");
        return String::new();
    };
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !id.chars().all(fits) {
        reading.wrong(
            &path,
            format!("\"{id}\": only a-z, 0-9, - and _ are allowed in an id"),
        );
    }
    if !id.is_empty() && before.any(|other| other == id) {
        reading.wrong(&path, format!("a second {what} \"{id}\""));
    }
    id.to_owned()
}

fn teams(reading: &mut Reading, config: &Config, timezone: Zone) -> Vec<Team> {
    let closures = calendar::closures(reading, config);
    let mut teams: Vec<Team> = Vec::new();
    for (index, written) in config.teams.iter().enumerate() {
        let at = format!("teams[{index}]");
        let before = teams.iter().map(|team| team.id.as_str());
        let id = own_id(reading, &at, "team", written.id.as_deref(), before);
        if written.from.is_none() {
            reading.missing(
                &format!("{at}.from"),
                "from is missing: the address that its mails come from",
            );
        }
        let prefix = written.prefix.clone().unwrap_or_else(|| {
            id.chars()
                .filter(char::is_ascii_alphanumeric)
                .collect::<String>()
                .to_uppercase()
        });
        let good = prefix.starts_with(|c: char| c.is_ascii_uppercase())
            && prefix.len() <= 10
            && prefix
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if !good && !id.is_empty() {
            reading.wrong(
                &format!("{at}.prefix"),
                format!(
                    "\"{prefix}\" cannot begin a reference: a capital letter, then capitals and digits, 10 at most"
                ),
            );
        }
        let calendar = calendar::calendar(config, written, &closures, timezone);
        let waiting = calendar::waiting(reading, &at, written, &calendar);
        teams.push(Team {
            name: written.name.clone().unwrap_or(id.clone()),
            from: checked_address(reading, &format!("{at}.from"), written.from.as_deref())
                .unwrap_or_default(),
            prefix,
            auto_close_after: match written.auto_close_after {
                Some(term) => term.term(),
                None => Some(Term::After(Duration::days(15))),
            },
            reminders: waiting.reminders,
            resolve_after: waiting.resolve_after,
            late_after: match written.late_after {
                Some(term) => term.term(),
                None => Some(LATE_AFTER),
            },
            show_deadline: written.show_deadline.unwrap_or(true),
            on_call: written.on_call.clone(),
            calendar,
            contact: written.contact.clone(),
            assignment: match written.assignment.as_deref() {
                Some("round-robin") => Assignment::RoundRobin,
                Some("least-loaded") => Assignment::LeastLoaded,
                _ => Assignment::Pool,
            },
            report_to: report_to(reading, &at, written),
            id,
        });
    }
    if teams.is_empty() {
        reading.missing("teams", "at least one [[teams]] is needed: who answers");
    }
    teams
}

/// Who is told how each month was.
fn report_to(reading: &mut Reading, at: &str, written: &written::Team) -> Vec<String> {
    let path = format!("{at}.report_to");
    list(written.report_to.as_ref())
        .iter()
        .filter_map(|address| checked_address(reading, &path, Some(address)))
        .collect()
}

/// A report to an address of the desk itself would come back as a request.
fn report_readers(reading: &mut Reading, teams: &[Team], patterns: &[AddressPattern]) {
    for (index, team) in teams.iter().enumerate() {
        for address in &team.report_to {
            let own = |pattern: &&AddressPattern| pattern.matches.is_match(&address.to_lowercase());
            if let Some(pattern) = patterns.iter().find(own) {
                reading.wrong(
                    &format!("teams[{index}].report_to"),
                    format!(
                        "{address} is an address of the desk itself (pattern \"{}\")",
                        pattern.written
                    ),
                );
            }
        }
    }
}

fn addresses(reading: &mut Reading, config: &Config) -> Vec<AddressPattern> {
    let mut addresses: Vec<AddressPattern> = Vec::new();
    for (index, written) in config.addresses.iter().enumerate() {
        let at = format!("addresses[{index}]");
        let team = known_team(reading, &format!("{at}.team"), written.team.as_deref());
        let path = format!("{at}.pattern");
        let Some(pattern) = &written.pattern else {
            reading.missing(&path, "pattern is missing");
            continue;
        };
        if let Some(earlier) = addresses
            .iter()
            .find(|earlier| earlier.written.eq_ignore_ascii_case(pattern))
        {
            reading.wrong(
                &path,
                format!("\"{pattern}\" already goes to team \"{}\"", earlier.team),
            );
        }
        match value::address_pattern(pattern) {
            Ok(matches) => addresses.push(AddressPattern {
                written: pattern.clone(),
                matches,
                team,
                list_id: written.list_id.clone(),
                technicians: Vec::new(),
                about: written.about.clone(),
                recommended: written.recommended.unwrap_or(false),
            }),
            Err(message) => reading.wrong(&path, message),
        }
    }
    addresses
}

fn technicians(
    reading: &mut Reading,
    config: &Config,
    patterns: &[AddressPattern],
    language: &str,
) -> Vec<Technician> {
    let mut technicians: Vec<Technician> = Vec::new();
    for (index, written) in config.technicians.iter().enumerate() {
        let at = format!("technicians[{index}]");
        if written.name.is_none() {
            reading.missing(&format!("{at}.name"), "name is missing");
        }
        let (key, own) = technician_addresses(written);
        let path = format!("{at}.{key}");
        if own.is_empty() {
            reading.missing(&path, "address is missing");
        }
        let mut addresses = Vec::new();
        for address in own {
            let Some(address) = checked_address(reading, &path, Some(&address)) else {
                continue;
            };
            if technicians.iter().any(|other| other.has_address(&address)) {
                reading.wrong(&path, format!("{address} is another technician's"));
            }
            // His notifications would come back as requests.
            if let Some(pattern) = patterns
                .iter()
                .find(|pattern| pattern.matches.is_match(&address.to_lowercase()))
            {
                reading.wrong(
                    &path,
                    format!(
                        "{address} is an address of the desk itself (pattern \"{}\")",
                        pattern.written
                    ),
                );
            }
            addresses.push(address);
        }
        let teams: Vec<String> = list(written.teams.as_ref())
            .iter()
            .map(|team| known_team(reading, &format!("{at}.teams"), Some(team)))
            .collect();
        if teams.is_empty() {
            reading.missing(&format!("{at}.teams"), "teams is missing or empty");
        }
        technicians.push(Technician {
            name: written.name.clone().unwrap_or_default(),
            addresses,
            teams,
            rank: match written.role.as_deref() {
                Some("lead") => Rank::Lead,
                Some("admin") => Rank::Admin,
                _ => Rank::Technician,
            },
            phone: written.phone.clone(),
            language: written.language.clone().unwrap_or(language.to_owned()),
            only_failures: written.transcript.as_deref() == Some("failures"),
            thanks: match written.thanks.as_deref() {
                Some("now") => Thanks::Now,
                Some("never") => Thanks::Never,
                _ => Thanks::Digest,
            },
        });
    }
    technicians
}

/// The technicians that an address goes to, by name or address.
fn answerers(
    reading: &mut Reading,
    config: &Config,
    technicians: &[Technician],
    addresses: &mut [AddressPattern],
) {
    for (index, written) in config.addresses.iter().enumerate() {
        let path = format!("addresses[{index}].technicians");
        for who in list(written.technicians.as_ref()) {
            let found = technicians
                .iter()
                .find(|one| one.name == *who || one.has_address(who));
            let Some(found) = found else {
                let names = technicians.iter().map(|one| one.name.as_str());
                let hint = did_you_mean(who, names);
                reading.wrong(&path, format!("no technician \"{who}\"{hint}"));
                continue;
            };
            let pattern = written.pattern.as_deref().unwrap_or_default();
            let Some(address) = addresses
                .iter_mut()
                .find(|address| address.written == pattern)
            else {
                continue;
            };
            if !found.teams.contains(&address.team) {
                reading.wrong(
                    &path,
                    format!(
                        "{} is not of team \"{}\": add it to the teams of the technician",
                        found.name, address.team
                    ),
                );
            }
            address.technicians.push(found.who().address);
        }
    }
}

fn technician_addresses(written: &written::Technician) -> (&'static str, Vec<String>) {
    let mut own: Vec<String> = written.address.iter().cloned().collect();
    own.extend(list(written.addresses.as_ref()).iter().cloned());
    let key = if written.address.is_none() && written.addresses.is_some() {
        "addresses"
    } else {
        "address"
    };
    (key, own)
}

fn timezone(reading: &mut Reading, config: &Config) -> Zone {
    let Some(name) = config.timezone.as_deref() else {
        return Zone::paris();
    };
    Zone::named(name).unwrap_or_else(|| {
        let names: Vec<String> = Zone::names().collect();
        let hint = did_you_mean(name, names.iter().map(String::as_str));
        reading.wrong("timezone", format!("no time zone \"{name}\"{hint}"));
        Zone::paris()
    })
}

fn base_url(reading: &mut Reading, config: &Config) -> String {
    let Some(written) = config.base_url.as_deref() else {
        reading.missing(
            "base_url",
            "base_url is missing: where the links in the mails lead, as in \"https://guichet.example.org\"",
        );
        return String::new();
    };
    let url = written.trim().trim_end_matches('/');
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .unwrap_or_default();
    if host.is_empty() || url.contains(|c: char| c.is_whitespace() || "?#<>\"'@".contains(c)) {
        reading.wrong(
            "base_url",
            format!("\"{written}\" is not a plain http:// or https:// address"),
        );
    }
    url.to_owned()
}

fn internal_domains(reading: &mut Reading, config: &Config, teams: &[Team]) -> Vec<String> {
    let Some(written) = &config.internal_domains else {
        // Whoever shares the domain of a team's address is taken for one of our own.
        let mut domains: Vec<String> = teams
            .iter()
            .filter_map(|team| team.from.split_once('@'))
            .map(|(_, domain)| domain.to_lowercase())
            .collect();
        domains.sort();
        domains.dedup();
        return domains;
    };
    let mut domains = Vec::new();
    for domain in written.list() {
        let domain = domain.trim().to_lowercase();
        if domain.contains(|c: char| c.is_whitespace() || "@*?/".contains(c)) {
            reading.wrong(
                "internal_domains",
                format!("\"{domain}\" is not a domain, as in \"example.org\""),
            );
        }
        domains.push(domain);
    }
    domains
}

fn authentication(reading: &mut Reading, config: &Config) -> Authentication {
    let written = &config.authentication;
    match written.mode.as_deref() {
        Some("results") => {
            if written.authserv_id.is_none() {
                reading.missing(
                    "authentication.authserv_id",
                    "mode \"results\" needs authserv_id: the name that our border server writes first in Authentication-Results",
                );
            }
            Authentication::Results {
                authserv_id: written.authserv_id.clone().unwrap_or_default(),
                own_hosts: list(written.own_hosts.as_ref()).to_vec(),
                trusted_submission: list(written.trusted_submission.as_ref()).to_vec(),
            }
        }
        Some("dkim") => Authentication::Dkim {
            own_hosts: list(written.own_hosts.as_ref()).to_vec(),
            trusted_submission: list(written.trusted_submission.as_ref()).to_vec(),
        },
        _ => Authentication::None,
    }
}

/// The name server, with a port or without.
pub(super) fn resolver(
    reading: &mut Reading,
    written: Option<&str>,
) -> Option<std::net::SocketAddr> {
    let written = written?.trim();
    let bare = || {
        written
            .parse()
            .map(|address| std::net::SocketAddr::new(address, 53))
    };
    match written.parse().or_else(|_| bare()) {
        Ok(address) => Some(address),
        Err(_) => {
            reading.wrong(
                "authentication.resolver",
                "the address of a name server is expected, as in \"127.0.0.1:53\" (without the key: the system's)",
            );
            None
        }
    }
}

fn limits(config: &Config) -> Limits {
    let written = &config.limits;
    let usual = Limits::default();
    Limits {
        sender_per_hour: written.sender_per_hour.unwrap_or(usual.sender_per_hour),
        sender_per_day: written.sender_per_day.unwrap_or(usual.sender_per_day),
        domain_per_hour: written.domain_per_hour.unwrap_or(usual.domain_per_hour),
        total_per_hour: written.total_per_hour.unwrap_or(usual.total_per_hour),
        technician_per_hour: written
            .technician_per_hour
            .unwrap_or(usual.technician_per_hour),
    }
}

fn delay(written: Option<Delay>, default: Duration) -> Duration {
    written.and_then(Delay::duration).unwrap_or(default)
}
