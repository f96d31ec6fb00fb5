"""What the demo shows at its end: the figures of the four services, side by side."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from shared.cli import output
from shared.cli.api import Api
from shared.cli.dead_letters import letters_of
from shared.cli.tables import Table

_BUCKETS = {
    "d1_30": "1-30 days",
    "d31_60": "31-60 days",
    "d61_90": "61-90 days",
    "d91_120": "91-120 days",
    "over_120": "over 120 days",
}


def figures(api: Api, report: Mapping[str, Any]) -> dict[str, Any]:
    """Ask the services for the figures of the whole run; the same seed gives the same ones to the penny."""
    billing, arrears = api.get("billing", "/summary"), api.get("arrears", "/summary")
    messages = Counter(f"{message['template']}, {message['channel']}" for message in api.get("notify", "/letters"))
    return {
        "events": sum(report["events"].values()),
        "accounts": len(api.get("billing", "/accounts")),
        "statements": billing.get("statements"),
        "billed_pence": billing["billed_pence"],
        "collected_pence": billing["collected_pence"],
        "suspense_pence": billing["suspense_pence"],
        "suspense_charges_pence": billing.get("suspense_charges_pence", 0),
        "overdue_pence": dict(arrears["overdue"]),
        "letters_by_stage": dict(arrears["letters"]),
        "messages": dict(sorted(messages.items())),
        "dead_letters": dict(sorted(Counter(letter["reason"] for letter in letters_of(api)).items())),
    }


def unexpected_letters(api: Api, planted: Iterable[Mapping[str, Any]], prefix: str) -> list[str]:
    """Return, in words, every dead letter that was not planted and every planted record that is none."""
    wanted = Counter(_place(plant, prefix) for plant in planted)
    found = Counter(_place(letter, prefix) for letter in letters_of(api))
    return [f"not planted: {' '.join(map(str, place))}" for place in (found - wanted)] + [
        f"planted but no dead letter: {' '.join(map(str, place))}" for place in (wanted - found)
    ]


def _place(letter: Mapping[str, Any], prefix: str) -> tuple[str, str, int, int, str]:
    topic = str(letter["topic"]).removeprefix(prefix)
    return str(letter["service"]), topic, int(letter["partition"]), int(letter["offset"]), str(letter["reason"])


def as_table(found: Mapping[str, Any]) -> Table:
    """Return the figures as the table that ends the demo."""
    rows: list[tuple[str, str, object]] = [
        ("events published", "", found["events"]),
        ("accounts", "", found["accounts"]),
        ("statements", "", found["statements"]),
        ("billed", "", output.pounds(found["billed_pence"])),
        ("collected", "", output.pounds(found["collected_pence"])),
        ("suspense", "money nobody matches", output.pounds(found["suspense_pence"])),
        ("", "charges that wait", output.pounds(found["suspense_charges_pence"])),
    ]
    overdue = found["overdue_pence"]
    rows += _group("overdue", {_BUCKETS[name]: output.pounds(overdue.get(name, 0)) for name in _BUCKETS})
    rows += _group("letters by stage", found["letters_by_stage"])
    rows += _group("messages", found["messages"])
    rows += _group("dead letters", found["dead_letters"])
    return output.table("Figures", ("what", "", "how much"), rows, right=("how much",))


def _group(name: str, members: Mapping[str, object]) -> list[tuple[str, str, object]]:
    if not members:
        return [(name, "", "none")]
    return [("" if number else name, member, value) for number, (member, value) in enumerate(members.items())]
