"""Queries about schedules: their versions, the notices given of them, reliefs, and the units they may charge."""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from uuid import UUID

import asyncpg

from services.billing.db.ours import OUR_OWN
from services.billing.domain.instalments import Days
from services.billing.domain.reliefs import Relief
from services.billing.domain.schedules import Notice, Terms
from services.billing.domain.scopes import Place, Scope
from shared.events.housing import ChargeKind

_TERMS = """
select schedule_id, version, kind, scope, scope_id, effective_from, annual_net_pence, instalments, year_starts,
  description
from billing.schedules order by schedule_id, version
"""
_NOTICES = "select schedule_id, version, notified_on from billing.fee_notices order by 1, 2, 3"
_RELIEFS = """
select relief_id, schedule_id, unit_id, basis_points, from_on, proven_to, ended_on, ended.book
from billing.fee_reliefs left join billing.fee_relief_ends as ended using (relief_id)
where $1::text is null or unit_id = $1 order by relief_id
"""
# A registration without a book was written by code that did not note it yet.
_UNITS = """
select unit_id, block_id, development_id, managed_from, managed_to, book is null or book > $2 as learnt
from billing.units where unit_id > $1 and ($3 or book is null or book > $2 or unit_id = any($5::text[]))
order by unit_id limit $4
"""
_UNIT = """
select unit_id, block_id, development_id, managed_from, managed_to, book is null from billing.units where unit_id = $1
"""
_CHARGED = f"""
select distinct fact.unit_id, fact.charge_id, fact.liable_from, fact.liable_to
from billing.charge_parts as part join billing.charges as fact using (charge_id, unit_id)
where part.unit_id = any($1::text[]) and {OUR_OWN} order by 1, 2
"""  # noqa: S608 - ours
_MOVED = f"""
select distinct named.schedule_id, unit.unit_id
from billing.units as unit
join billing.charge_parts as part using (unit_id)
join billing.charges as fact on fact.charge_id = part.charge_id and fact.unit_id = unit.unit_id
join billing.schedules as named on named.schedule_id = split_part(fact.charge_id, ':', 1) and named.version = 1
where unit.book > $1 and named.scope in ('block', 'development') and {OUR_OWN}
  and named.scope_id is distinct from case named.scope when 'block' then unit.block_id else unit.development_id end
order by 1, 2
"""  # noqa: S608 - ours
_ADD_TERMS = """
insert into billing.schedules (command_uid, book, schedule_id, version, kind, scope, scope_id, effective_from,
  annual_net_pence, instalments, year_starts, description)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_ADD_NOTICE = """
insert into billing.fee_notices (command_uid, book, evidence, schedule_id, version, notified_on)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing
"""
_ADD_RELIEF = """
insert into billing.fee_reliefs (command_uid, book, evidence, relief_id, schedule_id, unit_id, basis_points, from_on,
  proven_to)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_ADD_RELIEF_END = """
insert into billing.fee_relief_ends (command_uid, book, evidence, relief_id, ended_on, why)
values ($1, $2, $3, $4, $5, $6)
"""
_WHYS = "select relief_id, why from billing.fee_relief_ends where book = $1 and why is not null order by relief_id"
_LEARNT = "select exists (select from billing.units where book is null or book > $1)"
_LETTERS = "select schedule_id, version, book, letters from billing.fee_letters order by 1, 2"
_ADD_LETTERS = """
insert into billing.fee_letters (command_uid, book, schedule_id, version, why, letters) values ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters that told owners of a version: the book they were asked for in, and how many."""

    version: int
    book: date
    letters: int


@dataclass(frozen=True, slots=True)
class Schedules:
    """Everything that was ever said about schedules: reliefs by schedule and unit, all else by schedule."""

    terms: dict[str, list[Terms]]
    notices: dict[str, list[Notice]]
    reliefs: dict[tuple[str, str], list[Relief]]
    letters: dict[str, list[Letters]]

    def relief(self, relief_id: str) -> Relief | None:
        """Return a relief by its id."""
        return next((one for own in self.reliefs.values() for one in own if one.relief_id == relief_id), None)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A registered unit as schedules see it; ``learnt``: its registration is news since the last day closed."""

    unit_id: str
    block_id: str | None
    development_id: str
    managed_from: date
    managed_to: date | None
    learnt: bool

    @property
    def place(self) -> Place:
        """Return where it is."""
        return Place(self.unit_id, self.block_id, self.development_id)


async def load(connection: asyncpg.Connection, unit_id: str | None = None) -> Schedules:
    """Return all schedules; with a unit: of reliefs its own alone."""
    terms: dict[str, list[Terms]] = {}
    for row in map(tuple, await connection.fetch(_TERMS)):
        one = Terms(row[0], row[1], ChargeKind(row[2]), Scope(row[3]), *row[4:])
        terms.setdefault(one.schedule_id, []).append(one)
    notices: dict[str, list[Notice]] = {}
    for row in map(tuple, await connection.fetch(_NOTICES)):
        notices.setdefault(row[0], []).append(Notice(*row))
    reliefs: dict[tuple[str, str], list[Relief]] = {}
    for row in map(tuple, await connection.fetch(_RELIEFS, unit_id)):
        relief = Relief(*row)
        reliefs.setdefault((relief.schedule_id, relief.unit_id), []).append(relief)
    letters: dict[str, list[Letters]] = {}
    for row in map(tuple, await connection.fetch(_LETTERS)):
        letters.setdefault(row[0], []).append(Letters(*row[1:]))
    return Schedules(terms, notices, reliefs, letters)


async def list_units(
    connection: asyncpg.Connection,
    after: str,
    closed_on: date,
    most: int | None,
    *,
    others: bool = False,
    these: Collection[str] = (),
) -> Sequence[UnitRow]:
    """Return the next units learnt since a day was closed, and ``these`` (or all ``others``), by id; no ``most``: all.

    ``after`` is empty at first.
    """
    return [UnitRow(*row) for row in await connection.fetch(_UNITS, after, closed_on, others, most, list(these))]


async def load_unit(connection: asyncpg.Connection, unit_id: str) -> UnitRow | None:
    """Return a registered unit; None: there is none of that id."""
    row = await connection.fetchrow(_UNIT, unit_id)
    return UnitRow(*row) if row is not None else None


async def list_charged(connection: asyncpg.Connection, unit_ids: Sequence[str]) -> dict[str, list[tuple[str, Days]]]:
    """Return by unit our own charges for it alone, each by its name and the days it is for."""
    charged: dict[str, list[tuple[str, Days]]] = {}
    for unit_id, charge_id, first_on, last_on in map(tuple, await connection.fetch(_CHARGED, unit_ids)):
        charged.setdefault(unit_id, []).append((charge_id, Days(first_on, last_on)))
    return charged


async def list_moved(connection: asyncpg.Connection, since: date) -> dict[str, list[str]]:
    """Return by schedule the units that it charged and that were registered since in another block or development.

    ``schedules.is_left`` asked of all of them at once: there may be more charges here than memory should hold.
    """
    moved: dict[str, list[str]] = {}
    for schedule_id, unit_id in map(tuple, await connection.fetch(_MOVED, since)):
        moved.setdefault(schedule_id, []).append(unit_id)
    return moved


async def has_learnt_units(connection: asyncpg.Connection, closed_on: date) -> bool:
    """Say whether a registration was learnt since a day was closed."""
    return bool(await connection.fetchval(_LEARNT, closed_on))


async def add_terms(connection: asyncpg.Connection, command_uid: UUID, book: date, terms: Terms) -> None:
    """Add a version of a schedule."""
    await connection.execute(
        _ADD_TERMS, command_uid, book, terms.schedule_id, terms.version, terms.kind, terms.scope, terms.scope_id,
        terms.effective_from, terms.annual_net_pence, terms.instalments, terms.year_starts, terms.description,
    )  # fmt: skip


async def add_notice(
    connection: asyncpg.Connection, command_uid: UUID, book: date, evidence: str, notice: Notice
) -> None:
    """Add that owners were told of a version."""
    await connection.execute(_ADD_NOTICE, command_uid, book, evidence, *astuple(notice))


async def add_relief(
    connection: asyncpg.Connection, command_uid: UUID, book: date, evidence: str, relief: Relief
) -> None:
    """Add what a unit is let off."""
    await connection.execute(
        _ADD_RELIEF, command_uid, book, evidence, relief.relief_id, relief.schedule_id, relief.unit_id,
        relief.basis_points, relief.from_on, relief.proven_to,
    )  # fmt: skip


async def add_relief_end(
    connection: asyncpg.Connection,
    command_uid: UUID,
    book: date,
    evidence: str,
    relief_id: str,
    ended_on: date,
    why: str | None,
) -> None:
    """Add the last day of a relief, and why it ends, in words for the owner (none: nobody is told)."""
    await connection.execute(_ADD_RELIEF_END, command_uid, book, evidence, relief_id, ended_on, why)


async def load_whys(connection: asyncpg.Connection, book: date) -> dict[str, str]:
    """Return by relief why it ends, of those that people ended in a book and whose owners are told."""
    return dict(map(tuple, await connection.fetch(_WHYS, book)))


async def add_letters(
    connection: asyncpg.Connection, command_uid: UUID, schedule_id: str, why: str, asked: Letters
) -> None:
    """Add that owners are written to about a version: once, for ever."""
    await connection.execute(_ADD_LETTERS, command_uid, asked.book, schedule_id, asked.version, why, asked.letters)
