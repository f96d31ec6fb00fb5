"""Former owners are written to where they went."""

from datetime import date

from services.notify.db.likeness import COMPARED
from shared.events.owners import ContactDetailsChanged, ContactKind
from tests.integration.notify.conftest import Office
from tests.support.letters import a_line, a_party, a_period, a_statement, a_unit, an_account, an_address, an_erasure
from tests.support.pdf_text import words_of

SOLD_ON, BILLED_ON = date(2026, 3, 20), date(2026, 4, 1)


async def bill_former_owners(office: Office) -> None:
    """P1 and P2 sold their flat, told where they went, and are billed for the last time."""
    await office.hear(
        a_unit(),
        a_line(a_period("O1", "P1", "P2", to=SOLD_ON), a_period("O2", "P3", **{"from": SOLD_ON})),
        a_party("P1", "Aileen Gunn", None),
        a_party("P2", "Rory Gunn", None),
        ContactDetailsChanged(
            contact_id="O1", kind=ContactKind.BILLING_CONTACT, forwarding_address=an_address("3 New Street")
        ),
    )
    await office.hear(an_account())
    await office.hear(a_statement())
    await office.work(BILLED_ON)


async def test_their_paper_goes_there_and_names_the_flat_all_the_same(office: Office) -> None:
    await bill_former_owners(office)
    rows = await office.rows(
        "select body from notify.messages join notify.contents using (message_id) where template = 'statement'"
    )
    words = [words_of(row["body"]) for row in rows]
    assert ["3 New Street" in text and "14 Alder Street" in text for text in words] == [True, True]


async def test_a_rebuild_cannot_write_there_again_once_one_of_them_is_erased(office: Office) -> None:
    await bill_former_owners(office)
    (compared,) = (one for one in COMPARED if one.what == "messages")
    query = f"select row ? 'sha256' as told from ({compared.query}) as it where row ->> 'template' = 'statement'"
    assert [row["told"] for row in await office.rows(query)] == [True, True]
    await office.hear(an_erasure("P1"))
    assert [row["told"] for row in await office.rows(query)] == [False, False]
