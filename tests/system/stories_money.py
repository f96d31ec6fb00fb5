"""Stories about money: where a receipt goes, when it moves, what it settles (contract.md 6)."""

from tests.system.diary import joined, own_ref, ref_of
from tests.system.examiner import Said, cancellation, charge, entry, home, payment, reversal, unit

FEB = "2026-02-10"


def spaced(ref: str) -> str:
    """A reference as a person types it at the bank."""
    return f"factor  {ref[:4]} {ref[4:7].lower()}-{ref[7:]} thank you"


def wrong(ref: str) -> str:
    """A reference with one character wrong, so that its check digit is too."""
    return ref[:5] + ("0" if ref[5] != "0" else "1") + ref[6:]


def receipts() -> list[Said]:
    """Each payment is named for what it shows; each unit has one owner unless it was sold."""
    units = ("RC-ref", "RC-text", "RC-number", "RC-twice", "RC-one", "RC-two", "RC-three", "RC-strong", "RC-weak",
             "RC-wrong", "RC-space", "RC-other")  # fmt: skip
    told: list[Said] = [said for unit_id in units for said in home(unit_id)]
    told += [
        payment("RC-P-ref", 101, account_ref=own_ref("RC-ref")),
        payment("RC-P-space", 102, account_ref=own_ref("RC-space"), unit_id="RC-other", reference="no such thing"),
        payment("RC-P-text", 103, reference=spaced(own_ref("RC-text"))),
        payment("RC-P-number", 104, reference=f"{own_ref('RC-number').lower()} 2026 q1"),
        payment("RC-P-twice", 105, reference=f"{own_ref('RC-twice')} {own_ref('RC-twice')}-2026Q1"),
        payment("RC-P-two", 106, reference=f"{own_ref('RC-one')} {own_ref('RC-two')}"),
        payment("RC-P-two-unit", 107, reference=f"{own_ref('RC-one')} {own_ref('RC-two')}", unit_id="RC-three"),
        payment("RC-P-strong", 108, account_ref=own_ref("RC-strong"), reference=own_ref("RC-weak"), unit_id="RC-weak"),
        payment("RC-P-middle", 109, reference=own_ref("RC-strong"), unit_id="RC-weak"),
        payment("RC-P-wrong", 110, account_ref=wrong(own_ref("RC-ref")), unit_id="RC-wrong"),
        payment("RC-P-wrong-text", 111, reference=wrong(own_ref("RC-ref")), unit_id="RC-wrong"),
        payment("RC-P-nobody", 112, unit_id="RC-no-such-unit"),
        # By unit: the owner of the value date.
        unit("RC-sold"),
        entry("sold.a", "RC-sold"),
        entry("sold.b", "RC-sold", FEB),
        payment("RC-P-before", 120, unit_id="RC-sold", day="2026-02-09"),
        payment("RC-P-on", 130, unit_id="RC-sold", day=FEB),
        # Money for a former owner's account stays there.
        payment("RC-P-former", 140, account_ref=ref_of("RC-sold", "sold.a"), day="2026-03-01"),
        unit("RC-ha", tenure="association"),
        payment("RC-P-ha", 150, unit_id="RC-ha"),
        *home("RC-left"),
        unit("RC-left", managed_to="2026-01-31", time="2026-01-02T00:00:00Z"),
        payment("RC-P-left", 160, unit_id="RC-left", day="2026-02-01"),
        payment("RC-P-last", 165, unit_id="RC-left", day="2026-01-31"),
        unit("RC-gap"),
        entry("gap-rc.a", "RC-gap", FEB),
        payment("RC-P-gap", 170, unit_id="RC-gap", day="2026-02-09"),
        # Known later: the buyer's account; a unit; an owner; a sale.
        unit("RC-later"),
        entry("later.a", "RC-later"),
        payment("RC-P-later", 180, account_ref=ref_of("RC-later", "later.b"), unit_id="RC-later"),
        payment("RC-P-unknown", 190, reference=own_ref("RC-new")),
        payment("RC-P-new-unit", 195, unit_id="RC-new"),
        unit("RC-moved"),
        entry("moved-rc.a", "RC-moved"),
        payment("RC-P-moved", 200, unit_id="RC-moved", day="2026-02-20"),
        payment("RC-P-stays", 210, account_ref=ref_of("RC-moved", "moved-rc.a"), day="2026-02-20"),
        reversal("RC-R-moved", "RC-P-moved", 60, day="2026-02-25"),
        # A sale that did not happen: the money named for it stays, the money by unit goes home.
        unit("RC-void"),
        entry("void.a", "RC-void"),
        entry("void.b", "RC-void", FEB),
        payment("RC-P-void", 220, account_ref=ref_of("RC-void", "void.b"), day="2026-02-20"),
        payment("RC-P-void-unit", 230, unit_id="RC-void", day="2026-02-20"),
    ]
    return told


def receipts_late() -> dict[str, list[Said]]:
    return {
        "2026-04-02": [*home("RC-new")],
        "2026-04-10": [
            entry("later.b", "RC-later", "2026-03-01"),
            entry("moved-rc.b", "RC-moved", FEB),
            cancellation("void.x", "RC-void", "void.b"),
        ],
        "2026-04-20": [payment("RC-P-void-late", 240, account_ref=ref_of("RC-void", "void.b"), day="2026-04-20")],
    }


AGES = {"2026-03-31": 100, "2026-03-28": 200, "2026-03-01": 400, "2026-02-28": 800, "2026-01-28": 1600,
        "2025-12-28": 3200, "2025-10-28": 6400}  # fmt: skip
"""domain.md 3.9: due days and what was due on each."""


def opening_balance(charge_id: str, pence: int, unit_id: str, due_on: str) -> Said:
    return charge(charge_id, pence, unit_id, kind="opening-balance", due_on=due_on, raised="2025-12-31")


def allocating() -> list[Said]:
    names = ("AL-age", "AL-paid", "AL-fees", "AL-credit", "AL-back", "AL-part", "AL-plain", "AL-named", "AL-text")
    return [
        *(said for name in names for said in home(name)),
        *(
            opening_balance(f"{name}-{day}", pence, name, day)
            for name in ("AL-age", "AL-paid")
            for day, pence in AGES.items()
        ),
        charge("AL-age-new", 12800, "AL-age", raised="2026-03-10"),
        payment("AL-P-paid", 7000, unit_id="AL-paid"),
        # Same due day: charges before fees, then by charge_id.
        charge("AL-zz", 1000, "AL-fees"),
        charge("AL-aa", 500, "AL-fees", kind="late-fee"),
        charge("AL-bb", 300, "AL-fees", kind="admin-fee"),
        payment("AL-P-fees", 1200, unit_id="AL-fees"),
        charge("AL-credit-C", 3000, "AL-credit"),
        payment("AL-P-credit", 5000, unit_id="AL-credit"),
        charge("AL-back-C", 9550, "AL-back"),
        charge("AL-part-C", 9550, "AL-part"),
        *(charge(f"{name}-3", 12000, name) for name in ("AL-plain", "AL-named", "AL-text")),
    ]


def allocating_late() -> dict[str, list[Said]]:
    by = own_ref("AL-named")
    return {
        # domain.md 3.14: collected on 15 April, taken back on 17 April.
        "2026-04-20": [
            payment("AL-P-back", 9550, unit_id="AL-back", day="2026-04-15", method="direct-debit"),
            reversal("AL-R-back", "AL-P-back", 9550, day="2026-04-17"),
            payment("AL-P-part", 9550, unit_id="AL-part", day="2026-04-15"),
            reversal("AL-R-part", "AL-P-part", 2000, day="2026-04-17"),
        ],
        "2026-06-30": [
            *(charge(f"{name}-4", 9550, name, raised="2026-05-20") for name in ("AL-plain", "AL-named", "AL-text")),
        ],
        # domain.md 3.6: 150.00 without a word, and for the later quarter.
        "2026-07-02": [
            payment("AL-P-plain", 15000, unit_id="AL-plain", day="2026-07-02"),
            payment("AL-P-named", 15000, account_ref=by, for_statement=f"{by}-2026Q2", day="2026-07-02"),
            # A statement number in the reference says whose money it is, not what it settles.
            payment("AL-P-text", 15000, reference=f"{own_ref('AL-text')}-2026Q2", day="2026-07-02"),
        ],
    }


DIARY = joined({"2026-03-30": [*receipts(), *allocating()]}, receipts_late(), allocating_late())
