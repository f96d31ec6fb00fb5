"""A bank's statement read through a mapping: one id for an entry for ever, and every row accounted for."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cli.bank import sort_out
from shared.cli.bank_statement import BankMapping, Entry, MoneyOut, read_mapping, read_statement, sendable
from shared.cli.errors import CliError
from shared.events.base import Event
from shared.events.decode import Record, decode
from shared.events.housing import PaymentMethod

PLAIN: dict[str, Any] = {
    "account": "TSB-1", "date": "Date", "amount": "Amount", "reference": ("Description", "Reference"), "payer": "Name",
    "type": "Type", "methods": {"SO": "standing-order"},
}  # fmt: skip
HEAD = "Date,Type,Name,Description,Reference,Amount"
SMITH = "20/04/2026,BGC,J SMITH,FACTORING,F1W7305WAF7W,45.00"
ORR = '21/04/2026,SO,A ORR,FLAT 2/1,,"1,045.10"'


def mapping(**changes: Any) -> BankMapping:
    return BankMapping.model_validate({**PLAIN, **changes})


def rows(folder: Path, *lines: str, keep_equal: bool = False, head: str = HEAD, **changes: Any) -> list[Any]:
    file = folder / "statement.csv"
    file.write_text("\n".join((head, *lines)) + "\n")
    return list(read_statement(file, mapping(**changes), keep_equal=keep_equal))


def test_a_row_that_brings_money_is_a_payment_with_the_payers_words(tmp_path: Path) -> None:
    first, second = rows(tmp_path, SMITH, ORR)
    assert (first.payment.amount_pence, str(first.payment.received_on)) == (45_00, "2026-04-20")
    assert (first.payment.reference, first.payment.payer_name) == ("FACTORING F1W7305WAF7W", "J SMITH")
    assert (second.payment.amount_pence, second.payment.method) == (1045_10, PaymentMethod.STANDING_ORDER)
    event = decode(Record("housing.payment-received", 0, 0, None, sendable(first, mapping()).value))
    assert isinstance(event, Event)
    assert (event.data, event.source, event.id) == (first.payment, "bank/TSB-1", first.payment.payment_id)


def test_money_out_is_counted_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    out, *wrong = rows(
        tmp_path, SMITH.replace("45.00", "-45.00"), SMITH.replace("45.00", "4 5"), ORR.replace("21/04", "31/04"),
        SMITH.replace("45.00", "1,045.00"),
    )  # fmt: skip
    assert out == MoneyOut(2)
    assert [(bad.number, bad.reason) for bad in wrong] == [(3, "bad-amount"), (4, "bad-date"), (5, "wrong-type")]


def test_the_same_file_again_and_one_that_overlaps_give_the_same_ids(tmp_path: Path) -> None:
    once, again = rows(tmp_path, SMITH, ORR), rows(tmp_path, SMITH, ORR)
    (overlapping,) = rows(tmp_path, ORR)
    assert [sendable(row, mapping()) for row in once] == [sendable(row, mapping()) for row in again]
    assert overlapping.payment == once[1].payment


def test_the_same_row_twice_in_a_file_is_found(tmp_path: Path) -> None:
    first, _, second = rows(tmp_path, SMITH, ORR, SMITH)
    assert (first.same_as, second.same_as) == (None, 2)


def test_equal_rows_are_payments_of_their_own_when_the_officer_says_so(tmp_path: Path) -> None:
    found = rows(tmp_path, SMITH, SMITH, SMITH, keep_equal=True)
    ids = [row.payment.payment_id for row in found]
    assert ids == [ids[0], f"{ids[0]}-2", f"{ids[0]}-3"]
    assert {row.same_as for row in found} == {None}


def test_equal_payments_are_told_apart_by_the_balance_after_them(tmp_path: Path) -> None:
    lines = (f"{SMITH},145.00", f"{SMITH},190.00", f"{SMITH},190.00")
    found = rows(tmp_path, *lines, head=f"{HEAD},Balance", balance="Balance", keep_equal=True)
    assert [row.same_as for row in found] == [None, None, 3]
    assert found[0].payment.payment_id != found[1].payment.payment_id


def test_the_banks_own_id_is_the_payments(tmp_path: Path) -> None:
    lines = (f"{SMITH},E-1", f"{SMITH},E-2", f"{SMITH},E-1", f"{ORR},E-2", f"{ORR},", f"{ORR},No 7")
    found = rows(tmp_path, *lines, head=f"{HEAD},Entry", id="Entry")
    assert [row.payment.payment_id for row in found[:2]] == ["E-1", "E-2"]
    assert found[2].same_as == 2
    assert [row.reason for row in found[3:5]] == ["conflicting-id", "missing-field"]
    assert found[5].payment.payment_id.startswith("bank-20260421-")


def test_what_billing_has_is_left_out_and_another_sum_there_is_a_contradiction(tmp_path: Path) -> None:
    first, second = rows(tmp_path, SMITH, ORR)
    known = {first.payment.payment_id: (45_00, "2026-04-20"), second.payment.payment_id: (1, "2026-04-21")}
    found = sort_out([first, second], known)
    assert (found.already_there, found.fresh, [bad.reason for bad in found.bad]) == (1, [], ["conflicting-id"])


@given(st.lists(st.sampled_from([SMITH, ORR, SMITH.replace("45.00", "-1"), ORR.replace("21", "41"), ""]), max_size=12))
def test_every_row_is_accounted_for(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    folder = tmp_path_factory.mktemp("bank")
    found = sort_out(rows(folder, *lines), {})
    assert found.rows == len([line for line in lines if line])
    assert found.rows == len(found.fresh) + len(found.repeated) + found.money_out + len(found.bad) + found.already_there
    assert len({entry.payment.payment_id for entry in found.fresh}) == len(found.fresh)


def test_lines_above_the_columns_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "statement.csv"
    file.write_text(f"\ufeffTSB;;\nSort code;80-22-60;\n{HEAD.replace(',', ';')}\n{SMITH.replace(',', ';')}\n")
    (row,) = read_statement(file, mapping(delimiter=";"))
    assert isinstance(row, Entry)
    assert row.number == 4


def test_a_file_without_the_columns_and_a_mapping_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="no line with the columns"):
        rows(tmp_path, SMITH, balance="Balance")
    for text in ('account = "TSB-1"', 'account = "A"\ndate = "D"\namount = "A"\npaid_in = "P"', "account ="):
        file = tmp_path / "mapping.toml"
        file.write_text(text)
        with pytest.raises(CliError):
            read_mapping(file)


@pytest.mark.parametrize("written", ["%d/%m", "%d %b", "%Y", "%Q", "day"])
def test_a_day_without_its_year_is_not_guessed(tmp_path: Path, written: str) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text(f'account = "A"\ndate = "D"\namount = "A"\ndate_format = "{written}"')
    with pytest.raises(CliError, match="does not name a day with its month and year"):
        read_mapping(file)


@pytest.mark.parametrize("written", ["%d/%m/%Y", "%Y-%m-%d", "%d %b %y", "%d.%m.%Y"])
def test_days_are_read_as_banks_write_them(written: str) -> None:
    assert mapping(date_format=written).date_format == written


def test_a_file_in_another_encoding_than_the_mapping_says_is_told(tmp_path: Path) -> None:
    for encoding in ("utf-16", "utf-8", "no-such-encoding"):
        file = tmp_path / "statement.csv"
        file.write_bytes(f"{HEAD}\n{SMITH}\n\u00a3".encode("latin-1"))
        with pytest.raises(CliError, match="cannot be read"):
            list(read_statement(file, mapping(encoding=encoding)))


def test_the_mapping_of_the_officers_page_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "receipts.md").read_text()
    file = tmp_path / "mapping.toml"
    file.write_text(page.partition("```toml\n")[2].partition("```")[0])
    assert read_mapping(file).columns >= {"Date", "Paid in"}
