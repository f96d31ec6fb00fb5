"""Stories about whose a unit is on which day, who owes a charge, how it is divided and credited (contract.md 6)."""

from tests.system.examiner import Said, cancellation, charge, credit, entry, home, party, shares, tax, unit

FEB = "2026-02-10"
Q1 = {"from": "2026-01-01", "to": "2026-03-31"}
"""90 days."""

HOUSING_ASSOCIATION = [party("ha", "association")]


def lines() -> list[Said]:
    """Each unit has the owner a since 2020; b and what follows is told of it, in the order of the trade's mistakes."""
    told: list[Said] = []

    def story(name: str, *changes: Said, **facts: str) -> None:
        told.extend([unit(f"OL-{name}", **facts), entry(f"{name}.a", f"OL-{name}"), *changes])

    def sale(name: str, change: str, day: str = FEB, **more: object) -> Said:
        return entry(f"{name}.{change}", f"OL-{name}", day, **more)  # type: ignore[arg-type]

    def undo(name: str, change: str, cancels: str) -> Said:
        return cancellation(f"{name}.{change}", f"OL-{name}", f"{name}.{cancels}")

    story("plain", sale("plain", "b"))
    story("fixed", sale("fixed", "b"), sale("fixed", "b2", "2026-02-20", corrects="fixed.b"))
    story(
        "fixed2",
        sale("fixed2", "b"),
        sale("fixed2", "b2", "2026-02-20", corrects="fixed2.b"),
        sale("fixed2", "b3", "2026-02-15", corrects="fixed2.b2"),
    )
    story(
        "forked",
        sale("forked", "b"),
        sale("forked", "b2", "2026-02-20", corrects="forked.b", notified="2026-02-01"),
        sale("forked", "b3", "2026-02-15", corrects="forked.b", notified="2026-03-01"),
        sale("forked", "b4", "2026-02-25", corrects="forked.b2", notified="2026-03-20"),
    )
    story(
        "unfixed",
        sale("unfixed", "b"),
        sale("unfixed", "b2", "2026-02-20", corrects="unfixed.b"),
        undo("unfixed", "x", "b2"),
    )
    story("off", sale("off", "b"), undo("off", "x", "b"))
    story("on-again", sale("on-again", "b"), undo("on-again", "x", "b"), undo("on-again", "y", "x"))
    story(
        "off-whole",
        sale("off-whole", "b"),
        sale("off-whole", "b2", "2026-02-20", corrects="off-whole.b"),
        undo("off-whole", "x", "b"),
    )
    story(
        "fallen",
        sale("fallen", "b"),
        sale("fallen", "b2", "2026-02-20", corrects="fallen.b"),
        sale("fallen", "b3", "2026-02-25", corrects="fallen.b2"),
        undo("fallen", "x", "b2"),
    )
    story("same-day", sale("same-day", "b", notified="2026-02-05"), sale("same-day", "c", notified="2026-02-01"))
    story("same-note", sale("same-note", "b"), sale("same-note", "c"))
    story("left", sale("left", "b", "2026-03-01"), managed_to="2026-02-28")
    story("last-day", sale("last-day", "b", "2026-02-28"), managed_to="2026-02-28")
    story("joint-ha", sale("joint-ha", "b", parties=[party("ha", "association"), party("p.joint")]))
    told += [
        unit("OL-buyback"),
        entry("buyback.a", "OL-buyback"),
        entry("buyback.b", "OL-buyback", FEB, parties=HOUSING_ASSOCIATION),
        charge("OL-buyback-1", 100, "OL-buyback", raised="2026-02-09"),
        charge("OL-buyback-2", 250, "OL-buyback", raised=FEB),
        unit("OL-ha", tenure="association"),
        entry("ha.b", "OL-ha", FEB),
        charge("OL-ha-1", 300, "OL-ha", raised="2026-02-09"),
        charge("OL-ha-2", 450, "OL-ha", raised=FEB),
        charge("OL-off-1", 500, "OL-off", raised=FEB),
        charge("OL-same-day-1", 600, "OL-same-day", raised=FEB),
    ]
    return told


def owing() -> list[Said]:
    """Which day decides, and how days are split."""
    late = "2026-03-01"
    return [
        unit("OW-days"),
        entry("days.a", "OW-days"),
        entry("days.b", "OW-days", FEB),
        charge(
            "OW-1", 100, "OW-days", instructed_on="2026-02-09", completed_on="2026-02-11", invoiced_on=late, raised=late
        ),
        charge("OW-2", 200, "OW-days", completed_on="2026-02-09", invoiced_on="2026-02-11", raised=late),
        charge("OW-3", 400, "OW-days", invoiced_on="2026-02-09", raised=late),
        charge("OW-4", 800, "OW-days", raised="2026-02-09"),
        charge("OW-5", 1600, "OW-days", instructed_on=FEB, completed_on="2026-02-09", raised="2026-02-01"),
        # domain.md 3.4: 47 days of 90, net and tax each.
        unit("OW-split"),
        entry("split.a", "OW-split"),
        entry("split.b", "OW-split", "2026-02-17"),
        charge("OW-fee", 4200, "OW-split", kind="management-fee", tax=tax(3500, 700), period=Q1),
        # Thirty days nobody is known for, thirty of a, thirty of b.
        unit("OW-gap"),
        entry("gap.a", "OW-gap", "2026-01-31"),
        entry("gap.b", "OW-gap", "2026-03-02"),
        charge("OW-gap-C", 10000, "OW-gap", period=Q1),
        *home("OW-left"),
        unit("OW-left", managed_to="2026-02-28", time="2026-01-02T00:00:00Z"),
        charge("OW-left-C", 9001, "OW-left", period=Q1),
        # domain.md 3.5, with its tax divided apart: 138 days of 365.
        unit("OW-insured"),
        entry("insured.a", "OW-insured"),
        entry("insured.b", "OW-insured", "2026-08-17"),
        charge(
            "OW-policy", 52500, "OW-insured", kind="insurance", tax=tax(46875, 5625),
            period={"from": "2026-04-01", "to": "2027-03-31"},
        ),
        credit("OW-refund", "OW-policy", 5250),
        *home("OW-v1"),
        *home("OW-v2"),
        shares("S-OW", {"OW-v1": (1, 2), "OW-v2": (1, 2)}),
        shares("S-OW", {"OW-v1": (1, 4), "OW-v2": (3, 4)}, since="2026-02-15"),
        charge("OW-v-before", 1000, "S-OW", instructed_on="2026-02-14"),
        charge("OW-v-after", 1000, "S-OW", instructed_on="2026-02-15"),
        charge("OW-v-period", 600, "S-OW", period={"from": "2026-02-01", "to": "2026-02-28"}),
        *home("OW-l1"),
        *home("OW-l2"),
        shares("S-OWL", {"OW-l1": (1, 2), "OW-l2": (1, 2)}),
        charge("OW-late", 1000, "S-OWL", instructed_on="2026-02-20", raised="2026-03-02"),
        *home("OW-i1"),
        *home("OW-i2"),
        shares("S-OWI", {"OW-i1": (1, 2), "OW-i2": (1, 2)}),
        charge("OW-inc", 800, "S-OWI"),
        # The association sells on 15 February: 45 days of 90 are its own.
        unit("OW-sold", tenure="association"),
        entry("sold-ow.b", "OW-sold", "2026-02-15"),
        charge("OW-sold-C", 1001, "OW-sold", period=Q1),
        # Learnt later that the first owner was the association.
        unit("OW-tenure"),
        entry("tenure.b", "OW-tenure", "2026-02-15"),
        charge("OW-tenure-C", 1001, "OW-tenure", period=Q1),
        # More than the whole is as incomplete as less.
        *home("OW-m1"),
        *home("OW-m2"),
        shares("S-OWM", {"OW-m1": (2, 3), "OW-m2": (1, 2)}),
        charge("OW-more", 700, "S-OWM"),
        unit("OW-moved"),
        entry("moved.a", "OW-moved"),
        charge("OW-moved-C", 3000, "OW-moved", raised="2026-02-12"),
        charge("OW-moved-D", 1111, "OW-moved", raised="2026-02-09"),
    ]  # fmt: skip


def owing_late() -> dict[str, list[Said]]:
    """A deed, a mistake and a sale that are learnt after the first statement."""
    return {
        "2026-04-10": [
            unit("OW-tenure", tenure="association", time="2026-01-02T00:00:00Z"),
            shares("S-OWL", {"OW-l1": (1, 4), "OW-l2": (3, 4)}, since="2026-02-15"),
            shares("S-OWI", {"OW-i1": (1, 2), "OW-i2": (1, 3)}, time="2026-01-02T00:00:00Z"),
            entry("moved.b", "OW-moved", FEB),
        ],
        "2026-04-20": [shares("S-OWI", {"OW-i1": (1, 4), "OW-i2": (3, 4)}, time="2026-01-03T00:00:00Z")],
    }


TITLE = dict(zip([f"DV-t{n}" for n in range(7)], [(n, 27) for n in (3, 3, 4, 4, 4, 4, 5)], strict=True))
SEVENTHS = {f"DV-s{n}": (1, 7) for n in range(7)}
THIRDS = {f"DV-n{n}": (1, 3) for n in range(3)}


def dividing() -> list[Said]:
    """One charge to a set, so that every balance is one division."""
    sixths = {"DV-x1": (1, 6), "DV-x2": (2, 6), "DV-x3": (3, 6)}
    pennies = {f"DV-p{n}": (1, 7) for n in range(7)}
    part, rest, two = ({f"DV-{kind}{n}": (1, 3) for n in range(3)} for kind in ("k", "r", "c"))
    sets = {"title": TITLE, "seven": SEVENTHS, "net": THIRDS, "six": sixths, "penny": pennies,
            "part": part, "rest": rest, "two": two}  # fmt: skip
    return [
        *(said for members in sets.values() for unit_id in members for said in home(unit_id)),
        *(shares(f"S-DV-{name}", members) for name, members in sets.items()),
        charge("DV-title", 100_000, "S-DV-title"),
        charge("DV-seven", 100_000, "S-DV-seven"),
        charge("DV-net", 120, "S-DV-net", tax=tax(100, 20)),
        charge("DV-six", 3, "S-DV-six"),
        charge("DV-penny", 3, "S-DV-penny"),
        credit("DV-title-K", "DV-title", 21_000),
        charge("DV-part", 1000, "S-DV-part"),
        credit("DV-part-K", "DV-part", 500),
        charge("DV-rest", 1000, "S-DV-rest"),
        credit("DV-rest-K1", "DV-rest", 500, day="2026-01-20"),
        credit("DV-rest-K2", "DV-rest", day="2026-01-21"),
        charge("DV-two", 1000, "S-DV-two"),
        credit("DV-two-K1", "DV-two", 500, day="2026-01-20"),
        credit("DV-two-K2", "DV-two", 500, day="2026-01-21"),
        # Net and tax of one unit's charge with a credit that is rounded: 120.01 of which 20.01 is tax.
        unit("DV-half"),
        entry("half.a", "DV-half"),
        entry("half.b", "DV-half", "2026-02-15"),
        charge("DV-half-C", 12001, "DV-half", tax=tax(10000, 2001), period=Q1),
        credit("DV-half-K", "DV-half-C", 3001),
    ]


DIARY = {"2026-03-30": [*lines(), *owing(), *dividing()], **owing_late()}
