//! What the lines of a mail ask for together, and what of it is so already. No line depends on those above
//! it, and a mail that is sent again with its mistake corrected repeats the lines that were done.

use super::super::command::{Command, Line};
use super::super::draft::Draft;
use super::super::people;
use super::aside;
use super::reply::{Outcome, Reply};
use crate::mail::Address;
use crate::ticket::{Claim, Part, Status};

/// What the lines of a mail ask for, wherever they stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// The ticket is opened again.
    pub reopens: bool,
    /// An end is made of the ticket.
    pub ends: bool,
    /// The text is not for the requester: a third party's, or the account of a call.
    pub elsewhere: bool,
}

impl Asked {
    pub fn of(lines: &[Line], text: &str) -> Self {
        let any = |asks: fn(&Command) -> bool| {
            let mut commands = lines.iter().filter_map(|line| line.command.as_ref().ok());
            commands.any(asks)
        };
        let account = any(|command| *command == Command::Call) && aside::parts(text).1.is_empty();
        Self {
            reopens: any(|command| *command == Command::Reopen),
            ends: any(|command| {
                matches!(
                    command,
                    Command::Resolve | Command::Close | Command::OutOfScope(_)
                )
            }),
            elsewhere: account || any(|command| matches!(command, Command::Partner(_))),
        }
    }
}

impl Reply<'_> {
    /// The ticket is as this line wants it. What the requester hears of with a text is asked for anew with
    /// each.
    pub fn holds(&self, draft: &Draft<'_>, command: &Command) -> bool {
        let policy = draft.policy;
        let Some(ticket) = draft.ticket(self.id) else {
            return false;
        };
        let part = |who: &Address| {
            people::person_of(policy, ticket, &who.address).map(|person| person.part)
        };
        let alone = !self.says_something;
        match command {
            Command::Wait(of) => ticket.status == Status::Waiting { of: *of },
            Command::Pause(until) => {
                let until = until.resolve(draft.now, policy.timezone);
                alone && until.is_some_and(|until| ticket.status == Status::Paused { until })
            }
            Command::Resolve => alone && ticket.status == Status::Resolved,
            Command::Close | Command::OutOfScope(_) => alone && ticket.status == Status::Closed,
            Command::Reopen => alone && ticket.status == Status::Open,
            Command::Downgrade(_) => ticket.claim == Some(Claim::Lowered),
            Command::For(who) => part(who) == Some(Part::Requester),
            Command::Beneficiary(who) => part(who) == Some(Part::Beneficiary),
            Command::Add(who) => part(who).is_some_and(|part| part != Part::Contributor),
            Command::Remove(who) => part(who) == Some(Part::Contributor),
            Command::Link(other) => ticket.linked.contains(other),
            // These say themselves that nothing is left to do, and then do nothing.
            Command::Take
            | Command::Assign(_)
            | Command::Team(_)
            | Command::Priority(_)
            | Command::Category(_)
            | Command::Incident
            | Command::Request => {
                let (mut tried, mut reply) = (draft.clone(), self.clone());
                let outcome = reply.carry_out(&mut tried, command);
                matches!(outcome, Outcome::Done(_)) && tried.events() == draft.events()
            }
            // A mail of its own each time.
            Command::Note
            | Command::Undo
            | Command::Send
            | Command::Merge(_)
            | Command::Split(_)
            | Command::Partner(_)
            | Command::Call
            | Command::Canned(_)
            | Command::Article
            | Command::Major(_)
            | Command::Away(_)
            | Command::Back
            | Command::Duplicate
            | Command::Test
            | Command::Help
            | Command::List
            | Command::Mine
            | Command::Search(_)
            | Command::Show(_) => false,
        }
    }
}

/// The line says who somebody of the ticket is.
pub fn names_people(command: &Command) -> bool {
    matches!(
        command,
        Command::For(_) | Command::Beneficiary(_) | Command::Add(_) | Command::Remove(_)
    )
}
