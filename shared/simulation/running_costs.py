"""Costs that come round by themselves: management fees, cleaning, light, landscaping, insurance."""

from datetime import date, timedelta

from shared.events.housing import ChargeKind
from shared.simulation import bills
from shared.simulation.bills import Bill
from shared.simulation.diary import Diary
from shared.simulation.dice import dice
from shared.simulation.office import add_months, after_working_days, month_ends, quarter_ends, working_day
from shared.simulation.portfolio import Block, Development
from shared.simulation.sales import Story
from shared.simulation.share_sets import close_set, estate_set

_FEES_NET = ((35_00,) * 4, (32_63, 32_62, 32_63, 32_62))
"""A year's management fee by quarter: £140.00, or £130.50 where a development agreed an awkward one."""

_GARDENING_MONTHS = range(4, 11)


def note_all(story: Story, diary: Diary, development: Development) -> None:
    """Note a development's running costs for the whole story."""
    _fees(story, diary, development)
    _landscaping(story, diary, development)
    for block in development.blocks:
        _cleaning(story, diary, block)
        _electricity(story, diary, block)
        _insurance(story, diary, development.number, block)


def _fees(story: Story, diary: Diary, development: Development) -> None:
    fees = _FEES_NET[(development.number + 1) % 2]
    for number, (first, last) in enumerate(quarter_ends(story.first, story.quarters)):
        day = working_day(first)
        for unit in development.units:
            charge_id = f"FEE-{first:%Y%m}-{unit.unit_id}"
            bill = Bill(charge_id, ChargeKind.MANAGEMENT_FEE, "Management fee", fees[number % 4])
            bills.unit_cost(diary, day, bill, unit.unit_id, (first, last))
            if dice(story.seed, "goodwill", charge_id).random() < 0.004:
                bills.credit(diary, after_working_days(day, 12), charge_id, 10_00, "Goodwill after a late answer")


def _cleaning(story: Story, diary: Diary, block: Block) -> None:
    net = dice(story.seed, "cleaning", block.block_id).randint(70_00, 110_00)
    for first, last in month_ends(story.first, 3 * story.quarters):
        day = after_working_days(last, 3)
        if day <= story.last:
            bill = Bill(
                f"CLEAN-{first:%Y%m}-{block.block_id}", ChargeKind.CLEANING, f"Stair cleaning {first:%B %Y}", net
            )
            bills.shared_cost(diary, day, bill, close_set(block), (first, last))


def _electricity(story: Story, diary: Diary, block: Block) -> None:
    for first, last in quarter_ends(story.first, story.quarters):
        net = dice(story.seed, "power", block.block_id, first).randint(38_00, 96_00)
        day = after_working_days(last, 14)
        if day <= story.last:
            charge_id = f"POWER-{first:%Y%m}-{block.block_id}"
            bill = Bill(charge_id, ChargeKind.ELECTRICITY, "Stair lighting", net, bills.VAT_ON_POWER)
            bills.shared_cost(diary, day, bill, close_set(block), (first, last))


def _landscaping(story: Story, diary: Diary, development: Development) -> None:
    net = 4_10 * len(development.units)
    for first, last in month_ends(story.first, 3 * story.quarters):
        day = after_working_days(last, 2)
        if first.month in _GARDENING_MONTHS and day <= story.last:
            charge_id = f"GARDEN-{first:%Y%m}-{development.development_id}"
            bill = Bill(charge_id, ChargeKind.LANDSCAPING, f"Landscaping {first:%B %Y}", net)
            bills.shared_cost(diary, day, bill, estate_set(development), (first, last))


def _insurance(story: Story, diary: Diary, number: int, block: Block) -> None:
    """Note each year's policy: from the first day for odd developments, a quarter later for even ones."""
    first = add_months(story.first, 0 if number % 2 else 3)
    premium = dice(story.seed, "insurance", block.block_id).randint(150_00, 240_00) * len(block.units)
    while first < story.last:
        last = _year_later(first)
        day = after_working_days(first, 5)
        if day <= story.last:
            charge_id = f"INS-{first:%Y}-{block.block_id}"
            bill = Bill(charge_id, ChargeKind.INSURANCE, "Buildings insurance", premium, bills.INSURANCE_TAX)
            bills.shared_cost(diary, day, bill, close_set(block), (first, last))
        first, premium = last + timedelta(days=1), premium + premium // 20


def _year_later(first: date) -> date:
    """Return the last day of the year that begins on ``first``."""
    return add_months(first, 12) - timedelta(days=1)
