//! The proof that nothing is lost: the real binary is killed, cut off and broken on purpose, and an
//! offline checker compares what was put in with what the database holds and what the mail server
//! accepted. How, and what it found: `docs/crash-safety.md`.
//!
//! Most of the time goes by waiting for a daemon that rests or dies, so more tests run side by side than
//! there are processors; that is why this has a `main` of its own. A test that is not listed there is
//! never used, which the compiler says.

#[path = "../support/mod.rs"]
mod support;

mod broken;
mod checker;
mod clock;
mod copies;
mod desk;
mod disk;
mod faults;
mod guest;
mod machine;
mod mails;
mod points;
mod power;
mod random;
mod servers;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Tests side by side, unless told otherwise.
const SIDE_BY_SIDE: usize = 8;

macro_rules! trials {
    ($($module:ident { $($test:ident,)* })*) => {
        vec![$($(Trial::test(concat!(stringify!($module), "::", stringify!($test)), || {
            run($module::$test());
            Ok(())
        }),)*)*]
    };
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(SIDE_BY_SIDE);
    // The longest come first.
    let trials = trials! {
        points {
            killed_at_every_point_nothing_is_lost_or_doubled,
        }
        random {
            killed_at_random_times_nothing_is_lost_or_doubled,
        }
        power {
            power_cuts_under_load_lose_and_double_nothing,
            whatever_was_told_is_on_the_disk,
            a_commit_that_does_not_reach_the_disk_is_noticed,
        }
        faults {
            a_mailbox_that_is_restored_or_made_anew_brings_nothing_twice,
            mails_that_are_moved_away_during_the_fetch_are_taken_when_they_return,
            a_connection_cut_anywhere_leaves_no_half_mail,
            lost_answers_cost_one_copy_each_and_refusals_for_now_cost_none,
            no_message_id_is_trusted_and_none_is_needed,
            stopped_under_load_it_ends_in_time_and_leaves_nothing_uncertain,
            a_locked_database_is_waited_for,
        }
        clock {
            a_clock_that_jumps_neither_storms_nor_stands_still,
            a_relay_that_is_down_for_a_day_is_waited_for,
            operations_are_told_of_an_account_that_fails_and_of_its_return,
        }
        copies {
            a_copy_that_is_put_back_loses_nothing_and_says_nothing_twice,
            an_upgrade_happens_wholly_or_not_at_all,
            a_newer_database_is_refused_and_not_touched,
        }
        servers {
            a_dead_idle_is_found_at_its_renewal,
            a_server_that_goes_is_called_again_and_a_refused_login_is_not_hammered,
            mails_that_somebody_deletes_during_the_fetch_harm_no_other,
            hostile_mails_do_not_hold_up_a_thousand_others,
            no_header_writes_into_the_log,
        }
        machine {
            a_disk_with_errors_costs_time_and_nothing_else,
            a_disk_that_may_only_be_read_is_waited_for,
            a_full_disk_stops_the_intake_and_nothing_else,
            few_handles_and_little_memory_lose_nothing,
        }
        broken {
            a_mail_filed_before_it_is_accepted_is_noticed,
            identity_by_message_id_is_noticed,
            other_bytes_on_the_second_attempt_are_noticed,
            a_cursor_that_skips_is_noticed,
            sent_before_sending_is_noticed,
            an_attempt_that_is_not_counted_is_noticed,
            an_outbox_outside_the_transaction_is_noticed,
            half_a_literal_is_noticed,
            an_uncertain_notification_that_is_forgotten_is_noticed,
        }
    };
    // It wants QEMU: only where it is asked for.
    let trials = match std::env::var_os("PROOF_GUEST_CUTS") {
        Some(_) => {
            let guest = trials! { guest { a_guest_that_loses_its_power_loses_no_mail, } };
            trials.into_iter().chain(guest).collect()
        }
        None => trials,
    };
    // The points of death and the broken promises exist in debug builds only.
    let trials = if cfg!(debug_assertions) {
        trials
    } else {
        Vec::new()
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("threads").block_on(test);
}

/// A line of the report that `tests/soak` gathers.
fn report(fault: &str, what: &str) {
    println!("[{fault}] {what}");
}
