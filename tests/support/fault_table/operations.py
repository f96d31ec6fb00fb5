"""Faults of clocks, mail and operations."""

from tests.support.fault_table.row import Row

_M = "tests/faults/test_mail.py::test_"
_LETTERS = "tests/integration/notify/test_rendering.py::test_"
_N = "tests/integration/notify/test_sending.py::test_"
_C = "tests/integration/notify/test_mail_certificates.py::test_a_server_"
_BENCH = "tests/integration/shared/test_bench.py::test_"
_Q = "tests/faults/test_queues.py::test_"

ROWS = (
    Row(
        66,
        "Clock jumps",
        "times in events that contradict each other",
        "no rule reads a clock",
        ("tests/contract/test_decode_accepts.py::test_time_is_never_compared_with_a_clock",),
    ),
    Row(
        67,
        "Clocks differ between services",
        "tokens a minute off",
        "accepted within a minute",
        ("tests/unit/shared/test_auth.py::test_clocks_may_differ_by_a_minute",),
    ),
    Row(
        68,
        "Month ends, leap days, clock changes",
        "calendar",
        "each day once",
        (
            "tests/unit/cli/test_days.py::test_the_next_run_is_just_after_midnight_whatever_the_clocks_do",
            "tests/faults/test_days.py::test_a_day_ended_ten_times_is_closed_once",
        ),
    ),
    Row(
        69,
        "Mail server away",
        "server stopped",
        "deferred, then each once",
        (f"{_M}a_mail_server_that_is_away_delays_letters_and_doubles_none",),
    ),
    Row(
        70,
        "Connection dropped after the final dot",
        "scripted server",
        "one more copy, same Message-ID",
        (f"{_M}a_connection_dropped_after_the_final_dot_makes_one_more_copy_under_the_same_message_id",),
    ),
    Row(
        71,
        "Greylisting",
        "scripted server",
        "tried again, then accepted",
        (f"{_N}greylisting_is_retried_and_then_accepted",),
    ),
    Row(
        72,
        "One recipient of many refused",
        "scripted server",
        "that one bounces",
        (f"{_N}one_refused_recipient_of_many_bounces_alone",),
    ),
    Row(
        73,
        "Tarpit",
        "scripted server",
        "deadline; nobody else waits",
        (f"{_N}a_dawdling_server_meets_a_deadline_and_keeps_nobody_else_waiting",),
    ),
    Row(
        74,
        "STARTTLS taken away, or a bad certificate",
        "scripted server: without the offer, vouched for by a stranger, of another name",
        "nothing goes in clear, nothing to a stranger: the letter waits",
        (
            f"{_N}nothing_goes_in_clear_to_a_server_without_starttls",
            f"{_C}that_proves_its_name_gets_the_letter",
            f"{_C}that_a_stranger_vouches_for_gets_nothing",
            f"{_C}with_a_proof_of_another_name_gets_nothing",
        ),
    ),
    Row(
        75,
        "Sender dies between acceptance and its note",
        "SIGKILL at a named point",
        "as 70",
        (f"{_M}a_sender_killed_between_acceptance_and_its_note_sends_once_more",),
    ),
    Row(
        76,
        "Ten thousand letters at once",
        "ten thousand mails queued in one statement",
        "each sent once; a payment reaches arrears about as quickly as before",
        (f"{_Q}ten_thousand_letters_at_once_do_not_hold_money_up",),
    ),
    Row(
        77,
        "Reader of the log stopped",
        "a pipe nobody reads",
        "lines are dropped and counted, nothing waits",
        ("tests/unit/shared/test_logs.py::test_a_stopped_reader_costs_lines_not_time",),
    ),
    Row(
        78,
        "Password changed while running",
        "alter role",
        "28P01 is waited for; no dead letter",
        ("tests/faults/test_database.py::test_a_database_that_cannot_serve_is_waited_for_and_no_event_is_blamed",),
    ),
    Row(
        79,
        "A dead letter driven twice",
        "the command again, and by several people at once",
        "the second changes nothing",
        (
            f"{_BENCH}redriving_what_was_decided_changes_nothing",
            "tests/system/test_contract_inputs.py::test_driving_a_dead_letter_twice_does_no_harm",
            "tests/integration/bus/test_redriving.py::test_a_letter_driven_by_two_people_at_once_is_applied_once",
        ),
    ),
    Row(
        80,
        "A thousand dead letters driven under load",
        "`closebook dead-letters redrive --all` over a thousand",
        "all applied; a live payment never takes ten seconds",
        (f"{_Q}a_thousand_dead_letters_are_driven_again_beside_live_events",),
    ),
    Row(
        81,
        "Erasure while events are on their way",
        "erasure heard after and before letters",
        "nothing personal stays",
        (f"{_LETTERS}erasure_blanks_what_was_written_and_withdraws_what_had_not_gone",),
    ),
    Row(
        82,
        "Everything at once",
        "`make nemesis`: faults drawn by a seed under load",
        "the books are right",
        ("tests/faults/test_everything.py::test_faults_drawn_at_random_under_load_leave_the_books_right",),
    ),
)
