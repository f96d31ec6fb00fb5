"""Reliefs on a real database: they end when two people say so, their owner told; listed when they outlive them."""

from datetime import date

import pytest

from services.billing.usecases import instalments, statement_run_questions
from services.billing.usecases.kinds import as_kind
from services.billing.usecases.relief_ends import END_KIND, RELIEF_END, end_relief
from services.billing.usecases.schedules import RELIEF, SCHEDULE
from shared.bus.commands import Given, Json, give
from shared.bus.proposals import Proposal, Proposals
from shared.bus.refusals import NotKnownError, NotValidError
from shared.bus.work import Work
from shared.events.housing import Address
from shared.events.topics import RELIEF_ENDED
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_line, a_unit
from tests.integration.billing.people import BOARD, OFFICER, day, decide, office
from tests.integration.billing.test_schedules import POLICY, charged, listed, two_flats

EACH = {
    **POLICY,
    "schedule_id": "INS",
    "scope": "block",
    "scope_id": "B1",
    "annual_net_pence": 525_00,
    "instalments": 4,
}


@pytest.fixture
async def block(desk: Desk) -> Desk:
    """Two flats of a block pay for the policy, but that U1 has cover of its own until March 2027; it is 2 April."""
    await two_flats(desk)
    await decide(desk, SCHEDULE, **EACH)
    out = {"basis_points": 10_000, "from_on": "2026-04-01", "proven_to": "2027-03-31", "evidence": "certificate 7"}
    await decide(desk, RELIEF, schedule_id="INS", unit_id="U1", **out)
    await desk.close("2026-03-31", "2026-04-01")
    return desk


async def relief_of(desk: Desk) -> str:
    [relief] = (await listed(desk))["reliefs"]
    return str(relief["relief_id"])


async def end(desk: Desk, ended_on: str, **asked: str | None) -> None:
    body = {"relief_id": await relief_of(desk), "ended_on": ended_on, "evidence": "sale of 16 May", "why": "Sold"}
    await decide(desk, RELIEF_END, **body | asked)


async def test_cover_of_an_owner_who_sold_is_listed_until_it_is_ended_and_the_buyer_is_insured(block: Desk) -> None:
    """Case 60 of domain.md 9: the proof was the seller's; the flat is back in the policy from the buyer's first day."""
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-05-16"), version=2))
    assert (await listed(block))["outlived"] == ["U1"]
    [line] = [one for one in (await listed(block))["reliefs"] if one["unit_id"] == "U1"]
    assert line["state"] == "outlived"
    beside = (await block.ask(statement_run_questions.dry_run, 5))["beside"]
    assert (beside["outlived"], beside["lapsed"], beside["moved"]) == (["U1"], [], [])
    await end(block, "2026-05-15")
    told = await listed(block)
    assert (told["outlived"], told["lapsed"], told["reliefs"][0]["ended_on"]) == ([], [], date(2026, 5, 15))
    await block.close("2026-05-15", "2026-05-16", "2026-07-01")
    # The quarter is raised for the buyer's days: 46 of 91.
    found = {name: pence for (unit, name), pence in (await charged(block)).items() if unit == "U1"}
    assert found == {"INS:2026-05-16/2026-06-30:U1": 66_35, "INS:2026-07-01:U1": 131_25}
    assert await block.said(RELIEF_ENDED) == []
    assert await block.wrong() == []


async def test_a_discount_beside_an_opt_out_ends_on_the_day_told_when_its_days_are_not_raised_yet(block: Desk) -> None:
    off = {"basis_points": 500, "from_on": "2026-04-01", "evidence": "direct debit"}
    opt_out = await relief_of(block)
    discount = (await decide(block, RELIEF, schedule_id="INS", unit_id="U1", **off))["relief_id"]
    body = {"evidence": "letter 3", "why": "Agreed"}
    await decide(block, RELIEF_END, relief_id=opt_out, ended_on="2026-05-31", **body)
    await block.close("2026-04-02", "2026-05-19")
    with pytest.raises(NotValidError, match="2026-06-17 is the first day"):
        await decide(block, RELIEF_END, relief_id=discount, ended_on="2026-06-15", **body)
    await decide(block, RELIEF_END, relief_id=discount, ended_on="2026-06-16", **body)
    await block.close("2026-05-20")
    assert [f"{one.charged_from}" for one in await block.said(RELIEF_ENDED)] == ["2026-06-01", "2026-06-17"]
    await block.close("2026-05-31", "2026-06-01", "2026-06-02")
    assert await of_u1(block) == {"INS:2026-06-01/2026-06-16:U1": 21_93, "INS:2026-06-17/2026-06-30:U1": 20_19}


async def test_a_day_after_the_last_of_one_relief_looks_at_its_unit_alone(
    block: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instalments, "SLICE", 1)
    await end(block, "2026-05-15")
    await block.close("2026-05-15")
    found = [await block.slice(day("2026-05-16"), progress) for progress in ("", "schedules:", "schedules:U1")]
    assert found == ["schedules:", "schedules:U1", None]
    assert await of_u1(block) == {"INS:2026-05-16/2026-06-30:U1": 66_35}


async def test_a_relief_that_leaves_nothing_to_charge_gives_the_day_no_work(block: Desk) -> None:
    """The schedule begins in July: until then the end of a relief changes nothing."""
    await decide(block, SCHEDULE, **EACH | {"schedule_id": "LATER", "effective_from": "2026-07-01"})
    out = {"basis_points": 500, "from_on": "2026-04-01", "proven_to": "2026-05-15", "evidence": "agreed"}
    await decide(block, RELIEF, schedule_id="LATER", unit_id="U1", **out)
    await block.close("2026-05-15")
    assert await block.slice(day("2026-05-16"), "") is None


async def test_days_let_go_are_charged_to_nobody_for_ever_and_the_rest_of_the_quarter_is(block: Desk) -> None:
    """The seller's last day is agreed late, in June: the buyer is charged from the day after, and never for before."""
    await block.close("2026-05-31")
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-05-16"), version=2))
    await end(block, "2026-05-15")
    assert (await listed(block))["outlived"] == []
    await block.close("2026-06-01")
    assert await of_u1(block) == {}
    await block.close("2026-06-02", "2026-07-09")
    rest = {"INS:2026-06-02/2026-06-30:U1": 41_83, "INS:2026-07-01:U1": 131_25}
    assert await of_u1(block) == rest
    await block.hear(a_unit("U1", address=Address(lines=("2 Close",), town="Glasgow", postcode="G1 1AA")))
    await block.close("2026-07-10")
    assert await of_u1(block) == rest
    assert await block.wrong() == []


async def test_the_rest_of_a_yearly_premium_is_charged_however_late_the_end_is_agreed(block: Desk) -> None:
    yearly = {"schedule_id": "YEAR", "instalments": 1, "year_starts": 5, "effective_from": "2026-05-01"}
    await decide(block, SCHEDULE, **EACH | yearly | {"annual_net_pence": 365_00})
    out = {"basis_points": 10_000, "from_on": "2026-05-01", "proven_to": "2027-04-30", "evidence": "certificate 9"}
    relief = (await decide(block, RELIEF, schedule_id="YEAR", unit_id="U1", **out))["relief_id"]
    await block.close("2026-05-01", "2026-06-19")
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-05-16"), version=2))
    body = {"relief_id": relief, "ended_on": "2026-05-15", "evidence": "sale of 16 May", "why": "Sold"}
    assert (await decide(block, RELIEF_END, **body))["letters"] == 0
    await block.close("2026-06-20", "2026-06-21", "2026-06-22")
    assert await of_u1(block, "YEAR") == {"YEAR:2026-06-21/2027-04-30:U1": 314_00}


async def test_a_buyers_cover_is_their_own_and_lapses_by_itself_when_the_sellers_was_to_last_longer(
    block: Desk,
) -> None:
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-05-16"), version=2))
    await end(block, "2026-05-15")
    out = {"basis_points": 10_000, "from_on": "2026-05-16", "proven_to": "2027-02-28", "evidence": "certificate 8"}
    await decide(block, RELIEF, schedule_id="INS", unit_id="U1", **out)
    await block.close("2026-05-15", "2026-05-16", "2027-02-28", "2027-03-01", "2027-04-01")
    assert await of_u1(block) == {}
    assert (await listed(block))["lapsed"] == ["U1"]


async def test_a_sale_that_is_to_come_is_listed_before_its_day(block: Desk) -> None:
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-06-28"), version=2))
    assert (await listed(block))["outlived"] == ["U1"]


async def test_an_end_that_makes_no_sense_is_not_even_proposed(block: Desk) -> None:
    for ended_on, asked, refusal, words in (
        ("2026-05-15", {"relief_id": "RL-X"}, NotKnownError, "no relief RL-X"),
        ("2026-03-31", {}, NotValidError, "before RL-"),
        ("2026-04-28", {}, NotValidError, "2026-04-30 is the first day"),
        ("2026-05-15", {"why": None}, NotValidError, "why: say in words"),
    ):
        with pytest.raises(refusal, match=words):
            await end(block, ended_on, **asked)
    await end(block, "2026-05-15")
    with pytest.raises(NotValidError, match="ends on 2026-05-15 already"):
        await end(block, "2026-05-16")


async def test_who_is_let_back_in_is_told_and_charged_from_that_day(block: Desk) -> None:
    """Case 60 of domain.md 9: proof expired, nothing happens by itself; then re-included from a notified date."""
    await block.close("2027-03-31", "2027-04-01", "2027-04-09")
    assert await of_u1(block) == {}
    assert (await listed(block))["lapsed"] == ["U1"]
    with pytest.raises(NotValidError, match=r"2027-05-08 is the first day .* 2027-05-07 or later"):
        await end(block, "2027-05-06")
    await end(block, "2027-05-15", why="Your certificate ran out on 31 March")
    await block.close("2027-04-10")
    [told] = await block.said(RELIEF_ENDED)
    assert (told.unit_id, told.ownership_id, told.kind, told.points) == ("U1", "A", "insurance", 10_000)
    assert (told.old_pence, told.new_pence, told.new_tax_pence, told.instalments) == (0, 525_00, 0, 4)
    assert (told.notified_on, told.last_on, told.charged_from) == (
        day("2027-04-10"),
        day("2027-05-15"),
        day("2027-05-16"),
    )
    assert told.why == "Your certificate ran out on 31 March"
    assert (await listed(block))["lapsed"] == []
    await block.close("2027-05-15")
    assert await of_u1(block) == {}
    await block.close("2027-05-16", "2027-05-17", "2027-07-01")
    assert await of_u1(block) == {"INS:2027-05-16/2027-06-30:U1": 66_35, "INS:2027-07-01:U1": 131_25}
    assert await block.wrong() == []


@pytest.mark.parametrize("first", ["sale", "end"])
async def test_a_sale_learnt_in_the_book_of_an_end_says_who_is_told_before_or_after_it(block: Desk, first: str) -> None:
    sale = a_line("U1", ("A", "2025-06-01"), ("N", "2026-06-10"), version=2)
    if first == "sale":
        await block.hear(sale)
    await end(block, "2026-06-15")
    if first == "end":
        await block.hear(sale)
    assert await block.said(RELIEF_ENDED) == []
    await block.close("2026-04-02", "2026-04-03")
    assert [one.ownership_id for one in await block.said(RELIEF_ENDED)] == ["N"]


async def test_who_buys_after_the_letter_of_an_end_is_not_told_anew(block: Desk) -> None:
    await end(block, "2026-06-15")
    await block.close("2026-04-02")
    await block.hear(a_line("U1", ("A", "2025-06-01"), ("N", "2026-06-10"), version=2))
    await block.close("2026-04-03")
    assert [one.ownership_id for one in await block.said(RELIEF_ENDED)] == ["A"]


async def test_proof_renewed_late_keeps_the_flat_out_as_if_it_had_come_in_time(block: Desk) -> None:
    await block.close("2027-03-31", "2027-04-01", "2027-05-31")
    again = {"basis_points": 10_000, "from_on": "2027-06-01", "proven_to": "2028-05-31", "evidence": "certificate 8"}
    await decide(block, RELIEF, schedule_id="INS", unit_id="U1", **again)
    assert (await listed(block))["lapsed"] == []
    await block.close("2027-06-01", "2027-07-01")
    assert await of_u1(block) == {}


async def test_a_yearly_premium_is_charged_for_the_rest_of_its_year(block: Desk) -> None:
    yearly = {"schedule_id": "YEAR", "instalments": 1, "annual_net_pence": 365_00, "effective_from": "2027-04-01"}
    await decide(block, SCHEDULE, **EACH | yearly)
    out = {"basis_points": 10_000, "from_on": "2027-04-01", "proven_to": "2027-08-31", "evidence": "certificate 9"}
    answer = await decide(block, RELIEF, schedule_id="YEAR", unit_id="U1", **out)
    await block.close("2027-04-01", "2027-09-02")
    body = {"relief_id": answer["relief_id"], "ended_on": "2027-10-02", "evidence": "no answer", "why": "No proof"}
    assert (await decide(block, RELIEF_END, **body))["letters"] == 1
    await block.close("2027-10-02", "2027-10-03", "2027-10-04")
    assert await of_u1(block, "YEAR") == {"YEAR:2027-10-03/2028-03-31:U1": 180_51}
    assert await block.wrong() == []


async def test_an_end_proposed_before_owners_were_told_is_not_approved_without_words_for_them(block: Desk) -> None:
    async def anything(_work: Work, _content: Json) -> None:
        """Proposals were made like this before the words were asked for."""

    before = Proposals(block.doors, [as_kind(RELIEF_END, END_KIND.subject_of, end_relief, anything)])
    body = {"relief_id": await relief_of(block), "ended_on": "2026-05-15", "evidence": "letter 3"}
    made = await before.propose(OFFICER, Proposal(RELIEF_END, body["relief_id"], body, "as then", OFFICER.subject))
    with pytest.raises(NotValidError, match="propose it again with --why"):
        await (await office(block)).approve(BOARD, made["id"], "agreed")
    assert (await listed(block))["reliefs"][0]["ended_on"] is None


async def test_an_end_agreed_before_owners_were_told_takes_effect_again_as_it_did(block: Desk) -> None:
    """A rebuild repeats commands of event logs that have no words for the owner."""
    content = {"relief_id": await relief_of(block), "ended_on": "2026-04-15", "evidence": "letter 3"}
    given = Given("fee-relief-end", "RL", "ola", "as then", content)
    answer = await give(block.doors, given, lambda work: end_relief(work, content))
    assert answer == {"relief_id": content["relief_id"], "unit_id": "U1", "ended_on": "2026-04-15"}
    await block.close("2026-04-02")
    assert await block.said(RELIEF_ENDED) == []


async def of_u1(desk: Desk, schedule_id: str = "INS") -> dict[str, int]:
    found = (await charged(desk)).items()
    return {name: pence for (unit, name), pence in found if unit == "U1" and name.startswith(schedule_id)}
