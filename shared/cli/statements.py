"""`closebook statements`: runs that people look at before they are issued, and an account's year."""

from typing import Annotated
from urllib.parse import quote

import typer

from shared.cli import output, proposing, statement_tables
from shared.cli.account import as_reference
from shared.cli.api import FINANCE, OFFICER, Api, acting, reading
from shared.cli.errors import CliError, ExitCode
from shared.cli.options import As, DataDir, IdempotencyKey, JsonFlag, Reason, Reference, SheetFile

bench = typer.Typer(help="Statement runs: look before they are issued, check a sample, release; an account's year.")

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's name, as `list` shows it.", show_default=False)]
Most = Annotated[int, typer.Option("--most", min=1, max=1000, help="How many statements of each list.")]


@bench.command("list")
def list_runs(*, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List the runs that were struck and how far each is, and how statements get out."""
    found = reading(data).get("billing", "/statement-runs")
    if as_json:
        output.write_json(found)
        return
    policy = found["policy"]
    output.tell(
        f"Statements are {policy['release']}; a sample of {policy['sample_size']} by lot, and as many for each reason; "
        f"an outlier changes by more than {policy['outlier_percent']} %."
    )
    rows = [(run["run_id"], run["quarter"], run["known_at"], run["state"]) for run in found["runs"]]
    output.show(output.table(output.counted(len(rows), "run"), ("run", "quarter", "struck on", "state"), rows))


@bench.command("show")
def show_run(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run; none: the last one struck.", show_default=False)
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="What statements would say if struck now.")] = False,
    most: Most = 20,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show a run: totals, exceptions, the largest changes, its sample; or what one struck now would say."""
    api = reading(data)
    name = "dry-run" if dry_run else run or _last(api)
    found = api.get("billing", _path(name), {"most": str(most)})
    statement_tables.show_run(found, as_json=as_json, to=to)


@bench.command("propose")
def propose(
    run: RunId,
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Have a quarter struck anew in the work of the day, after what was wrong is mended; checks begin anew."""
    answer = acting(data, role, OFFICER).once("billing", f"{_path(run)}/restrike", {"reason": reason}, key)
    struck = f"billing: {answer['quarter']} is struck anew in the work of {answer['struck_in']}."
    words = f"{struck}\n`closebook statements show --dry-run` shows what it would say now."
    output.answer(answer, words, as_json=as_json)


@bench.command("check")
def check(
    run: RunId,
    reference: Reference,
    *,
    passed: Annotated[bool, typer.Option("--pass/--fail", help="Is it right?", show_default=False)],
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Pass or fail a statement of a run's sample; the last word holds until the run is released."""
    body = {"account_ref": as_reference(reference), "passed": passed, "reason": reason}
    answer = acting(data, role, OFFICER).once("billing", f"{_path(run)}/checks", body, key)
    verdict = "passed" if answer["passed"] else "failed"
    output.answer(answer, f"billing: {answer['account_ref']} {verdict} in run {run}.", as_json=as_json)


@bench.command("release")
def release(
    run: RunId,
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose that a run is issued on the next day that closes; another person approves."""
    made = proposing.propose(
        acting(data, role, OFFICER), "billing", "statement-release", run, {"run_id": run}, reason, key
    )
    proposing.tell("billing", made, f"release of run {run}", FINANCE, as_json=as_json)


@bench.command("policy")
def policy(
    way: Annotated[str, typer.Argument(metavar="automatic|reviewed", help="How runs get out from now on.")],
    *,
    reason: Reason,
    sample: Annotated[int, typer.Option("--sample", min=1, max=200, help="Statements drawn by lot.")] = 5,
    percent: Annotated[int, typer.Option("--outlier", min=0, help="A change above so many per cent.")] = 50,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose how statements get out from the next quarter's first day on; another person approves."""
    if way not in {"automatic", "reviewed"}:
        raise CliError(f"{way!r} is no way to release statements.", "Say automatic or reviewed.", ExitCode.USAGE)
    body = {"release": way, "sample_size": sample, "outlier_percent": percent}
    made = proposing.propose(
        acting(data, role, OFFICER), "billing", "statement-policy", "statements", body, reason, key
    )
    proposing.tell("billing", made, f"{way} statements", "board", as_json=as_json)


@bench.command("annual")
def annual(
    reference: Reference,
    year: Annotated[int, typer.Argument(min=1970, max=9998, help="The year of the four quarters.")],
    *,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """Show an account's annual detailed statement: charges by head, the work done, and what was paid."""
    found = reading(data).get("billing", f"/accounts/{as_reference(reference)}/annual/{year}")
    statement_tables.show_year(found, as_json=as_json, to=to)


@bench.command("issue-annual")
def issue_annual(
    year: Annotated[int, typer.Argument(min=1970, max=9998, help="The year of the four quarters.")],
    *,
    reason: Reason,
    account: Annotated[
        str | None, typer.Option("--account", metavar="REF", help="Only this account's; else all who have none yet.")
    ] = None,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Have a year's annual statements sent in the work of the day, once for each account."""
    body = {"year": year, "account_ref": as_reference(account) if account else None, "reason": reason}
    answer = acting(data, role, OFFICER).once("billing", "/annual-statements", body, key)
    accounts = f"{answer['accounts']} account{'' if answer['accounts'] == 1 else 's'}"
    words = f"billing: the annual statement of {year} goes to {accounts} with the work of {answer['asked_in']}."
    output.answer(answer, words, as_json=as_json)


def _path(run: str) -> str:
    return f"/statement-runs/{quote(run, safe='')}"


def _last(api: Api) -> str:
    """Return the last run struck."""
    runs = api.get("billing", "/statement-runs")["runs"]
    if not runs:
        raise CliError(
            "No run was struck yet: statements are automatic, or the quarter has not ended.",
            "`closebook statements show --dry-run` shows what one struck now would say.",
            ExitCode.NEGATIVE,
        )
    return str(runs[-1]["run_id"])
