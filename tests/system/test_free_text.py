"""Text that anybody may write anything into: each word is where it has its use, and nowhere else.

Every field of text has a word of its own. Where words may be is docs/personal-data.md's to say; no log, metric or
rejection has any, nor has a listing of dead letters but for why one was discarded.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from shared.events.topics import CHANNELS
from tests.support.kafka_tools import KafkaTools
from tests.system.examiner import Said, charge, contact, entry, event, party, payment, reversal, say, shares, unit
from tests.system.office import Office

_WORD = re.compile(r"zebrafinch([a-z]+?)zz")
_STATEMENTS = {"billing.statement-issued", "closebook account"}
WHERE = {
    # What housing says of flats, and of people whom letters go to.
    "line": {"owners.unit-changed"},
    "town": {"owners.unit-changed"},
    "locality": {"owners.unit-changed"},
    "party": {"owners.contact-changed"},
    "billingcontact": {"owners.contact-changed"},
    # Its words for money stand on statements; what a payer wrote is before whoever matches it.
    "description": {"billing.statement-issued", "closebook account"},
    "credit": {"billing.statement-issued", "closebook account"},
    "reversal": {"billing.payment-reversed"},
    "waiting": {"closebook suspense list"},
    # The reasons of staff.
    "hold": {"arrears.hold-changed", "arrears.taken-in", "closebook audit", "closebook holds list"},
    "dispute": {"billing.taken-in", "closebook audit", "closebook disputes list"},
    "mandate": {"billing.taken-in", "closebook audit"},
    "match": {"billing.taken-in", "closebook audit"},
    "discard": {"billing.taken-in", "closebook audit", "closebook proposals list", "closebook dead-letters list"},
}
NOWHERE = {
    "payer", "matched", "badaccount", "forstatement", "seller", "buyer", "uprn", "title", "workorder", "supplier",
    "invoice", "spoilt", "method", "day", "control", "long", "key", "value", "unknown", "above", "kind", "held",
    "channel",
}  # fmt: skip
LISTINGS = (
    "dead-letters list", "dead-letters list --group", "held", "audit", "proposals list", "accounts", "suspense list",
    "status", "holds list", "disputes list", "letters", "arrears",
)  # fmt: skip


def text(field: str) -> str:
    """Return what somebody wrote into a field."""
    return f"Mr zebrafinch{field}zz of the top flat"


def paid(payment_id: str, **fields: Any) -> Said:
    """A payment that may be spoilt in any field."""
    return event("payment-received", payment(payment_id, 10_00, day="2026-03-12")["data"] | fields)


FLAT = [
    unit(
        "FT-1", locality=text("locality"), title_number=text("title"), uprn=text("uprn"),
        address={"lines": [text("line")], "town": text("town"), "postcode": "G42 1AB"},
    ),
    shares("S-FT", {"FT-1": (1, 1)}),
    entry(
        "FT-1.o", "FT-1", parties=[party("FT-party", name=text("party"))],
        billing_contact={"name": text("billingcontact"), "email": "ft@example.org"},
        solicitors={"seller": text("seller"), "buyer": text("buyer")},
    ),
    charge(
        "FT-C", 90_00, "S-FT", raised="2026-03-10", description=text("description"), work_order=text("workorder"),
        supplier=text("supplier"), invoice_number=text("invoice"),
    ),
    event("charge-credited", {
        "credit_id": "FT-K", "charge_id": "FT-C", "amount_pence": 1_00, "reason": text("credit"),
        "credited_on": "2026-03-11",
    }),
    paid("FT-P1", reference=text("matched"), payer_name=text("payer")),
    paid("FT-P2", unit_id="FT-1", account_ref=text("badaccount"), for_statement=text("forstatement")),
    paid("FT-P3", reference=text("waiting"), payer_name=text("payer")),
    event("payment-reversed", reversal("FT-R", "FT-P2", 5_00, day="2026-03-13")["data"] | {"reason": text("reversal")}),
]  # fmt: skip
SPOILT = [
    paid("FT-B1", amount_pence="10.00", reference=text("spoilt"), payer_name=text("spoilt")),
    paid("FT-B2", method=text("method")),
    paid("FT-B3", received_on=text("day")),
    paid("FT-B4", reference=text("control") + "\u0007", payer_name=text("control")),
    paid("FT-B5", reference=text("long") * 20),
    paid("FT-B6", reference={text("key"): text("value")}),
    paid("FT-B7", account_ref=7, **{text("unknown"): text("unknown")}),
    event("payment-reversed", reversal("FT-B8", "FT-P2", 500_00)["data"] | {"reason": text("above")}),
    event("payment-reversed", reversal("FT-B9", "FT-never", 500)["data"] | {"reason": text("held")}),
    event("charge-raised", charge("FT-B10", 5_00, "FT-1")["data"] | {"kind": text("kind")}),
    contact("FT-party", channel=text("channel")),
]


async def _tell(office: Office, kafka: KafkaTools) -> None:
    """Let housing say all of it, well and badly; a statement goes out, and staff give their reasons."""
    for said in (FLAT, SPOILT):
        await say(kafka, said)
        await office.ask("settle")
    await office.close("2026-04-01")
    account = await account_of(office)
    await office.ask("holds", "set", account, "vulnerable", "--reason", text("hold"))
    await office.ask("direct-debit", "set", account, "FT-M", "--reason", text("mandate"))
    await office.ask("suspense", "match", "FT-P1", account, "--reason", text("match"))
    await office.ask("disputes", "raise", account, "FT-C", "--reason", text("dispute"))
    letter = str((await office.ask("dead-letters", "list", "--service", "billing"))[0]["id"])
    asked = await office.ask("dead-letters", "discard", "billing", letter, "--reason", text("discard"))
    await office.ask("proposals", "approve", "billing", str(asked["proposal"]), "--as", "finance")
    await office.close("2026-04-02")
    await office.ask("settle")


async def account_of(office: Office) -> str:
    (found,) = [one for one in await office.ask("accounts") if one["unit_id"] == "FT-1" and one["ownership_id"]]
    return str(found["account_ref"])


async def _topics(kafka: KafkaTools) -> dict[str, str]:
    ours = [channel.topic for channel in CHANNELS if channel.owner != "housing"]
    read = await asyncio.gather(*map(kafka.read_all, ours))
    return {topic: str([record[:] for record in records]) for topic, records in zip(ours, read, strict=True)}


async def _figures(office: Office) -> dict[str, str]:
    async with httpx.AsyncClient() as client:
        return {
            f"metrics of {one.name}": (await client.get(f"{one.private_url}/metrics")).raise_for_status().text
            for one in office.stack.processes.values()
        }


@pytest_asyncio.fixture(scope="module")
async def places(office: Office) -> AsyncIterator[dict[str, str]]:
    """Whatever can be read of the whole, by its name."""
    kafka = KafkaTools(office.stack.servers.kafka.bootstrap, office.stack.topic_prefix)
    await _tell(office, kafka)
    found = {f"log of {path.stem}": path.read_text() for path in (office.stack.directory / "logs").iterdir()}
    found |= await _topics(kafka) | await _figures(office)
    for command in LISTINGS:
        found[f"closebook {command}"] = (await office.run(*command.split(), "--json")).out
    found["closebook account"] = (await office.run("account", await account_of(office), "--json")).out
    await kafka.close()
    yield found


def test_each_word_is_where_it_has_its_use_and_nowhere_else(places: dict[str, str]) -> None:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for place, said in places.items():
        for word in _WORD.findall(said.lower()):
            found[word].add(place)
    assert found == WHERE


def test_every_place_was_looked_at_and_every_word_was_said(places: dict[str, str]) -> None:
    kinds = ("log of", "metrics of")
    assert {kind: sum(place.startswith(kind) for place in places) for kind in kinds} == dict.fromkeys(kinds, 4)
    assert [place for place in places if place.startswith((*kinds, "closebook")) and len(places[place]) < 3] == []
    said = set(_WORD.findall(str([*FLAT, *SPOILT]))) | {"hold", "dispute", "mandate", "match", "discard"}
    assert said == NOWHERE | set(WHERE)
