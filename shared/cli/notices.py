"""`closebook notices`: notices of potential liability for costs; who warrants one, proposed, noted, listed."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

import typer

from shared.cli import output, proposing
from shared.cli.account import as_reference
from shared.cli.api import ASSISTANT, OFFICER, Api, acting, reading
from shared.cli.options import As, DataDir, IdempotencyKey, JsonFlag, Reason, Reference, SheetFile, day_option
from shared.events.arrears import NoticeForm, NoticeState, NoticeStep

_COLUMNS = ("id", "account", "unit", "state", "overdue", "in force to", "sale", "what to do", "last day", "why")
_HEAD = (
    "notice_id", "account_ref", "unit_id", "state", "form", "title_number", "headings", "reference", "approved_on",
    "submitted_on", "registered_on", "renewed_on", "last_on", "entry_on", "entry_was_on", "buyer_liable",
    "resale_on", "resale_liable", "consented_on", "ended_on", "seen_to_on", "renews",
)  # fmt: skip
_HISTORY = ("no", "book", "what", "state", "overdue", "by", "approved by", "why")
_LIABLE = {True: ", buyer liable", False: ", buyer not liable", None: ""}

bench = typer.Typer(help="Notices of potential liability: who warrants one, what is to be renewed; propose, note.")
NoticeId = Annotated[str, typer.Argument(metavar="ID", help="The notice's id.", show_default=False)]


@bench.command("list")
def list_notices(
    *,
    lapsed: Annotated[
        bool, typer.Option("--lapsed", help="Instead every one that expired unrenewed, seen to or not.")
    ] = False,
    as_json: JsonFlag = False,
    to: SheetFile = None,
    data: DataDir = None,
) -> None:
    """List what is to be done: before sales first, then breaches, renewals, candidates, and what waits."""
    found = reading(data).get("arrears", "/notices", {"lapsed": "true"} if lapsed else {})
    table = output.table(
        output.counted(len(found), "notice"), _COLUMNS, [_row(row) for row in found], right=("overdue",)
    )
    output.report(found, table, as_json=as_json, to=to)


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["notice_id"], row["account_ref"], row["unit_id"], f"{row['state']}{', urgent' if row['urgent'] else ''}",
        output.pounds(row["eligible_pence"]), row["last_on"], _sale(row), row["task"], row["task_due_on"],
        None if row["last_on"] else row["reason"],  # of a registered one sale and task say it all
    )  # fmt: skip


def _sale(row: dict[str, Any]) -> str:
    """Return the day of entry, what it was before it moved, whether the buyer is liable, and the same of a sale on."""
    on = row["entry_on"] or ("off" if row["entry_was_on"] else "")
    moved = f" (was {row['entry_was_on']})" if row["entry_was_on"] else ""
    again = f"; sold on {row['resale_on']}{_LIABLE[row['resale_liable']]}" if row["resale_on"] else ""
    return f"{on}{moved}{_LIABLE[row['buyer_liable']]}{again}"


@bench.command("show")
def show_notice(notice: NoticeId, *, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Show one notice, and all that happened to it, with who and why."""
    found = reading(data).get("arrears", f"/notices/{quote(notice, safe='')}")
    if as_json:
        output.write_json(found)
        return
    for name, value in found.items():
        if name in _HEAD and value is not None:
            output.tell(f"{name}: {'; '.join(value) if isinstance(value, list) else value}")
    rows = [_change(row) for row in found["changes"]]
    output.show(output.table(output.counted(len(rows), "change"), _HISTORY, rows, right=("no", "overdue")))


def _change(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["number"], row["book"], _what(row), row["state"], output.pounds(row["eligible_pence"]), row["by"],
        row["approved_by"], row["reason"],
    )  # fmt: skip


def _what(row: dict[str, Any]) -> str:
    return f"{row['change']}: {row['taken_back']}" if row["taken_back"] else str(row["change"])


@bench.command("propose")
def propose(
    reference: Reference,
    *,
    form: Annotated[NoticeForm, typer.Option("--form", help="2004 for a flat of a tenement, 2003 for anything else.")],
    title: Annotated[str, typer.Option("--title", help="The title number, or the deed in the Sasines; name nobody.")],
    heading: Annotated[list[str], typer.Option("--heading", help="What it is for, e.g. Repairs; may be repeated.")],
    registered: Annotated[
        date | None, day_option("--registered-on", "It is registered already, since this day: take it over.")
    ] = None,
    known_as: Annotated[
        str | None, typer.Option("--reference", help="What the Registers call it, if so.", show_default=False)
    ] = None,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Propose that an account's candidate is registered, or a notice without one; a lead officer approves."""
    api = acting(data, role, ASSISTANT)
    ref = as_reference(reference)
    asked = {"account_ref": ref, "form": form.value, "title_number": title, "headings": heading, "reason": reason}
    body: dict[str, Any] = asked | _candidate(api, ref)
    body |= {"registered_on": registered.isoformat()} if registered is not None else {}
    body |= {"reference": known_as} if known_as is not None else {}
    made = proposing.propose(api, "arrears", "notice", ref, body, reason, key)
    what = f"notice {body.get('notice_id', 'without a candidate')} of {ref}"
    proposing.tell("arrears", made, what, OFFICER, as_json=as_json)


def _candidate(api: Api, ref: str) -> dict[str, str]:
    """Return the candidate of an account, if it has one: what is approved is what was looked at."""
    mine = (row for row in api.get("arrears", "/notices") if row["account_ref"] == ref)
    return next(({"notice_id": row["notice_id"]} for row in mine if row["state"] == NoticeState.CANDIDATE), {})


@bench.command("note")
def note(
    notice: NoticeId,
    step: Annotated[NoticeStep, typer.Argument(metavar="STEP", help="What happened, or what was decided.")],
    *,
    reason: Reason,
    on: Annotated[date | None, day_option("--on", "When it happened, if that was earlier.")] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="What the Registers call a registration.", show_default=False)
    ] = None,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Note submitted, registered, renewed, left-to-expire, consent, discharged, rejected or seen-to."""
    body: dict[str, Any] = {"step": step.value, "reason": reason, "reference": reference}
    body |= {"on": on.isoformat()} if on is not None else {}
    path = f"/notices/{quote(notice, safe='')}/steps"
    answer = acting(data, role, OFFICER).once("arrears", path, body, key)
    output.answer(answer, _told(answer, notice), as_json=as_json)


@bench.command("take-back")
def take_back(
    notice: NoticeId,
    step: Annotated[NoticeStep, typer.Argument(metavar="STEP", help="The newest step, which was noted in error.")],
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Take back the newest step of a notice, noted in error; it stands as before, and the right one may be noted."""
    path = f"/notices/{quote(notice, safe='')}/take-back"
    answer = acting(data, role, OFFICER).once("arrears", path, {"step": step.value, "reason": reason}, key)
    output.answer(answer, _told(answer, notice), as_json=as_json)


def _told(answer: dict[str, Any], notice: str) -> str:
    """Return how a notice stands now, also when another one took its place."""
    state, last_on = answer["state"], answer["last_on"]
    late = f", in the place of {notice}, which had expired" if answer["notice_id"] != notice else ""
    until = f", in force to {last_on}" if last_on and state != NoticeState.DISCHARGED else ""
    if state == NoticeState.EXPIRED:
        until = f": its last day was {last_on}" + ("; the breach is seen to" if answer["seen_to_on"] else "")
    is_live = state in {NoticeState.REGISTERED, NoticeState.RENEWED}
    named = "left to expire" if answer["left_to_expire"] and is_live else state
    return f"Notice {answer['notice_id']} of {answer['account_ref']} is {named}{until}{late}."
