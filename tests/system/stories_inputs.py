"""What the examiner of inputs says: what is valid, repeated, contradicted, and what waits for something."""

from typing import Any

from tests.system.examiner import (
    Said,
    again,
    charge,
    credit,
    dumped,
    entry,
    home,
    payment,
    reversal,
    shares,
    turned,
    unit,
)

FIRST = [
    *(said for name in ("ok", "spent", "twice", "clash", "binary", "big", "source") for said in home(f"IN-{name}")),
    charge("IN-ok-C", 500, "IN-ok"),
    charge("IN-source-C", 5500, "IN-source") | {"id": "charge-raised/IN-ok-C", "source": "another system"},
    payment("IN-ok-P", 200, unit_id="IN-ok"),
    charge("IN-spent-C", 100, "IN-spent"),
    credit("IN-spent-K", "IN-spent-C"),
    charge("IN-twice-C", 300, "IN-twice"),
    payment("IN-twice-P", 100, unit_id="IN-twice"),
    charge("IN-clash-C", 700, "IN-clash"),
    payment("IN-clash-P", 50, unit_id="IN-clash"),
    reversal("IN-clash-R", "IN-clash-P", 20),
]
REPEATS = [
    *(said for said in FIRST if "IN-twice" in dumped(said).decode()),
    again(charge("IN-twice-C", 300, "IN-twice"), "another-event/C"),
    turned(charge("IN-twice-C", 300, "IN-twice")),
    turned(payment("IN-twice-P", 100, unit_id="IN-twice")),
    again(payment("IN-twice-P", 100, unit_id="IN-twice"), "another-event/P"),
    again(payment("IN-twice-P", 100, unit_id="IN-twice", payer_name=None), "another-event/null"),
    again(entry("IN-twice.o", "IN-twice"), "another-event/o"),
]
CLASH = charge("IN-clash-C", 700, "IN-clash")
CLASHES = {
    "charge, same event": ("conflicting-event", again(CLASH, str(CLASH["id"]), amount_pence=800)),
    "charge's event as a payment": ("conflicting-event", payment("IN-clash-P9", 5) | {"id": CLASH["id"]}),
    "charge": ("conflicting-id", again(CLASH, "clash/C", amount_pence=900)),
    "charge's words": ("conflicting-id", again(CLASH, "clash/W", description="other words")),
    "payment": ("conflicting-id", again(payment("IN-clash-P", 50, unit_id="IN-clash"), "clash/P", amount_pence=60)),
    "reversal": ("conflicting-id", again(reversal("IN-clash-R", "IN-clash-P", 20), "clash/R", amount_pence=21)),
    "credit": ("conflicting-id", again(credit("IN-spent-K", "IN-spent-C"), "clash/K", credited_on="2026-01-21")),
    "change": ("conflicting-id", again(entry("IN-clash.o", "IN-clash"), "clash/o", date_of_entry="2021-01-01")),
}  # fmt: skip
"""The first stands."""


HOLDS: dict[str, tuple[list[Said], str, list[tuple[Any, ...]], list[Said], dict[str, int]]] = {
    "unit": (
        [charge("H1-C", 100, "H1")],
        "charges", [("H1-C", 100, "unit:H1")],
        home("H1"), {"H1": 100},
    ),
    "owner": (
        [unit("H2"), charge("H2-C", 200, "H2")],
        "charges", [("H2-C", 200, "owner:H2")],
        [entry("H2.o", "H2")], {"H2": 200},
    ),
    "management": (
        [*home("H3"), charge("H3-C", 300, "H3", instructed_on="2025-11-30")],
        "charges", [("H3-C", 300, "managed:H3")],
        [unit("H3", since="2025-11-01", time="2026-01-02T00:00:00Z")], {"H3": 300},
    ),
    "after management": (
        [*home("H4"), unit("H4", managed_to="2026-01-09", time="2026-01-02T00:00:00Z"), charge("H4-C", 400, "H4")],
        "charges", [("H4-C", 400, "managed:H4")],
        [unit("H4", managed_to="2026-01-10", time="2026-01-03T00:00:00Z")], {"H4": 400},
    ),
    "share set": (
        [*home("H5a"), *home("H5b"), charge("H5-C", 500, "S-H5")],
        "charges", [("H5-C", 500, "share-set:S-H5")],
        [shares("S-H5", {"H5a": (1, 5), "H5b": (4, 5)})], {"H5a": 100, "H5b": 400},
    ),
    "version not in force": (
        [*home("H6"), shares("S-H6", {"H6": (1, 1)}, since="2026-01-11"), charge("H6-C", 600, "S-H6")],
        "charges", [("H6-C", 600, "share-set:S-H6")],
        [shares("S-H6", {"H6": (1, 1)}, since="2026-01-10")], {"H6": 600},
    ),
    "incomplete set": (
        [*home("H7a"), *home("H7b"), shares("S-H7", {"H7a": (1, 2), "H7b": (1, 3)}), charge("H7-C", 700, "S-H7")],
        "charges", [("H7-C", 700, "share-set:S-H7")],
        [shares("S-H7", {"H7a": (1, 2), "H7b": (1, 2)}, time="2026-01-02T00:00:00Z")], {"H7a": 350, "H7b": 350},
    ),
    "a unit of a set": (
        [*home("H8a"), shares("S-H8", {"H8a": (1, 4), "H8b": (3, 4)}), charge("H8-C", 800, "S-H8")],
        "charges", [("H8-C", 600, "unit:H8b")],
        home("H8b"), {"H8a": 200, "H8b": 600},
    ),
    "credit of an unknown charge": (
        [*home("H9"), credit("H9-K", "H9-C", 90)],
        "credits", [("H9-K", 90, "charge:H9-C")],
        [charge("H9-C", 900, "H9")], {"H9": 810},
    ),
    "credit of whatever will be left": (
        [*home("HD"), credit("HD-K", "HD-C")],
        "credits", [("HD-K", None, "charge:HD-C")],
        [charge("HD-C", 700, "HD")], {"HD": 0},
    ),
    "reversal of an unknown payment": (
        [*home("HA"), reversal("HA-R", "HA-P", 30)],
        "reversals", [("HA-R", 30, "payment:HA-P")],
        [payment("HA-P", 100, unit_id="HA")], {"HA": -70},
    ),
    "credit of a charge that waits": (
        [charge("HB-C", 1000, "HB"), credit("HB-K", "HB-C", 250)],
        "credits", [("HB-K", 250, "unit:HB")],
        home("HB"), {"HB": 750},
    ),
}  # fmt: skip
"""What is said, where it shows and how, what lets it go, and the balances then."""
