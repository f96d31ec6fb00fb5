"""Free ports on loopback."""

import socket


def free_ports(count: int) -> list[int]:
    """Return ``count`` different free ports of 127.0.0.1; held open until the last is found, so none repeats."""
    held: list[socket.socket] = []
    try:
        for _ in range(count):
            server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(server)
            server.bind(("127.0.0.1", 0))
        return [server.getsockname()[1] for server in held]
    finally:
        for server in held:
            server.close()
