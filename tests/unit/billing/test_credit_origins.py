"""Where a credited charge was billed: on an earlier statement of the same account than the credit's own, or nowhere."""

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.items import Places, StatementHead
from services.billing.domain.lines import Line, netted
from services.billing.domain.statements import origins
from tests.unit.billing.builders import charge_line, credit_line, day

Q1, Q2, Q3 = (
    StatementHead(f"S-{on}", day(on), day(due)) for on, due in (
        ("2026-04-01", "2026-04-29"), ("2026-07-01", "2026-07-29"), ("2026-10-01", "2026-10-29"),
    )
)  # fmt: skip


def test_a_credit_names_the_statement_that_billed_its_charge_first() -> None:
    credit = credit_line(-20, on="2026-08-01")
    lines = [charge_line(100), charge_line(30, book="2026-05-02"), credit]
    assert origins(lines, [Q1, Q2]) == {credit: Q1.statement_no}
    assert origins(lines, [Q1, Q2, Q3]) == {credit: Q1.statement_no}


def test_a_charge_on_the_same_statement_or_never_billed_is_not_named() -> None:
    lines = [charge_line(100), credit_line(-20)]
    assert origins(lines, [Q1, Q2]) == {}
    assert origins(lines, []) == {}
    assert origins([credit_line(-20)], [Q1]) == {}


def test_a_charge_that_is_billed_after_its_credit_was_billed_on_none() -> None:
    assert origins([charge_line(100, on="2026-05-01"), credit_line(-100, on="2026-03-01")], [Q1, Q2]) == {}


def test_what_came_and_went_within_a_book_was_never_billed() -> None:
    """A statement carries netted lines."""
    lines = [charge_line(100), charge_line(-100), charge_line(90, book="2026-04-02"), credit_line(-20, on="2026-08-01")]
    assert list(origins(lines, [Q1, Q2]).values()) == [Q2.statement_no]


def test_each_credit_has_a_statement_of_its_own_charge() -> None:
    early, late = credit_line(-5, on="2026-05-01"), credit_line(-6, "C2", on="2026-08-01", credit_id="K2")
    lines = [charge_line(100), charge_line(100, "C2", on="2026-04-10"), early, late]
    assert origins(lines, [Q1, Q2]) == {early: Q1.statement_no, late: Q2.statement_no}


_days = st.sampled_from(["2026-02-01", "2026-05-01", "2026-08-01", "2026-11-01"])
_charges = st.builds(charge_line, st.integers(1, 9), st.sampled_from("AB"), _days)
_credits = st.builds(
    lambda pence, name, on, number: credit_line(-pence, name, on, credit_id=number),
    st.integers(1, 9), st.sampled_from("AB"), _days, st.sampled_from(["K1", "K2"]),
)  # fmt: skip


@given(st.lists(st.one_of(_charges, _credits), max_size=8))
def test_a_statement_once_issued_is_named_the_same_for_ever(lines: list[Line]) -> None:
    """What the statement's run says from the earlier statements, the account says when later ones are out."""
    heads = [Q1, Q2, Q3]
    for number, head in enumerate(heads):
        own = [line for line in netted(lines) if Places(heads).carrying(line) == head]
        then, now = origins(lines, heads[:number]), origins(lines, heads)
        assert [then.get(line) for line in own] == [now.get(line) for line in own]
