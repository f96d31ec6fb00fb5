"""How every client of ours speaks TLS: certificates and names are verified, and nothing is older than TLS 1.2."""

import ssl


def client_context(authority: str | None = None) -> ssl.SSLContext:
    """Return what a client connects with; ``authority`` is a file with a private one, else the system's are asked.

    The least version is said here, because a default is whatever the system's OpenSSL was told: some still take
    TLS 1.0.  The database driver says the same of itself.  Raises ``OSError`` for a file that cannot be read.
    """
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
