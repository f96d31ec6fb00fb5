"""Every kind of command that needs two people, as the four services declare them, with a body that each understands."""

import importlib
from typing import Any

from shared.bus.kinds import BUS_KINDS
from shared.bus.proposals import Kind
from shared.bus.service import Service
from shared.events.topics import LINE_OF_SERVICES

Json = dict[str, Any]

_DAY = "2026-05-01"
_REF = "F000000000A1"
_SCHEDULE = {"schedule_id": "FEE-ELM"}

ASKED: dict[str, tuple[str, Json]] = {
    "dead-letter-discard": (
        "dead-letter:housing.charge-raised/0/2", {"dead_letter": 1, "place": ["housing.charge-raised", 0, 2]},
    ),
    "accept-difference": (_DAY, {"day": _DAY, "topic": "*"}),
    "erasure": ("P1", {"party_id": "P1"}),
    "refund": ("payment:P1", {"payment_id": "P1", "amount_pence": 100}),
    "write-off": (
        _REF,
        {
            "account_ref": "F000-0000-00a1", "ground": "uneconomic", "evidence": "file 12/3",
            "debts": [{"charge_id": "C1", "amount_pence": 100}],
        },
    ),
    "fee-schedule": (
        "FEE-ELM",
        _SCHEDULE | {
            "kind": "management-fee", "scope": "block", "scope_id": "ELM", "effective_from": _DAY,
            "annual_net_pence": 100, "description": "Management fee",
        },
    ),
    "fee-notice": ("FEE-ELM", _SCHEDULE | {"version": 2, "notified_on": _DAY, "evidence": "file 12/3"}),
    "fee-relief": (
        "FEE-ELM",
        _SCHEDULE | {"unit_id": "U1", "basis_points": 5000, "from_on": _DAY, "evidence": "file 12/3"},
    ),
    "fee-relief-end": ("RL-1", {"relief_id": "RL-1", "ended_on": _DAY, "evidence": "file 12/3", "why": "No proof"}),
    "fee-letters": ("FEE-ELM", _SCHEDULE | {"version": 2, "why": "Wages went up"}),
    "float-terms": (
        "ELM", {"scope": "block", "scope_id": "ELM", "effective_from": _DAY, "amount_pence": 150_00},
    ),
    "fund-spending": (
        "ELM",
        {
            "fund_id": "ELM", "amount_pence": 60_00, "spent_on": _DAY, "description": "Gutters",
            "evidence": "file 12/3",
        },
    ),
    "statement-policy": ("statements", {"release": "reviewed"}),
    "statement-release": ("2026Q1-1", {"run_id": "2026Q1-1"}),
    "collection-release": ("DD-2026-05-01-1", {"collection_id": "DD-2026-05-01-1"}),
    "repayment-plan": (
        _REF,
        {
            "account_ref": _REF, "frequency": "monthly", "instalments": 3, "first_on": _DAY,
            "method": "standing-order", "affordability_ref": "file 12/3",
            "debts": [{"charge_id": "C1", "due_on": "2026-04-01", "amount_pence": 300}],
        },
    ),
    "notice": (
        _REF,
        {
            "account_ref": _REF, "form": "2004", "title_number": "MID1", "headings": ["Repairs"],
            "reason": "owes for long",
        },
    ),
}  # fmt: skip
"""By kind: what a proposal is about, and what it asks for."""


def service_of(name: str) -> Service:
    """Return a service as its process builds it, with made-up values for settings that have no default."""
    mail = (
        {"smtp_host": "127.0.0.1", "smtp_port": 25, "sender": "a@x.scot", "print_dir": "print"}
        if name == "notify"
        else {}
    )
    settings = importlib.import_module(f"services.{name}.settings").Settings
    made: Service = importlib.import_module(f"services.{name}.app").build(
        settings(database_url="postgresql://x", kafka="x:1", **mail)
    )
    return made


def every_kind() -> list[Kind]:
    """Return the kinds of the bus and of all four services."""
    return [*BUS_KINDS, *(kind for name in LINE_OF_SERVICES for kind in service_of(name).kinds)]
