"""The simulated housing system: valid, complete, and the same for the same seed."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.events.base import Event, EventData
from shared.events.billing import StatementIssued
from shared.events.decode import Record, decode
from shared.events.housing import PaymentMethod, PaymentReceived
from shared.events.topics import STATEMENT_ISSUED
from shared.events.uid import event_uid
from shared.simulation.diary import Remark
from shared.simulation.office import is_working_day
from shared.simulation.portfolio import build
from shared.simulation.system import HousingSystem, story_of


def statement(number: int, issued_on: date, balance: int) -> Event[EventData]:
    unit_id = f"D01-U{number:03d}"
    data = StatementIssued(
        account_id=f"acc-{number}",
        account_ref=f"F{number:010d}X",
        unit_id=unit_id,
        ownership_id=f"{unit_id}-C0",
        statement_no=f"F{number:010d}X-2025Q1",
        quarter="2025Q1",
        issued_on=issued_on,
        due_on=issued_on + timedelta(days=28),
        brought_forward_pence=0,
        total_pence=balance,
        balance_pence=balance,
        lines=(),
    )
    return Event(
        uid=event_uid("billing", str(number)),
        sha=b"",
        id=str(number),
        source="billing",
        type=STATEMENT_ISSUED.type,
        time=datetime(2025, 4, 1, tzinfo=UTC),
        topic=STATEMENT_ISSUED.topic,
        key=data.account_id,
        data=data,
    )


def whole_play(seed: int = 1, units: int = 60, answers: Iterable[Event[EventData]] = ()) -> list[tuple[date, Remark]]:
    system = HousingSystem(story_of(seed, 2), units)
    day, said, answers = system.story.opened_on, list[tuple[date, Remark]](), list(answers)
    while day <= system.story.last:
        said += [(day, remark) for remark in system.say(day)]
        stretch = system.stretch(day)
        due = [one for one in answers if isinstance(one.data, StatementIssued) and one.data.issued_on in stretch]
        system.hear(due, stretch[-1])
        day = stretch[-1] + timedelta(days=1)
    return said


ANSWERS = [statement(number, date(2025, 4, 1), 50_00 + number * 7) for number in range(1, 57)]


def test_every_event_is_valid_and_every_planted_record_is_refused_for_its_reason() -> None:
    for _, remark in whole_play(answers=ANSWERS):
        outcome = decode(Record(remark.topic, 0, 0, remark.key.encode(), remark.value))
        assert (None if isinstance(outcome, Event) else outcome.reason) == remark.reason, remark
        assert not isinstance(outcome, Event) or outcome.key == remark.key


def test_the_same_seed_says_the_same_bytes_whatever_order_answers_come_in() -> None:
    assert whole_play(answers=ANSWERS) == whole_play(answers=reversed(ANSWERS))


def test_another_seed_tells_another_story() -> None:
    assert whole_play(seed=1) != whole_play(seed=2)


def test_owners_pay_by_every_method_and_some_payments_come_back() -> None:
    methods, topics = Counter[PaymentMethod](), Counter[str]()
    answers = [*ANSWERS, *(statement(number, date(2025, 1, 1), 80_00) for number in range(1, 57))]
    for seed in (1, 2, 3):
        for _, remark in whole_play(seed=seed, answers=answers):
            outcome = decode(Record(remark.topic, 0, 0, None, remark.value))
            if isinstance(outcome, Event) and isinstance(outcome.data, PaymentReceived):
                methods[outcome.data.method] += 1
            topics[remark.topic] += 1
    assert set(methods) == set(PaymentMethod)
    assert topics["housing.payment-reversed"] > 1


def test_something_is_said_on_working_days_only() -> None:
    assert all(is_working_day(day) for day, _ in whole_play(answers=ANSWERS))


def test_each_reason_is_planted_once() -> None:
    planted = HousingSystem(story_of(1, 2), 12).planted
    assert len({remark.reason for remark in planted}) == len(planted) == 8


@pytest.mark.parametrize("units", [1, 2, 9, 12, 60, 61, 240])
def test_a_portfolio_has_exactly_so_many_units_each_once(units: int) -> None:
    developments = build(1, units, date(2024, 12, 31))
    made = [unit.unit_id for development in developments for unit in development.units]
    assert len(made) == len(set(made)) == units


def test_no_event_id_is_used_for_two_things() -> None:
    seen: dict[str, bytes] = {}
    for _, remark in whole_play(answers=ANSWERS):
        outcome = decode(Record(remark.topic, 0, 0, None, remark.value))
        if isinstance(outcome, Event):
            assert seen.setdefault(outcome.id, outcome.sha) == outcome.sha
