"""Faults of the network between services and servers."""

from tests.support.fault_table.row import Row

_NET = "tests/faults/test_network.py::test_a_bad_network_costs_time_only"
_FROZEN = "tests/integration/shared/test_frozen_database.py::test_"

ROWS = (
    Row(41, "Connections reset or half closed", "proxy: RST, FIN", "connected again", (_NET,)),
    Row(
        42,
        "Black hole to PostgreSQL",
        "proxy swallows everything for 15 s; all processes of the server stopped and continued",
        "deadlines fire; no lock stays, no connection is broken for good",
        (
            _NET,
            "tests/faults/test_servers.py::test_a_database_frozen_for_longer_than_a_command_may_take_costs_time_only",
            f"{_FROZEN}a_transaction_that_could_not_be_begun_in_time_leaves_no_broken_connection",
        ),
    ),
    Row(43, "Black hole to Kafka", "proxy swallows everything for 15 s", "as 20", (_NET,)),
    Row(44, "Slow network", "proxy: half a second a piece", "slower; no dead letter", (_NET,)),
    Row(45, "Cut from one server, not from the other", "proxy refuses for 10 s", "waits; nothing lost", (_NET,)),
    Row(
        46,
        "The database's name moves",
        "a name looked up in a file; its address changes, the old one refuses",
        "connected at the new address within half a minute",
        ("tests/faults/test_servers.py::test_a_database_whose_name_moves_is_found_at_its_new_address",),
    ),
    Row(
        47,
        "Certificate of another authority, no TLS, wrong password",
        "own authority",
        "no way in; never in clear",
        ("tests/integration/security/test_kafka_access.py::test_there_is_no_other_way_in",),
    ),
)
