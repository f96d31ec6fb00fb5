"""Changes of owner at the service's own door, on a real PostgreSQL."""

from datetime import date
from random import Random

from shared.db import driver
from shared.events.owners import ContactKind
from shared.events.topics import OWNERS_CONTACT, OWNERS_LINE
from tests.integration.owners.conftest import Desk
from tests.support.ownership import a_cancellation, a_change, a_contact, a_party, a_unit, an_agent, day


async def test_a_change_before_its_unit_is_held_and_applied_when_the_unit_comes(desk: Desk) -> None:
    assert await desk.hear(a_change("A")) == ["H"]
    assert await desk.held() == ["unit:U1"]
    await desk.hear(a_unit("U1"))
    assert await desk.held() == []
    assert [one.ownership_id for one in (await desk.line()).line] == ["A"]


async def test_a_correction_before_its_target_is_held_and_applied_when_that_comes(desk: Desk) -> None:
    await desk.hear(a_unit("U1"))
    assert await desk.hear(a_change("B", "2026-03-01", corrects="A")) == ["H"]
    assert await desk.held() == ["change:A"]
    await desk.hear(a_change("A", "2026-02-01"))
    line = await desk.line()
    assert [(one.ownership_id, one.from_) for one in line.line] == [("A", date(2026, 3, 1))]


async def test_a_tower_of_waiting_changes_is_released_at_once(desk: Desk) -> None:
    await desk.hear(a_cancellation("Y", cancels="X"))
    await desk.hear(a_cancellation("X", cancels="B"))
    await desk.hear(a_change("B", "2026-03-01", corrects="A"))
    await desk.hear(a_unit("U1"))
    assert await desk.held() == ["change:A", "change:B", "change:X"]
    await desk.hear(a_change("A"))
    assert await desk.held() == []
    assert [one.from_ for one in (await desk.line()).line] == [date(2026, 3, 1)]


async def test_a_change_that_waits_for_one_that_waits_for_its_own_batch_is_released(desk: Desk) -> None:
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("B", "2026-03-01", corrects="A"))
    await desk.hear(a_change("C", "2026-04-01", corrects="B"), a_change("A", "2026-02-01"))
    assert await desk.held() == []
    assert [one.from_ for one in (await desk.line()).line] == [date(2026, 4, 1)]


async def test_refused_changes_are_dead_letters_with_their_rules_and_the_others_go_on(desk: Desk) -> None:
    await desk.hear(a_unit("U1"), a_unit("U2"))
    await desk.hear(
        a_change("A"),
        a_change("B", corrects="B"),
        a_change("C", corrects="A", cancels="A"),
        a_change("D", corrects="A", unit_id="U2"),
        a_change("E", "2026-05-01"),
    )
    assert await desk.dead() == ["names-itself", "corrects-and-cancels", "other-unit"]
    assert [one.ownership_id for one in (await desk.line()).line] == ["A", "E"]


async def test_the_same_change_under_a_new_event_id_is_a_duplicate(desk: Desk) -> None:
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("A"))
    assert await desk.hear(a_change("A")) == ["U"]
    assert (await desk.line()).version == 1


async def test_a_change_id_with_other_content_is_a_conflict_and_the_first_stands(desk: Desk) -> None:
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("A", "2026-02-01"))
    assert await desk.hear(a_change("A", "2026-02-02")) == ["X"]
    assert await desk.dead() == ["conflicting-id"]
    assert (await desk.line()).line[0].from_ == date(2026, 2, 1)


async def test_a_line_is_said_only_when_it_changed_and_its_versions_count_one_by_one(desk: Desk) -> None:
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("A", "2026-02-01"))
    await desk.hear(a_change("B", "2026-03-01"))
    same = a_change("C", "2026-03-01", corrects="B", parties=(a_party("P-B"),))
    await desk.hear(same)
    await desk.hear(a_cancellation("X", cancels="B"))
    assert [one.version for one in await desk.said(OWNERS_LINE)] == [1, 2, 3]


async def test_the_line_carries_no_personal_data(desk: Desk) -> None:
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("A", parties=(a_party("P1", name="Canary McName", email="canary@x.scot"),)))
    (body,) = await desk.rows("select body from msg.event_log where topic = $1", OWNERS_LINE.topic)
    assert b"anary" not in body["body"]


async def test_parties_are_said_with_what_the_change_tells_of_them(desk: Desk) -> None:
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("A", parties=(a_party("P1", email="p@x.scot"), a_party("P2"))))
    said = await desk.said(OWNERS_CONTACT)
    assert [(one.contact_id, one.email) for one in said] == [("P1", "p@x.scot"), ("P2", None)]


async def test_a_contact_change_counts_with_what_ownership_changes_told_newest_first(desk: Desk) -> None:
    await desk.hear(a_unit("U1"), after=0)
    await desk.hear(a_contact("P1", email="new@x.scot", channel="post"), after=9)
    await desk.hear(a_change("A", parties=(a_party("P1", email="old@x.scot", phone="1"),)), after=1)
    contact = await desk.contact("P1")
    assert (contact.name, contact.email, contact.phone, str(contact.channel)) == ("Owner P1", "new@x.scot", "1", "post")


async def test_null_in_a_contact_change_removes_a_field(desk: Desk) -> None:
    await desk.hear(a_contact("P1", name="Owner", email="p@x.scot"))
    await desk.hear(a_contact("P1", email=None))
    contact = await desk.contact("P1")
    assert (contact.name, contact.email) == ("Owner", None)


async def test_a_contact_change_that_changes_nothing_says_nothing(desk: Desk) -> None:
    await desk.hear(a_contact("P1", email="p@x.scot"), after=2)
    await desk.hear(a_contact("P1", email="p@x.scot"), after=3)
    await desk.hear(a_contact("P1", email="older@x.scot"), after=1)
    assert len(await desk.said(OWNERS_CONTACT)) == 1


async def test_a_billing_contact_is_said_under_its_ownership_and_goes_with_a_correction(desk: Desk) -> None:
    await desk.hear(a_unit("U1"))
    await desk.hear(a_change("A", billing_contact=an_agent("Lets Ltd", email="bills@lets.scot")))
    agent = await desk.contact("A")
    assert (agent.kind, agent.name, agent.email) == (ContactKind.BILLING_CONTACT, "Lets Ltd", "bills@lets.scot")
    assert (await desk.line()).line[0].billing_contact
    await desk.hear(a_change("B", corrects="A"))
    assert (await desk.contact("A")).name is None
    assert not (await desk.line()).line[0].billing_contact


async def test_what_was_said_is_the_same_whatever_order_it_was_told_in(desk: Desk) -> None:
    await desk.hear(a_unit("U2"))
    story = [
        a_unit("U1", tenure="association"),
        a_change("A", "2026-01-10"),
        a_change("B", "2026-02-10"),
        a_change("C", "2026-02-20", corrects="B"),
        a_cancellation("X", cancels="C"),
        a_cancellation("Y", cancels="X"),
        a_change("D", "2026-02-20", notified_on=day("2026-01-01")),
    ]
    Random(7).shuffle(story)
    for one in story:
        await desk.hear(one)
    assert await desk.held() == []
    line = await desk.line()
    assert [(one.ownership_id, str(one.from_)) for one in line.line] == [
        (None, "2025-01-01"),
        ("A", "2026-01-10"),
        ("B", "2026-02-20"),
    ]
    assert [(one.ownership_id, str(one.reason)) for one in line.without_period] == [("D", "same-day")]


async def test_a_batch_is_a_handful_of_statements_however_many_units_it_names(desk: Desk) -> None:
    await desk.hear(*(a_unit(f"U{n:03}", tenure="association") for n in range(202)))
    statements: list[str] = []
    async with desk.sessions.begin() as session:
        # The pool has used one connection so far, and hands it out again.
        (await driver(session)).add_query_logger(lambda record: statements.append(record.query))

    async def cost_of(numbers: range) -> int:
        statements.clear()
        changes = [a_change(f"C{n:03}", unit_id=f"U{n:03}", billing_contact=an_agent()) for n in numbers]
        assert await desk.hear(*changes) == ["D"] * len(changes)
        return len(statements)

    await cost_of(range(1))
    assert 10 < await cost_of(range(2, 202)) == await cost_of(range(1, 2)) < 40
    versions = [one.version for one in await desk.said(OWNERS_LINE)]
    assert sorted(versions) == [1] * 202 + [2] * 202
