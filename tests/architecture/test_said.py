"""Every topic that a service has of its own is said in its use cases, or is listed as not said yet."""

import ast

import pytest

from shared.events import topics
from shared.events.topics import LINE_OF_SERVICES, NOT_YET_SAID, Channel, said_by
from tests.architecture.source import service_room, tree

_CONSTANTS = {name: value for name, value in vars(topics).items() if isinstance(value, Channel)}


def of_its_own(service: str) -> set[str]:
    """The topics of a service but those that the bus says for every service."""
    by_the_bus = [*topics.DAY_CLOSED.values(), *topics.EVENT_REJECTED.values(), *topics.TAKEN_IN.values()]
    return {channel.topic for channel in said_by(service) if channel not in by_the_bus}


def named_in_use_cases(service: str) -> set[str]:
    names = {
        node.id
        for path in service_room(service, "usecases")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Name) and node.id in _CONSTANTS
    }
    return {_CONSTANTS[name].topic for name in names}


@pytest.mark.parametrize("service", LINE_OF_SERVICES)
def test_a_topic_is_said_or_listed_as_not_said_yet(service: str) -> None:
    said, unsaid = named_in_use_cases(service), {channel.topic for channel in NOT_YET_SAID}

    assert of_its_own(service) == (said | unsaid) & of_its_own(service)
    assert not said & unsaid
