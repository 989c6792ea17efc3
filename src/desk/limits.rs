//! How many automatic mails leave (contract A2, row F5): over a limit nothing is dropped, the
//! notice is kept for an hour later. A person's answer is never held back here.

use chrono::{DateTime, Duration, Utc};

use super::draft::Draft;
use super::{Automation, Kind, Notice, Sent, tell, words};
use crate::mail::Address;

/// A notice over a limit waits this long; the hourly counts have moved on by then.
const WAIT_MINUTES: i64 = 60;

/// Rounds of a mail that looks like an answer, and of our own automatic one, within ten minutes:
/// then a machine is taken to answer a machine.
const ROUNDS: u32 = 3;

/// A quarter of a technician's budget is not for new tickets.
const RESERVED_PART: u32 = 4;

/// When a notice is due that must wait for a reason of that kind.
pub fn later(now: DateTime<Utc>) -> DateTime<Utc> {
    now + Duration::minutes(WAIT_MINUTES)
}

/// Gives every automatic notice that is over a limit a later due time.
pub fn hold_back(draft: &mut Draft<'_>) {
    let mut notices = std::mem::take(&mut draft.decision.notices);
    let due = later(draft.now);
    for at in 0..notices.len() {
        let (before, rest) = notices.split_at_mut(at);
        // `at` is below the length, so there is a first.
        let Some(notice) = rest.first_mut() else {
            break;
        };
        if notice.due_at.is_none() && is_over(draft, before, notice) {
            notice.due_at = Some(due);
            notice.over_limit = true;
        }
    }
    let held: Vec<&Notice> = notices.iter().filter(|notice| notice.over_limit).collect();
    let warning = held
        .first()
        .and_then(|first| warning(draft, first, held.len()));
    draft.decision.notices = notices;
    if let Some(line) = warning {
        tell::operations(draft, None, vec![line]);
    }
}

/// Operations hear of a limit once an hour.
fn warning(draft: &Draft<'_>, first: &Notice, count: usize) -> Option<String> {
    let operations = draft.policy.operations.as_ref()?.to_lowercase();
    let told = draft
        .known
        .sent_to
        .get(&operations)
        .copied()
        .unwrap_or_default();
    let renewed = draft.decision.settled_notices.contains(&first.id);
    (told.hour == 0 && !renewed).then(|| {
        let address = &first.to.address;
        words::pick(
            &draft.policy.language,
            format!("Limite atteinte : {count} avis automatique(s), dont un à {address}, attendent une heure au moins. Les réponses des techniciens partent toujours. Voir [limits]."),
            format!("A limit was reached: {count} automatic notice(s), one of them to {address}, wait for an hour at least. Technicians' answers always leave. See [limits]."),
        )
    })
}

fn is_over(draft: &Draft<'_>, before: &[Notice], notice: &Notice) -> bool {
    let policy = draft.policy;
    let limits = &policy.limits;
    let key = notice.to.key();
    let over = |count: u32, limit: u32| limit > 0 && count >= limit;
    let already = |same: &dyn Fn(&Notice) -> bool| {
        let count = before
            .iter()
            .filter(|earlier| earlier.due_at.is_none() && same(earlier))
            .count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };

    if notice.kind.is_internal() {
        match notice.kind {
            // What those over the limit get; what nobody waits an hour for, which has a limit of its own
            // where it is asked for; and what comes once a month.
            Kind::TeamDigest | Kind::SignIn | Kind::Report | Kind::Review => return false,
            // Operations must hear, and a transcript answers the technician's own mail; unless it is
            // something that anybody can cause.
            Kind::Operations | Kind::Transcript if notice.caused_by.is_none() => return false,
            _ => {}
        }
        let told = draft.known.sent_to.get(&key).copied().unwrap_or_default();
        let here = already(&|earlier| earlier.kind.is_internal() && earlier.to.key() == key);
        let caused = notice
            .caused_by
            .as_ref()
            .and_then(|cause| draft.known.caused.get(&(cause.clone(), key.clone())))
            .copied()
            .unwrap_or_default();
        // New tickets are what strangers can make many of: a part of the budget is kept from them,
        // so that an alert or an answer does not wait behind a flood.
        let budget = match notice.kind {
            Kind::TeamNew | Kind::TeamObserver => {
                limits.technician_per_hour - limits.technician_per_hour / RESERVED_PART
            }
            _ => limits.technician_per_hour,
        };
        return over(told.hour + here, budget)
            || (notice.caused_by.is_some()
                && (over(caused.hour, limits.sender_per_hour)
                    || over(caused.day, limits.sender_per_day)));
    }

    // A link is sent at once or not at all: `visit` has asked the limits before.
    let link = matches!(notice.kind, Kind::Submission | Kind::Requests);
    if notice.automation == Automation::Person || link {
        return false;
    }
    let sent = draft.known.sent_to.get(&key).copied().unwrap_or_default();
    // What those over the limit get, once an hour; a day's limit holds for it as well.
    if notice.kind == Kind::Digest {
        return limits.sender_per_hour > 0 && sent.hour > limits.sender_per_hour
            || over(sent.day, limits.sender_per_day);
    }
    let here = already(&|earlier| {
        !earlier.kind.is_internal()
            && earlier.automation != Automation::Person
            && earlier.to.key() == key
    });
    let domain = Address::domain(&notice.to);
    let to_domain: Sent = draft
        .known
        .sent_to_domain
        .get(&domain)
        .copied()
        .unwrap_or_default();
    let loops = draft.answers_us && limits.sender_per_hour > 0 && sent.ten_minutes >= ROUNDS;
    loops
        || over(sent.hour + here, limits.sender_per_hour)
        || over(sent.day + here, limits.sender_per_day)
        || over(draft.known.sent_in_all.hour, limits.total_per_hour)
        || (!policy.internal_domains.contains(&domain)
            && over(to_domain.hour, limits.domain_per_hour))
}
