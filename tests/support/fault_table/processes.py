"""Faults of our own processes."""

from tests.support.fault_table.row import Row

_P = "tests/faults/test_processes.py::test_"
_UP = "tests/integration/embedded/test_supervisor.py::test_"
_D = "tests/faults/test_days.py::test_"
_C = "tests/crashes/test_crashes.py::test_"
_B = "tests/integration/bus/"
_R = "tests/faults/test_resources.py::test_"
_AROUND = f"{_P}a_consumer_killed_around_its_commit_neither_loses_nor_doubles"
_SHARE = f"{_P}two_processes_share_the_partitions_and_the_second_relays_when_the_first_dies"
_FROZEN = f"{_P}a_frozen_consumer_is_replaced_and_fenced_when_it_thaws"
_WRITING = f"{_B}test_frozen_writers.py::test_the_lanes_of_a_process_that_froze_while_it_wrote_are_taken_over"

ROWS = (
    Row(1, "Consumer dies before its commit", "SIGKILL at a named point", "the batch is read again, once", (_AROUND,)),
    Row(
        2,
        "Consumer dies after its commit, Kafka not told",
        "SIGKILL at a named point",
        "the position in the database decides",
        (_AROUND,),
    ),
    Row(
        3,
        "Death at every step of a batch, a page, a mail, a day",
        "SIGKILL at every await; of whole processes under load at twelve named points",
        "as 1 and 2; a day is closed once; a letter in flight goes at most once more",
        (
            f"{_C}a_work_killed_at_every_await_ends_like_one_in_peace",
            f"{_C}a_work_killed_at_some_of_its_awaits_ends_like_one_in_peace",
            f"{_C}what_is_noted_apart_from_its_effect_is_found_out",
            _AROUND,
            f"{_P}a_relay_killed_around_the_acknowledgement_keeps_the_order_of_first_arrivals",
            f"{_D}a_service_killed_at_every_step_of_its_days_closes_them_all",
        ),
    ),
    Row(
        4,
        "SIGTERM in a batch",
        "signal",
        "drained, exit 0 within 30 s",
        (f"{_P}sigterm_in_a_batch_drains_and_ends_with_0",),
    ),
    Row(
        5,
        "SIGTERM while a statement hangs",
        "signal, a table locked by another session",
        "exit 0 or 70 within 30 s, nothing lost",
        ("tests/faults/test_database.py::test_a_service_ends_in_time_although_its_statement_hangs",),
    ),
    Row(6, "Consumer frozen, replaced, thawed", "SIGSTOP, SIGCONT", "fenced; nothing twice", (_FROZEN, _WRITING)),
    Row(
        7,
        "Relay frozen in a page, replaced, thawed",
        "SIGSTOP, SIGCONT",
        "the old one loses its lease; order of first arrivals kept",
        (f"{_P}a_frozen_relay_loses_its_lease_and_does_no_harm_when_it_thaws",),
    ),
    Row(
        8,
        "Relay dies between acknowledgement and its note",
        "SIGKILL at a named point",
        "the page is sent again",
        (f"{_P}a_relay_killed_around_the_acknowledgement_keeps_the_order_of_first_arrivals",),
    ),
    Row(
        9,
        "Session with the relay's lock is ended",
        "pg_terminate_backend",
        "elected again, order kept",
        ("tests/faults/test_database.py::test_a_relay_whose_session_is_ended_stands_again_and_keeps_the_order",),
    ),
    Row(
        10,
        "Out of memory",
        "a limit on its address space, met by a batch of the largest events",
        "tried again or started again; no event is blamed",
        (
            f"{_R}a_service_without_memory_blames_no_event_and_goes_on",
            "tests/unit/shared/test_failures.py::test_a_process_without_memory_does_not_blame_the_record",
        ),
    ),
    Row(
        11, "Event loop blocked by computation", "SIGSTOP stands in: to the servers it is the same", "as 6", (_FROZEN,)
    ),
    Row(
        12,
        "Every start fails: bad settings",
        "environment",
        "one sentence, exit 64, nothing read",
        (
            "tests/unit/shared/test_settings.py::test_what_is_missing_is_named_in_one_sentence_with_exit_64",
            f"{_UP}a_service_that_cannot_start_is_one_sentence_and_nothing_stays",
        ),
    ),
    Row(13, "Rolling restart under load", "second process joins, first leaves by signal", "a pause only", (_SHARE,)),
    Row(
        14,
        "A part of a process dies silently",
        "a part that reports nothing",
        "not alive; the supervisor restarts it",
        ("tests/unit/shared/test_health.py::test_a_silent_part_is_dead",),
    ),
    Row(
        15,
        "Task cancelled inside a transaction",
        "SIGTERM while a statement hangs",
        "rolled back; the next start goes on",
        ("tests/faults/test_database.py::test_a_service_ends_in_time_although_its_statement_hangs",),
    ),
    Row(
        16,
        "Storm of poison",
        "120 unreadable records",
        "stops at the limit, skips nothing, goes on when released",
        ("tests/faults/test_delivery.py::test_a_storm_of_poison_trips_the_quarantine_and_a_release_goes_on",),
    ),
    Row(
        17,
        "A release that fails on one type",
        "a handler that raises",
        "three in a row stop the partition",
        (
            f"{_B}test_hearing.py::test_one_record_that_breaks_the_handler_is_isolated",
            f"{_B}test_hearing.py::test_three_unexpected_failures_in_a_row_stop_the_partition",
        ),
    ),
    Row(
        18,
        "Old version over a newer schema",
        "the schema's version moved on by hand",
        "refuses to start, reads nothing",
        (f"{_R}an_older_release_over_a_newer_schema_refuses_to_start",),
    ),
)
