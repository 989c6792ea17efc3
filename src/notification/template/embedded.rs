//! The files of `mail-templates/`, as they were when the binary was built. A test compares this
//! list with the folder.

macro_rules! embed {
    ($($language:literal: [$($file:literal),* $(,)?]),* $(,)?) => {
        &[$($((
            concat!($language, "/", $file),
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/mail-templates/", $language, "/", $file
            )),
        )),*),*]
    };
}

macro_rules! languages {
    ($($language:literal),*) => {
        embed!($($language: [
            "_commands.html",
            "_commands.txt",
            "_facts.html",
            "_facts.txt",
            "_files.html",
            "_files.txt",
            "_foot.txt",
            "_marks.html",
            "_marks.txt",
            "_notes.html",
            "_sections.html",
            "_sections.txt",
            "_signature.html",
            "_signature.txt",
            "_unfollow.html",
            "_urgent.html",
            "_urgent.txt",
            "acknowledgement.html",
            "acknowledgement.txt",
            "answer.html",
            "answer.txt",
            "base.html",
            "call.html",
            "call.txt",
            "classified.html",
            "classified.txt",
            "closed.html",
            "closed.txt",
            "confirm.html",
            "confirm.txt",
            "digest.html",
            "digest.txt",
            "follow-up.html",
            "follow-up.txt",
            "following.html",
            "following.txt",
            "joined.html",
            "joined.txt",
            "low-mark.html",
            "low-mark.txt",
            "lowered.html",
            "lowered.txt",
            "operations.html",
            "operations.txt",
            "partner.html",
            "partner.txt",
            "paused.html",
            "paused.txt",
            "reminder.html",
            "reminder.txt",
            "reopened.html",
            "reopened.txt",
            "report.html",
            "report.txt",
            "requests.html",
            "requests.txt",
            "resolved.html",
            "resolved.txt",
            "review.html",
            "review.txt",
            "sign-in.html",
            "sign-in.txt",
            "split.html",
            "split.txt",
            "submission.html",
            "submission.txt",
            "taken.html",
            "taken.txt",
            "team-alert.html",
            "team-alert.txt",
            "team-digest.html",
            "team-digest.txt",
            "team-given.html",
            "team-given.txt",
            "team-new.html",
            "team-new.txt",
            "team-observer.html",
            "team-observer.txt",
            "team-reply.html",
            "team-reply.txt",
            "team-thanks.html",
            "team-thanks.txt",
            "transcript.html",
            "transcript.txt",
            "unfollowed.html",
            "unfollowed.txt",
        ]),*)
    };
}

/// Name (`<lang>/<file>`) and text of every embedded file.
pub const EMBEDDED: &[(&str, &str)] = languages!("en", "fr");
