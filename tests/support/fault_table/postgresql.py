"""Faults of PostgreSQL."""

from tests.support.fault_table.row import Row

_S = "tests/faults/test_servers.py::test_postgresql_stopped_at_once_and_restarted_under_load"
_WAIT = "tests/faults/test_database.py::test_a_database_that_cannot_serve_is_waited_for_and_no_event_is_blamed"
_KIND = "tests/unit/shared/test_failures.py::test_a_server_that_is_not_ready_is_waited_for"
_PROOF = "tests/system/test_verify.py::test_what_is_broken_by_hand_is_named"
_DISK = "needs a file system of its own for the log: a staging cluster must show"

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
        "none yet",
        "PANIC, restart; as 49",
        open=f"{_DISK} the server down on a full log, then freed, with `closebook verify` clean afterwards",
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
        "none yet",
        "slower; no dead letter",
        open="a slow link to the server stands near (44); a staging cluster must show it on a throttled volume",
    ),
    Row(58, "Connections exhausted", "connection limit of the role", "53300 is waited for", (_WAIT,)),
    Row(59, "Read-only server", "default_transaction_read_only", "25006 is waited for", (_WAIT,)),
    Row(60, "A migration holds a table", "ACCESS EXCLUSIVE lock", "time limit, tried again", (_WAIT,)),
    Row(
        61,
        "A consumer's database restored",
        "none yet",
        "reads Kafka again from its old position",
        open="next: dump, go on, restore, compare balances",
    ),
    Row(
        62,
        "A producer's database restored",
        "none yet",
        "versions used before are not used again",
        open="a version behind counts as a duplicate; next: dump, go on, restore, see totals stop the day",
    ),
    Row(
        63,
        "Advisory lock through a pooling proxy",
        "none",
        "not supported",
        open="no such proxy is part of the product; a staging cluster must connect the services directly",
    ),
    Row(64, "Entries changed by hand", "superuser's update", "`closebook verify` names it", (_PROOF,)),
    Row(
        65,
        "Long transaction bloats the outbox",
        "none yet",
        "the relay stays quick",
        open="next: an idle transaction over ten thousand events, ratio of relay times",
    ),
)
