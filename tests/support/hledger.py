"""The real hledger, which nobody here wrote: from PATH, else from Debian's package, unpacked into ``build/``."""

import csv
import fcntl
import io
import shutil
import subprocess
from pathlib import Path

_UNPACKED = Path(__file__).parents[2] / "build" / "hledger"
_CHECKS = ("--strict", "ordereddates")


def program() -> str:
    """Return the command; fails with a sentence where it is neither installed nor to be had."""
    return _found() or _fetched()


def _found() -> str | None:
    return shutil.which("hledger") or shutil.which("hledger", path=str(_UNPACKED / "usr" / "bin"))


def _fetched() -> str:
    """Fetch it, while the other workers of the tests wait for it."""
    _UNPACKED.mkdir(parents=True, exist_ok=True)
    with (_UNPACKED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _found() or _from_debian()


def _from_debian() -> str:
    """Fetch the package with lists and a cache of our own, which needs no rights, and unpack it."""
    lists, cache = _UNPACKED / "lists", _UNPACKED / "cache"
    for folder in (lists / "partial", cache / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}", "-o", "Debug::NoLocking=1"]
    try:
        for command in ([*apt, "update"], [*apt, "download", "hledger"]):
            subprocess.run(command, cwd=_UNPACKED, check=True, capture_output=True)
        (package,) = _UNPACKED.glob("hledger_*.deb")
        subprocess.run(["dpkg", "-x", str(package), str(_UNPACKED)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise AssertionError("This test reads the ledger with hledger: apt-get install hledger.") from error
    return str(_UNPACKED / "usr" / "bin" / "hledger")


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
    return subprocess.run([program(), "-f-", *words], input=journal, capture_output=True, text=True, check=False)
