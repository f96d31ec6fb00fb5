"""Proposals of repayment plans: what is refused when one is made, and again when somebody approves it."""

from services.arrears.domain.instalments import months_of
from services.arrears.domain.plan_limits import refuse_debts, refuse_terms
from services.arrears.domain.plans import owed
from services.arrears.settings import read_plan_policies
from services.arrears.usecases import plans
from services.arrears.usecases.plans import Asked, lock_account
from shared.auth import Caller
from shared.bus.commands import Json
from shared.bus.proposals import Kind, Proposal, named_in
from shared.bus.refusals import NotAllowedError, NotNowError, NotValidError, understood
from shared.bus.work import OPENING_BOOK, Work
from shared.dated import in_force
from shared.db.engine import driver


async def _check(work: Work, proposal: Proposal) -> None:
    """Refuse a proposal that could not take effect now."""
    await _weigh(work, understood(Asked, proposal.body))


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
    account = await lock_account(work, asked.account_ref)
    if account.internal:
        raise NotValidError(f"{asked.account_ref} is the association's own account: it owes nobody.")
    await plans.refuse_second(await driver(work.session), account.account_id, asked.account_ref)
    not_now = refuse_debts(asked.agreed, owed(account, work.book), asked.account_ref)
    if not_now is not None:
        raise NotNowError(not_now)
    policy = in_force(read_plan_policies(), work.book)
    never = refuse_terms(asked.agreed, asked.instalments, asked.first_on, policy, work.book)
    if never is not None:
        raise NotValidError(never)


async def _apply(work: Work, proposal: Proposal) -> Json:
    return await plans.agree(work, proposal.body)


PLAN = Kind(
    plans.NAME,
    may_propose=frozenset({"assistant", "lead-officer"}),
    may_approve=frozenset({"assistant", "lead-officer", "board"}),
    subject_of=named_in(Asked, "account_ref"),
    apply=_apply,
    check=_check,
    authorise=_authorise,
)
"""Declared to the bus: routes and the list of proposals come with it."""
