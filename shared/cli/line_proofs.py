"""The proof of an account's lines: what stands of each charge and credit, and how its pence came about."""

from collections.abc import Iterator
from typing import Any

from shared.cli import output
from shared.cli.tables import Table

_COLUMNS = ("kind", "what", "part", "pool", "share", "exact pence", "place", "flat's", "days", "owed by", "stands")
_MONEY = ("pool", "flat's", "stands")
_BLANK = ("",) * 3

Row = tuple[object, ...]


def table(found: dict[str, Any]) -> Table:
    """Return a row or two (net, tax) for each charge and credit of an account, in the order of its lines."""
    facts = {(line["kind"], line.get("credit_id") or line["charge_id"]): line for line in _proved(found)}
    rows = [row for (_, what), line in facts.items() for row in _rows(found["account_ref"], what, line)]
    return output.table("Proof: what stands now, and why", _COLUMNS, rows, right=_MONEY)


def reading(found: dict[str, Any]) -> tuple[str, ...]:
    """Return how to read the table, and under which versions of the policy the days were chosen."""
    policies = sorted({line["proof"]["liability"]["policy"] for line in _proved(found)})
    return (
        "Place: of the remainder among all flats, and how many get a penny more. Days: the account's, of all.",
        f"Owed by: the day, or the period, that decides under {', '.join(policies) or 'no policy'}.",
        "`closebook explain REF CHARGE_ID` has every step in words.",
    )


def _proved(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for line in found["lines"] if "proof" in line]


def _rows(account_ref: str, what: str, line: dict[str, Any]) -> Iterator[Row]:
    proof = line["proof"]
    own = sum(row["days"] for row in proof["days"] if row["account_ref"] == account_ref)
    days, stands = f"{own} of {proof['liability']['days']}", output.pounds(proof["stands_pence"])
    first, *more = list(_parts(proof))
    yield (line["kind"], what, *first, days, proof["liability"]["decided_by"], stands)
    for part in more:
        yield ("", "", *part, *_BLANK)


def _parts(proof: dict[str, Any]) -> Iterator[Row]:
    """Yield net and tax as divided between flats; one part where nothing is."""
    set_ = proof["share_set"]
    share = f"{set_['share'] or 'none'} of {set_['share_set_id']}" if set_ is not None else "its own"
    claims = [(name, proof[name]) for name in ("net", "tax") if proof[name] is not None]
    for name, claim in claims:
        place = f"{claim['rank']} of {set_['units']}, {claim['odd_pence']} odd"
        yield (name, output.pounds(claim["amount_pence"]), share, claim["exact"], place, output.pounds(claim["pence"]))
        share = ""
    if not claims:
        share = "what was left" if proof["takes_what_is_left"] else share
        yield ("gross", output.pounds(proof["pool"]["gross_pence"]), share, "", "", "")
