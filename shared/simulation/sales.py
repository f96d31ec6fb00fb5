"""Who owns what: the owners on the first day, and sales that are told in time, late, wrongly, or do not happen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto
from itertools import cycle

from shared.events.housing import (
    ChannelChoice,
    ContactChanged,
    OwnershipChanged,
    Solicitors,
    Tenure,
    UnitRegistered,
)
from shared.events.topics import CONTACT_CHANGED, OWNERSHIP_CHANGED
from shared.simulation import people
from shared.simulation.diary import Diary
from shared.simulation.dice import day_between, dice
from shared.simulation.names import SOLICITORS
from shared.simulation.office import working_day

_SALES_A_QUARTER = 0.02
# Of all units; about twice the usual turnover, so that every kind of sale happens in a short story.


class Sale(Enum):
    """How a sale comes to be known."""

    PROMPT = auto()
    LATE = auto()
    CORRECTED = auto()
    CANCELLED = auto()
    BOUGHT_BACK = auto()


_TURNS = (Sale.PROMPT, Sale.LATE, Sale.CORRECTED, Sale.CANCELLED, Sale.PROMPT, Sale.BOUGHT_BACK, Sale.LATE)


@dataclass(frozen=True, slots=True)
class Story:
    """The days between which a simulation plays, and its dice."""

    seed: int
    opened_on: date
    first: date
    last: date

    @property
    def quarters(self) -> int:
        """How many quarters it plays."""
        return round((self.last - self.first).days / 91.3)


def first_owners(story: Story, diary: Diary, units: Sequence[UnitRegistered]) -> None:
    """Note who owned each unit when it came into management; the association's own need no telling."""
    for unit in units:
        if unit.tenure is Tenure.ASSOCIATION:
            continue
        chance = dice(story.seed, "first-owner", unit.unit_id)
        entry = day_between(chance, date(2004, 1, 5), date(2023, 12, 20))
        change = _bought(story.seed, unit.unit_id, f"{unit.unit_id}-C0", entry, story.opened_on)
        _note(diary, story.opened_on, change)


def sales(story: Story, diary: Diary, units: Sequence[UnitRegistered]) -> None:
    """Note the sales of the whole story, every kind in turn."""
    chance = dice(story.seed, "sales")
    count = min(
        len(units), max(len(_TURNS) if len(units) >= 60 else 2, round(len(units) * story.quarters * _SALES_A_QUARTER))
    )
    for unit, kind in zip(chance.sample(list(units), count), cycle(_TURNS), strict=False):
        _sale(story, diary, unit, kind)


def _sale(story: Story, diary: Diary, unit: UnitRegistered, kind: Sale) -> None:
    chance = dice(story.seed, "sale", unit.unit_id)
    change_id = f"{unit.unit_id}-C1"
    entry = day_between(chance, story.first + timedelta(days=20), story.last - timedelta(days=45))
    notice = working_day(
        entry + timedelta(days=chance.randint(25, 110) if kind is Sale.LATE else -chance.randint(5, 12))
    )
    notice = min(notice, story.last)
    change = _bought(story.seed, unit.unit_id, change_id, entry, notice, back=kind is Sale.BOUGHT_BACK)
    _note(diary, notice, change)
    later = min(working_day(entry + timedelta(days=chance.randint(6, 40))), story.last)
    if kind is Sale.CORRECTED:
        moved = entry + timedelta(days=chance.choice((-9, -4, 3, 14)))
        update = {
            "change_id": f"{unit.unit_id}-C2",
            "date_of_entry": moved,
            "notified_on": later,
            "corrects": change_id,
        }
        _note(diary, later, change.model_copy(update=update))
    if kind is Sale.CANCELLED:
        cancels = OwnershipChanged(
            change_id=f"{unit.unit_id}-C2", unit_id=unit.unit_id, notified_on=later, cancels=change_id
        )
        _note(diary, later, cancels)


def _bought(
    seed: int, unit_id: str, change_id: str, entry: date, notice: date, *, back: bool = False
) -> OwnershipChanged:
    chance = dice(seed, "bought", change_id)
    parties, form = people.association(change_id) if back else people.owners(chance, change_id)
    seller, buyer = chance.sample(SOLICITORS, 2)
    return OwnershipChanged(
        change_id=change_id,
        unit_id=unit_id,
        notified_on=notice,
        date_of_entry=entry,
        parties=parties,
        form=form,
        billing_contact=None if back else people.agent(chance),
        outgoing_forwarding_address=people.elsewhere(chance) if chance.random() < 0.5 else None,
        solicitors=Solicitors(seller=seller, buyer=buyer),
    )


def contacts(story: Story, diary: Diary, units: Sequence[UnitRegistered]) -> None:
    """Note changes of address, mailbox and channel that a few first owners tell."""
    for unit in units:
        chance = dice(story.seed, "contact", unit.unit_id)
        if unit.tenure is Tenure.ASSOCIATION or chance.random() >= 0.08:
            continue
        day = working_day(day_between(chance, story.first, story.last - timedelta(days=30)))
        party_id = f"{unit.unit_id}-C0-P1"
        changed = chance.choice((
            ContactChanged(party_id=party_id, email=people.email("new mailbox", party_id), e_billing_agreed_on=day),
            ContactChanged(party_id=party_id, channel=ChannelChoice.POST),
            ContactChanged(party_id=party_id, email=None, correspondence_address=people.elsewhere(chance)),
        ))  # fmt: skip
        diary.note(day, CONTACT_CHANGED, changed, f"contact/{party_id}/{day}")


def _note(diary: Diary, day: date, change: OwnershipChanged) -> None:
    diary.note(day, OWNERSHIP_CHANGED, change, f"ownership/{change.change_id}")
