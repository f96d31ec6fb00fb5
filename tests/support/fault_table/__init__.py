"""Every fault that operations must survive, how it is brought about, and which tests prove what then happens."""

from tests.support.fault_table import kafka, network, operations, postgresql, processes
from tests.support.fault_table.row import Row

CHAPTERS: dict[str, tuple[Row, ...]] = {
    "Processes": processes.ROWS,
    "Kafka": kafka.ROWS,
    "Network and TLS": network.ROWS,
    "PostgreSQL": postgresql.ROWS,
    "Clock, mail, operations": operations.ROWS,
}
