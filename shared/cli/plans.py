"""`closebook plans`: repayment plans proposed, listed, shown with their schedule, ended."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from shared.cli import output, proposing
from shared.cli.account import as_reference
from shared.cli.api import ASSISTANT, OFFICER, acting, reading
from shared.cli.options import As, DataDir, IdempotencyKey, JsonFlag, Reason, Reference, SheetFile, day_option
from shared.cli.tables import Table
from shared.events.arrears import Frequency

_COLUMNS = ("plan", "account", "state", "since", "total", "paid", "short", "next on", "next", "catch up by", "why")
_MONEY = ("total", "paid", "short", "next")

bench = typer.Typer(help="Propose repayment plans, list and show them, end one.")
PlanId = Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id.", show_default=False)]


@bench.command("propose")
def propose(
    reference: Reference,
    *,
    instalments: Annotated[int, typer.Option("--instalments", help="How many.", show_default=False)],
    first: Annotated[date, day_option("--first", "When the first is due: the day of the month is kept.")],
    method: Annotated[
        str,
        typer.Option("--method", help="bank-transfer, standing-order, card, cheque or cash.", show_default=False),
    ],
    affordability: Annotated[
        str,
        typer.Option("--affordability", help="Where the note on what they can pay is; no names.", show_default=False),
    ],
    reason: Reason,
    every: Annotated[Frequency, typer.Option("--every", help="How often.")] = Frequency.MONTHLY,
    charge: Annotated[
        list[str] | None,
        typer.Option("--charge", help="Only this charge; none: all overdue and undisputed.", show_default=False),
    ] = None,
    current: Annotated[
        bool,
        typer.Option("--current-charges/--no-current-charges", help="New charges have to be paid on time, too."),
    ] = True,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose that overdue debts are paid in instalments; another person approves, above 12 months a lead officer."""
    api, wanted = acting(data, role, ASSISTANT), as_reference(reference)
    terms = {"account_ref": wanted, "frequency": every.value, "first_on": first.isoformat()}
    asked = urlencode({**terms, "instalments": instalments, "charge": charge or []}, doseq=True)
    offer = api.get("arrears", f"/plan-offer?{asked}")
    body = terms | {
        "instalments": instalments, "method": method, "affordability_ref": affordability, "current_charges": current,
        "debts": offer["debts"],
    }  # fmt: skip
    made = proposing.propose(api, "arrears", "repayment-plan", wanted, body, reason, key)
    made |= {name: offer[name] for name in ("total_pence", "months", "may_approve", "schedule")}
    what = f"plan of {output.pounds(offer['total_pence'])} on {wanted} {_in_words(offer['schedule'])}"
    proposing.tell("arrears", made, what, _approver(offer["may_approve"]), as_json=as_json)


def _approver(may_approve: Sequence[str]) -> str:
    """Return whose approval is named: the lead officer's, where that is enough."""
    return OFFICER if OFFICER in may_approve else may_approve[0]


def _in_words(schedule: Sequence[dict[str, Any]]) -> str:
    """Return a schedule as people say it."""
    first, last = schedule[0], schedule[-1]
    return (
        f"in {len(schedule)} instalments of {output.pounds(first['amount_pence'])} from {first['due_on']}, "
        f"the last of {output.pounds(last['amount_pence'])} on {last['due_on']}"
    )


@bench.command("list")
def list_plans(*, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """List plans: those that stand, then those that are over; how far each is paid, and why it stands so."""
    found = reading(data).get("arrears", "/plans")
    table = output.table(output.counted(len(found), "plan"), _COLUMNS, [_row(row) for row in found], right=_MONEY)
    output.report(found, table, as_json=as_json, to=to)


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["plan_id"], row["account_ref"], row["state"], row["state_on"], output.pounds(row["total_pence"]),
        output.pounds(row["paid_pence"]), output.pounds(row["short_pence"]), row["next_on"],
        output.pounds(row["next_pence"]), row["catch_up_by"], _why(row),
    )  # fmt: skip


def _why(row: dict[str, Any]) -> str:
    """Return why a plan stands as it does, and what came out since: it is a person who decides what follows."""
    reason, met = row["reason"], row["met_in_time"]
    return f"{reason}; {_instalments(met)} {'was' if len(met) == 1 else 'were'} met in time" if met else reason


def _instalments(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers))
    return f"instalment {named}" if len(numbers) == 1 else f"instalments {named}"


def _judged(found: dict[str, Any]) -> list[str]:
    """Return which instalments count as missed, and which were found missed and are not: a line for each."""
    words = {"missed": "Counts as missed", "met_in_time": "Was met in time by money that was learnt late"}
    return [f"{said}: {_instalments(found[name])}." for name, said in words.items() if found[name]]


@bench.command("show")
def show(plan: PlanId, *, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """Show a plan: its terms, its debts, each instalment with how it stands, and every change."""
    found = reading(data).get("arrears", f"/plans/{quote(plan, safe='')}")
    output.report(found, _debts(found), _schedule(found), _changes(found), head=_terms(found), as_json=as_json, to=to)


def _terms(found: dict[str, Any]) -> list[str]:
    clause = "new charges have to be paid on time" if found["current_charges"] else "new charges are not part of it"
    until = f" To be caught up by {found['catch_up_by']}." if found["catch_up_by"] else ""
    how = f"{found['plan_id']} of {found['account_ref']} is {found['state']} since {found['state_on']}"
    terms = f"Agreed on {found['agreed_on']}: {found['frequency']}, by {found['method']}, {clause}"
    return [
        f"Plan {how}: {found['reason']}.{until}",
        _paid(found),
        f"{terms}; affordability: {found['affordability_ref']}; terms: {found['policy_version']}.",
        *_judged(found),
    ]


def _paid(found: dict[str, Any]) -> str:
    """Return how far a plan is paid; nothing is missing of one that is over."""
    pence = {name: output.pounds(found[f"{name}_pence"]) for name in ("paid", "total", "short", "current")}
    asked = f", {pence['short']} is missing, {pence['current']} beside it is overdue" if pence["short"] else ""
    return f"{pence['paid']} of {pence['total']} is paid{asked}."


def _debts(found: dict[str, Any]) -> Table:
    rows = [(one["charge_id"], one["due_on"], output.pounds(one["amount_pence"])) for one in found["debts"]]
    return output.table("Debts", ("charge", "due", "in the plan"), rows, right=("in the plan",))


def _schedule(found: dict[str, Any]) -> Table:
    rows = [
        (one["number"], one["due_on"], output.pounds(one["amount_pence"]), output.pounds(one["paid_pence"]), one["is"])
        for one in found["schedule"]
    ]
    return output.table("Instalments", ("no", "due", "amount", "paid", "is"), rows, right=("no", "amount", "paid"))


def _changes(found: dict[str, Any]) -> Table:
    rows = [
        (one["changed_on"], one["state"], output.pounds(one["paid_pence"]), output.pounds(one["due_pence"]),
         one["catch_up_by"], one["reason"])
        for one in found["changes"]
    ]  # fmt: skip
    columns = ("on", "state", "paid", "should be", "catch up by", "why")
    return output.table("Changes", columns, rows, right=("paid", "should be"))


@bench.command("end")
def end(
    plan: PlanId,
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """End a plan that stands: its charges are on the ladder again, after the days of grace. No letter goes."""
    path = f"/plans/{quote(plan, safe='')}/end"
    answer = acting(data, role, OFFICER).once("arrears", path, {"reason": reason}, key)
    output.answer(answer, f"Plan {plan} is ended; letters wait for the days of grace.", as_json=as_json)
