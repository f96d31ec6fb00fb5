"""Free ports on loopback."""

import random
import socket

_FIRST, _LAST = 20_000, 32_000
"""Below what systems give to outgoing connections (32,768 and up on Linux): one of those would be taken in between."""


def free_ports(count: int) -> list[int]:
    """Return ``count`` different free ports of 127.0.0.1; held open until the last is found, so none repeats."""
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                server.bind(("127.0.0.1", random.randint(_FIRST, _LAST)))  # noqa: S311 - not a secret
            except OSError:
                server.close()
            else:
                held.append(server)
        return [server.getsockname()[1] for server in held]
    finally:
        for server in held:
            server.close()
