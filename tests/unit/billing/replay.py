"""A small back office in memory: it learns facts in any order, recomputes targets and posts the differences.

It holds what arrives too early, as the service does, and keeps every posting, so that whole histories can be compared.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from services.billing.domain import charges, payments, refs, rules, statements
from services.billing.domain.division import version_on
from services.billing.domain.facts import Charge, Credit, Match, Part, Payment, Reversal, ShareVersion, Stay, Unit
from services.billing.domain.items import StatementHead
from services.billing.domain.lines import Line
from services.billing.domain.postings import Posting, charge_postings, payment_postings
from tests.unit.billing.builders import drafted


@dataclass(frozen=True)
class Registered:
    """A unit's facts without its line."""

    unit_id: str
    managed_from: date
    managed_to: date | None = None


@dataclass(frozen=True)
class Drawn:
    """A unit's line as far as it was known in a version of it; ``chains`` are the ownerships known by then."""

    unit_id: str
    version: int
    stays: tuple[tuple[str, date, date | None], ...]
    chains: frozenset[str]


@dataclass(frozen=True)
class CreditAsked:
    """A credit as the housing system says it: without amount it takes what is left."""

    credit_id: str
    charge_id: str
    amount_pence: int | None
    credited_on: date


Fact = Registered | Drawn | ShareVersion | Charge | CreditAsked | Payment | Match | Reversal


def key_of(fact: Fact) -> tuple[str, str]:
    """The topic and key within which facts keep their order."""
    match fact:
        case Registered() | Drawn():
            return (type(fact).__name__, fact.unit_id)
        case ShareVersion():
            return ("shares", fact.share_set_id)
        case Charge():
            return ("charge", fact.share_set_id or fact.unit_id or "")
        case CreditAsked():
            return ("credit", fact.charge_id)
        case Payment() | Match() | Reversal():
            return (type(fact).__name__, fact.payment_id)


@dataclass
class Office:
    """What billing knows, where everything stands, and every posting made on the way."""

    registered: dict[str, Registered] = field(default_factory=dict)
    drawn: dict[str, Drawn] = field(default_factory=dict)
    versions: dict[str, dict[date, ShareVersion]] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)
    credits: dict[str, list[Credit]] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    matches: dict[str, Match] = field(default_factory=dict)
    reversals: dict[str, list[Reversal]] = field(default_factory=dict)
    held: list[CreditAsked | Reversal] = field(default_factory=list)
    targets: dict[tuple[str, str], tuple[Part, ...]] = field(default_factory=dict)
    postings: list[tuple[Posting, date]] = field(default_factory=list)
    issued: dict[str, list[statements.Draft]] = field(default_factory=dict)

    def learn(self, fact: Fact, book: date) -> None:
        """Take in one fact, then whatever waited for it, and post every difference that it makes."""
        self.learn_all([fact], book)

    def learn_all(self, facts: Iterable[Fact], book: date) -> None:
        """Take in facts and whatever waited for them, and post the differences that they make together."""
        for fact in facts:
            self._note(fact)
            waiting, self.held = self.held, []
            for early in waiting:
                self._note(early)
        for charge in self.charges.values():
            self._settle_charge(charge, book)
        for payment in self.payments.values():
            self._settle_payment(payment, book)

    def _note(self, fact: Fact) -> None:
        match fact:
            case Registered():
                self.registered[fact.unit_id] = fact
            case Drawn():
                known = self.drawn.get(fact.unit_id)
                if known is None or known.version < fact.version:
                    self.drawn[fact.unit_id] = fact
            case ShareVersion():
                self.versions.setdefault(fact.share_set_id, {})[fact.effective_from] = fact
            case Charge():
                self.charges[fact.charge_id] = fact
            case Payment():
                self.payments[fact.payment_id] = fact
            case Match():
                self.matches[fact.payment_id] = fact
            case CreditAsked():
                self._credit(fact)
            case Reversal():
                self._reverse(fact)

    def _credit(self, asked: CreditAsked) -> None:
        charge = self.charges.get(asked.charge_id)
        if charge is None:
            self.held.append(asked)
            return
        accepted = self.credits.setdefault(asked.charge_id, [])
        if rules.refuse_credit(charge, accepted, asked.amount_pence) is None:
            pence = charges.left_of(charge, accepted) if asked.amount_pence is None else asked.amount_pence
            accepted.append(Credit(asked.credit_id, asked.charge_id, pence, asked.credited_on))

    def _reverse(self, reversal: Reversal) -> None:
        payment = self.payments.get(reversal.payment_id)
        if payment is None:
            self.held.append(reversal)
            return
        accepted = self.reversals.setdefault(reversal.payment_id, [])
        if rules.refuse_reversal(payment, accepted, reversal.amount_pence) is None:
            accepted.append(reversal)

    def units(self) -> dict[str, Unit]:
        """The registered units with their lines."""
        return {unit_id: self._unit(facts) for unit_id, facts in self.registered.items()}

    def _unit(self, facts: Registered) -> Unit:
        line = self.drawn.get(facts.unit_id)
        stays = (
            tuple(Stay(refs.account_id(facts.unit_id, chain), start, end) for chain, start, end in line.stays)
            if line
            else ()
        )
        return Unit(facts.unit_id, facts.managed_from, facts.managed_to, stays)

    def accounts(self) -> dict[str, str]:
        """account_id by account_ref of every chain known."""
        return {
            refs.account_ref(line.unit_id, chain): refs.account_id(line.unit_id, chain)
            for line in self.drawn.values()
            for chain in line.chains
        }

    def _settle_charge(self, charge: Charge, book: date) -> None:
        version = version_on(self.versions.get(charge.share_set_id or "", {}), charge.liable_from)
        credited = self.credits.get(charge.charge_id, [])
        new = charges.target(charge, credited, version, self.units())
        changes = charges.difference(self.targets.get(("charge", charge.charge_id), ()), new)
        self.targets["charge", charge.charge_id] = new
        self.postings += [(posting, book) for posting in charge_postings(charge, credited, changes)]

    def _settle_payment(self, payment: Payment, book: date) -> None:
        reversals = self.reversals.get(payment.payment_id, [])
        place = payments.place(payment, self.accounts(), self.units())
        new = payments.target(payment, reversals, place, self.matches.get(payment.payment_id))
        changes = charges.difference(self.targets.get(("payment", payment.payment_id), ()), new)
        self.targets["payment", payment.payment_id] = new
        self.postings += [(posting, book) for posting in payment_postings(payment, reversals, changes)]

    def lines(self) -> dict[str, list[Line]]:
        """The receivable postings of every account, as ledger entries."""
        found: dict[str, list[Line]] = {}
        for posting, book in self.postings:
            if posting.account_id is not None:
                found.setdefault(posting.account_id, []).append(self._line(posting, book))
        return found

    def _line(self, posting: Posting, book: date) -> Line:
        charge = self.charges.get(posting.charge_id or "")
        payment = self.payments.get(posting.payment_id or "")
        return Line(
            posting.kind, posting.fact_id, posting.amount_pence, posting.value_on, book, posting.charge_id,
            posting.payment_id, posting.tax_pence, charge.kind if charge else None, charge.due_on if charge else None,
            payment.for_statement if payment else None,
        )  # fmt: skip

    def issue(self, day: date) -> None:
        """Issue every account's statement of a day."""
        for account_id, lines in self.lines().items():
            earlier = self.issued.setdefault(account_id, [])
            draft = drafted(lines, account_id, earlier[-1].head if earlier else None, day)
            if draft is not None:
                earlier.append(draft)

    def heads(self, account_id: str) -> list[StatementHead]:
        """The statements an account got."""
        return [draft.head for draft in self.issued.get(account_id, [])]

    def balances(self) -> dict[tuple[str, str, str, str], int]:
        """Net pence by ledger, account, charge and payment: what must not depend on order."""
        sums: dict[tuple[str, str, str, str], int] = {}
        for posting, _ in self.postings:
            key = (posting.ledger, posting.account_id or "", posting.charge_id or "", posting.payment_id or "")
            sums[key] = sums.get(key, 0) + posting.amount_pence
        return {key: pence for key, pence in sums.items() if pence}
