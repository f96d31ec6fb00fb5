"""What may stand in a header, an address or on a page (reliability.md S30, B68, B69, B71, B75)."""

import email
import email.policy
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.safety import clean, header_text, is_safe_header, mailbox
from services.notify.templates.mail import Envelope, UnsafeHeaderError, compose
from tests.support.letters import ISSUED, a_statement
from tests.unit.notify.cases import a_case, written

EXPECTED = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"
]  # fmt: skip
LETTER = written(a_case(a_statement()))
HOSTILE = [
    "Eve\r\nBcc: victim@example.org",
    "Eve\nBcc: victim@example.org",
    "=?UTF-8?Q?Eve=0ABcc=3A_victim@example.org?=",
    "=?UTF-8?B?RXZlCkJjYzogdkBleGFtcGxlLm9yZw==?=",
    "=?UTF-8?Q?=3D=3FUTF-8=3FQ=3F=0A?=Bcc:victim@example.org",
    'Eve" <victim@example.org>, "Adam',
    "Eve\u2028Bcc: victim@example.org",
    "\u202eevE",
    "x" * 5000,
]


def composed(name: str) -> bytes:
    envelope = Envelope(
        message_id="0b2c9c1a-0000-4000-8000-1234567890ab", sender_name="Rowanbank",
        sender_mailbox="f@rowanbank.example", reply_to="f@rowanbank.example",
        recipient_name=name, recipient_mailbox="owner@example.org", dated_on=ISSUED,
    )  # fmt: skip
    return compose(LETTER, envelope, text="text", html="<p>html</p>", pdf=b"%PDF-", file_name="statement.pdf")


def assert_harmless(raw: bytes) -> None:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert sorted(message.keys()) == sorted(EXPECTED)
    assert [address.addr_spec for address in message["To"].addresses] == ["owner@example.org"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<0b2c9c1a-0000-4000-8000-1234567890ab@rowanbank.example>"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_adds_no_header_and_no_recipient(name: str) -> None:
    assert_harmless(composed(name))


@given(st.text(max_size=300))
def test_no_name_at_all_adds_a_header_or_a_recipient(name: str) -> None:
    assert_harmless(composed(name))


@pytest.mark.parametrize("name", ["Seán Ó Súilleabháin", "Ng", "O'Neil-Àrd", "李小龍", "Zoë 🏡", "Madonna"])
def test_a_name_is_kept_as_its_owner_writes_it(name: str) -> None:
    message = email.message_from_bytes(composed(name), policy=email.policy.default)
    assert message["To"].addresses[0].display_name == name


@given(st.text())
def test_cleaning_leaves_nothing_that_steers_and_is_stable(text: str) -> None:
    cleaned = clean(text)
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in cleaned)
    assert is_safe_header(header_text(text))
    assert clean(cleaned) == cleaned


def test_an_accent_behind_something_invisible_is_composed() -> None:
    assert clean("Jose\u202e\u0301") == "José"


def test_combining_floods_are_cut() -> None:
    assert len(clean("Z" + "\u0335" * 200)) <= 4


def test_the_headers_are_read_back_before_a_message_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the library ever to let a line break through, the message would stay here."""
    monkeypatch.setattr("services.notify.domain.safety.is_safe_header", lambda _value: True)
    monkeypatch.setattr("email.message.EmailMessage.as_bytes", lambda _self: b"To: a@b.c\r\nBcc: v@b.c\r\n\r\nbody")
    with pytest.raises(UnsafeHeaderError):
        composed("Eve")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a.b+c@Example.ORG", "a.b+c@example.org"),
        ("a@bücher.de", "a@xn--bcher-kva.de"),
        ("owner@estate.test", "owner@estate.test"),
        ("a@b.org\n", None),
        (" a@b.org", None),
        ("a@b.org,c@d.org", None),
        ("Eve <a@b.org>", None),
        ('"a b"@b.org', None),
        ("a@[127.0.0.1]", None),
        ("a@localhost", None),
        ("ü@b.org", None),
        ("a" * 65 + "@b.org", None),
        ("a@" + "b" * 260 + ".org", None),
        ("", None),
    ],
)
def test_only_one_plain_mailbox_is_sent_to(address: str, expected: str | None) -> None:
    assert mailbox(address) == expected
