"""What a command says when it cannot do what was asked: one sentence, what to do next, and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """Exit codes of every command; 64 and 75 are those of BSD's sysexits."""

    NEGATIVE = 1
    USAGE = 64
    SOFTWARE = 70
    AWAY = 75
    INTERRUPTED = 130


class CliError(Exception):
    """A command ends here; ``main`` prints the two sentences on standard error and exits with the code."""

    def __init__(self, problem: str, next_step: str, code: ExitCode = ExitCode.NEGATIVE) -> None:
        super().__init__(problem)
        self.problem = problem
        self.next_step = next_step
        self.code = code


def away(what: str, address: str) -> CliError:
    """Return the error of a server that does not answer."""
    return CliError(
        f"{what} at {address} does not answer.",
        "Is it running? `closebook up` starts everything on this machine; `closebook status` shows what answers.",
        ExitCode.AWAY,
    )


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Let a file that cannot be written (no such folder, no right to it, a full disk) be told in a sentence."""
    try:
        yield
    except OSError as error:
        raise CliError(
            f"{path} cannot be written: {error.strerror or error}.", "Name another file.", ExitCode.USAGE
        ) from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Let a file be written beside its place: it stands under its name once it is whole, and not at all if it fails."""
    part = path.with_name(f"{path.name}.part")
    with writing(path):
        try:
            yield part
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
