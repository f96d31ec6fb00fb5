"""Who may propose and who may approve: one table, compared with every kind that a service's process registers."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.bus.api import bench_of
from shared.events.topics import LINE_OF_SERVICES
from tests.architecture.test_roles import BUS as ROUTES
from tests.support.kinds import service_of

OFFICE = "assistant lead-officer finance"
HEADS = "lead-officer finance board"

BUS = {
    "dead-letter-discard": ("operator finance lead-officer", "finance lead-officer"),
    "accept-difference": ("operator finance lead-officer", "finance lead-officer"),
}
OWN: dict[str, dict[str, tuple[str, str]]] = {
    "owners": {"erasure": ("admin-team lead-officer", "lead-officer board")},
    "billing": {
        "refund": (OFFICE, "finance"),
        "write-off": (OFFICE, HEADS),
        "fee-schedule": (OFFICE, HEADS),
        "fee-notice": (OFFICE, HEADS),
        "fee-relief": (OFFICE, HEADS),
        "fee-relief-end": (OFFICE, HEADS),
        "fee-letters": (OFFICE, HEADS),
        "float-terms": (OFFICE, HEADS),
        "fund-spending": (OFFICE, "finance board"),
        "statement-policy": ("lead-officer finance", "finance board"),
        "statement-release": (OFFICE, HEADS),
        "collection-release": (OFFICE, "lead-officer finance"),
    },
    "arrears": {
        "repayment-plan": ("assistant lead-officer", "assistant lead-officer board"),
        "notice": ("assistant lead-officer", "lead-officer"),
    },
    "notify": {},
}
"""By kind: who proposes, who approves.  Of plans and write-offs the sum or the length narrows who approves."""


def registered(name: str) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Return the kinds that the process of a service knows, with who proposes and who approves each."""
    parts = SimpleNamespace(service=service_of(name), api_doors=None, redriver=None, cuts=None, day=None)
    parts.pump = SimpleNamespace(stops=dict)
    kinds = bench_of(cast("Any", parts)).proposals.kinds
    return {kind.name: (kind.may_propose, kind.may_approve) for kind in kinds}


@pytest.mark.parametrize("name", LINE_OF_SERVICES)
def test_every_kind_is_proposed_and_approved_by_the_declared_roles_and_no_other(name: str) -> None:
    declared = {
        kind: (frozenset(propose.split()), frozenset(approve.split()))
        for kind, (propose, approve) in (BUS | OWN[name]).items()
    }

    assert registered(name) == declared


@pytest.mark.parametrize("name", LINE_OF_SERVICES)
def test_whoever_a_kind_lets_in_the_route_does(name: str) -> None:
    propose, approve = (ROUTES[f"POST /bus/proposals{end}"].split() for end in ("", "/{number}/approve"))

    for may_propose, may_approve in registered(name).values():
        assert may_propose <= set(propose)
        assert may_approve <= set(approve)


@pytest.mark.parametrize("name", LINE_OF_SERVICES)
def test_no_kind_is_proposed_or_approved_by_whoever_only_looks(name: str) -> None:
    for may_propose, may_approve in registered(name).values():
        assert "auditor" not in may_propose | may_approve
        assert "operator" not in may_approve
