"""The `closebook` command: the table of commands, and the one place where an error becomes two sentences and a code."""

import logging
import os
import sys
from collections.abc import Sequence

import httpx
import typer
from aiokafka.errors import KafkaError
from rich.text import Text

from shared.cli import (
    account,
    accounts,
    aged_debt,
    arrears,
    backup,
    bank,
    close,
    collection_rate,
    dead_letters,
    demo,
    direct_debit,
    disputes,
    erase,
    explain,
    export,
    fees,
    final_accounts,
    letters,
    movement,
    output,
    period,
    profit_and_loss,
    proposals,
    publish,
    rebuild,
    reconcile,
    records,
    refunds,
    republish,
    restore,
    returns,
    scheduler,
    settle,
    share_sets,
    status,
    suspense,
    trial_balance,
    up,
    verify,
    write_offs,
)
from shared.cli.errors import CliError, ExitCode
from shared.embedded.errors import ServerError

app = typer.Typer(
    name="closebook",
    help="Closebook: the event-driven back office of a property factor.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("publish")(publish.publish)
app.command("close")(close.close)
app.command("scheduler")(scheduler.scheduler)
app.command("settle")(settle.settle)
app.command("republish")(republish.republish)
app.command("accounts")(accounts.accounts)
app.command("account")(account.account)
app.command("explain")(explain.explain)
app.command("final-accounts")(final_accounts.final_accounts)
app.command("trial-balance")(trial_balance.trial_balance)
app.command("period")(period.period)
app.command("aged-debt")(aged_debt.aged_debt)
app.command("movement")(movement.movement)
app.command("collection-rate")(collection_rate.collection_rate)
app.command("profit-and-loss")(profit_and_loss.profit_and_loss)
app.command("reconcile")(reconcile.reconcile)
app.add_typer(suspense.bench, name="suspense")
app.add_typer(bank.bank, name="bank")
app.add_typer(refunds.bench, name="refunds")
app.command("returns")(returns.returns)
app.command("arrears")(arrears.arrears)
app.command("letters")(letters.letters)
app.add_typer(dead_letters.bench, name="dead-letters")
app.add_typer(proposals.second_person, name="proposals")
app.command("erase")(erase.erase)
app.add_typer(export.exports, name="export")
app.add_typer(write_offs.given_up, name="write-off")
app.add_typer(fees.fees, name="fees")
app.add_typer(disputes.bench, name="disputes")
app.add_typer(direct_debit.bench, name="direct-debit")
app.command("held")(records.held)
app.command("audit")(records.audit)
app.add_typer(share_sets.sets, name="share-set")
app.command("status")(status.status)
app.command("verify")(verify.verify)
app.command("rebuild")(rebuild.rebuild)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)


def main() -> int:
    """Run the command line; the entry point that ``pyproject.toml`` names."""
    return run(sys.argv[1:])


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; whatever goes wrong is told in words, never as a traceback."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        answer = app(args=list(arguments) or ["--help"], prog_name="closebook", standalone_mode=False)
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
    if isinstance(error, CliError):
        return error
    if isinstance(error, typer.TyperException):
        return CliError(error.format_message(), "`closebook COMMAND --help` shows how it is used.", ExitCode.USAGE)
    if isinstance(error, ServerError):
        return CliError(str(error), "Mend that and give the command again.", ExitCode.AWAY)
    if isinstance(error, (KafkaError, httpx.TransportError)):
        return CliError(f"A server went away: {error}.", "`closebook status` shows what answers.", ExitCode.AWAY)
    if os.environ.get("CLOSEBOOK_DEBUG"):
        raise error
    words = f"{type(error).__name__}: {error}".replace("\n", " ")
    return CliError(
        f"This should not happen: {words}", "CLOSEBOOK_DEBUG=1 shows where; please report it.", ExitCode.SOFTWARE
    )


def _complain(error: CliError) -> int:
    console = output.side_console()
    console.print(Text(error.problem, style="bold red"))
    if error.next_step:
        console.print(Text(error.next_step))
    return error.code


if __name__ == "__main__":
    sys.exit(main())
