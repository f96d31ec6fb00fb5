"""The committed schemas are the classes, and no change breaks what was promised."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from shared.events.compatibility import breaks
from shared.events.publish_schemas import SCHEMAS, broken_promises, files, schema_of
from shared.events.topics import BY_TOPIC, CHANNELS, CHARGE_RAISED, OWNERSHIP_CHANGED, SHARES_PUBLISHED
from tests.contract.samples import GOLDEN_FILES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("path", "text"), files(ROOT).items(), ids=lambda value: getattr(value, "name", ""))
def test_a_committed_file_is_what_the_classes_say(path: Path, text: str) -> None:
    assert path.read_text() == text, "run: make schemas"


def test_no_schema_is_left_over() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} == {channel.type for channel in CHANNELS}


def test_the_classes_keep_every_committed_promise() -> None:
    assert broken_promises() == []


@pytest.mark.parametrize("path", GOLDEN_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_corpus_is_valid_by_the_schemas_too(path: Path) -> None:
    schema = schema_of(BY_TOPIC[path.parent.name])
    jsonschema_rs.validator_for(schema).validate(json.loads(path.read_text())["data"])


def charge() -> dict[str, Any]:
    return copy.deepcopy(schema_of(CHARGE_RAISED))


def test_the_same_schema_breaks_nothing() -> None:
    for channel in CHANNELS:
        assert breaks(schema_of(channel), schema_of(channel)) == []


def test_an_added_optional_field_breaks_nothing() -> None:
    new = charge()
    new["properties"]["ledger_code"] = {"type": "string"}
    assert breaks(charge(), new) == []


def test_a_removed_field_is_caught() -> None:
    new = charge()
    del new["properties"]["supplier"]
    assert breaks(charge(), new) == ["data.supplier: removed"]


def test_an_optional_field_made_required_is_caught() -> None:
    new = charge()
    new["required"] = [*new["required"], "supplier"]
    assert breaks(charge(), new) == ["data.supplier: became required"]


def test_a_narrowed_enum_is_caught() -> None:
    new = charge()
    new["$defs"]["ChargeKind"]["enum"].remove("lift")
    assert breaks(charge(), new) == ["data.kind: value lift removed"]


def test_a_widened_enum_breaks_nothing() -> None:
    new = charge()
    new["$defs"]["ChargeKind"]["enum"].append("solar")
    assert breaks(charge(), new) == []


def test_a_changed_type_is_caught_also_behind_an_optional() -> None:
    new = charge()
    new["properties"]["amount_pence"]["type"] = "number"
    new["properties"]["supplier"]["anyOf"][0]["type"] = "integer"
    assert breaks(charge(), new) == [
        "data.amount_pence: type integer became number",
        "data.supplier: type string became integer",
    ]


def test_a_field_that_may_no_longer_be_null_is_caught() -> None:
    new = charge()
    new["properties"]["supplier"] = new["properties"]["supplier"]["anyOf"][0]
    assert breaks(charge(), new) == ["data.supplier: type null became string"]


@pytest.mark.parametrize(
    ("place", "limit", "value"),
    [
        ("amount_pence", "exclusiveMaximum", 10),
        ("amount_pence", "exclusiveMinimum", 5),
        ("description", "maxLength", 9),
    ],
)
def test_a_narrowed_limit_is_caught_and_a_widened_one_is_not(place: str, limit: str, value: int) -> None:
    new = charge()
    new["properties"][place][limit] = value
    assert breaks(charge(), new) == [f"data.{place}: {limit} narrowed"]
    assert breaks(new, charge()) == []


def test_breaks_inside_lists_and_nested_objects_are_caught() -> None:
    new = copy.deepcopy(schema_of(SHARES_PUBLISHED))
    del new["$defs"]["Member"]["properties"]["numerator"]
    new["$defs"]["Scope"]["required"] = ["block_id"]
    assert breaks(schema_of(SHARES_PUBLISHED), new) == [
        "data.members[].numerator: removed",
        "data.scope.block_id: became required",
    ]


def test_a_pattern_that_changes_is_caught() -> None:
    new = copy.deepcopy(schema_of(OWNERSHIP_CHANGED))
    new["properties"]["change_id"]["pattern"] = "^[a-z]+$"
    assert breaks(schema_of(OWNERSHIP_CHANGED), new) == ["data.change_id: pattern changed"]
