"""Where a charge and its credits belong: the target every posting is a step towards."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.billing.domain import attribution, division
from services.billing.domain.facts import Charge, Credit, FactKind, Part, ShareVersion, Unit
from services.billing.domain.liability import Liability, owed
from shared.events.housing import ChargeCredited, ChargeRaised
from shared.money import divide_half_up

_Placed = dict[tuple[str | None, str], list[int]]
"""Net and tax by (unit, holder)."""


def charge_of(data: ChargeRaised, policies: Sequence[Liability]) -> Charge:
    """Return a charge as the rules see it; ``rules.refuse_charge`` has found nothing wrong with it.

    Liable are the owners of the days that the policy in force on ``raised_on`` names for its kind.
    """
    days = owed(data, policies)
    tax = data.tax.tax_pence if data.tax else 0
    return Charge(
        data.charge_id, data.kind, data.share_set_id, data.unit_id, data.amount_pence - tax, tax, days.first_on,
        days.last_on, data.raised_on, data.due_on,
    )  # fmt: skip


def credit_of(data: ChargeCredited, left_pence: int) -> Credit:
    """Return a credit with the amount it takes: its own, or what is left of the charge."""
    amount = left_pence if data.amount_pence is None else data.amount_pence
    return Credit(data.credit_id, data.charge_id, amount, data.credited_on)


def left_of(charge: Charge, credited: Iterable[Credit]) -> int:
    """Return what is left of a charge after its credits, in pence."""
    return charge.gross_pence - sum(credit.amount_pence for credit in credited)


class Taken(NamedTuple):
    """What a credit takes of its charge, net and tax (pence, positive).

    One that completes the charge ``takes_what_is_left`` of each part; any other is divided as the charge was.
    """

    net_pence: int
    tax_pence: int
    takes_what_is_left: bool


def taken_by(charge: Charge, credited: Iterable[Credit]) -> list[Taken]:
    """Return what each credit of a charge takes, in the order in which they were accepted.

    Its tax is tax x credit / gross, half up, the rest is net; the last takes what is left of both.
    Source: contract.md 6, credit.
    """
    net, tax = charge.net_pence, charge.tax_pence
    found = []
    for credit in credited:
        taken = Taken(net, tax, True)
        if credit.amount_pence != net + tax:
            of_tax = divide_half_up(charge.tax_pence * credit.amount_pence, charge.gross_pence)
            taken = Taken(credit.amount_pence - of_tax, of_tax, False)
        net, tax = net - taken.net_pence, tax - taken.tax_pence
        found.append(taken)
    return found


def target(
    charge: Charge,
    credited: Sequence[Credit],
    version: ShareVersion | None,
    units: Mapping[str, Unit],
) -> tuple[Part, ...]:
    """Return where a charge and its credits (in order of acceptance) belong, from all that is known.

    ``version`` is the share set's in force on ``charge.liable_from`` (None: not known); ``units`` are those registered.
    The parts of each fact sum to it, net and tax apart; parts of nothing are left out.  What credits take says
    ``taken_by``.  Source: contract.md 6, who owes, division, credit.
    """
    spread = _Spread(charge, version, units)
    placed = spread.place(charge.net_pence, charge.tax_pence)
    parts = _parts(FactKind.CHARGE, charge.charge_id, placed, 1)
    if not credited:
        return tuple(parts)
    left = placed
    for credit, taken in zip(credited, taken_by(charge, credited), strict=True):
        off = left if taken.takes_what_is_left else spread.place(taken.net_pence, taken.tax_pence)
        parts += _parts(FactKind.CREDIT, credit.credit_id, off, -1)
        left = _less(left, off)
    return tuple(parts)


class _Spread:
    """How a charge's pence spread over units and holders; the same for its credits."""

    __slots__ = ("_lot", "_stretches", "_unit_ids", "_weights", "_whole")

    def __init__(self, charge: Charge, version: ShareVersion | None, units: Mapping[str, Unit]) -> None:
        first, last = charge.liable_from, charge.liable_to
        self._unit_ids: Sequence[str | None]
        self._weights: Sequence[int]
        if charge.unit_id is not None:
            self._unit_ids, self._weights, self._whole = (charge.unit_id,), (1,), 1
            self._stretches = [attribution.stretches(units, charge.unit_id, first, last)]
        elif version is None or not version.is_complete:
            self._unit_ids, self._weights, self._whole = (None,), (1,), 1
            self._stretches = [([1], [f"share-set:{charge.share_set_id}"])]
        else:
            self._unit_ids, self._weights, self._whole = version.unit_ids, version.weights, version.whole
            self._stretches = [attribution.stretches(units, unit_id, first, last) for unit_id in version.unit_ids]
            self._lot = division.lot_of(charge.charge_id)

    def place(self, net: int, tax: int) -> _Placed:
        """Divide net and tax, each between units and then between the holders of each unit's days."""
        nets = self._divide(net)
        taxes = self._divide(tax) if tax else [0] * len(nets)
        placed: _Placed = {}
        for unit_id, (ends, holders), unit_net, unit_tax in zip(
            self._unit_ids, self._stretches, nets, taxes, strict=True
        ):
            if len(holders) == 1:
                placed[unit_id, holders[0]] = [unit_net, unit_tax]
            else:
                _add_stretches(
                    placed, unit_id, holders, division.accrue(unit_net, ends), division.accrue(unit_tax, ends)
                )
        return placed

    def _divide(self, amount: int) -> list[int]:
        if len(self._unit_ids) == 1:
            return [amount]
        unit_ids = [unit_id or "" for unit_id in self._unit_ids]
        return division.divide(amount, unit_ids, self._weights, self._whole, self._lot)


def _add_stretches(
    placed: _Placed, unit_id: str | None, holders: Sequence[str], nets: Sequence[int], taxes: Sequence[int]
) -> None:
    for holder, net, tax in zip(holders, nets, taxes, strict=True):
        amounts = placed.setdefault((unit_id, holder), [0, 0])
        amounts[0] += net
        amounts[1] += tax


def _parts(kind: FactKind, fact_id: str, placed: _Placed, sign: int) -> list[Part]:
    return [
        Part(kind, fact_id, unit_id, holder, sign * net, sign * tax)
        for (unit_id, holder), (net, tax) in placed.items()
        if net or tax
    ]


def _less(left: _Placed, taken: _Placed) -> _Placed:
    return {key: [net - taken[key][0], tax - taken[key][1]] for key, (net, tax) in left.items()}


def difference(old: Iterable[Part], new: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts that turn ``old`` into ``new``, none of nothing, ordered by fact, unit and holder.

    Both are targets: each fact, unit and holder at most once.  Applied to ``old`` it gives ``new``; between equals it
    is empty.
    """
    changed: dict[tuple[FactKind, str, str, str], Part] = {_key(part): part for part in new}
    for part in old:
        key = _key(part)
        now = changed.pop(key, None)
        net, tax = (now.net_pence, now.tax_pence) if now is not None else (0, 0)
        if (net, tax) != (part.net_pence, part.tax_pence):
            changed[key] = part._replace(net_pence=net - part.net_pence, tax_pence=tax - part.tax_pence)
    return tuple(changed[key] for key in sorted(changed))


def _key(part: Part) -> tuple[FactKind, str, str, str]:
    return (part.kind, part.fact_id, part.unit_id or "", part.holder)
