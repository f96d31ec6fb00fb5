"""A statement as PDF by notify's press against WeasyPrint: processor seconds each, so that cores do not matter."""

import asyncio
import json
import os
import time
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.notify.domain.letter import Letter
from services.notify.domain.recipients import Recipient
from services.notify.domain.writing import Case, write
from services.notify.templates.pdf import PdfPress
from services.notify.templates.stationery import load_stationery
from shared.events.owners import ContactKind
from tests.benchmarks.figures import Figure, ratios
from tests.benchmarks.stage import Stage
from tests.benchmarks.typeface import write_faces
from tests.support.letters import ISSUED, a_charge_line, a_payment_line, a_statement, an_address

_WEASYPRINT = Path("build/weasyprint/bin/python")
"""An environment of its own, which ``make bench`` makes: nothing of the project needs WeasyPrint."""
_DATA_HOME = Path("build/weasyprint/share").absolute()
"""Where fontconfig looks for fonts: in a folder ``fonts`` there."""
_PROGRAM = """
import json, sys, time
from weasyprint import HTML
pages = json.load(sys.stdin)
HTML(string=pages[0]).write_pdf()
started = time.process_time()
for page in pages[1:]:
    HTML(string=page).write_pdf(pdf_variant="pdf/ua-1")
print((time.process_time() - started) / (len(pages) - 1))
"""
_LINES = 12


async def measure(stage: Stage) -> list[Figure]:
    """Press as many different letters by both in every round."""
    pressed, printed = [], []
    count, is_there = stage.scaled(40), _WEASYPRINT.exists()  # noqa: ASYNC240 - before anything runs
    assert write_faces(_DATA_HOME / "fonts")
    press = PdfPress()
    press.press(_letter(0), ISSUED)  # warm
    for number in range(stage.rounds):
        letters = [_letter(1 + number * count + nth) for nth in range(count)]
        pressed.append(_press(press, letters))
        if is_there:
            printed.append(await _weasyprint(letters[: max(count // 8, 2)]))
    return [
        Figure("pdfs.statement", "ms", tuple(seconds * 1000 for seconds in pressed)),
        Figure("pdfs.weasyprint", "ms", tuple(seconds * 1000 for seconds in printed)),
        Figure("pdfs.over-weasyprint", "times", ratios(printed, pressed) if printed else (), least=25),
    ]


def _press(press: PdfPress, letters: list[Letter]) -> float:
    """Return the processor seconds of one letter."""
    started = time.process_time()
    for letter in letters:
        press.press(letter, ISSUED)
    return (time.process_time() - started) / len(letters)


async def _weasyprint(letters: list[Letter]) -> float:
    """Return the same for the same letters as HTML, in WeasyPrint's own environment."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("statement.html.j2")
    pages = json.dumps([template.render(letter=letter) for letter in letters])
    process = await asyncio.create_subprocess_exec(
        _WEASYPRINT,
        "-c",
        _PROGRAM,
        env=os.environ | {"XDG_DATA_HOME": str(_DATA_HOME)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(pages.encode())
    assert process.returncode == 0
    return float(said)


def _letter(number: int) -> Letter:
    """Return a statement of a dozen lines, no two alike."""
    lines = [
        a_charge_line(
            1_000 + 7 * number + nth, f"C{nth}", description=f"Stair cleaning, week {nth}, no. {number}",
            value_on=ISSUED.replace(month=1 + nth % 3, day=1 + nth),
        )
        for nth in range(_LINES - 1)
    ]  # fmt: skip
    recipient = Recipient(ContactKind.PARTY, "P1", f"Owner Number {number}", None, ("14 Alder Street", "Glasgow"))
    statement = a_statement(*lines, a_payment_line(-9_000 - number), ref=f"F{number:011d}")
    return write(
        Case("statement", statement.account_ref, ISSUED, an_address(), recipient, statement), load_stationery(None)
    )
