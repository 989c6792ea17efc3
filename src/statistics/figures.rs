//! The figures of a period: of the tickets that were opened in it, whatever happened to them since.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveTime, TimeZone, Utc};
use serde::Serialize;

use super::recurrence::{Proposal, Subject, proposals, subjects};
use super::{FEWEST_OF_A_PERSON, Fact, Spread};
use crate::desk::Policy;
use crate::ticket::{Channel, Claim, Marks, Nature};
use crate::zone::Zone;

/// Days of the longest period that is drawn up; more are cut off at the beginning.
const LONGEST_DAYS: i64 = 3660;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Teams, by id.
    pub teams: Vec<String>,
    /// Who asks may see figures of single technicians.
    pub individuals: bool,
}

impl Question {
    /// The period before: of a month the month, otherwise of the same length.
    pub fn before(&self) -> Self {
        if let Some((from, to)) = self.month_before() {
            return Self {
                from,
                to,
                ..self.clone()
            };
        }
        let days = Days::new(self.days());
        let back = |day: NaiveDate| day.checked_sub_days(days).unwrap_or(day);
        Self {
            from: back(self.from),
            to: back(self.to),
            ..self.clone()
        }
    }

    /// The first moment of the period, and the first after it.
    pub fn moments(&self, zone: Zone) -> (DateTime<Utc>, DateTime<Utc>) {
        let midnight = |day: NaiveDate| {
            let local = day.and_time(NaiveTime::MIN);
            // Where the clock jumps at midnight, the day begins an hour later.
            let found = zone.from_local_datetime(&local).earliest();
            let later = || {
                let later = local.checked_add_signed(Duration::hours(1))?;
                zone.from_local_datetime(&later).earliest()
            };
            found
                .or_else(later)
                .map_or(local.and_utc(), |at| at.to_utc())
        };
        let after = self.to.succ_opt().unwrap_or(self.to);
        (midnight(self.from), midnight(after))
    }

    /// First and last day of the month before, when the period is a month.
    fn month_before(&self) -> Option<(NaiveDate, NaiveDate)> {
        let next = self.from.checked_add_months(Months::new(1))?;
        let is_month = self.from.day() == 1 && self.to.succ_opt() == Some(next);
        let before = self.from.checked_sub_months(Months::new(1))?;
        is_month.then_some((before, self.from.pred_opt()?))
    }

    fn days(&self) -> u64 {
        let days = (self.to - self.from).num_days() + 1;
        u64::try_from(days).unwrap_or(0)
    }
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Tickets that were opened.
    pub opened: usize,
    /// Of which there is nothing left to do.
    pub resolved: usize,
    /// Of which suggestions, which have no deadline and are in no figure of times.
    pub suggestions: usize,
    /// In the period before.
    pub opened_before: usize,
    /// Opened each day, by team in the order asked; days without are there.
    pub days: Vec<(NaiveDate, Vec<usize>)>,
    /// Names of the teams, in that order.
    pub teams: Vec<String>,
    /// By category, the largest first.
    pub categories: Vec<Compared>,
    /// Tickets that had been put into another category first, which was wrong.
    pub recategorised: usize,
    /// What piles up without one.
    pub proposals: Vec<Proposal>,
    /// What comes again within the categories that are described.
    pub subjects: Vec<Subject>,
    /// By site, the largest first; empty while none is known.
    pub sites: Vec<Compared>,
    /// By application that they name, the largest first.
    pub applications: Vec<Compared>,
    /// Came by mail, by form, by phone, from machines.
    pub channels: [usize; 4],
    /// To the first words of a person; machines' tickets and suggestions left out.
    pub first_answer: Spread,
    /// To the resolution, of those resolved.
    pub resolution: Spread,
    /// Of which open, waiting for the requester, for others, paused; of those that were.
    pub spent: [Spread; 4],
    /// Tickets that were opened again.
    pub reopened: usize,
    /// Tickets of which a solution was refused.
    pub refused: usize,
    /// Solutions that were refused.
    pub refusals: u32,
    /// Tickets to whose solution something was added.
    pub complemented: usize,
    /// Marks for the time it took, for the answers.
    pub marks: [Marked; 2],
    /// Tickets called URGENT, of which confirmed, lowered, disputed.
    pub claims: [usize; 4],
    /// The same by service of the requester.
    pub services: Vec<(Option<String>, [usize; 4])>,
    /// By service of the requester: tickets, of which opened again, of which a solution was refused.
    pub judged: Vec<(Option<String>, [usize; 3])>,
    /// Of single technicians; `None` for who may not see them.
    pub technicians: Option<Vec<OfTechnician>>,
}

/// What tickets have in common: a category, a site, an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Its name; `None`: none was found.
    pub name: Option<String>,
    /// Its tickets.
    pub tickets: usize,
    /// In the period before.
    pub before: usize,
}

/// Marks from 1 to 5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Marked {
    /// How many of each.
    pub counts: [usize; 5],
}

impl Marked {
    /// How many in all.
    pub fn n(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Their mean; `None` of none.
    #[expect(clippy::cast_precision_loss, reason = "marks are few")]
    pub fn mean(&self) -> Option<f64> {
        let sum: usize = (1..)
            .zip(self.counts)
            .map(|(mark, count)| mark * count)
            .sum();
        (self.n() > 0).then(|| sum as f64 / self.n() as f64)
    }

    fn add(&mut self, mark: u8) {
        let place = usize::from(mark).checked_sub(1);
        if let Some(count) = place.and_then(|place| self.counts.get_mut(place)) {
            *count += 1;
        }
    }
}

/// A technician, of the tickets that he resolved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfTechnician {
    /// Name.
    pub name: String,
    /// Tickets that he resolved.
    pub resolved: usize,
    /// To their first answer.
    pub first_answer: Spread,
    /// To their resolution.
    pub resolution: Spread,
    /// Of which were opened again.
    pub reopened: usize,
    /// Marks for the time, for the answers; `None` of too few.
    pub marks: Option<[Marked; 2]>,
}

/// Draws up the figures of a period. `facts` are those of the tickets that were opened in it, `before`
/// those of the period before.
pub fn figures(policy: &Policy, question: &Question, facts: &[Fact], before: &[Fact]) -> Figures {
    let facts: Vec<&Fact> = facts.iter().filter(|fact| !fact.merged).collect();
    let before: Vec<&Fact> = before.iter().filter(|fact| !fact.merged).collect();
    let name = |id: &String| policy.team_name(id).to_owned();
    let by_people = || {
        let facts = facts.iter();
        facts.filter(|fact| !fact.machine && !is_suggestion(fact))
    };
    let mut figures = Figures {
        from: question.from,
        to: question.to,
        opened: facts.len(),
        resolved: count(&facts, |fact| fact.resolved_at.is_some()),
        suggestions: count(&facts, is_suggestion),
        opened_before: before.len(),
        days: days(policy, question, &facts),
        teams: question.teams.iter().map(name).collect(),
        categories: categories(policy, &facts, &before),
        recategorised: count(&facts, |fact| fact.recategorised),
        proposals: proposals(
            by_people()
                .filter(|fact| is_undescribed(policy, fact))
                .copied(),
        ),
        subjects: subjects(
            policy,
            by_people()
                .filter(|fact| !is_undescribed(policy, fact))
                .copied(),
        ),
        sites: sites(&facts, &before),
        applications: applications(&facts, &before),
        channels: channels(&facts),
        first_answer: Spread::of(by_people().filter_map(|fact| fact.first_answer).collect()),
        resolution: Spread::of(by_people().filter_map(|fact| fact.resolution).collect()),
        spent: spent(&facts),
        reopened: count(&facts, |fact| fact.reopened > 0),
        refused: count(&facts, |fact| fact.refusals > 0),
        refusals: facts.iter().map(|fact| fact.refusals).sum(),
        complemented: count(&facts, |fact| fact.complements > 0),
        marks: marks(facts.iter().filter_map(|fact| fact.marks)),
        claims: claims(&facts),
        services: by_service(&facts, |fact| !fact.claims.is_empty(), claims),
        judged: by_service(&facts, |_| true, judged),
        technicians: None,
    };
    if question.individuals {
        figures.technicians = Some(technicians(policy, &facts));
    }
    figures
}

/// Nobody waits for its solution.
fn is_suggestion(fact: &Fact) -> bool {
    fact.nature == Nature::Suggestion
}

fn count(facts: &[&Fact], is: impl Fn(&Fact) -> bool) -> usize {
    facts.iter().filter(|fact| is(fact)).count()
}

fn days(policy: &Policy, question: &Question, facts: &[&Fact]) -> Vec<(NaiveDate, Vec<usize>)> {
    let none = vec![0; question.teams.len()];
    let longest = Duration::days(LONGEST_DAYS);
    let first = question.to.checked_sub_signed(longest);
    let first = first.map_or(question.from, |first| first.max(question.from));
    let mut days: BTreeMap<NaiveDate, Vec<usize>> = first
        .iter_days()
        .take_while(|day| *day <= question.to)
        .map(|day| (day, none.clone()))
        .collect();
    for fact in facts {
        let day = fact.opened_at.with_timezone(&policy.timezone).date_naive();
        let team = question.teams.iter().position(|team| *team == fact.team);
        let counts = days.get_mut(&day);
        if let Some(count) = counts.zip(team).and_then(|(all, team)| all.get_mut(team)) {
            *count += 1;
        }
    }
    days.into_iter().collect()
}

fn categories(policy: &Policy, facts: &[&Fact], before: &[&Fact]) -> Vec<Compared> {
    let mut categories = compared(facts, before, |fact| [fact.category.as_deref()]);
    for category in &mut categories {
        let known = category.name.as_deref().and_then(|id| policy.category(id));
        category.name = (known.map(|known| known.full_name())).or(category.name.take());
    }
    sort(&mut categories);
    categories
}

/// Where the trouble is; nothing while no site is known.
fn sites(facts: &[&Fact], before: &[&Fact]) -> Vec<Compared> {
    let sites = compared(facts, before, |fact| [fact.site.as_deref()]);
    match sites.iter().any(|site| site.name.is_some()) {
        true => sites,
        false => Vec::new(),
    }
}

/// A ticket counts for each that it names.
fn applications(facts: &[&Fact], before: &[&Fact]) -> Vec<Compared> {
    compared(facts, before, |fact| {
        fact.applications.iter().map(|name| Some(name.as_str()))
    })
}

/// Tickets by these of their names, and those of the period before, the most common first.
fn compared<'a, I>(
    facts: &[&'a Fact],
    before: &[&'a Fact],
    names: impl Fn(&'a Fact) -> I,
) -> Vec<Compared>
where
    I: IntoIterator<Item = Option<&'a str>>,
{
    let mut counts: BTreeMap<Option<&str>, (usize, usize)> = BTreeMap::new();
    for name in facts.iter().flat_map(|fact| names(fact)) {
        counts.entry(name).or_default().0 += 1;
    }
    for name in before.iter().flat_map(|fact| names(fact)) {
        counts.entry(name).or_default().1 += 1;
    }
    let counted = counts.into_iter();
    let mut compared: Vec<Compared> = counted
        .map(|(name, (tickets, before))| Compared {
            name: name.map(str::to_owned),
            tickets,
            before,
        })
        .collect();
    sort(&mut compared);
    compared
}

fn sort(compared: &mut [Compared]) {
    compared.sort_by_key(|one| (std::cmp::Reverse(one.tickets), one.name.clone()));
}

/// « Autre problème » : no category, or one that is known by no words of its own.
fn is_undescribed(policy: &Policy, fact: &Fact) -> bool {
    match &fact.category {
        None => true,
        Some(id) => policy
            .category(id)
            .is_some_and(|category| category.terms.is_empty()),
    }
}

fn channels(facts: &[&Fact]) -> [usize; 4] {
    let of = |channel| count(facts, |fact| !fact.machine && fact.channel == channel);
    [
        of(Channel::Mail),
        of(Channel::Page),
        of(Channel::Phone),
        count(facts, |fact| fact.machine),
    ]
}

fn spent(facts: &[&Fact]) -> [Spread; 4] {
    let resolved: Vec<&&Fact> = facts
        .iter()
        .filter(|fact| !fact.machine && !is_suggestion(fact) && fact.resolved_at.is_some())
        .collect();
    let all = |state: fn(&Fact) -> u32| {
        let minutes = resolved.iter().map(|fact| state(fact));
        minutes.collect::<Vec<u32>>()
    };
    // A state that a ticket never was in says nothing of how long one stays there.
    let some = |state| Spread::of(all(state).into_iter().filter(|time| *time > 0).collect());
    [
        Spread::of(all(|fact| fact.spent.open)),
        some(|fact| fact.spent.requester),
        some(|fact| fact.spent.third_party),
        some(|fact| fact.spent.paused),
    ]
}

fn marks(given: impl Iterator<Item = Marks>) -> [Marked; 2] {
    let mut marked = [Marked::default(); 2];
    for marks in given {
        let [speed, answers] = &mut marked;
        speed.add(marks.speed);
        answers.add(marks.answers);
    }
    marked
}

fn claims(facts: &[&Fact]) -> [usize; 4] {
    let of = |step| count(facts, |fact| fact.claims.contains(&step));
    Claim::ALL.map(of)
}

fn judged(facts: &[&Fact]) -> [usize; 3] {
    let reopened = count(facts, |fact| fact.reopened > 0);
    let refused = count(facts, |fact| fact.refusals > 0);
    [facts.len(), reopened, refused]
}

/// Services, never people (row N4): numbers of those of their tickets that count, the largest first; those
/// with few of them together under no name.
fn by_service<const N: usize>(
    facts: &[&Fact],
    counts: impl Fn(&Fact) -> bool,
    numbers: impl Fn(&[&Fact]) -> [usize; N],
) -> Vec<(Option<String>, [usize; N])> {
    let mut of: BTreeMap<Option<&String>, Vec<&Fact>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| counts(fact)) {
        of.entry(fact.service.as_ref()).or_default().push(fact);
    }
    let mut named = Vec::new();
    let mut others: Vec<&Fact> = Vec::new();
    for (service, facts) in of {
        match service {
            Some(name) if facts.len() >= FEWEST_OF_A_PERSON => {
                named.push((Some(name.clone()), numbers(&facts)));
            }
            _ => others.extend(facts),
        }
    }
    named
        .sort_by_key(|(name, numbers)| (std::cmp::Reverse(numbers.first().copied()), name.clone()));
    if !others.is_empty() {
        named.push((None, numbers(&others)));
    }
    named
}

/// By name: this is no contest.
fn technicians(policy: &Policy, facts: &[&Fact]) -> Vec<OfTechnician> {
    let mut of: BTreeMap<&String, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        if let Some(solver) = &fact.solver {
            of.entry(solver).or_default().push(fact);
        }
    }
    let mut technicians: Vec<OfTechnician> = of
        .into_iter()
        .filter(|(_, facts)| facts.len() >= FEWEST_OF_A_PERSON)
        .filter_map(|(address, facts)| {
            let marked = marks(facts.iter().filter_map(|fact| fact.marks));
            let enough = marked.iter().all(|marks| marks.n() >= FEWEST_OF_A_PERSON);
            Some(OfTechnician {
                name: policy.technician(address)?.name.clone(),
                resolved: facts.len(),
                first_answer: Spread::of(
                    facts.iter().filter_map(|fact| fact.first_answer).collect(),
                ),
                resolution: Spread::of(facts.iter().filter_map(|fact| fact.resolution).collect()),
                reopened: count(&facts, |fact| fact.reopened > 0),
                marks: enough.then_some(marked),
            })
        })
        .collect();
    technicians.sort_by(|a, b| a.name.cmp(&b.name));
    technicians
}
