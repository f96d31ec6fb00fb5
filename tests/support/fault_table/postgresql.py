"""Faults of PostgreSQL."""

from tests.support.fault_table.row import Row

_S = "tests/faults/test_servers.py::test_postgresql_stopped_at_once_and_restarted_under_load"
_SCARCE = "tests/integration/bus/test_scarce_connections.py::test_"
_WAIT = "tests/faults/test_database.py::test_a_database_that_cannot_serve_is_waited_for_and_no_event_is_blamed"
_KIND = "tests/unit/shared/test_failures.py::test_a_server_that_is_not_ready_is_waited_for"
_PROOF = "tests/system/test_verify.py::test_what_is_broken_by_hand_is_named"
_R = "tests/faults/test_resources.py::test_"
_POOL = "tests/integration/security/test_pooling.py::test_"
_RESTORE = "tests/system/test_restore.py::test_"

ROWS = (
    Row(48, "Immediate shutdown under load", "SIGQUIT", "same batches tried again", (_S,)),
    Row(49, "Postmaster killed", "SIGKILL", "recovers from its log; as 48", (_S,)),
    Row(
        50,
        "Connection lost during COMMIT",
        "proxy cuts before or after the word",
        "the position tells what happened",
        ("tests/faults/test_network.py::test_a_connection_lost_during_commit_is_decided_by_the_position",),
    ),
    Row(
        51,
        "Deadlock",
        "processes that race for the same accounts",
        "one tries again; no dead letter",
        ("tests/integration/billing/test_races.py::test_processes_that_race_end_where_one_alone_ends", _KIND),
    ),
    Row(52, "Serialization failure", "the error itself", "tried again", (_KIND,)),
    Row(
        53,
        "Rows locked by somebody",
        "table locked in an open session",
        "time limit, tried again, no dead letter",
        (_WAIT,),
    ),
    Row(54, "Data disk full", "a table's file is the device that is always full", "53100 is waited for", (_WAIT,)),
    Row(
        55,
        "Disk of the write-ahead log full",
        "a limit on the size of the server's files: no piece of the log can be written on",
        "PANIC, restart; as 49",
        (f"{_R}a_log_without_room_stops_the_server_and_loses_nothing",),
    ),
    Row(
        56,
        "Disk answers with an error",
        "the error itself",
        "58030 is waited for",
        (_KIND,),
        "on a real disk: a staging cluster with a device that fails on demand",
    ),
    Row(
        57,
        "Slow disk",
        "commit_delay: a tenth of a second before each flush of the log",
        "slower; nothing tried again, no dead letter",
        (f"{_R}a_slow_disk_costs_time_only",),
        "reads are as fast as ever: a staging cluster must show it on a throttled volume",
    ),
    Row(
        58,
        "Connections exhausted",
        "connection limit of the role; every connection of a pool lent out",
        "53300 is waited for; no event is blamed; the staff API answers 503 and takes none from events",
        (
            _WAIT,
            f"{_SCARCE}an_event_is_not_blamed_for_a_pool_without_a_free_connection",
            f"{_SCARCE}answers_that_take_every_connection_of_theirs_leave_the_consumer_its_own",
        ),
    ),
    Row(59, "Read-only server", "default_transaction_read_only", "25006 is waited for", (_WAIT,)),
    Row(60, "A migration holds a table", "ACCESS EXCLUSIVE lock", "time limit, tried again", (_WAIT,)),
    Row(
        61,
        "A consumer's database restored",
        "`closebook backup`, two months more, `closebook restore`",
        "takes in again what it forgot, ends with the same balances",
        (f"{_RESTORE}a_service_restored_from_an_older_backup_ends_where_it_stood",),
    ),
    Row(
        62,
        "A producer's database restored",
        "`closebook backup`, two months more, `closebook restore`",
        "as 61, and no version is used again; whose letters have left does not start",
        (
            f"{_RESTORE}a_service_restored_from_an_older_backup_ends_where_it_stood",
            f"{_RESTORE}a_sender_whose_letters_have_left_does_not_start",
        ),
    ),
    Row(
        63,
        "Advisory lock through a pooling proxy",
        "a real pgbouncer that lends by transaction",
        "lets no service in; told to do so, it costs no event",
        (
            f"{_POOL}a_proxy_that_lends_by_transaction_does_not_let_a_service_in",
            f"{_POOL}a_proxy_told_to_let_us_in_costs_no_event",
        ),
    ),
    Row(64, "Entries changed by hand", "superuser's update", "`closebook verify` names it", (_PROOF,)),
    Row(
        65,
        "Long transaction bloats the outbox",
        "a reading transaction left open over ten thousand events",
        "the relay stays quick",
        (f"{_R}a_long_reading_transaction_does_not_slow_the_relay",),
    ),
)
