"""PDF letters: one design in typst, the letter handed in as JSON, the same bytes for the same letter."""

import json
import re
import threading
from dataclasses import asdict
from datetime import UTC, date, datetime, time

import typst

from services.notify.domain.letter import Letter
from services.notify.templates.stationery import HERE

_POSTCODE = re.compile(r"\b([A-Z]{1,2}[0-9][0-9A-Z]?) ([0-9][A-Z]{2})\b")


class PdfPress:
    """Compiles letters; safe to use from several threads, each of which keeps a compiler of its own.

    Only the fonts that come with typst are used, so that a letter looks the same on every machine.
    """

    def __init__(self) -> None:
        self._fonts = typst.Fonts(include_system_fonts=False)
        self._mine = threading.local()

    def press(self, letter: Letter, dated_on: date) -> bytes:
        """Return the letter as an accessible PDF (PDF/UA-1), its creation date the letter's own."""
        pressed = self._compiler().compile(
            format="pdf",
            sys_inputs={"letter": _as_json(letter)},
            timestamp=int(datetime.combine(dated_on, time(8), UTC).timestamp()),
            pdf_standards=["ua-1"],
        )
        assert isinstance(pressed, bytes)
        return pressed

    def _compiler(self) -> "typst.Compiler":
        compiler = getattr(self._mine, "compiler", None)
        if compiler is None:
            compiler = typst.Compiler(
                input=HERE / "letter.typ", root=HERE, font_paths=self._fonts, ignore_system_fonts=True
            )
            self._mine.compiler = compiler
        return compiler


def _as_json(letter: Letter) -> str:
    """Return the letter for the template; a postcode among the facts stays on one line."""
    content = asdict(letter)
    for fact in content["facts"]:
        fact["value"] = _POSTCODE.sub("\\1\u00a0\\2", fact["value"])
    return json.dumps(content, ensure_ascii=False)
