"""An owner nobody can name: registered as "The owner", billed by post, given up by rule 5, and named when found."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from services.billing.domain.refs import account_ref
from shared.db import create_engine, session_factory
from shared.events.base import EventData
from shared.events.housing import Address
from shared.events.topics import (
    ACCOUNT_OPENED,
    OWNERS_CONTACT,
    OWNERS_LINE,
    OWNERS_SHARES,
    OWNERS_UNIT,
    SHARE_CARRIED,
    STATEMENT_ISSUED,
    Channel,
)
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_payment
from tests.integration.billing.people import write_off
from tests.integration.billing.test_redistribution import CARRIED, UNITS, others
from tests.integration.notify.conftest import office_of
from tests.integration.owners.conftest import Desk as OwnersDesk
from tests.support.ownership import a_change, a_party, a_share_set, a_unit
from tests.support.pdf_text import words_of
from tests.support.servers import Databases

NOBODY = account_ref("U3", "C3")
_PRINTED = """
select template, channel, body from notify.messages join notify.contents using (message_id)
where account_ref = $1 order by template
"""


def address(unit_id: str) -> Address:
    return Address(lines=(f"Flat {unit_id}",), town="Glasgow", postcode="G1 1AA")


@pytest.fixture
async def registry(databases: Databases) -> AsyncIterator[OwnersDesk]:
    """Owners heard of eight flats; the owner of U3 cannot be named."""
    urls = await databases("owners")
    engine = create_engine(urls.app_url, application_name="owners-tests")
    registry = OwnersDesk(urls, session_factory(engine))
    await registry.hear(*(a_unit(unit, address=address(unit)) for unit in UNITS))
    await registry.hear(a_share_set(*((unit, 1, 8) for unit in UNITS)))
    for unit in UNITS:
        party = a_party("P-UNKNOWN-U3", name="The owner") if unit == "U3" else a_party(f"P-{unit}")
        change = a_change(f"C{unit[1:]}", "2025-06-01", unit_id=unit, parties=(party,))
        assert await registry.hear(change) == ["D"]
    yield registry
    await engine.dispose()


async def billed(desk: Desk, registry: OwnersDesk) -> None:
    """Billing heard of them, a roof of 1,600.00 is on the statements of April, and it is 2 June."""
    for channel in (OWNERS_UNIT, OWNERS_SHARES, OWNERS_LINE):
        await desk.hear(*await registry.said(channel))
    await desk.close("2025-12-31")
    await desk.hear(a_charge("ROOF", 1_600_00, pool="S1", on="2026-01-10"))
    await desk.close("2026-04-01", "2026-06-01")


async def test_rule_5_the_share_of_an_owner_nobody_can_name_is_carried_until_they_are_found_and_pay(
    desk: Desk, registry: OwnersDesk
) -> None:
    await billed(desk, registry)
    assert (await desk.balances())[NOBODY] == 200_00
    await write_off(desk, NOBODY, {"ROOF": 200_00}, ground="rule-5")
    await desk.close("2026-06-02")
    assert await others(desk) == CARRIED
    assert NOBODY not in await desk.balances()
    assert {one.unit_id for one in await desk.said(SHARE_CARRIED)} == {*UNITS} - {"U3"}
    found = a_change("C3-FOUND", "2025-06-01", unit_id="U3", corrects="C3", parties=(a_party("P-MORAG"),))
    assert await registry.hear(found) == ["D"]
    line = await registry.line("U3")
    assert [(one.ownership_id, one.party_ids) for one in line.line] == [("C3", ("P-MORAG",))]
    await desk.hear(line, a_payment("P1", 200_00, on="2026-06-03", account_ref=NOBODY))
    await desk.close("2026-06-03")
    assert (await others(desk), NOBODY in await desk.balances()) == ([200_00] * 7, False)
    assert await desk.wrong() == []


async def test_letters_to_an_owner_nobody_can_name_go_by_post_to_the_flat(
    desk: Desk, registry: OwnersDesk, databases: Databases, tmp_path: Path
) -> None:
    await billed(desk, registry)

    async def of_u3(channel: Channel, said_by: Desk | OwnersDesk) -> list[EventData]:
        return [one for one in await said_by.said(channel) if "U3" in one.model_dump_json()]

    async with office_of(await databases("notify"), tmp_path) as office:
        for channel in (OWNERS_UNIT, OWNERS_LINE, OWNERS_CONTACT):
            await office.hear(*await of_u3(channel, registry))
        for channel in (ACCOUNT_OPENED, STATEMENT_ISSUED):
            await office.hear(*await of_u3(channel, desk))
        await office.work(date(2026, 4, 1))
        rows = await office.rows(_PRINTED, NOBODY)
    assert [(row["template"], row["channel"]) for row in rows] == [("statement", "print"), ("welcome", "print")]
    assert all("The owner Flat U3 Glasgow G1 1AA" in words_of(row["body"]) for row in rows)
