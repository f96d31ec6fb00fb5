"""contract.md 6, ownership lines, who owes, division and credits: each penny worked out by hand."""

import hashlib
from collections.abc import Iterable
from itertools import pairwise

import pytest

from tests.system.diary import Told, ref_of

pytestmark = pytest.mark.timeout(900)  # the first test of a run waits until the whole diary is told

FEB = "2026-02-10"
ACCOUNT_FIELDS = {
    "account_ref", "account_id", "unit_id", "ownership_id", "from", "to", "party_ids", "internal", "balance_pence",
    "due_pence", "overdue_pence",
}  # fmt: skip

LINES = {
    "plain": {"a": FEB, "b": FEB},
    "fixed": {"b": "2026-02-20"},
    "fixed2": {"b": "2026-02-15"},
    "forked": {"b": "2026-02-15"},
    "unfixed": {"b": FEB},
    "on-again": {"b": FEB},
    "fallen": {"b": FEB},
    "same-day": {"b": FEB},
    "same-note": {"c": FEB},
    "last-day": {"b": "2026-02-28"},
    "joint-ha": {"b": FEB},
}
"""The unit's second owner and the day of entry."""


@pytest.mark.parametrize("name", LINES)
async def test_one_change_of_a_chain_stands(told: Told, name: str) -> None:
    ((owner, day),) = [item for item in LINES[name].items() if item[0] != "a"]
    accounts = await told.accounts()
    seller, buyer = accounts[f"OL-{name}", f"{name}.a"], accounts[f"OL-{name}", f"{name}.{owner}"]
    assert (seller["from"], seller["to"]) == ("2020-01-01", day)
    assert (buyer["from"], buyer["to"], buyer["internal"]) == (day, None, False)
    assert not seller.get("void")
    assert not buyer.get("void")


async def test_the_parties_of_a_period_are_those_of_the_change_that_stands(told: Told) -> None:
    accounts = await told.accounts()
    assert accounts["OL-fixed2", "fixed2.b"]["party_ids"] == ["p.fixed2.b3"]
    assert accounts["OL-joint-ha", "joint-ha.b"]["party_ids"] == ["ha", "p.joint"]


@pytest.mark.parametrize("name", ["off", "off-whole", "left"])
async def test_who_never_got_in_has_an_account_without_days(told: Told, name: str) -> None:
    accounts = await told.accounts()
    seller, never = accounts[f"OL-{name}", f"{name}.a"], accounts[f"OL-{name}", f"{name}.b"]
    assert (seller["from"], seller["to"]) == ("2020-01-01", None)
    assert (never["from"], never["to"], never["internal"]) == (None, None, False)
    # A cancelled chain stands no longer; one that came after the last managed day stands, without days.
    assert bool(never.get("void")) == (name != "left")


@pytest.mark.parametrize(("name", "other"), [("same-day", "c"), ("same-note", "b")])
async def test_of_two_entries_on_one_day_the_other_has_no_days(told: Told, name: str, other: str) -> None:
    account = (await told.accounts())[f"OL-{name}", f"{name}.{other}"]
    assert (account["from"], account["to"], bool(account.get("void"))) == (None, None, False)


async def test_no_correction_or_cancellation_has_an_account_of_its_own(told: Told) -> None:
    names = {ownership for unit_id, ownership in await told.accounts() if unit_id.startswith("OL-")}
    assert names <= {None, *(name for name in names if name and name.split(".")[1] in "abc")}


@pytest.mark.parametrize(("name", "owner", "own", "internal"), [("buyback", "a", 100, 250), ("ha", "b", 450, 300)])
async def test_the_associations_days_belong_to_the_internal_account(
    told: Told, name: str, owner: str, own: int, internal: int
) -> None:
    accounts = await told.accounts()
    assert accounts[f"OL-{name}", f"{name}.{owner}"]["balance_pence"] == own
    account = accounts[f"OL-{name}", None]
    assert account["balance_pence"] == internal
    assert (account["internal"], account["ownership_id"], account["from"], account["to"]) == (True, None, None, None)
    assert (await told.account(f"OL-{name}", None))["statements"] == []


async def test_a_charge_follows_the_line_that_stands(told: Told) -> None:
    assert await told.balance("OL-off", "off.a") == 500
    assert await told.balance("OL-off", "off.b") == 0
    assert await told.balance("OL-same-day", "same-day.b") == 600
    assert await told.balance("OL-same-day", "same-day.c") == 0


async def test_accounts_have_their_published_shape_and_reference(told: Told) -> None:
    accounts = await told.accounts()
    for account in accounts.values():
        assert account.keys() >= ACCOUNT_FIELDS
        assert account["account_ref"] == ref_of(account["unit_id"], account["ownership_id"])
        assert account["internal"] == (account["ownership_id"] is None)
    assert len({account["account_id"] for account in accounts.values()}) == len(accounts)


# Who owes.


async def test_the_day_of_instruction_then_of_the_work_then_of_the_bill_decides(told: Told) -> None:
    assert await told.balance("OW-days", "days.a") == 100 + 200 + 400 + 800
    assert await told.balance("OW-days", "days.b") == 1600


async def test_a_period_is_owed_by_the_day_net_and_tax_apart(told: Told) -> None:
    # 35.00 x 47/90 = 18.277.., 7.00 x 47/90 = 3.655..; the buyer takes the rest of each.
    assert await told.balance("OW-split", "split.a") == 1828 + 366
    assert await told.balance("OW-split", "split.b") == 1672 + 334


async def test_days_without_a_known_owner_wait_and_round_like_an_owner(told: Told) -> None:
    # 100.00 over 90 days: 33.33 by day 30, 66.67 by day 60.
    assert await told.balance("OW-gap", "gap.a") == 3334
    assert await told.balance("OW-gap", "gap.b") == 3333
    waiting = [one for one in (await told.ask("suspense"))["charges"] if one["charge_id"] == "OW-gap-C"]
    assert waiting == [
        {"charge_id": "OW-gap-C", "unit_id": "OW-gap", "amount_pence": 3333, "waiting_for": "owner:OW-gap"}
    ]


async def test_days_outside_management_wait(told: Told) -> None:
    # 90.01 x 59/90 = 59.0065..
    assert await told.balance("OW-left") == 5901
    waiting = [one for one in (await told.ask("suspense"))["charges"] if one["charge_id"] == "OW-left-C"]
    assert [(one["amount_pence"], one["waiting_for"]) for one in waiting] == [(3100, "managed:OW-left")]


async def test_days_of_the_association_are_its_own_whenever_that_is_learnt(told: Told) -> None:
    # 10.01 x 45/90 = 5.005, so 5.01.
    for name, owner in (("OW-sold", "sold-ow.b"), ("OW-tenure", "tenure.b")):
        assert await told.balance(name, None) == 501
        assert await told.balance(name, owner) == 500
    assert (await told.on("2026-04-09", "OW-tenure", "tenure.b"))["balance_pence"] == 500
    unknown = await told.office.run("account", ref_of("OW-tenure", None), "--known-at", "2026-04-09")
    assert (unknown.code != 0, "Traceback" in unknown.err) == (True, False)


async def test_more_than_the_whole_is_incomplete_too(told: Told) -> None:
    assert [await told.balance(f"OW-m{n}") for n in (1, 2)] == [0, 0]
    waiting = [one for one in (await told.ask("suspense"))["charges"] if one["charge_id"] == "OW-more"]
    assert waiting == [{"charge_id": "OW-more", "amount_pence": 700, "waiting_for": "share-set:S-OWM", "gap": "-1/6"}]


async def test_a_policy_year_is_split_at_a_sale_still_to_come_and_so_is_its_refund(told: Told) -> None:
    # Net 468.75 x 138/365 = 177.226, tax 56.25 x 138/365 = 21.267: 177.23 + 21.27.
    # Refund 52.50: its tax is 5.625, so 5.63, net 46.87: 46.87 x 138/365 = 17.72, 5.63 x 138/365 = 2.13.
    assert await told.balance("OW-insured", "insured.a") == (17723 + 2127) - (1772 + 213)
    assert await told.balance("OW-insured", "insured.b") == 52500 - 5250 - (17723 + 2127) + (1772 + 213)


async def test_the_share_version_of_the_day_divides(told: Told) -> None:
    assert await told.balance("OW-v1") == 500 + 250 + 300
    assert await told.balance("OW-v2") == 500 + 750 + 300


async def test_a_version_learnt_late_divides_anew_by_further_lines(told: Told) -> None:
    for unit_id, first, then in (("OW-l1", 500, -250), ("OW-l2", 500, 250)):
        account = await told.account(unit_id)
        lines = [(one["kind"], one["amount_pence"], one["value_on"]) for one in account["lines"]]
        assert lines == [("charge", first, "2026-03-02"), ("charge", then, "2026-03-02")]
        assert [one["statement_no"][-6:] for one in account["lines"]] == ["2026Q1", "2026Q2"]
        before = await told.on("2026-04-09", unit_id)
        assert before["balance_pence"] == 500
        assert (await told.on("2026-04-10", unit_id))["balance_pence"] == 500 + then


async def test_under_an_incomplete_version_a_charge_goes_back_to_waiting(told: Told) -> None:
    assert [(await told.on("2026-04-09", f"OW-i{n}"))["balance_pence"] for n in (1, 2)] == [400, 400]
    assert [(await told.on("2026-04-10", f"OW-i{n}"))["balance_pence"] for n in (1, 2)] == [0, 0]
    assert [await told.balance(f"OW-i{n}") for n in (1, 2)] == [200, 600]


async def test_a_sale_learnt_late_moves_what_was_billed(told: Told) -> None:
    before = await told.on("2026-04-09", "OW-moved", "moved.a")
    assert (before["balance_pence"], before["to"]) == (4111, None)
    seller, buyer = await told.account("OW-moved", "moved.a"), await told.account("OW-moved", "moved.b")
    assert [(one["charge_id"], one["amount_pence"], one["value_on"]) for one in seller["lines"]] == [
        ("OW-moved-D", 1111, "2026-02-09"),
        ("OW-moved-C", 3000, "2026-02-12"),
        ("OW-moved-C", -3000, "2026-02-12"),
    ]
    assert [(one["charge_id"], one["amount_pence"], one["value_on"]) for one in buyer["lines"]] == [
        ("OW-moved-C", 3000, "2026-02-12")
    ]
    assert (seller["balance_pence"], buyer["balance_pence"], seller["to"]) == (1111, 3000, FEB)
    # The buyer owes it only when a statement of the buyer's own carries it.
    assert (await told.on("2026-06-30", "OW-moved", "moved.b"))["due_pence"] == 0
    assert buyer["lines"][0]["due_on"] == "2026-07-29"
    assert seller["overdue_pence"] == 1111


# Division: the lot is drawn here once more, by what the contract says of it.


def lots(charge_id: str, unit_ids: Iterable[str]) -> list[str]:
    return sorted(unit_ids, key=lambda unit_id: hashlib.sha256(f"{charge_id}|{unit_id}".encode()).hexdigest())


async def owed(told: Told, unit_ids: Iterable[str]) -> dict[str, int]:
    accounts = await told.accounts()
    return {unit_id: accounts[unit_id, f"{unit_id}.o"]["balance_pence"] for unit_id in unit_ids}


def charged(account: dict[str, object], kind: str = "charge") -> list[int]:
    lines = account["lines"]
    assert isinstance(lines, list)
    return [one["amount_pence"] for one in lines if one["kind"] == kind]


async def test_title_shares_to_the_penny_and_a_refund_by_the_same_shares(told: Told) -> None:
    bills = [charged(await told.account(f"DV-t{n}")) for n in range(7)]
    assert bills == [[11111], [11111], [14815], [14815], [14815], [14815], [18518]]
    refunds = [charged(await told.account(f"DV-t{n}"), "credit") for n in range(7)]
    # 210.00: two pennies over; one to the five 27ths (.89), one by lot between the two of three 27ths (.33).
    first, _ = lots("DV-title", ["DV-t0", "DV-t1"])
    odd = [-2334 if f"DV-t{n}" == first else -2333 for n in range(2)]
    assert refunds == [[odd[0]], [odd[1]], [-3111], [-3111], [-3111], [-3111], [-3889]]


async def test_equal_sevenths_by_lot(told: Told) -> None:
    units = [f"DV-s{n}" for n in range(7)]
    drawn = lots("DV-seven", units)
    assert await owed(told, units) == {name: 14286 if drawn.index(name) < 5 else 14285 for name in units}


async def test_three_pence_over_seven_flats_leaves_no_line_of_nothing(told: Told) -> None:
    units = [f"DV-p{n}" for n in range(7)]
    drawn = lots("DV-penny", units)
    assert await owed(told, units) == {name: 1 if drawn.index(name) < 3 else 0 for name in units}
    nothing = await told.account(drawn[6])
    assert (nothing["lines"], nothing["statements"]) == ([], [])


async def test_net_and_tax_are_divided_each(told: Told) -> None:
    units = [f"DV-n{n}" for n in range(3)]
    drawn = lots("DV-net", units)
    # Net 1.00: 34, 33, 33; tax 20: 7, 7, 6; both by the same lot.
    assert await owed(told, units) == dict(zip(drawn, (34 + 7, 33 + 7, 33 + 6), strict=True))


async def test_equal_remainders_go_to_the_larger_share_first(told: Told) -> None:
    assert await owed(told, ["DV-x1", "DV-x2", "DV-x3"]) == {"DV-x1": 0, "DV-x2": 1, "DV-x3": 2}


async def test_a_credit_of_a_part_is_divided_and_the_last_one_takes_what_is_left(told: Told) -> None:
    for kind, name in (("k", "DV-part"), ("r", "DV-rest"), ("c", "DV-two")):
        units = [f"DV-{kind}{n}" for n in range(3)]
        first, second, third = lots(name, units)
        bills = {unit_id: charged(await told.account(unit_id)) for unit_id in units}
        assert bills == {first: [334], second: [333], third: [333]}
        credits_ = {unit_id: charged(await told.account(unit_id), "credit") for unit_id in units}
        if kind == "k":
            assert credits_ == {first: [-167], second: [-167], third: [-166]}
        else:
            assert credits_ == {first: [-167, -167], second: [-167, -166], third: [-166, -167]}
            assert set((await owed(told, units)).values()) == {0}


async def test_the_tax_of_a_credit_is_rounded_half_up_and_split_like_the_charge(told: Told) -> None:
    # Charge: net 100.00 x 45/90 = 50.00, tax 20.01 x 45/90 = 10.005, so 10.01.
    # Credit 30.01: tax 20.01 x 30.01/120.01 = 5.0037, so 5.00; net 25.01: 12.505, so 12.51; tax 2.50.
    assert await told.balance("DV-half", "half.a") == (5000 + 1001) - (1251 + 250)
    assert await told.balance("DV-half", "half.b") == 12001 - 3001 - 6001 + 1501


async def test_credit_lines_carry_the_charge(told: Told) -> None:
    account = await told.account("DV-r0")
    named = [(one["kind"], one["charge_id"], one["value_on"]) for one in account["lines"]]
    assert named == [
        ("charge", "DV-rest", "2026-01-10"),
        ("credit", "DV-rest", "2026-01-20"),
        ("credit", "DV-rest", "2026-01-21"),
    ]
    assert account["lines"][0]["share"] == "1/3"


async def test_a_line_is_proved_when_asked_for_by_its_place_in_the_lot(told: Told) -> None:
    """10.00 over three flats: one odd penny; half of it given back: two."""
    drawn = lots("DV-rest", [f"DV-r{n}" for n in range(3)])
    for place, unit_id in enumerate(drawn, start=1):
        charge_, credit_, rest = (one["proof"] for one in (await told.account(unit_id, "", "--proof"))["lines"])
        assert (charge_["net"]["exact"], charge_["net"]["rank"], charge_["net"]["odd_pence"]) == ("1000/3", place, 1)
        assert (credit_["net"]["exact"], credit_["net"]["rank"], credit_["net"]["odd_pence"]) == ("-500/3", place, 2)
        assert (rest["net"], rest["takes_what_is_left"]) == (None, True)
    assert all("proof" not in one for one in (await told.account(drawn[0]))["lines"])


async def test_each_line_names_the_event_that_led_to_it(told: Told) -> None:
    late = next(one for one in (await told.account("ST-one"))["lines"] if one.get("charge_id") == "ST-one-late")
    assert late["cause"] == {
        "id": "charge-raised/ST-one-late", "source": "examiner", "type": "housing.charge-raised.v1",
    }  # fmt: skip
    anew = (await told.account("OW-l1"))["lines"][1]["cause"]
    assert (anew["type"], anew["source"]) == ("owners.shares-changed.v1", "closebook/owners")


async def test_balances_are_the_sums_of_lines(told: Told) -> None:
    for name in ("OW-days", "DV-half"):
        for ownership in {own for unit_id, own in await told.accounts() if unit_id == name}:
            account = await told.account(name, ownership)
            assert account["balance_pence"] == sum(one["amount_pence"] for one in account["lines"])
            days = [one["value_on"] for one in account["lines"]]
            assert all(first <= second for first, second in pairwise(days))
