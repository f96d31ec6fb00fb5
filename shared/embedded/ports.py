"""Free ports on loopback."""

import random
import socket
from collections import deque

_FIRST, _LAST = 20_000, 32_000
"""Below what systems give to outgoing connections (32,768 and up on Linux): one of those would be taken in between."""

_reserved: deque[socket.socket] = deque(maxlen=200)
"""The newest of our ports, bound and not listening: a server may still take its own, another search may not."""


def free_ports(count: int) -> list[int]:
    """Return ``count`` different free ports of 127.0.0.1 that no other call, here or in another process, is given.

    A server that takes one must set ``SO_REUSEADDR``, as all of ours do.
    """
    return [_reserve() for _ in range(count)]


def _reserve() -> int:
    while True:
        holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            # Bound before SO_REUSEADDR is set: so it fails where anybody has the port, reserved or open.
            holder.bind(("127.0.0.1", random.randint(_FIRST, _LAST)))  # noqa: S311 - not a secret
        except OSError:
            holder.close()
        else:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _reserved.append(holder)
            port: int = holder.getsockname()[1]
            return port
