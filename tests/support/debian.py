"""A program that nobody here wrote: from PATH, else from Debian's packages, unpacked into ``build/``."""

import fcntl
import shutil
import subprocess
from pathlib import Path

_BUILD = Path(__file__).parents[2] / "build"
_FOLDERS = ("usr/bin", "usr/sbin", "usr/lib/postgresql/*/bin")


def program(name: str, *packages: str) -> str:
    """Return the command; fails with a sentence where it is neither installed nor to be had in ``packages``."""
    return _found(name) or _fetched(name, packages, _BUILD / name)


def _found(name: str) -> str | None:
    unpacked, installed = ([str(place) for each in _FOLDERS for place in root.glob(each)] for root in _roots(name))
    places = (None, *unpacked, *installed)
    return next(filter(None, (shutil.which(name, path=place) for place in places)), None)


def _roots(name: str) -> tuple[Path, Path]:
    return _BUILD / name, Path("/")


def libraries(name: str) -> dict[str, str]:
    """Return the environment in which an unpacked program finds the libraries that came with it."""
    return {"LD_LIBRARY_PATH": ":".join(str(folder) for folder in (_BUILD / name / "usr" / "lib").glob("*-linux-gnu"))}


def _fetched(name: str, packages: tuple[str, ...], unpacked: Path) -> str:
    """Fetch it, while other workers of the same tests wait for it."""
    unpacked.mkdir(parents=True, exist_ok=True)
    with (unpacked / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _found(name):
            _unpack_from_debian(name, packages, unpacked)
    found = _found(name)
    assert found, f"{packages} have no program {name}"
    return found


def _unpack_from_debian(name: str, packages: tuple[str, ...], unpacked: Path) -> None:
    """Fetch packages with lists and a cache of our own, which needs no rights, and unpack them."""
    lists, cache = unpacked / "lists", unpacked / "cache"
    for folder in (lists / "partial", cache / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}", "-o", "Debug::NoLocking=1"]
    try:
        for command in ([*apt, "update"], [*apt, "download", *packages]):
            subprocess.run(command, cwd=unpacked, check=True, capture_output=True)
        for package in unpacked.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(unpacked)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise AssertionError(f"This test needs {name}: apt-get install {packages[0]}.") from error
