"""What may stand in a header, an address or on a page: our own check, whatever the mail library does.

Sources: reliability.md S30 and B68-B71.
"""

import re
import unicodedata

import idna

MAX_HEADER_BYTES = 900
MAX_NAME = 120
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[BbQq]\?[^?\s]*\?=?")
_BREAKS = frozenset([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029])
_STEERING = frozenset(
    [
        *(0x00AD, 0x061C, 0xFEFF),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0080),
    ]
)
_UNFIT_FOR_HEADER = re.compile("[" + "".join(re.escape(chr(code)) for code in sorted(_BREAKS | _STEERING)) + "]")
_MAX_MARKS = 3
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def clean(text: str, limit: int = 500) -> str:
    """Return text fit for a page: composed (NFC), no controls, no direction tricks, few combining marks, not too long.

    What is left reads the same; a character that only steers the display is dropped, line breaks become spaces.
    """
    visible = "".join(
        " " if ord(character) in _BREAKS else character
        for character in text
        if ord(character) not in _STEERING and not 0xD800 <= ord(character) <= 0xDFFF
    )
    kept: list[str] = []
    marks = 0
    # Composed after the invisible is gone: it may have stood between a letter and its accent.
    for character in unicodedata.normalize("NFC", visible):
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return " ".join("".join(kept).split())[:limit].rstrip()


def header_text(text: str, limit: int = MAX_NAME) -> str:
    """Return text fit for a header: cleaned, and without anything a mail program would decode (RFC 2047)."""
    cleaned = clean(text, limit * 2)
    while (shorter := _ENCODED_WORD.sub(" ", cleaned)) != cleaned:
        cleaned = shorter
    return clean(cleaned.replace("=?", " ").replace("?=", " "), limit)


def is_safe_header(value: str) -> bool:
    """Tell whether a header's value may leave the house: one line, nothing invisible, not too long, not encoded."""
    return (
        not _UNFIT_FOR_HEADER.search(value)
        and "=?" not in value
        and len(value.encode("utf-8", "surrogatepass")) <= MAX_HEADER_BYTES
        and value == unicodedata.normalize("NFC", value)
    )


def mailbox(address: str) -> str | None:
    """Return the form of an e-mail address to send to, or None where it is not exactly one plain mailbox.

    No quoted names, no comments, no second address, nothing around it.  A domain in another script is sent to in its
    ASCII form.  Domains kept for tests (``.test``, ``.invalid``) pass: the libraries that know addresses refuse them.
    """
    local, at, domain = address.rpartition("@")
    if not at or len(local) > 64 or not _LOCAL_PART.fullmatch(local):
        return None
    try:
        ascii_domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None
    found = f"{local}@{ascii_domain}"
    return found if len(found) <= 254 and _DOMAIN.fullmatch(ascii_domain) else None
