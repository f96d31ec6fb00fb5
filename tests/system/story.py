"""Twelve units over two quarters: what happens, day by day.  The expected pennies stand in the test, by hand.

Close A: seven flats with title shares 3, 3, 4, 4, 4, 4, 5 of 27 (A7 is the association's).  Close B: four flats with
equal shares.  H1: a house.  All twelve share the estate.
"""

from typing import Any

Said = tuple[str, dict[str, Any]]
"""The event's name without ``housing.``, and its data."""

UNITS = ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "B1", "B2", "B3", "B4", "H1")
FIRST, SECOND = {"from": "2026-01-01", "to": "2026-03-31"}, {"from": "2026-04-01", "to": "2026-06-30"}


def unit(unit_id: str) -> Said:
    return "unit-registered", {
        "unit_id": unit_id,
        "development_id": "D",
        "kind": "house" if unit_id == "H1" else "flat",
        "address": {"lines": [f"{unit_id} Story Street"], "town": "Glasgow", "postcode": "G42 1AB"},
        "tenure": "association" if unit_id == "A7" else "owned",
        "managed_from": "2025-12-31",
    }  # fmt: skip


def shares(share_set_id: str, members: dict[str, tuple[int, int]]) -> Said:
    return "shares-published", {
        "share_set_id": share_set_id,
        "name": share_set_id,
        "scope": {"development_id": "D"},
        "basis": "title",
        "effective_from": "2025-12-31",
        "members": [{"unit_id": u, "numerator": n, "denominator": d} for u, (n, d) in members.items()],
    }


def owner(unit_id: str, number: int, entry: str, notified: str) -> Said:
    party = f"{unit_id}-P{number}"
    return "ownership-changed", {
        "change_id": f"{unit_id}-C{number}",
        "unit_id": unit_id,
        "date_of_entry": entry,
        "notified_on": notified,
        "parties": [
            {"party_id": party, "kind": "person", "name": f"Owner {party}", "email": f"{party.lower()}@example.org"}
        ],
        "form": "sole",
    }


def fee(unit_id: str, quarter: int, period: dict[str, str], raised_on: str) -> Said:
    return "charge-raised", {
        "charge_id": f"FEE-{quarter}-{unit_id}",
        "kind": "management-fee",
        "unit_id": unit_id,
        "amount_pence": 42_00,
        "tax": {"code": "S20", "net_pence": 35_00, "tax_pence": 7_00},
        "description": "Management fee",
        "period": period,
        "raised_on": raised_on,
    }


def shared(charge_id: str, kind: str, share_set_id: str, pence: int, raised_on: str, **more: Any) -> Said:
    return "charge-raised", {
        "charge_id": charge_id,
        "kind": kind,
        "share_set_id": share_set_id,
        "amount_pence": pence,
        "description": charge_id,
        "raised_on": raised_on,
        **more,
    }


def paid(payment_id: str, pence: int, day: str, method: str, **named: str) -> Said:
    return "payment-received", {
        "payment_id": payment_id, "amount_pence": pence, "received_on": day, "method": method, **named,
    }  # fmt: skip


def opening() -> list[Said]:
    """Return what is known before the first day: the portfolio, its owners, and what H1 and B4 bring with them."""
    return [
        *(unit(unit_id) for unit_id in UNITS),
        shares("SA", dict(zip(UNITS[:7], [(n, 27) for n in (3, 3, 4, 4, 4, 4, 5)], strict=True))),
        shares("SB", {f"B{number}": (1, 4) for number in range(1, 5)}),
        shares("SE", dict.fromkeys(UNITS, (1, 12))),
        *(owner(unit_id, 0, "2015-06-01", "2025-12-31") for unit_id in UNITS if unit_id != "A7"),
        (
            "charge-raised",
            {
                "charge_id": "OPEN-H1",
                "kind": "opening-balance",
                "unit_id": "H1",
                "amount_pence": 62_50,
                "description": "Balance taken over",
                "due_on": "2025-12-30",
                "raised_on": "2025-12-31",
            },
        ),
        paid("OPEN-B4", 30_00, "2025-12-31", "opening-credit", unit_id="B4"),
    ]


REPAIR = shared("RPR-1", "repair", "SA", 1000_00, "2026-01-20", instructed_on="2026-01-12", completed_on="2026-01-15")
REFUND: Said = (
    "charge-credited",
    {
        "credit_id": "CR-1",
        "charge_id": "RPR-1",
        "amount_pence": 210_00,
        "reason": "Refund",
        "credited_on": "2026-02-25",
    },
)
CLEANING = shared("CLEAN-1", "cleaning", "SB", 100_01, "2026-03-31", period=FIRST)
INSURANCE = shared(
    "INS-1", "insurance", "SB", 4200_00, "2026-04-10",
    tax={"code": "IPT12", "net_pence": 3750_00, "tax_pence": 450_00}, period={"from": "2026-04-01", "to": "2027-03-31"},
)  # fmt: skip
ESTATE = shared("RPR-2", "repair", "SE", 100_00, "2026-05-25", instructed_on="2026-05-18")

FIRST_QUARTER: list[tuple[str, list[Said]]] = [
    ("2026-01-02", [fee(unit_id, 1, FIRST, "2026-01-02") for unit_id in UNITS]),
    ("2026-01-05", [paid("PAY-H1-OPEN", 62_50, "2026-01-05", "cheque", unit_id="H1")]),
    ("2026-01-20", [REPAIR]),
    ("2026-02-10", [owner("A3", 1, "2026-02-17", "2026-02-10")]),
    ("2026-02-25", [REFUND]),
    ("2026-03-31", [CLEANING]),
]
"""What is said on which day of January to March; the statements of 1 April carry it."""


def second_quarter(refs: dict[str, str]) -> list[tuple[str, list[Said]]]:
    """Return April to June; ``refs`` names the account_ref of each ownership, as owners read it on their statements."""

    def by_ref(payment_id: str, pence: int, day: str, method: str, ownership: str) -> Said:
        return paid(payment_id, pence, day, method, account_ref=refs[ownership])

    a2, a6, b1 = refs["A2-C0"], refs["A6-C0"], refs["B1-C0"]
    return [
        ("2026-04-02", [fee(unit_id, 2, SECOND, "2026-04-02") for unit_id in UNITS]),
        (
            "2026-04-10",
            [
                INSURANCE,
                paid("PAY-A2", 129_78, "2026-04-10", "bank-transfer", reference=f"{a2[:4]} {a2[4:8]}-{a2[8:]}".lower()),
            ],
        ),
        ("2026-04-15", [by_ref("PAY-A1-DD", 129_77, "2026-04-15", "direct-debit", "A1-C0")]),
        (
            "2026-04-17",
            [
                (
                    "payment-reversed",
                    {
                        "reversal_id": "BACK-A1",
                        "payment_id": "PAY-A1-DD",
                        "amount_pence": 129_77,
                        "reversed_on": "2026-04-17",
                        "reason": "arudd-0",
                    },
                )
            ],
        ),
        (
            "2026-04-20",
            [
                owner("A5", 1, "2026-03-10", "2026-04-20"),
                by_ref("PAY-A5", 159_04, "2026-04-20", "card", "A5-C0"),
                by_ref("PAY-A3-OLD", 138_98, "2026-04-20", "card", "A3-C0"),
                by_ref("PAY-A3-NEW", 50_00, "2026-04-20", "standing-order", "A3-C1"),
                paid("PAY-A6", 100_00, "2026-04-20", "bank-transfer", reference=f"FACTORING {a6}"),
                paid("PAY-B1", 67_00, "2026-04-20", "bank-transfer", reference=f"{b1}-2026Q1"),
                by_ref("PAY-B2", 67_00, "2026-04-20", "direct-debit", "B2-C0"),
                by_ref("PAY-B3", 60_00, "2026-04-20", "card", "B3-C0"),
                paid("PAY-H1", 42_00, "2026-04-20", "cash", unit_id="H1"),
                paid("PAY-NOBODY", 45_00, "2026-04-20", "bank-transfer", reference="RENT MRS CAMPBELL"),
            ],
        ),
        ("2026-04-27", [by_ref("PAY-A1", 129_77, "2026-04-27", "card", "A1-C0")]),
        ("2026-05-12", [owner("B2", 1, "2026-05-17", "2026-05-12")]),
        ("2026-05-25", [ESTATE]),
    ]
