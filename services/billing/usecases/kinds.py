"""Kinds of commands that need two people, made from use cases that take what is asked."""

from collections.abc import Awaitable, Callable
from typing import Any

from shared.bus.commands import Json
from shared.bus.proposals import Kind, Proposal
from shared.bus.work import Work

PROPOSE = frozenset({"assistant", "lead-officer", "finance"})
APPROVE = frozenset({"lead-officer", "finance", "board"})

Effect = Callable[[Work, Json], Awaitable[Json]]


def applying(effect: Effect) -> Callable[[Work, Proposal], Awaitable[Json]]:
    """Return how a proposal takes effect: by the use case that a rebuild repeats, too."""

    async def apply(work: Work, proposal: Proposal) -> Json:
        return await effect(work, proposal.body)

    return apply


def as_kind(
    name: str,
    subject_of: Callable[[Json], str],
    effect: Effect,
    check: Callable[[Work, Json], Awaitable[Any]],
    may_approve: frozenset[str] = APPROVE,
    may_propose: frozenset[str] = PROPOSE,
) -> Kind:
    """Return a kind of proposal from its subject, its effect and what is looked at first: all take what is asked."""

    async def first(work: Work, proposal: Proposal) -> None:
        await check(work, proposal.body)

    return Kind(name, may_propose, may_approve, subject_of, applying(effect), first)
