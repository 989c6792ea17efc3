//! Who may do what: the table of `docs/architecture.md` ("Who may do what"), one match.

use crate::mail::authenticity::Authenticity;

/// Who the sender is to the ticket that a mail points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Requester, beneficiary, observer, or put in copy by one of them.
    OfTicket,
    /// A technician of its team, or one who was written to about it.
    Technician,
    /// A third party who was written to about it, or whom he gave that mail.
    Partner,
    /// Anybody else.
    Stranger,
}

/// How a mail points at a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A valid reply token.
    Token,
    /// A known `Message-ID`, a shared ancestor or a reference in the subject.
    Thread,
}

/// What a mail that points at a ticket may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Joins as its sender's own words.
    Join,
    /// Joins as a contribution of somebody who was not part of it, marked.
    JoinAsContributor,
    /// A technician's answer: joins, commands run.
    Command,
    /// A technician's answer joins; its commands wait for a confirmation.
    AnswerOnly,
    /// A technician's mail without a token: kept as a note; commands wait.
    Note,
    /// A third party's mail: kept apart from the conversation, staff is told.
    Aside,
    /// A new ticket, linked for staff.
    NewLinked,
    /// A new ticket whose sender could not be believed, linked, with an alert and no
    /// acknowledgement.
    NewUnverified,
}

/// Reads the table. `can_authenticate` is false in mode `none`, where no mail can ever be a `pass`.
pub fn access(
    sender: Sender,
    carrier: Carrier,
    authenticity: Authenticity,
    can_authenticate: bool,
    pass_is_enough: bool,
) -> Access {
    use Authenticity::{Fail, None, Pass};
    use Carrier::{Thread, Token};
    let proven = authenticity == Pass || !can_authenticate;
    match (sender, carrier, authenticity) {
        (_, _, Fail) => Access::NewUnverified,

        (Sender::OfTicket, Token, Pass | None) => Access::Join,
        (Sender::OfTicket, Thread, Pass | None) if proven => Access::Join,
        (Sender::OfTicket, Thread, Pass | None) => Access::NewLinked,

        (Sender::Partner, Token, Pass | None) => Access::Aside,
        (Sender::Partner, Thread, Pass | None) if proven => Access::Aside,
        (Sender::Partner, Thread, Pass | None) => Access::NewLinked,

        (Sender::Stranger, Token, Pass | None) if proven => Access::JoinAsContributor,
        (Sender::Stranger, Token | Thread, Pass | None) => Access::NewLinked,

        (Sender::Technician, Token, Pass | None) if proven => Access::Command,
        (Sender::Technician, Token, Pass | None) => Access::AnswerOnly,
        (Sender::Technician, Thread, Pass) if pass_is_enough => Access::Command,
        (Sender::Technician, Thread, Pass | None) => Access::Note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every cell of the table, written as it is printed there: sender, carrier, then
    /// `pass`, `none` in mode none, `none` in other modes, `fail`.
    #[test]
    fn every_cell_of_the_table() {
        use Access::*;
        use Carrier::{Thread, Token};
        let rows = [
            (Sender::OfTicket, Token, [Join, Join, Join, NewUnverified]),
            (
                Sender::OfTicket,
                Thread,
                [Join, Join, NewLinked, NewUnverified],
            ),
            (Sender::Partner, Token, [Aside, Aside, Aside, NewUnverified]),
            (
                Sender::Partner,
                Thread,
                [Aside, Aside, NewLinked, NewUnverified],
            ),
            (
                Sender::Stranger,
                Token,
                [
                    JoinAsContributor,
                    JoinAsContributor,
                    NewLinked,
                    NewUnverified,
                ],
            ),
            (
                Sender::Stranger,
                Thread,
                [NewLinked, NewLinked, NewLinked, NewUnverified],
            ),
            (
                Sender::Technician,
                Token,
                [Command, Command, AnswerOnly, NewUnverified],
            ),
            (
                Sender::Technician,
                Thread,
                [Note, Note, Note, NewUnverified],
            ),
        ];
        let columns = [
            (Authenticity::Pass, true),
            (Authenticity::None, false),
            (Authenticity::None, true),
            (Authenticity::Fail, true),
        ];
        for (sender, carrier, expected) in rows {
            for ((authenticity, can_authenticate), expected) in columns.into_iter().zip(expected) {
                assert_eq!(
                    access(sender, carrier, authenticity, can_authenticate, false),
                    expected,
                    "{sender:?} {carrier:?} {authenticity:?} {can_authenticate}"
                );
            }
        }
        assert_eq!(
            access(Sender::Technician, Thread, Authenticity::Pass, true, true),
            Command
        );
        assert_eq!(
            access(Sender::Technician, Thread, Authenticity::None, true, true),
            Note
        );
    }
}
