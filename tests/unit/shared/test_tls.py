"""What clients of ours connect with, whatever the machine's OpenSSL was told."""

import ssl

import pytest

from services.notify.usecases.mail_server import MailAddress
from shared.kafka_security import KafkaSecurity


@pytest.fixture
def lax(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where the default is whatever OpenSSL still knows, as with Debian's Python 3.14."""
    strict = ssl.create_default_context

    def default(**words: str | None) -> ssl.SSLContext:
        context = strict(**words)  # type: ignore[arg-type] # the one word that ours passes on
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        return context

    monkeypatch.setattr(ssl, "create_default_context", default)


@pytest.mark.usefixtures("lax")
def test_a_lax_machine_does_not_make_old_tls_good_enough() -> None:
    mail = MailAddress(host="mail.example.org", port=465, tls="tls", sender="office@example.org")

    for context in (KafkaSecurity("SSL").context, mail.context):
        assert context is not None
        assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
