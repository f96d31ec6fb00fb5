"""The portfolio: developments of tenement closes and a few houses, of mixed tenure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import cycle

from shared.events.housing import Address, Tenure, UnitKind, UnitRegistered
from shared.simulation.dice import dice
from shared.simulation.names import ESTATES, STREETS

_UNITS_IN_A_DEVELOPMENT = 60
_CLOSES = (8, 6)
# Closes are built while something is left over: every development keeps a few houses, which belong to no close.

_OF_THE_ASSOCIATION = 0.15


@dataclass(frozen=True, slots=True)
class Block:
    """A close: one common stair."""

    block_id: str
    development_id: str
    units: tuple[UnitRegistered, ...]


@dataclass(frozen=True, slots=True)
class Development:
    """An estate with its closes and houses."""

    development_id: str
    number: int
    name: str
    blocks: tuple[Block, ...]
    houses: tuple[UnitRegistered, ...]

    @property
    def units(self) -> tuple[UnitRegistered, ...]:
        """Every unit, closes first."""
        return (*(unit for block in self.blocks for unit in block.units), *self.houses)


def build(seed: int, units: int, managed_from: date) -> tuple[Development, ...]:
    """Return the developments that ``units`` units make."""
    sizes = [min(_UNITS_IN_A_DEVELOPMENT, units - done) for done in range(0, units, _UNITS_IN_A_DEVELOPMENT)]
    return tuple(_development(Place(seed, number, managed_from), size) for number, size in enumerate(sizes, start=1))


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when units are being made up."""

    seed: int
    number: int
    managed_from: date

    @property
    def development_id(self) -> str:
        """The development's id."""
        return f"D{self.number:02d}"


def _development(place: Place, size: int) -> Development:
    numbers = iter(range(1, size + 1))
    blocks = []
    for position, flats in enumerate(_close_sizes(size), start=1):
        block_id = f"{place.development_id}-B{position:02d}"
        made = [_flat(place, block_id, next(numbers), flat) for flat in range(flats)]
        blocks.append(Block(block_id, place.development_id, tuple(made)))
    houses = tuple(_house(place, left) for left in numbers)
    name = ESTATES[(place.number - 1) % len(ESTATES)]
    return Development(place.development_id, place.number, name, tuple(blocks), houses)


def _close_sizes(size: int) -> Iterator[int]:
    for flats in cycle(_CLOSES):
        if size <= flats:
            return
        yield flats
        size -= flats


def _flat(place: Place, block_id: str, number: int, flat: int) -> UnitRegistered:
    position = int(block_id[-2:])
    street = STREETS[(place.number * 3 + position // 4) % len(STREETS)]
    lines = (f"Flat {flat // 2}/{flat % 2 + 1}", f"{4 * position + 2} {street}")
    return _unit(place, number, lines, block_id)


def _house(place: Place, number: int) -> UnitRegistered:
    street = STREETS[place.number % len(STREETS)]
    return _unit(place, number, (f"{number} {street} Lane",), None)


def _unit(place: Place, number: int, lines: tuple[str, ...], block_id: str | None) -> UnitRegistered:
    unit_id = f"{place.development_id}-U{number:03d}"
    chance = dice(place.seed, "unit", unit_id)
    area = chance.randint(380, 860)
    return UnitRegistered(
        unit_id=unit_id,
        development_id=place.development_id,
        block_id=block_id,
        kind=UnitKind.FLAT if block_id else UnitKind.HOUSE,
        address=Address(lines=lines, town="Glasgow", postcode=f"G42 {place.number % 10}{'AB'[number % 2]}X"),
        uprn=f"9060{chance.randint(10**7, 10**8 - 1)}",
        title_number=f"GLA{chance.randint(10**4, 10**6 - 1)}",
        floor_area_m2=f"{area // 10}.{area % 10}",
        tenure=Tenure.ASSOCIATION if chance.random() < _OF_THE_ASSOCIATION else Tenure.OWNED,
        managed_from=place.managed_from,
        locality="Govanhill",
    )
