"""`closebook suspense`: money nobody matches and what waits; an officer says whose the money is."""

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import quote

import typer

from shared.cli import environment, output
from shared.cli.api import OFFICER, Api, acting
from shared.cli.options import As, DataDir, IdempotencyKey, JsonFlag, Reason, SheetFile, parse_pounds

_AGES = ("d0_30", "d31_60", "d61_90", "d91_120", "over_120")
_PAYMENT = ("payment", "received", "amount")
_WAITING = ("what", "id", "unit", "amount", "since", "waits for")

bench = typer.Typer(
    help="Show unmatched money and what waits; say whose a payment is.",
    invoke_without_command=True,
    no_args_is_help=False,
)
Payment = Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment's id.", show_default=False)]


@bench.callback()
def suspense(context: typer.Context, *, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """Show unmatched money, and what waits and what it waits for."""
    if context.invoked_subcommand is not None:
        return
    asked = {} if as_json else {"since": "true"}  # programs get what they have always got
    found = Api(environment.resolve(data)).get("billing", "/suspense", asked)
    payments = [
        (item["payment_id"], item["received_on"], output.pounds(item["amount_pence"])) for item in found["payments"]
    ]
    waiting = [
        (kind, item.get(f"{kind}_id"), *_where(item), item.get("since_book"), _needs(item))
        for kind in ("charge", "credit", "reversal")
        for item in found.get(f"{kind}s", ())
    ]
    unmatched, charges = output.pounds(found["payments_pence"]), output.pounds(found["charges_pence"])
    output.report(
        found,
        output.table(f"Unmatched payments, {unmatched}", _PAYMENT, payments, right=("amount",)),
        output.table(f"Waiting, charges {charges}", _WAITING, waiting, right=("amount",)),
        as_json=as_json,
        to=to,
    )


def _where(item: dict[str, Any]) -> tuple[object, object]:
    return item.get("unit_id"), output.pounds(item["amount_pence"])


def _needs(item: dict[str, Any]) -> str:
    """Return what a thing waits for; of an incomplete share set also by how much it misses the whole."""
    gap = item.get("gap")
    return f"{item['waiting_for']} (shares miss {gap} of the whole)" if gap else str(item["waiting_for"])


@bench.command("list")
def list_unmatched(*, as_json: JsonFlag = False, to: SheetFile = None, data: DataDir = None) -> None:
    """List unmatched money by how long it has waited, with the payers' words and whose such words were before."""
    found = Api(environment.resolve(data)).get("billing", "/suspense/payments")
    rows = [_unmatched(item) for item in found["payments"]]
    ages = [output.pounds(found["ageing"][name]) for name in _AGES]
    output.report(
        found,
        output.table(
            f"Unmatched payments on {found['day']}, {output.pounds(found['payments_pence'])}",
            ("payment", "received", "days", "amount", "reference", "proposed"),
            rows,
            right=("days", "amount"),
        ),
        output.table("Days since the value date", _AGES, [ages], right=_AGES),
        as_json=as_json,
        to=to,
    )


def _unmatched(item: dict[str, Any]) -> tuple[object, ...]:
    proposed = item.get("proposed", {}).get("account_ref")
    amount = output.pounds(item["amount_pence"])
    return (item["payment_id"], item["received_on"], item["days"], amount, item.get("reference"), proposed)


@bench.command("show")
def show_payment(payment: Payment, *, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Show one payment: where it stands, what was taken back, and who said what about it."""
    found = Api(environment.resolve(data)).get("billing", _path(payment))
    if as_json:
        output.write_json(found)
        return
    words = [
        (word["match_no"], word["book"], word.get("kind"), _shares(word["shares"]), word.get("who"), word.get("why"))
        for word in found["matches"]
    ]
    output.tell(f"Payment {found['payment_id']}, {output.pounds(found['amount_pence'])} of {found['received_on']}.")
    for reversal in found["reversals"]:
        taken = f"{output.pounds(reversal['amount_pence'])} on {reversal['reversed_on']}"
        output.tell(f"Taken back: {taken}, {reversal['reason']}.")
    output.tell(_standing(found))
    if words:
        output.show(
            output.table("What people said", ("no", "book", "what", "whose", "who", "why"), words, right=("no",))
        )


@bench.command("match")
def match(
    payment: Payment,
    account: Annotated[str, typer.Argument(metavar="REF", help="The account's reference.", show_default=False)],
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Let the whole of a payment stand on an account, with its own value date."""
    _say(payment, "match", {"account_ref": account, "reason": reason}, key, acting(data, role, OFFICER), as_json)


@bench.command("split")
def split(
    payment: Payment,
    shares: Annotated[
        list[str], typer.Argument(metavar="REF=POUNDS...", help="What each account gets.", show_default=False)
    ],
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Let parts of a payment stand on several accounts; what is not named stays in suspense."""
    body = {"shares": [_share(text) for text in shares], "reason": reason}
    _say(payment, "split", body, key, acting(data, role, OFFICER), as_json)


@bench.command("unmatch")
def unmatch(
    payment: Payment,
    *,
    reason: Reason,
    key: IdempotencyKey = None,
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Take a payment back into suspense, whatever it names, until somebody says whose it is."""
    _say(payment, "unmatch", {"reason": reason}, key, acting(data, role, OFFICER), as_json)


def _share(text: str) -> dict[str, Any]:
    """Return what ``REF=POUNDS`` says."""
    account, gets, pounds = text.partition("=")
    if not gets:
        raise typer.BadParameter(f"{text!r} is no share; write REF=POUNDS, for example F1W7305WAF7W=45.50.")
    return {"account_ref": account, "amount_pence": parse_pounds(pounds)}


def _path(payment: str, deed: str = "") -> str:
    return f"/payments/{quote(payment, safe='/:')}{deed}"


def _say(payment: str, deed: str, body: dict[str, Any], key: str | None, api: Api, as_json: bool) -> None:
    answer = api.once("billing", _path(payment, f"/{deed}"), body, key)
    output.answer(answer, f"Payment {answer['payment_id']}. {_standing(answer)}", as_json=as_json)


def _standing(answer: dict[str, Any]) -> str:
    """Return in words where a payment stands."""
    suspense = answer["suspense_pence"]
    rest = f"in suspense {output.pounds(suspense)}" if suspense or not answer["shares"] else ""
    return f"It stands: {', '.join(filter(None, (_shares(answer['shares']), rest)))}."


def _shares(shares: Iterable[dict[str, Any]]) -> str:
    return ", ".join(f"{share['account_ref']} {output.pounds(share['amount_pence'])}" for share in shares)
