"""Letters that are wanted: asked for once, rendered in the work of their day."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from services.notify.db.address_book import Claimed
from services.notify.domain.recipients import Ownership
from services.notify.domain.statements import title_of
from shared.events.billing import StatementLine
from shared.events.housing import Address

_ADD = """
insert into notify.letters
  (dedup_key, template, account_id, sha, matter, book, due_on, state, cause_source, cause_id, correlation_id)
select dedup_key, template, account_id, sha, matter::jsonb, $9, $9, 'wanted', source, id, correlation_id
from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::text[])
  as asked(dedup_key, template, account_id, sha, matter, source, id, correlation_id)
on conflict (dedup_key) do nothing returning dedup_key
"""
_SHAS = "select dedup_key, sha from notify.letters where dedup_key = any($1)"
_WAKE = """
update notify.letters as letter set state = 'wanted', due_on = $2, reason = ''
from notify.accounts as account
where letter.account_id = account.account_id and account.unit_id = any($1)
  and (letter.state = 'waiting' or (letter.state = 'wanted' and letter.reason = 'begins later'))
"""
_DUE = """
select letter.letter_no, letter.dedup_key, letter.template, letter.account_id, letter.matter::text, letter.book,
  letter.correlation_id, account.account_ref, account.ownership_id, account.internal as internal_account,
  unit.address::text, ownership.from_on, ownership.to_on, ownership.party_ids, ownership.billing_contact,
  ownership.internal, ownership.in_line
from notify.letters as letter
left join notify.accounts as account using (account_id)
left join notify.units as unit using (unit_id)
left join notify.ownerships as ownership
  on ownership.unit_id = account.unit_id and ownership.ownership_id = account.ownership_id
where letter.state = 'wanted' and letter.due_on <= $1 and letter.letter_no > $2
order by letter.letter_no limit $3
"""
_DESCRIPTIONS = """
select letter.account_id, line::text as line
from notify.letters as letter, jsonb_array_elements(letter.matter -> 'lines') as line
where letter.account_id = any($1) and letter.template in ('statement', 'final-account') and line ? 'charge_id'
  and line ->> 'kind' in ('charge', 'fee')
order by letter.letter_no, line ->> 'charge_id'
"""
_RENDERED = "update notify.letters set state = 'rendered', rendered_on = $2, reason = '' where letter_no = any($1)"
_POSTPONE = """
update notify.letters as letter set state = later.state, due_on = later.due_on, reason = later.reason
from unnest($1::bigint[], $2::text[], $3::date[], $4::text[]) as later(letter_no, state, due_on, reason)
where letter.letter_no = later.letter_no
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A letter that a business fact asks for."""

    dedup_key: str
    template: str
    account_id: str
    sha: bytes
    matter: str
    source: str
    event_id: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class DueLetter:
    """A letter whose day has come, with what is known of its account."""

    letter_no: int
    dedup_key: str
    template: str
    account_id: str
    matter: str
    book: date
    correlation_id: str
    account_ref: str | None
    unit_address: Address | None
    ownership: Ownership | None


@dataclass(frozen=True, slots=True)
class Postponed:
    """A letter that is not rendered today: it waits for a change (``waiting``) or for a day (``wanted``)."""

    letter_no: int
    state: str
    due_on: date
    reason: str


async def add_letters(connection: asyncpg.Connection, wanted: Sequence[Wanted], book: date) -> Claimed:
    """Keep the letters that were not asked for before; returns which these are, and the content hash of each."""
    first = list({one.dedup_key: one for one in reversed(wanted)}.values())
    new = await connection.fetch(
        _ADD,
        [one.dedup_key for one in first],
        [one.template for one in first],
        [one.account_id for one in first],
        [one.sha for one in first],
        [one.matter for one in first],
        [one.source for one in first],
        [one.event_id for one in first],
        [one.correlation_id for one in first],
        book,
    )
    rows = await connection.fetch(_SHAS, [one.dedup_key for one in first])
    return Claimed({row["dedup_key"] for row in new}, {row["dedup_key"]: bytes(row["sha"]) for row in rows})


async def wake_letters(connection: asyncpg.Connection, unit_ids: Collection[str], book: date) -> None:
    """Look again at letters that waited for another ownership line of these units."""
    await connection.execute(_WAKE, list(unit_ids), book)


async def list_due_letters(connection: asyncpg.Connection, day: date, after: int, limit: int) -> list[DueLetter]:
    """Return the letters due by ``day``, in order, from the one after ``after`` on; at most ``limit``."""
    return [_due(row) for row in await connection.fetch(_DUE, day, after, limit)]


def _due(row: asyncpg.Record) -> DueLetter:
    return DueLetter(
        letter_no=row["letter_no"],
        dedup_key=row["dedup_key"],
        template=row["template"],
        account_id=row["account_id"],
        matter=row["matter"],
        book=row["book"],
        correlation_id=row["correlation_id"],
        account_ref=row["account_ref"],
        unit_address=Address.model_validate_json(row["address"]) if row["address"] else None,
        ownership=_ownership(row) if row["from_on"] else None,
    )


def _ownership(row: asyncpg.Record) -> Ownership:
    return Ownership(
        ownership_id=row["ownership_id"],
        from_on=row["from_on"],
        to_on=row["to_on"],
        party_ids=tuple(row["party_ids"]),
        billing_contact=row["billing_contact"],
        internal=row["internal"] or row["internal_account"],
        in_line=row["in_line"],
    )


async def describe_charges(connection: asyncpg.Connection, account_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Return what each charge of an account was called on the account's own statements."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in await connection.fetch(_DESCRIPTIONS, list(account_ids)):
        line = StatementLine.model_validate_json(row["line"])
        found[row["account_id"]].setdefault(line.charge_id or "", title_of(line))
    return found


async def mark_rendered(connection: asyncpg.Connection, letter_nos: Collection[int], day: date) -> None:
    """Note that these letters are rendered."""
    await connection.execute(_RENDERED, list(letter_nos), day)


async def postpone(connection: asyncpg.Connection, later: Sequence[Postponed]) -> None:
    """Note why these letters are not rendered today, and when to look again."""
    await connection.execute(
        _POSTPONE,
        [one.letter_no for one in later],
        [one.state for one in later],
        [one.due_on for one in later],
        [one.reason for one in later],
    )
