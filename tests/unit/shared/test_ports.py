"""A free port is given once, and only its server can take it."""

import socket
import subprocess
import sys

import pytest

from shared.embedded import ports

_BIND = "import socket, sys; socket.socket().bind(('127.0.0.1', int(sys.argv[1])))"


def test_no_port_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_LAST", ports._FIRST + 60)

    given = [ports.free_ports(1)[0] for _ in range(25)]

    assert len(set(given)) == 25


def test_a_server_takes_its_port_and_another_search_does_not() -> None:
    port = ports.free_ports(1)[0]

    search = subprocess.run([sys.executable, "-c", _BIND, str(port)], capture_output=True, text=True, check=False)
    with socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname()[1] == port

    assert "Address already in use" in search.stderr
