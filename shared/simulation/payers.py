"""How owners pay: each has a habit drawn from the seed and answers every statement by it."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto

from shared.events.billing import AccountOpened, StatementIssued
from shared.events.housing import PaymentMethod, PaymentReceived, PaymentReversed
from shared.events.topics import PAYMENT_RECEIVED, PAYMENT_REVERSED
from shared.simulation.diary import Diary
from shared.simulation.dice import dice, pick
from shared.simulation.office import after_working_days, working_day


class Habit(Enum):
    """When and how much an owner pays."""

    EARLY = auto()
    IN_TIME = auto()
    AFTER_REMINDER = auto()
    PART = auto()
    NEVER = auto()
    TOO_MUCH = auto()


_HABITS = {
    Habit.EARLY: 48,
    Habit.IN_TIME: 34,
    Habit.AFTER_REMINDER: 6,
    Habit.PART: 4,
    Habit.NEVER: 4,
    Habit.TOO_MUCH: 4,
}

_METHODS = {
    PaymentMethod.DIRECT_DEBIT: 34,
    PaymentMethod.BANK_TRANSFER: 28,
    PaymentMethod.STANDING_ORDER: 12,
    PaymentMethod.CARD: 14,
    PaymentMethod.CHEQUE: 8,
    PaymentMethod.CASH: 4,
}

_COLLECTED_AFTER = timedelta(days=14)
_RETURNED = {
    PaymentMethod.DIRECT_DEBIT: (0.035, 2, "arudd-0"),
    PaymentMethod.CHEQUE: (0.03, 4, "cheque-returned"),
    PaymentMethod.CARD: (0.01, 1, "entered-in-error"),
}
"""How often money comes back, after how many working days, and what the bank says."""

_TRIED_AGAIN_AFTER = 9
_PAYS_IN_ADVANCE = 0.3


@dataclass(frozen=True, slots=True)
class Payer:
    """An owner's habit and means, the same for as long as they own."""

    habit: Habit
    method: PaymentMethod


def payer_of(seed: int, ownership_id: str) -> Payer:
    """Return how the owner of an ownership pays."""
    chance = dice(seed, "payer", ownership_id)
    method, habit = pick(chance, _METHODS), pick(chance, _HABITS)
    return Payer(Habit.IN_TIME if method is PaymentMethod.DIRECT_DEBIT else habit, method)


def answer(seed: int, diary: Diary, statement: StatementIssued) -> None:
    """Note the payments that a statement leads to."""
    payer = payer_of(seed, statement.ownership_id)
    if statement.balance_pence <= 0 or payer.habit is Habit.NEVER:
        return
    if payer.method is PaymentMethod.STANDING_ORDER and payer.habit is not Habit.PART:
        _by_instalments(seed, diary, statement)
        return
    pence, day = _how_much_and_when(seed, payer, statement)
    _pay(seed, diary, payer.method, statement, (1, pence, day))


def _how_much_and_when(seed: int, payer: Payer, statement: StatementIssued) -> tuple[int, date]:
    chance, owed = dice(seed, "pays", statement.statement_no), statement.balance_pence
    if payer.method is PaymentMethod.DIRECT_DEBIT:
        return owed, working_day(statement.issued_on + _COLLECTED_AFTER)
    waits = {
        Habit.EARLY: chance.randint(3, 12),
        Habit.AFTER_REMINDER: chance.randint(37, 58),
        Habit.PART: chance.randint(15, 30),
    }
    days = waits.get(payer.habit, chance.randint(14, 27))
    share = {Habit.PART: owed * chance.randint(40, 75) // 100, Habit.TOO_MUCH: -(-owed // 50_00) * 50_00}
    return max(1, share.get(payer.habit, owed)), working_day(statement.issued_on + timedelta(days=days))


def _by_instalments(seed: int, diary: Diary, statement: StatementIssued) -> None:
    """Note three monthly standing orders, rounded up to the pound; the bank cannot know better."""
    instalment = -(-statement.balance_pence // 3_00) * 1_00
    for number in range(3):
        day = working_day(statement.issued_on + timedelta(days=6 + 29 * number))
        _pay(seed, diary, PaymentMethod.STANDING_ORDER, statement, (number + 1, instalment, day))


def _pay(
    seed: int, diary: Diary, method: PaymentMethod, statement: StatementIssued, part: tuple[int, int, date]
) -> None:
    number, pence, day = part
    payment = PaymentReceived(
        payment_id=f"BANK-{statement.statement_no}-{number}",
        amount_pence=pence,
        received_on=day,
        method=method,
        **_named(seed, method, statement),
    )
    diary.note(day, PAYMENT_RECEIVED, payment, f"payment/{payment.payment_id}")
    often, days, reason = _RETURNED.get(method, (0.0, 0, ""))
    if number < 9 and dice(seed, "returned", payment.payment_id).random() < often:
        back_on = after_working_days(day, days)
        _returned(diary, payment, back_on, reason)
        _pay(seed, diary, method, statement, (9, pence, after_working_days(back_on, _TRIED_AGAIN_AFTER)))


def _named(seed: int, method: PaymentMethod, statement: StatementIssued) -> dict[str, str]:
    """Return what a payment by this method says about whom it is from."""
    ref, number = statement.account_ref, statement.statement_no
    match method:
        case PaymentMethod.DIRECT_DEBIT:
            return {"account_ref": ref, "for_statement": number, "reference": f"DDI {ref}"}
        case PaymentMethod.CARD:
            return {"account_ref": ref}
        case PaymentMethod.STANDING_ORDER:
            return {"reference": ref, "payer_name": "STO"}
        case PaymentMethod.BANK_TRANSFER:
            spellings = (
                ref,
                ref.lower(),
                f"{ref[:4]} {ref[4:8]} {ref[8:]}",
                f"FACTORING {ref}",
                f"{ref[:6]}-{ref[6:]}",
                number,
            )
            return {"reference": dice(seed, "spells", number).choice(spellings), "payer_name": "A CUSTOMER"}
        case _:
            return {"unit_id": statement.unit_id, "reference": "PAID IN AT COUNTER"}


def _returned(diary: Diary, payment: PaymentReceived, day: date, reason: str) -> None:
    reversal = PaymentReversed(
        reversal_id=f"{payment.payment_id}-R",
        payment_id=payment.payment_id,
        amount_pence=payment.amount_pence,
        reversed_on=day,
        reason=reason,
    )
    diary.note(day, PAYMENT_REVERSED, reversal, f"reversal/{reversal.reversal_id}")


def welcome(seed: int, diary: Diary, account: AccountOpened, today: date) -> None:
    """Note what some buyers pay in advance when they are told their reference."""
    if account.internal or account.ownership_id is None or account.ownership_id.endswith("-C0"):
        return
    chance = dice(seed, "advance", account.account_id)
    if chance.random() < _PAYS_IN_ADVANCE:
        day = after_working_days(today, chance.randint(4, 15))
        payment = PaymentReceived(
            payment_id=f"BANK-{account.account_ref}-0",
            amount_pence=50_00,
            received_on=day,
            method=PaymentMethod.BANK_TRANSFER,
            reference=f"DEPOSIT {account.account_ref}",
        )
        diary.note(day, PAYMENT_RECEIVED, payment, f"payment/{payment.payment_id}")
