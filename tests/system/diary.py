"""A diary for the examiner's stories: what is said in which book; all stories share one stack and its day closes."""

import hashlib
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from stdnum.iso7064 import mod_37_36

from tests.support.kafka_tools import KafkaTools
from tests.system.examiner import Account, Said, key_of, say, topic_of
from tests.system.office import Office

FIRST, LAST = "2026-03-30", "2026-07-02"
"""The first and the last day that ends; statements are issued on 1 April and on 1 July."""

Diary = Mapping[str, list[Said]]
"""What is said, by book."""


def ref_of(unit_id: str, ownership_id: str | None) -> str:
    """The account's reference, written down from its published recipe; a test compares it with the product's."""
    digest = hashlib.sha256(f"ref|{unit_id}|{ownership_id or ''}".encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    body = "F" + "".join(alphabet[(number >> (5 * place)) & 31] for place in range(10))
    return body + str(mod_37_36.calc_check_digit(body))


def own_ref(unit_id: str) -> str:
    """The reference of the first owner of a ``home``."""
    return ref_of(unit_id, f"{unit_id}.o")


def shuffled(said: Iterable[Said], seed: int) -> list[Said]:
    """The same events in another order, the history of each key in its own."""
    events = list(said)
    lanes = [(topic_of(one), key_of(one)) for one in events]
    waiting = {lane: [one for one, own in zip(events, lanes, strict=True) if own == lane] for lane in lanes}
    random.Random(seed).shuffle(lanes)
    return [waiting[lane].pop(0) for lane in lanes]


@dataclass
class Told:
    """A stack to which the whole diary was told."""

    office: Office
    kafka: KafkaTools
    seen: dict[str, Any] = field(default_factory=dict)

    async def ask(self, *arguments: str) -> Any:
        """Ask once; nothing changes any more."""
        question = " ".join(arguments)
        if question not in self.seen:
            self.seen[question] = await self.office.ask(*arguments)
        return self.seen[question]

    async def accounts(self, *arguments: str) -> dict[tuple[str, str | None], Account]:
        found = await self.ask("accounts", *arguments)
        return {(one["unit_id"], one["ownership_id"]): one for one in found}

    async def account(self, unit_id: str, ownership_id: str | None = "", *arguments: str) -> Account:
        """One account whole; that of the first owner of a ``home`` when none is named."""
        owner = f"{unit_id}.o" if ownership_id == "" else ownership_id
        found: Account = await self.ask("account", ref_of(unit_id, owner), *arguments)
        return found

    async def balance(self, unit_id: str, ownership_id: str | None = "", *arguments: str) -> int:
        return int((await self.account(unit_id, ownership_id, *arguments))["balance_pence"])

    async def on(self, day: str, unit_id: str, ownership_id: str | None = "") -> Account:
        """One account as of a day, as it was known at the end of that day."""
        return await self.account(unit_id, ownership_id, "--as-of", day, "--known-at", day)


async def tell(told: Told, diary: Diary, seed: int | None = None, through: str | None = LAST) -> None:
    """Publish the diary book by book and end the days (``through``); with a seed each book in another order."""
    before = None
    for book in sorted(diary):
        if before is not None and next_day(before) < book:
            await told.office.close(next_day(before), through=day_before(book))
        said = diary[book]
        await say(told.kafka, said if seed is None else shuffled(said, seed + hash_of(book)), mixed=seed is not None)
        if before is None:  # what is taken in after the first day ended would not stand in the opening book
            await told.office.ask("settle", "--timeout", "120")
        await told.office.close(book)
        before = book
    if before is not None and through is not None and before < through:
        await told.office.close(next_day(before), through=through)
    await told.office.ask("settle", "--timeout", "120")


def hash_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def joined(*diaries: Diary) -> dict[str, list[Said]]:
    """All stories in one diary."""
    books = sorted({book for diary in diaries for book in diary})
    return {book: [said for diary in diaries for said in diary.get(book, [])] for book in books}
