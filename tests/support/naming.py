"""A name that a service under test looks up in a file: what it stands for may change while the service runs."""

import socket
from pathlib import Path
from typing import Any


def follow(names: Path) -> None:
    """Let every look-up of this process ask the file first: a name and an address a line."""
    known: Any = socket.getaddrinfo

    def look_up(host: Any, *rest: Any, **more: Any) -> Any:
        addresses = dict(line.split() for line in names.read_text().splitlines())
        return known(addresses.get(host, host), *rest, **more)

    socket.getaddrinfo = look_up
