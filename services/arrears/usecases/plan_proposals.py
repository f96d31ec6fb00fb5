"""Proposals of repayment plans: what is refused when one is made, and again when somebody approves it."""

from datetime import timedelta

from services.arrears.domain.instalments import months_of
from services.arrears.domain.plans import Debt, owed
from services.arrears.settings import read_plan_policies
from services.arrears.usecases import plans
from services.arrears.usecases.plans import Asked, account_of
from shared.auth import Caller
from shared.bus.commands import Json
from shared.bus.proposals import Kind, Proposal
from shared.bus.refusals import NotAllowedError, NotNowError, NotValidError, understood
from shared.bus.work import OPENING_BOOK, Work
from shared.dated import in_force
from shared.db.engine import driver
from shared.money import as_pounds


async def _check(work: Work, proposal: Proposal) -> None:
    """Refuse a proposal that could not take effect now, or that says it is about something else."""
    asked = understood(Asked, proposal.body)
    if asked.account_ref != proposal.subject:
        raise NotValidError(f"The proposal's subject is {proposal.subject}, its plan is of {asked.account_ref}.")
    await _weigh(work, asked)


async def _authorise(work: Work, proposal: Proposal, caller: Caller) -> None:
    """Refuse an approval of a plan that is too long for the caller's roles, or of what can no longer be."""
    asked = understood(Asked, proposal.body)
    months = months_of(asked.instalments, asked.first_on, asked.frequency)
    if not in_force(read_plan_policies(), work.book).may_approve(caller.roles, months):
        raise NotAllowedError(f"A plan of {months} months is above the limit of your roles.")
    await _weigh(work, asked)


async def _weigh(work: Work, asked: Asked) -> None:
    """Refuse a plan that cannot be; only of people who decide now: a rebuild repeats what took effect."""
    if work.book == OPENING_BOOK:
        raise NotNowError("No business day has ended yet: nothing is overdue.")
    account = await account_of(work, asked.account_ref)
    if account.internal:
        raise NotValidError(f"{asked.account_ref} is the association's own account: it owes nobody.")
    await plans.refuse_second(await driver(work.session), account.account_id, asked.account_ref)
    _weigh_days(work, asked)
    _weigh_debts(asked, owed(account, work.book))


def _weigh_days(work: Work, asked: Asked) -> None:
    """Refuse a first day that is past or far."""
    policy = in_force(read_plan_policies(), work.book)
    latest = work.book + timedelta(days=policy.first_within_days)
    if not work.book <= asked.first_on <= latest:
        raise NotValidError(f"The first instalment is on {asked.first_on}; it may be from {work.book} to {latest}.")


def _weigh_debts(asked: Asked, overdue: tuple[Debt, ...]) -> None:
    """Refuse debts other than what is overdue of each, and instalments of nothing."""
    if len(set(asked.agreed)) < len(asked.agreed):
        raise NotValidError("Name each debt once.")
    pence = {(debt.charge_id, debt.due_on): debt.amount_pence for debt in overdue}
    for debt in asked.agreed:
        if (known := pence.get((debt.charge_id, debt.due_on), 0)) != debt.amount_pence:
            raise NotNowError(
                f"{as_pounds(known)} of {debt.charge_id}, due on {debt.due_on}, is overdue and may be in a plan on"
                f" {asked.account_ref}; {as_pounds(debt.amount_pence)} is proposed."
            )
    if sum(debt.amount_pence for debt in asked.agreed) < asked.instalments:
        raise NotValidError(f"The debt does not make {asked.instalments} instalments of a penny.")


async def _apply(work: Work, proposal: Proposal) -> Json:
    return await plans.agree(work, proposal.body)


PLAN = Kind(
    plans.NAME,
    may_propose=frozenset({"assistant", "lead-officer"}),
    may_approve=frozenset({"assistant", "lead-officer", "board"}),
    apply=_apply,
    check=_check,
    authorise=_authorise,
)
"""Declared to the bus: routes and the list of proposals come with it."""
