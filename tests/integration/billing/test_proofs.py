"""The proof on each line of an account, over the API: every field is what the published facts alone amount to."""

import random
from collections import Counter
from datetime import date
from typing import Any

import httpx

from services.billing import api
from services.billing.domain.refs import account_ref
from services.billing.usecases import questions
from shared.events.base import EventData
from shared.events.owners import OwnershipLineChanged, SharesChanged
from shared.local_issuer import LocalIssuer
from tests.integration.billing.conftest import Desk
from tests.integration.billing.facts import a_charge, a_credit, a_line, a_unit, shares
from tests.integration.billing.test_independent import a_story
from tests.support.proofs import ProofVerifier, by_fact
from tests.support.staff import as_, staff_door

A = account_ref("U1", "A")


def is_learnt_late(one: EventData) -> bool:
    """The second word on a flat's owners, and the second version of the shares."""
    return (isinstance(one, OwnershipLineChanged) and one.version == 2) or (
        isinstance(one, SharesChanged) and one.effective_from.year == 2028
    )


async def test_every_field_of_every_proof_is_what_the_published_facts_alone_say(
    desk: Desk, issuer: LocalIssuer
) -> None:
    story = a_story(random.Random(2029))
    await desk.hear(*(one for one in story if not is_learnt_late(one)))
    await desk.close("2028-04-01")
    await desk.hear(*filter(is_learnt_late, story))
    seen: Counter[str] = Counter()
    async with staff_door(issuer, "billing", api.routes(desk.doors), headers=as_(issuer, "auditor", "ada")) as client:
        heads = (await client.get("/accounts")).json()
        refs = {(head["unit_id"], head["ownership_id"]): head["account_ref"] for head in heads}
        verifier = ProofVerifier(story, refs)
        for holding, reference in refs.items():
            answer = (await client.get(f"/accounts/{reference}", params={"proof": "true"})).json()
            for fact, lines in by_fact(answer["lines"]).items():
                wanted = verifier.proof(holding, fact) | {"is_difference": len(lines) > 1}
                assert [line["proof"] for line in lines] == [wanted] * len(lines), (holding, fact)
                assert sum(line["amount_pence"] for line in lines) == wanted["stands_pence"]
                seen.update(kinds(fact[0], wanted))
        await the_same_twice(client, reference, answer)
    assert seen.keys() == KINDS
    assert min(seen.values()) > 3, seen


SOME = 12
"""How many charges and credits are also asked of ``explain``: the last were credited."""
KINDS = {"credit", "tax", "rest", "difference", "of several", "waiting", "moved away", "its own"}


def kinds(kind: str, proof: dict[str, Any]) -> set[str]:
    """What a proof is an example of: the story must show each."""
    marks = {
        "credit": kind == "credit",
        "tax": bool(proof["tax"]),
        "rest": proof["takes_what_is_left"],
        "difference": proof["is_difference"],
        "of several": len(proof["days"]) > 1,
        "waiting": any(row["waiting_for"] for row in proof["days"]),
        "moved away": proof["stands_pence"] == 0,
        "its own": proof["share_set"] is None,
    }
    return {name for name, holds in marks.items() if holds}


async def the_same_twice(client: httpx.AsyncClient, reference: str, proved: dict[str, Any]) -> None:
    """Without proofs an account's answer is the same but for them; ``explain`` says the same in its own answer."""
    for fact, (line, *_) in [*by_fact(proved["lines"]).items()][-SOME:]:
        answer = (await client.get(f"/accounts/{reference}/charges/{line['charge_id']}")).json()
        if fact[0] == "credit":
            (answer,) = [one for one in answer["credits"] if one["credit_id"] == fact[1]]
            assert (answer["pence"], answer["pool_pence"]) == (
                line["proof"]["stands_pence"], line["proof"]["pool"]["gross_pence"],
            )  # fmt: skip
        common = answer.keys() & line["proof"].keys()
        assert common >= {"net", "tax"}
        assert {name: line["proof"][name] for name in common} == {name: answer[name] for name in common}
    bare = [{name: value for name, value in line.items() if name != "proof"} for line in proved["lines"]]
    assert (await client.get(f"/accounts/{reference}")).json() == proved | {"lines": bare}


async def proofs_of(desk: Desk, reference: str) -> list[dict[str, Any]]:
    """The proofs on an account's lines, in the order of the lines."""
    answer = await desk.ask(lambda connection: questions.account(connection, reference, None, None, proof=True))
    return [line["proof"] for line in answer["lines"] if "proof" in line]


async def test_what_a_line_proves_when_the_shares_fell_away(desk: Desk) -> None:
    """A version that does not total 1, then one without the flat: nothing stands, and the proof says by which."""
    await desk.hear(a_unit(), a_unit("U2"), a_line("U1", ("A", "2025-06-01")), a_line("U2", ("B", "2025-06-01")))
    await desk.hear(shares(("U1", 1, 3), ("U2", 2, 3)), a_charge("C1", 100_00, pool="S1", on="2026-01-10"))
    await desk.close("2026-01-10")
    await desk.hear(shares(("U1", 1, 3), since="2026-01-05", complete=False))
    proof, again = await proofs_of(desk, A)
    assert proof == again
    assert (proof["stands_pence"], proof["net"], proof["is_difference"]) == (0, None, True)
    assert (proof["share_set"]["complete"], proof["share_set"]["effective_from"]) == (False, date(2026, 1, 5))
    await desk.hear(shares(("U2", 1, 1), since="2026-01-05"))
    proof, _ = await proofs_of(desk, A)
    assert (proof["stands_pence"], proof["net"]) == (0, None)
    assert (proof["share_set"]["complete"], proof["share_set"]["share"]) == (True, None)


async def test_a_units_own_charge_and_its_credit_are_divided_between_no_flats(desk: Desk) -> None:
    await desk.hear(a_unit(), a_line("U1", ("A", "2025-06-01")), a_charge("C1", 100_00, unit="U1", on="2026-01-10"))
    await desk.hear(a_credit("K1", "C1", 10_00, on="2026-01-11"))
    credit = (await proofs_of(desk, A))[1]
    assert (credit["pool"]["gross_pence"], credit["net"], credit["share_set"]) == (-10_00, None, None)
    assert (credit["stands_pence"], credit["takes_what_is_left"]) == (-10_00, False)
