"""What no topic or partition can be called is refused at the bench's door, and never reaches the database."""

import pytest

from tests.integration.shared.test_bench import Desk, desk

__all__ = ["desk"]

_NO_TOPIC, _NO_PARTITION = {"topic": "housing.\u0000"}, {"partition": 2**31}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/release", _NO_TOPIC),
        ("/release", _NO_PARTITION),
        ("/republish", _NO_TOPIC | {"book": "2026-04-01"}),
        ("/accept-difference", _NO_TOPIC | {"day": "2026-04-01", "reason": "x"}),
    ],
)
async def test_a_name_or_number_that_cannot_be_is_refused(desk: Desk, path: str, body: dict[str, object]) -> None:
    answer = await desk.call("POST", path, body)

    assert answer.status_code == 422
    assert "fields" in answer.json()
