"""How much may be asked for at once: pages and nesting have an end, and what is too much is refused, not suffered."""

from typing import Any

import asyncpg
import pytest

from tests.integration.shared.test_bench import Desk, desk, owner

__all__ = ["desk", "owner"]


@pytest.mark.parametrize("path", ["/held", "/audit", "/dead-letters"])
async def test_a_page_has_an_end(desk: Desk, owner: asyncpg.Connection, path: str) -> None:
    assert (await desk.call("GET", f"{path}?limit=5000")).status_code == 200
    for limit in ("0", "5001", "-1", "many"):
        assert (await desk.call("GET", f"{path}?limit={limit}")).status_code == 422


@pytest.mark.parametrize("deep", [{"a": 200}, {"a": 100_000}], ids=["deep", "bottomless"])
async def test_what_is_nested_without_end_is_refused_or_kept_never_a_fault(
    desk: Desk, owner: asyncpg.Connection, deep: dict[str, int]
) -> None:
    text = '{"kind":"accept-difference","subject":"s","reason":"r","body":{"a":' + "[" * deep["a"] + "]" * deep["a"]
    more: dict[str, Any] = {"content": (text + "}}").encode(), "headers": {"content-type": "application/json"}}
    answer = await desk.call("POST", "/proposals", **more)
    assert answer.status_code in {201, 400, 422}
    expected = {"id"} if answer.status_code == 201 else {"error", "detail", "correlation_id"}
    assert expected <= set(answer.json())
