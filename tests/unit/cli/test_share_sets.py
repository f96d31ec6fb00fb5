"""A proposed share set becomes an event that can be published as it is."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.cli.errors import CliError, ExitCode
from shared.cli.lines import Sendable, checked
from shared.cli.share_sets import event_line

FOUND: dict[str, Any] = {
    "block_id": "B1", "effective_from": "2026-01-01", "basis": "equal", "left_out": [],
    "members": [{"unit_id": unit, "numerator": 1, "denominator": 2} for unit in ("U1", "U2")],
}  # fmt: skip


def test_the_line_can_be_published_and_goes_by_its_share_set() -> None:
    line = checked(1, event_line(FOUND, "S1", "Roof", datetime(2026, 1, 2, tzinfo=UTC)))
    assert isinstance(line, Sendable)
    assert (line.topic, line.key) == ("housing.shares-published", b"S1")


def test_the_same_proposal_is_the_same_event_whenever_it_is_made() -> None:
    ids = {
        event_line(FOUND, "S1", "Roof", datetime(2026, 1, day, tzinfo=UTC)).partition(b'"id":')[2][:45]
        for day in (2, 3)
    }
    other = event_line({**FOUND, "basis": "title"}, "S1", "Roof", datetime(2026, 1, 2, tzinfo=UTC))
    assert len(ids) == 1
    assert not any(name in other for name in ids)


@pytest.mark.parametrize(("share_set", "name"), [("ELM ROOF", "Roof"), ("S1", "R" * 501), ("S1", "Roof\x00")])
def test_a_name_that_no_share_set_may_have_is_told(share_set: str, name: str) -> None:
    with pytest.raises(CliError, match=r"share_set_id|name") as caught:
        event_line(FOUND, share_set, name, datetime(2026, 1, 2, tzinfo=UTC))
    assert caught.value.code == ExitCode.USAGE
