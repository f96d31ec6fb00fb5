"""Stories about statements, the ladder and whom letters go to (contract.md 6; domain.md 4.2)."""

from tests.system.diary import joined
from tests.system.examiner import Said, charge, contact, entry, home, party, payment, reversal, shares, unit


def statements() -> dict[str, list[Said]]:
    two = {"ST-down": (1, 2), "ST-rest": (1, 2)}
    return {
        "2026-03-30": [
            *home("ST-one"),
            charge("ST-one-C", 1000, "ST-one"),
            payment("ST-one-P", 300, unit_id="ST-one"),
            *home("ST-edge"),
            *home("ST-zero"),
            charge("ST-zero-C", 1000, "ST-zero"),
            payment("ST-zero-P", 1000, unit_id="ST-zero"),
            *home("ST-still"),
            charge("ST-still-C", 900, "ST-still"),
            *home("ST-none"),
            *home("ST-credit"),
            payment("ST-credit-P", 500, unit_id="ST-credit"),
            # A sale in the same book as the charge that it moves: to the seller nothing ever happened.
            unit("ST-net"),
            charge("ST-net-C", 600, "ST-net", raised="2026-02-12"),
            entry("net.a", "ST-net"),
            entry("net.b", "ST-net", "2026-02-10"),
            *home("ST-down"),
            *home("ST-rest"),
            shares("S-ST", two),
            charge("ST-shared", 1000, "S-ST", instructed_on="2026-02-20"),
            *home("ST-open"),
            charge(
                "ST-open-C", 1500, "ST-open", kind="opening-balance", due_on="2026-02-01", raised="2025-12-31"
            ),
        ],
        "2026-04-01": [
            charge("ST-edge-today", 400, "ST-edge", raised="2026-04-01"),
            charge("ST-edge-before", 500, "ST-edge", raised="2026-03-31"),
        ],
        "2026-04-02": [charge("ST-one-late", 250, "ST-one", raised="2026-03-15")],
        "2026-04-10": [
            shares("S-ST", {"ST-down": (3, 4), "ST-rest": (1, 4)}, time="2026-01-02T00:00:00Z"),
        ],
        "2026-04-20": [
            payment("ST-one-P2", 700, unit_id="ST-one", day="2026-04-20"),
            # Learnt, divided and divided anew within one book: one line.
            *home("ST-book1"),
            *home("ST-book2"),
            shares("S-STB", {"ST-book1": (1, 2), "ST-book2": (1, 2)}),
            charge("ST-book-C", 800, "S-STB", raised="2026-03-20"),
            shares("S-STB", {"ST-book1": (1, 4), "ST-book2": (3, 4)}, time="2026-01-02T00:00:00Z"),
        ],
        "2026-07-02": [
            shares("S-ST", {"ST-down": (5, 8), "ST-rest": (3, 8)}, time="2026-01-03T00:00:00Z"),
        ],
    }  # fmt: skip


OWED = {"LD-2000": 2000, "LD-1999": 1999, "LD-5000": 5000, "LD-4999": 4999, "LD-paid": 6000, "LD-part": 6000,
        "LD-bounce": 5000, "LD-close": 5000, "LD-keep": 5000}  # fmt: skip


def ladder() -> dict[str, list[Said]]:
    return {
        "2026-03-30": [
            *(said for name in OWED for said in home(name)),
            *(charge(f"{name}-C", pence, name) for name, pence in OWED.items()),
            unit("LD-ha", tenure="association"),
            charge("LD-ha-C", 9000, "LD-ha"),
            *home("LD-late"),
        ],
        "2026-04-02": [charge("LD-late-C", 9000, "LD-late", raised="2026-03-15")],
        "2026-05-05": [payment("LD-P-part", 1000, unit_id="LD-part", day="2026-05-05")],
        "2026-05-06": [payment("LD-P-paid", 6000, unit_id="LD-paid", day="2026-05-06")],
        "2026-05-12": [
            payment("LD-P-bounce", 5000, unit_id="LD-bounce", day="2026-05-12"),
            payment("LD-P-close", 3001, unit_id="LD-close", day="2026-05-12"),
            payment("LD-P-keep", 3000, unit_id="LD-keep", day="2026-05-12"),
        ],
        "2026-05-15": [reversal("LD-R-bounce", "LD-P-bounce", 5000, day="2026-05-15")],
    }


AGENT = {"name": "Lets and Sons", "email": "agent@example.com"}
ADDRESS = {"lines": ["9 Agent Lane"], "town": "Perth", "postcode": "PH1 1AA"}


def letters() -> list[Said]:
    def written(name: str, *parties: dict[str, object], **more: object) -> list[Said]:
        return [
            unit(f"LT-{name}"),
            entry(f"{name}.o", f"LT-{name}", parties=list(parties), **more),  # type: ignore[arg-type]
            charge(f"LT-{name}-C", 1500, f"LT-{name}"),
        ]

    return [
        *written("two", party("lt.one"), party("lt.two"), form="joint"),
        *written("agent", party("lt.owner1"), party("lt.owner2"), form="joint", billing_contact=AGENT),
        *written("agent-post", party("lt.owner3"), billing_contact={"name": "Agents", "address": ADDRESS}),
        *written("post", party("lt.post")),
        contact("lt.post", channel="post"),
        *written("none", party("lt.none", email=None)),
        *written("gone", party("lt.gone")),
        contact("lt.gone", email=None),
        *written("mixed", party("lt.mail"), party("lt.paper", email=None), form="joint"),
        *written("newer", party("lt.newer")),
        contact("lt.newer", email="newest@example.org", time="2026-01-04T09:00:00Z"),
        contact("lt.newer", email="newer@example.org", time="2026-01-03T09:00:00Z"),
        *written("older", party("lt.older")),
        contact("lt.older", email="too-old@example.org", time="2025-11-01T09:00:00Z"),
    ]


DIARY = joined(statements(), ladder(), {"2026-03-30": letters()})
