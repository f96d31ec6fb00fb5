"""What keeps data and doors safe whoever writes the next line: keys, names on topics, templates, rights."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from shared.bus.work import Work
from shared.events.access import PRINCIPALS, Kind, Operation, rights_of
from shared.events.base import EventData
from shared.events.topics import CHANNELS, LINE_OF_SERVICES, Channel
from shared.events.types import ID_PATTERN
from shared.settings import ServiceSettings
from tests.architecture.source import ROOT, modules, name, tree

PERSONAL = {
    "name", "email", "phone", "correspondence_address", "payer_name", "outgoing_forwarding_address",
    "forwarding_address", "billing_contact", "solicitors", "parties", "iban", "sort_code", "date_of_birth",
}  # fmt: skip
NO_PERSON = {
    ("owners.shares-changed", "name"),
    ("owners.ownership-changed", "billing_contact"),
    ("arrears.stage-reached", "name"),
}
"""The name of a share set; whether an ownership has a billing contact; the name of a stage."""


def fields_of(schema: Any) -> Iterator[str]:
    """Every field's name anywhere in a JSON schema."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for part in schema.values():
            yield from fields_of(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from fields_of(part)


@pytest.mark.parametrize("channel", [c for c in CHANNELS if c.owner in LINE_OF_SERVICES], ids=lambda c: c.topic)
def test_our_topics_carry_ids_not_people(channel: Channel) -> None:
    found = {(channel.topic, field) for field in fields_of(channel.model.model_json_schema()) if field in PERSONAL}

    assert (found - NO_PERSON != set()) == (channel.topic == "owners.contact-changed"), found


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: c.topic)
def test_a_key_is_an_id_and_tells_nothing(channel: Channel) -> None:
    properties = channel.model.model_json_schema()["properties"]
    named = [properties[field] for field in channel.key_fields if field in properties]

    assert named or channel.single or channel.topic.endswith(".event-rejected")
    for schema in named:
        options = schema.get("anyOf", [schema])
        assert [one.get("pattern") for one in options if one.get("type") == "string"] == [ID_PATTERN]


def _inheritors(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for inheritor in kind.__subclasses__():
        yield inheritor
        yield from _inheritors(inheritor)


def test_what_is_wrong_with_an_event_or_a_setting_is_said_without_its_content() -> None:
    kinds: list[type[BaseModel]] = [EventData, *_inheritors(EventData), ServiceSettings, *_inheritors(ServiceSettings)]

    assert len(kinds) > 40
    assert [kind.__name__ for kind in kinds if not kind.model_config.get("hide_input_in_errors")] == []


def calls(called: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call in our code of something by this name."""
    for path in modules("services", "shared"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == called:
                yield name(path), node


def _said(node: ast.Call) -> dict[str, str]:
    return {word.arg: ast.unparse(word.value) for word in node.keywords if word.arg}


def test_every_client_of_ours_speaks_tls_as_one_module_says() -> None:
    on_this_host_in_clear = {"shared/embedded/containers.py", "shared/cli/supervisor.py"}
    speakers = [(path, "verify" in _said(node)) for kind in ("Client", "AsyncClient") for path, node in calls(kind)]

    assert {path for path, _ in calls("create_default_context")} == {"shared/tls.py"}
    assert {path for path, verified in speakers if not verified} == on_this_host_in_clear


def test_no_subscriber_answers_where_a_message_tells_it_to() -> None:
    made = [node for _, node in calls("subscriber") if "group_id" in _said(node)]
    found = [_said(node).get("no_reply") for node in made]

    assert found == ["True"]


def test_no_client_makes_a_topic_by_asking_for_it() -> None:
    assert [_said(node).get("allow_auto_create_topics") for _, node in calls("KafkaBroker")] == ["False"]
    source = (ROOT / "shared" / "embedded" / "kafka.py").read_text()
    assert '"auto.create.topics.enable": "false"' in source
    assert 'KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false"' in (ROOT / "docker-compose.yml").read_text()


def test_templates_are_ours_strict_and_escaped() -> None:
    assert list(calls("from_string")) == []
    environments = [_said(node) for _, node in calls("Environment") if "loader" in _said(node)]
    assert environments
    for said in environments:
        assert said["undefined"] == "StrictUndefined"
        assert said["autoescape"].startswith("select_autoescape(('html',)")


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_rights_name_one_thing_each_and_make_nothing(principal: str) -> None:
    rights = rights_of(principal)

    assert {right.operation for right in rights} <= {Operation.READ, Operation.WRITE, Operation.DESCRIBE}
    assert not [right.name for right in rights if "*" in right.name or not right.name]
    groups = {right.name for right in rights if right.kind is Kind.GROUP}
    assert groups <= {f"closebook.{principal}"}


def test_a_unit_of_work_cannot_commit() -> None:
    assert not {"commit", "rollback", "begin"} & set(dir(Work))
