"""The page of personal data names every topic, table and field that holds any."""

import importlib
import re
from collections.abc import Iterator

import pytest

from shared.db import msg
from shared.events.topics import CHANNELS, LINE_OF_SERVICES, Channel, Retention
from tests.architecture.source import ROOT
from tests.architecture.test_security_rules import NO_PERSON, PERSONAL, fields_of

_ROWS = {
    row[0]: row
    for row in re.findall(
        r"^\| `([a-z]+\.[a-z_-]+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$",
        (ROOT / "docs" / "personal-data.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}
_KEPT = {Retention.THIRTY_DAYS: "30 days", Retention.FOREVER: "for ever", Retention.COMPACTED: "the last of each key"}


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.topic)
def test_a_topic_with_personal_fields_is_on_the_page_with_all_of_them(channel: Channel) -> None:
    topic, model, retention = channel.topic, channel.model, channel.retention
    found = {field for field in fields_of(model.model_json_schema()) if field in PERSONAL}
    found -= {field for place, field in NO_PERSON if place == topic}
    if topic == "housing.shares-published":
        found -= {"name"}  # a share set's
    named = set(re.findall(r"`([a-z_]+)`", _ROWS[topic][1])) if topic in _ROWS else set()

    assert named == found
    assert not found or _ROWS[topic][3] == _KEPT[retention]


def tables() -> Iterator[tuple[str, set[str]]]:
    """Every table of ours, with its columns."""
    for service in LINE_OF_SERVICES:
        for table in importlib.import_module(f"services.{service}.db.tables").metadata.tables.values():
            yield f"{service}.{table.name}", {column.name for column in table.columns}
    for table in msg.metadata.tables.values():
        yield f"msg.{table.name}", {column.name for column in table.columns}


def test_every_table_that_a_service_calls_personal_is_on_the_page() -> None:
    called = {
        table
        for service in LINE_OF_SERVICES
        for table in re.findall(
            r"^\| `([a-z]+\.[a-z_]+)` \|.*personal data.*\|$",
            (ROOT / "services" / service / "README.md").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }

    assert len(called) >= 6
    assert called <= set(_ROWS)


def test_what_the_page_names_is_there() -> None:
    columns, topics = dict(tables()), {channel.topic for channel in CHANNELS}

    for place, row in _ROWS.items():
        if place in topics:
            continue
        assert set(re.findall(r"`([a-z_]+)`", row[1])) <= columns[place], place
