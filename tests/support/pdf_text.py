"""The words of a PDF as typst writes it: each run of glyphs looked up in its font's own map to Unicode."""

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\s*(.*?)\s*endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
_MAPPED = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>")
_PLAIN = rb"\\.|[^\\()]"
_STRING = rb"\(((?:%s|\((?:%s)*\))*)\)" % (_PLAIN, _PLAIN)  # balanced brackets are not escaped
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|%s|\b(ET)\b" % _STRING, re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}

Objects = dict[bytes, bytes]


def words_of(pdf: bytes) -> str:
    """Return the words of all pages in the order of their tags, runs and lines joined by single spaces."""
    objects: Objects = dict(_OBJECT.findall(pdf))
    pages = [body for body in objects.values() if re.search(rb"/Type/Page\b", body)]
    return " ".join(" ".join(_page(objects, body) for body in pages).split())


def _page(objects: Objects, page: bytes) -> str:
    content, resources = (re.search(rb"/%s (\d+) 0 R" % name, page) for name in (b"Contents", b"Resources"))
    assert content is not None, "a page without words"
    assert resources is not None, "a page without resources"
    fonts = re.search(rb"/Font<<(.*?)>>", objects[resources[1]])
    assert fonts, "a page without fonts"
    maps = {name: _characters(objects, ref) for name, ref in re.findall(rb"/(\w+) (\d+) 0 R", fonts[1])}
    shown: list[str] = []
    font: dict[bytes, str] = {}
    for name, text, ended in _SHOWN.findall(_inflated(objects[content[1]])):
        font = maps[name] if name else font
        glyphs = _ESCAPED.sub(_plain, text)
        shown += [font[glyphs[at : at + 2]] for at in range(0, len(glyphs), 2)]
        shown += [" "] if ended else []
    return "".join(shown)


def _plain(escaped: re.Match[bytes]) -> bytes:
    code = escaped[1]
    return bytes([int(code, 8)]) if code.isdigit() else _LETTERS.get(code, code)


def _characters(objects: Objects, font: bytes) -> dict[bytes, str]:
    """Return what each glyph of a font stands for."""
    ref = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
    assert ref, "a font that cannot be read aloud"
    pairs = _MAPPED.findall(_inflated(objects[ref[1]]))
    return {bytes.fromhex(glyph.decode()): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs}


def _inflated(body: bytes) -> bytes:
    stream = _STREAM.search(body)
    assert stream, "an object without a stream"
    return zlib.decompress(stream[1])
