"""Costs that happen: repairs of closes and estates, one large job, their credits, and what was owed before our time."""

from collections.abc import Sequence
from datetime import date, timedelta

from shared.events.housing import ChargeKind, ChargeRaised, PaymentMethod, PaymentReceived, Tenure, UnitRegistered
from shared.events.topics import PAYMENT_RECEIVED
from shared.simulation import bills
from shared.simulation.bills import Bill
from shared.simulation.diary import Diary
from shared.simulation.dice import day_between, dice
from shared.simulation.names import CONTRACTORS, REPAIRS
from shared.simulation.office import after_working_days, quarter_ends, working_day
from shared.simulation.portfolio import Development
from shared.simulation.sales import Story
from shared.simulation.share_sets import close_set, estate_set

_LEARNT_LATE = 0.04
_CREDITED_IN_PART, _CREDITED_WHOLE = 0.06, 0.03


def note_all(story: Story, diary: Diary, development: Development) -> None:
    """Note a development's repairs for the whole story, and the first development's large job."""
    sets = [close_set(block) for block in development.blocks]
    for first, last in quarter_ends(story.first, story.quarters):
        for share_set_id in [*sets, estate_set(development)]:
            chance = dice(story.seed, "repairs", share_set_id, first)
            for number in range(chance.choices((0, 1, 2, 3), (3, 4, 3, 1))[0]):
                _repair(story, diary, share_set_id, f"RPR-{first:%Y%m}-{share_set_id}-{number}", (first, last))
    if development.number == 1 and sets and story.quarters > 1:
        _large_job(story, diary, sets[-1])


def _repair(story: Story, diary: Diary, share_set_id: str, charge_id: str, quarter: tuple[date, date]) -> None:
    chance = dice(story.seed, "repair", charge_id)
    instructed = working_day(day_between(chance, *quarter))
    completed = after_working_days(instructed, chance.randint(0, 12))
    raised = after_working_days(completed, chance.randint(2, 8))
    heard = after_working_days(raised, 25) if chance.random() < _LEARNT_LATE else raised
    if heard > story.last:
        return
    net = round(min(1_800_00, chance.lognormvariate(5.1, 0.7) * 100))
    gross, tax = Bill(charge_id, ChargeKind.REPAIR, "", net).amounts()
    charge = ChargeRaised(
        charge_id=charge_id,
        kind=ChargeKind.REPAIR,
        share_set_id=share_set_id,
        amount_pence=gross,
        tax=tax,
        description=chance.choice(REPAIRS),
        work_order=f"WO-{charge_id[4:]}",
        supplier=chance.choice(CONTRACTORS),
        invoice_number=f"{chance.randint(1000, 9999)}",
        instructed_on=instructed,
        completed_on=completed,
        invoiced_on=raised,
        raised_on=raised,
    )
    bills.note(diary, heard, charge)
    _perhaps_credit(story, diary, charge, heard)


def _perhaps_credit(story: Story, diary: Diary, charge: ChargeRaised, heard: date) -> None:
    """Note that the contractor took some or all of it back, for a few."""
    chance = dice(story.seed, "credit", charge.charge_id)
    fate, day = chance.random(), after_working_days(heard, chance.randint(5, 50))
    if day > story.last:
        return
    if fate < _CREDITED_WHOLE:
        bills.credit(diary, day, charge.charge_id, None, "Charged in error")
    elif fate < _CREDITED_WHOLE + _CREDITED_IN_PART:
        part = charge.amount_pence * chance.randint(10, 60) // 100
        bills.credit(diary, day, charge.charge_id, part, "Refund by the contractor")


def _large_job(story: Story, diary: Diary, share_set_id: str) -> None:
    """Note one stair's painting, a major cost of one quarter."""
    day = working_day(story.first + timedelta(days=120))
    gross, tax = Bill("MAJOR-1", ChargeKind.MAJOR_WORKS, "", 9_450_00).amounts()
    charge = ChargeRaised(
        charge_id="MAJOR-1",
        kind=ChargeKind.MAJOR_WORKS,
        share_set_id=share_set_id,
        amount_pence=gross,
        tax=tax,
        description="Painting of the common close",
        instructed_on=day - timedelta(days=60),
        completed_on=day - timedelta(days=10),
        raised_on=day,
    )
    bills.note(diary, day, charge)


def opening_balances(story: Story, diary: Diary, units: Sequence[UnitRegistered]) -> None:
    """Note what a few owners owed, and what others had paid too much, before we kept the books."""
    for unit in units:
        chance = dice(story.seed, "opening", unit.unit_id)
        fate, pence = chance.random(), chance.randint(35_00, 210_00)
        if unit.tenure is Tenure.ASSOCIATION:
            continue
        if fate < 0.06:
            charge = ChargeRaised(
                charge_id=f"OPEN-{unit.unit_id}",
                kind=ChargeKind.OPENING_BALANCE,
                unit_id=unit.unit_id,
                amount_pence=pence,
                description="Balance taken over",
                due_on=story.opened_on - timedelta(days=chance.randint(5, 60)),
                raised_on=story.opened_on,
            )
            bills.note(diary, story.opened_on, charge)
        elif fate < 0.10:
            credit = PaymentReceived(
                payment_id=f"OPEN-CR-{unit.unit_id}",
                amount_pence=pence // 3,
                received_on=story.opened_on,
                method=PaymentMethod.OPENING_CREDIT,
                unit_id=unit.unit_id,
            )
            diary.note(story.opened_on, PAYMENT_RECEIVED, credit, f"payment/{credit.payment_id}")
