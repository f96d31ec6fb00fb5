"""Who may do what over HTTP: one table, compared with every route of every service."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.auth import ROLES, TokenVerifier
from shared.bus.api import bus_router
from shared.events.topics import LINE_OF_SERVICES
from shared.web import create_app, guarded_routes
from tests.support.kinds import service_of

ALL = "assistant lead-officer finance board admin-team auditor operator"
STAFF = "assistant lead-officer finance board admin-team auditor"
BOOKS = "lead-officer finance board auditor"
MATCHERS = "assistant lead-officer finance"
PEOPLE = "assistant lead-officer finance board admin-team operator"

BUS = {
    "GET /bus/status": ALL,
    "GET /bus/held": ALL,
    "GET /bus/totals": "auditor finance operator",
    "GET /bus/audit": "auditor finance operator",
    "GET /bus/dead-letters": "lead-officer finance auditor operator",
    "GET /bus/dead-letter-groups": "lead-officer finance auditor operator",
    "GET /bus/dead-letters/{number}": "lead-officer finance auditor operator",
    "GET /bus/proposals": ALL,
    "GET /bus/proposals/{number}": ALL,
    "POST /bus/dead-letters/{number}/redrive": "operator",
    "POST /bus/dead-letters/{number}/discard": "operator finance lead-officer",
    "POST /bus/release": "operator",
    "POST /bus/republish": "operator",
    "POST /bus/accept-difference": "operator",
    "POST /bus/proposals": PEOPLE,
    "POST /bus/proposals/{number}/approve": PEOPLE,
    "POST /bus/proposals/{number}/reject": PEOPLE,
}
OWN: dict[str, dict[str, str]] = {
    "owners": {
        "GET /units/{unit_id:path}/line": STAFF,
        "GET /units/{unit_id:path}": STAFF,
        "GET /share-set-proposal": STAFF,
        "GET /verify": f"{BOOKS} operator",
    },
    "billing": {
        "GET /accounts": ALL,
        "GET /accounts/{reference}": STAFF,
        "GET /accounts/{reference}/charges/{charge_id:path}": STAFF,
        "GET /accounts/{reference}/settlement": STAFF,
        "GET /accounts/{reference}/interest": STAFF,
        "GET /final-accounts": STAFF,
        "GET /trial-balance": BOOKS,
        "GET /suspense": ALL,
        "GET /suspense/payments": STAFF,
        "GET /refunds": STAFF,
        "GET /returns": STAFF,
        "GET /payments/{payment_id:path}": STAFF,
        "POST /bank-imports": MATCHERS,
        "POST /payments/{payment_id:path}/match": MATCHERS,
        "POST /payments/{payment_id:path}/split": MATCHERS,
        "POST /payments/{payment_id:path}/unmatch": MATCHERS,
        "GET /summary": ALL,
        "GET /verify": f"{BOOKS} operator",
        "GET /export/ledger": BOOKS,
        "GET /export/facts": f"{BOOKS} assistant",
        "GET /aged-debt": STAFF,
        "GET /floats": STAFF,
        "GET /reserve-funds": STAFF,
        "GET /cost-model/{year}": BOOKS,
        "POST /fee-costs": "lead-officer finance",
        "GET /movement": BOOKS,
        "GET /schedules": STAFF,
        "GET /write-offs": BOOKS,
        "GET /mandates": STAFF,
        "POST /mandates": MATCHERS,
        "POST /mandates/{mandate_id}/cancel": MATCHERS,
        "GET /collections": STAFF,
        "POST /collections": "lead-officer finance",
        "GET /collections/{collection_id}": STAFF,
        "GET /collections/{collection_id}/file": "lead-officer finance",
        "GET /disputes": STAFF,
        "POST /disputes": MATCHERS,
        "POST /disputes/{dispute_id}/end": "lead-officer finance",
        "GET /prescription": STAFF,
        "POST /interruptions": "lead-officer finance",
        "POST /interruptions/{interruption_id}/withdraw": "lead-officer finance",
        "GET /collection-rate": STAFF,
        "GET /profit-and-loss": BOOKS,
        "GET /periods/{quarter}": BOOKS,
        "GET /statement-runs": STAFF,
        "GET /statement-runs/dry-run": STAFF,
        "GET /statement-runs/{run_id}": STAFF,
        "POST /statement-runs/{run_id}/checks": MATCHERS,
        "POST /statement-runs/{run_id}/restrike": "lead-officer finance",
        "GET /accounts/{reference}/annual/{year}": STAFF,
        "POST /annual-statements": "lead-officer finance",
    },
    "arrears": {
        "GET /arrears": ALL,
        "GET /summary": ALL,
        "GET /verify": ALL,
        "POST /holds": "assistant lead-officer",
        "POST /holds/{hold_id}/lift": "assistant lead-officer",
        "GET /holds": STAFF,
        "GET /plan-offer": "assistant lead-officer",
        "GET /plans": STAFF,
        "GET /plans/{plan_id}": STAFF,
        "POST /plans/{plan_id}/end": "assistant lead-officer",
        "GET /notices": STAFF,
        "GET /notices/{notice_id}": STAFF,
        "POST /notices/{notice_id}/steps": "assistant lead-officer",
        "POST /notices/{notice_id}/take-back": "lead-officer",
    },
    "notify": {
        "GET /letters": ALL,
        "GET /messages/{message_id}/content": "assistant lead-officer admin-team auditor",
        "GET /due": ALL,
        "GET /verify": f"{BOOKS} operator",
    },
}


def routes_of(name: str) -> dict[str, frozenset[str]]:
    """Return the routes of a service as its process serves them, with the roles each lets in."""
    doors, parts = SimpleNamespace(sessions=None), SimpleNamespace(stops=dict)
    running = cast("Any", SimpleNamespace(api_doors=doors, redriver=None, cuts=None, day=None, pump=parts))
    running.service = service_of(name)
    app = create_app(name, [running.service.api(running), bus_router(running)], cast("TokenVerifier", None))
    return dict(guarded_routes(app))


@pytest.mark.parametrize("name", LINE_OF_SERVICES)
def test_every_route_lets_in_the_declared_roles_and_no_other(name: str) -> None:
    declared = {route: frozenset(roles.split()) for route, roles in (BUS | OWN[name]).items()}

    assert routes_of(name) == declared


def test_the_table_knows_no_other_role() -> None:
    named = {role for table in (BUS, *OWN.values()) for roles in table.values() for role in roles.split()}

    assert named == ROLES
