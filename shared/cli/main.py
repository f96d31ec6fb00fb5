"""The `closebook` command, and the one place where an error becomes two sentences and a code."""

import logging
import os
import sys
from collections.abc import Sequence

import httpx
import typer

from shared.cli import output
from shared.cli.commands import COMMANDS, application
from shared.cli.errors import CliError, ExitCode
from shared.embedded.errors import ServerError


def main() -> int:
    """Run the command line; the entry point that ``pyproject.toml`` names."""
    return run(sys.argv[1:])


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; whatever goes wrong is told in words, never as a traceback."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        given = [name for name in arguments[:1] if name in COMMANDS]
        line = application(given or COMMANDS)
        answer = line(args=list(arguments) or ["--help"], prog_name="closebook", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return _complain(CliError("Interrupted.", "", ExitCode.INTERRUPTED))
    except BrokenPipeError:
        # Whoever read our output has seen enough (`closebook accounts | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.NEGATIVE
    except Exception as error:  # noqa: BLE001 - the last door: a person gets words
        return _complain(_in_words(error))
    return answer if isinstance(answer, int) else 0


def _in_words(error: Exception) -> CliError:
    """Return what a person is told about any error."""
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - a client of Kafka, for those who meet its errors

    if isinstance(error, CliError):
        return error
    if isinstance(error, typer.TyperException):
        return CliError(error.format_message(), "`closebook COMMAND --help` shows how it is used.", ExitCode.USAGE)
    if isinstance(error, ServerError):
        return CliError(str(error), "Mend that and give the command again.", ExitCode.AWAY)
    if isinstance(error, (KafkaError, httpx.TransportError)):
        return CliError(f"A server went away: {error}.", "`closebook status` shows what answers.", ExitCode.AWAY)
    return _of_this_machine(error) or _ours(error)


def _of_this_machine(error: Exception) -> CliError | None:
    """Return what a person is told about the terminal's characters or a path that is not there, if it is that."""
    if isinstance(error, UnicodeEncodeError):
        return CliError(
            f"Some characters cannot be written as {error.encoding}.",
            "Let the terminal speak UTF-8 (LANG=C.UTF-8) and give the command again.",
            ExitCode.USAGE,
        )
    if isinstance(error, OSError) and error.filename is not None:
        return CliError(f"{error.filename} cannot be used: {error.strerror}.", "Name another path.", ExitCode.USAGE)
    return None


def _ours(error: Exception) -> CliError:
    """Return what a person is told about a fault of ours; raises it where somebody looks for it."""
    if os.environ.get("CLOSEBOOK_DEBUG"):
        raise error
    words = f"{type(error).__name__}: {error}".replace("\n", " ")
    return CliError(
        f"This should not happen: {words}", "CLOSEBOOK_DEBUG=1 shows where; please report it.", ExitCode.SOFTWARE
    )


def _complain(error: CliError) -> int:
    output.say(error.problem, style="bold red")
    if error.next_step:
        output.say(error.next_step)
    return error.code


if __name__ == "__main__":
    sys.exit(main())
