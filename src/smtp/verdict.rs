//! What a server's refusal means: is it this mail, or is it us, the account, the hour? Only what
//! certainly concerns the mail is final; unknown means later.

use super::Outcome;
use super::answer::Answer;

/// Where in the transaction an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// MAIL FROM
    Mail,
    /// RCPT TO
    Rcpt,
    /// DATA
    Data,
    /// The final dot, or in the middle of the message
    Message,
}

/// Statuses that say "you", not "this mail": whatever their code, an operator must act and the
/// mail must survive until he has. Beside RFC 4954 and 5248 those of Exchange, which hides a login
/// gone wrong behind 550 and 554.
const ACCOUNT_STATUSES: [&str; 11] = [
    "5.7.3",   // authentication unsuccessful (Exchange)
    "5.7.8",   // credentials invalid
    "5.7.9",   // mechanism too weak
    "5.7.11",  // encryption required
    "5.7.57",  // client not authenticated to send mail
    "5.7.60",  // no permission to send as this sender
    "5.7.64",  // relay access denied, connector mismatch
    "5.7.139", // authentication refused by policy
    "5.7.708", // tenant or address range blocked
    "5.2.252", // SendAsDenied
    "5.5.1",   // bad sequence of commands: a session gone wrong, another one may do
];

/// The outcome of a mail that was answered with something other than yes.
pub(super) fn of_refusal(step: Step, answer: &Answer) -> Outcome {
    let text = answer.text();
    let status = answer.status().unwrap_or_default();
    let later = match answer.code {
        // Commands or sequences not understood are the session's fault; these four of AUTH
        // (RFC 4954) tell that the account is ill.
        500 | 502 | 503 | 530 | 534 | 535 | 538 => true,
        // RFC 5321 4.5.3.1.10: at RCPT a client SHOULD take 552 as temporary (it was once the
        // code of "too many recipients", and today that of a mailbox that is full). At MAIL and
        // behind the dot it is RFC 1870's "too big for us", and stays so.
        552 => match status {
            "5.2.2" => true,            // mailbox full
            "5.2.3" | "5.3.4" => false, // longer than allowed, by recipient or system
            _ => step == Step::Rcpt,
        },
        500..600 => ACCOUNT_STATUSES.contains(&status),
        // 4xx; and a 2xx or 3xx where it makes no sense.
        _ => true,
    };
    if later {
        Outcome::Later(text)
    } else {
        Outcome::Never {
            code: answer.code,
            text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_final(step: Step, code: u16, text: &str) -> bool {
        let answer = Answer {
            code,
            lines: vec![text.to_owned()],
        };
        match of_refusal(step, &answer) {
            Outcome::Never { code: seen, .. } => {
                assert_eq!(seen, code);
                true
            }
            Outcome::Later(_) => false,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_concerns_the_mail_is_final() {
        use Step::{Data, Mail, Message, Rcpt};
        for (step, code, text, is_never) in [
            (Rcpt, 550, "5.1.1 User unknown", true),
            (Rcpt, 550, "No such user", true),
            (Rcpt, 551, "User not local", true),
            (Rcpt, 553, "5.1.3 Bad address syntax", true),
            (Rcpt, 554, "5.7.1 Rejected by policy", true),
            (Mail, 553, "5.1.7 Sender refused", true),
            (Data, 554, "no", true),
            (Message, 554, "5.7.1 Spam", true),
            (Message, 550, "5.7.1 Virus", true),
            // greylisting, load, quota, shutdown
            (Rcpt, 450, "4.7.1 Greylisted", false),
            (Rcpt, 451, "4.7.1 Try again", false),
            (Rcpt, 452, "4.2.2 Over quota", false),
            (Message, 451, "4.3.0 Queue full", false),
            (Message, 421, "4.3.2 Shutting down", false),
            // the account is ill, not the mail
            (Mail, 530, "5.7.0 Authentication required", false),
            (Mail, 535, "5.7.8 Bad credentials", false),
            (Mail, 550, "5.7.57 Client not authenticated", false),
            (Message, 554, "5.2.252 SendAsDenied", false),
            (
                Message,
                550,
                "5.7.60 no permission to send as this sender",
                false,
            ),
            (Mail, 503, "5.5.1 Nested MAIL", false),
            (Mail, 500, "What?", false),
            // 552 in its three meanings
            (Rcpt, 552, "Too many recipients", false),
            (Rcpt, 552, "5.2.2 Mailbox full", false),
            (Message, 552, "5.2.2 Mailbox full", false),
            (Mail, 552, "5.3.4 Message size exceeds fixed limit", true),
            (Message, 552, "Message too big", true),
            (Rcpt, 552, "5.2.3 Message too large for this mailbox", true),
            // nonsense
            (Rcpt, 354, "Go on", false),
            (Data, 250, "Ok", false),
        ] {
            assert_eq!(
                is_final(step, code, text),
                is_never,
                "{step:?} {code} {text}"
            );
        }
    }
}
