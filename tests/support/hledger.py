"""The real hledger, which nobody here wrote, over a journal of ours."""

import csv
import io
import subprocess

from tests.support.debian import program

_CHECKS = ("--strict", "ordereddates")


def complaints(journal: str) -> str:
    """Return what hledger has to say against a journal: nothing, if it balances, all is declared and in order."""
    return _run(journal, "check", *_CHECKS).stderr


def balances(journal: str) -> dict[str, int]:
    """Return every account's balance in pence, as hledger adds it up."""
    told = _run(journal, "balance", "--flat", "--empty", "--no-total", "--output-format=csv").stdout
    _, *rows = csv.reader(io.StringIO(told))
    return {account: _pence(amount) for account, amount in rows}


def _pence(amount: str) -> int:
    return int(amount.removeprefix("GBP").strip().replace(",", "").replace(".", "")) if amount != "0" else 0


def _run(journal: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("hledger", "hledger"), "-f-", *words], input=journal, capture_output=True, text=True, check=False
    )
