"""The policy file, and that arrears hears everything it should."""

import json
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.arrears import handlers
from services.arrears.settings import SHIPPED_LADDER, SHIPPED_NOTICES, read_ladder_policies, read_notice_policies


def test_every_channel_has_its_handler() -> None:
    handlers.router.check("arrears")


def test_the_shipped_policy_is_in_force_from_the_first_book_on() -> None:
    assert min(policy.effective_from for policy in read_ladder_policies()) == date(1970, 1, 1)


def test_stages_that_are_not_enabled_are_never_next() -> None:
    policy = read_ladder_policies()[0]
    first = policy.after(0)
    second = policy.after(1)
    assert first is not None
    assert second is not None
    assert (first.name, second.name, policy.after(2)) == ("reminder-1", "reminder-2", None)


@pytest.mark.parametrize("change", [{"day": "soon"}, {"minimum_pence": 12.5}, {"number": None}])
def test_a_wrong_policy_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    versions = json.loads(SHIPPED_LADDER.read_text())
    versions[0]["stages"][0] |= change
    path = tmp_path / "ladder_policy.json"
    path.write_text(json.dumps(versions))
    with pytest.raises(ValidationError):
        read_ladder_policies(path)


def test_the_shipped_policy_of_notices_is_in_force_from_the_first_book_on() -> None:
    assert min(policy.effective_from for policy in read_notice_policies()) == date(1970, 1, 1)


@pytest.mark.parametrize(
    ("change", "error"),
    [({"minimum_pence": 12.5}, ValidationError), ({"eligible_kinds": ["rent"]}, ValidationError),
     ({"blocking_holds": None}, ValidationError), ({"renewal_task_days": []}, AssertionError),
     ({"renewal_task_days": [30, 0]}, AssertionError), ({"lasts_years": 0}, AssertionError)],
)  # fmt: skip
def test_a_wrong_policy_of_notices_is_refused(
    tmp_path: Path, change: dict[str, object], error: type[Exception]
) -> None:
    versions = json.loads(SHIPPED_NOTICES.read_text())
    versions[0] |= change
    path = tmp_path / "notices.json"
    path.write_text(json.dumps(versions))
    with pytest.raises(error):
        read_notice_policies(path)
