"""Owners' own money ties to the books: floats, funds and the rest make every pound that came and every pound asked."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain import postings, write_offs
from services.billing.domain.chart import BANK, FLOATS, RECEIVABLE, RESERVE_FUNDS
from services.billing.domain.facts import FactKind, Part
from services.billing.domain.lines import Line
from services.billing.domain.owners_money import Kept, kept
from services.billing.domain.position import position
from services.billing.domain.postings import Posting
from services.billing.domain.write_offs import WriteOff
from shared.events.housing import ChargeKind
from tests.unit.billing.builders import a_charge, a_payment, a_statement, charge_line, day, payment_line, shipped

HEADS = [a_statement("2026-04-01", "2026-04-29"), a_statement("2026-07-01", "2026-07-29")]
TODAY = day("2026-08-01")
KINDS = (ChargeKind.FLOAT, ChargeKind.RESERVE_FUND, ChargeKind.REPAIR, ChargeKind.LATE_FEE)
DAYS = st.integers(1, 28).flatmap(lambda of: st.integers(1, 7).map(lambda month: f"2026-{month:02d}-{of:02d}"))
charged = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 200), DAYS), max_size=5)
paid = st.lists(st.tuples(st.integers(1, 300), DAYS), max_size=4)
given_up = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 200), DAYS), max_size=3)

ACCOUNT = "00000000-0000-0000-0000-000000000001"


def booked(
    charges: list[tuple[ChargeKind, int, str]], payments: list[tuple[int, str]], ups: list[tuple[int, int, str]]
) -> tuple[list[Line], Counter[str]]:
    """Return an account's lines, and the trial balance of the postings they come from."""
    posted: list[Posting] = []
    lines: list[Line] = []
    for number, (kind, pence, on) in enumerate(charges):
        charge = a_charge(f"C{number}", pence, on=on, kind=kind)
        posted += postings.charge_postings(charge, (), [Part(FactKind.CHARGE, f"C{number}", "U1", ACCOUNT, pence)])
        lines.append(charge_line(pence, f"C{number}", on, charge_kind=kind))
    for number, (pence, on) in enumerate(payments):
        payment = a_payment(pence, f"P{number}", on)
        posted += postings.payment_postings(payment, (), [Part(FactKind.PAYMENT, f"P{number}", None, ACCOUNT, -pence)])
        lines.append(payment_line(pence, f"P{number}", on))
    offs = [WriteOff(f"W{number}", ACCOUNT, f"C{of}", pence, day(on)) for number, (of, pence, on) in enumerate(ups)]
    kinds = write_offs.kinds_of(lines)
    for one in write_offs.movements(lines, offs):
        posted += write_offs.postings(ACCOUNT, [one], kinds)
        lines.append(
            Line(FactKind.WRITE_OFF, one.write_off_id, one.amount_pence, one.value_on, one.value_on, one.charge_id,
                 charge_kind=kinds[one.charge_id])
        )  # fmt: skip
    books: Counter[str] = Counter()
    for posting in posted:
        books[posting.ledger] += posting.amount_pence
    return lines, books


@given(charged, paid, given_up, st.integers(0, 2))
def test_floats_funds_and_the_rest_tie_to_the_trial_balance(
    charges: list[tuple[ChargeKind, int, str]],
    payments: list[tuple[int, str]],
    ups: list[tuple[int, int, str]],
    issued: int,
) -> None:
    lines, books = booked(charges, payments, ups)
    heads = HEADS[:issued]
    found: dict[ChargeKind, Kept] = {kind: kept(lines, heads, kind, TODAY, shipped()) for kind in KINDS}
    for kind, ledger in ((ChargeKind.FLOAT, FLOATS), (ChargeKind.RESERVE_FUND, RESERVE_FUNDS)):
        assert found[kind].asked_pence - found[kind].written_off_pence == -books[ledger]
    assert all(min(one.held_pence, one.unpaid_pence) >= 0 for one in found.values())
    came = books[BANK]
    asked = sum(one.asked_pence - one.written_off_pence for one in found.values())
    held = sum(one.held_pence for one in found.values())
    # Every pound that came is held for something, or is credit that nothing asks for.
    assert held == min(came, asked)
    assert sum(one.unpaid_pence for one in found.values()) == books[RECEIVABLE] + came - held
    assert sum(books.values()) == 0


def test_money_ahead_of_the_first_statement_is_held_and_not_spent() -> None:
    lines = [
        charge_line(150_00, "FLOAT", "2026-04-02", charge_kind=ChargeKind.FLOAT), payment_line(100_00, on="2026-04-10"),
    ]  # fmt: skip
    assert kept(lines, HEADS[:1], ChargeKind.FLOAT, TODAY, shipped()) == Kept(150_00, 100_00)
    assert kept(lines, HEADS[:1], ChargeKind.FLOAT, TODAY, shipped(), ahead=False) == Kept(150_00, 0)
    assert kept(lines, HEADS, ChargeKind.FLOAT, TODAY, shipped(), ahead=False) == Kept(150_00, 100_00)
    assert position(lines, HEADS[:1], TODAY, shipped()).credit_pence == 100_00


def test_older_debts_are_paid_before_money_is_held_for_a_float() -> None:
    lines = [
        charge_line(60_00, "ROOF", "2026-03-02"), payment_line(100_00, on="2026-04-10"),
        charge_line(150_00, "A-FLOAT", "2026-04-02", charge_kind=ChargeKind.FLOAT),
    ]  # fmt: skip
    assert kept(lines, HEADS[:1], ChargeKind.FLOAT, TODAY, shipped()) == Kept(150_00, 40_00)
