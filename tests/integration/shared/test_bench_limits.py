"""What no topic or partition can be called is refused at the bench's door, and never reaches the database."""

import pytest

from tests.integration.shared.test_bench import Desk, desk

__all__ = ["desk"]

_NO_TOPIC, _NO_PARTITION = {"topic": "housing.\u0000", "reason": "x"}, {"partition": 2**31, "reason": "x"}
_DEEP = '{"a":' * 900 + "1" + "}" * 900


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/release", _NO_TOPIC),
        ("/release", _NO_PARTITION),
        ("/republish", _NO_TOPIC | {"book": "2026-04-01"}),
        ("/accept-difference", _NO_TOPIC | {"day": "2026-04-01"}),
    ],
)
async def test_a_name_or_number_that_cannot_be_is_refused(desk: Desk, path: str, body: dict[str, object]) -> None:
    answer = await desk.call("POST", path, body)

    assert answer.status_code == 422
    assert "fields" in answer.json()


@pytest.mark.parametrize(
    "body",
    [r'{"a": "\u0000"}', r'{"\u0000": 1}', r'{"a": [{"b": "\ud800"}]}', '{"a": NaN}', '{"a": [-1e999]}', _DEEP],
    ids=["zero", "zero-named", "half", "nan", "endless", "deep"],
)
async def test_a_proposal_that_no_database_keeps_is_refused(desk: Desk, body: str) -> None:
    asked = f'{{"kind": "dead-letter-discard", "subject": "dead-letter:1", "reason": "x", "body": {body}}}'
    json = {"content-type": "application/json"}
    answer = await desk.call("POST", "/proposals", content=asked, headers=json)

    assert answer.status_code == 422, answer.text
    assert [one["field"] for one in answer.json()["fields"]] == ["body.body"]
