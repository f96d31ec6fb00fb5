"""Whether topics that are there already are as the contract wants them; none is changed behind anyone's back."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from shared.embedded.errors import ServerError

_LOOKS, _LOOK_S = 50, 0.1


async def check(admin: AIOKafkaAdminClient, wanted: Iterable[NewTopic], existing: list[str]) -> None:
    """Compare topics that exist with what is wanted of them.

    Raises ``ServerError`` with one sentence: other partitions (more would move keys), fewer replicas, or settings by
    which Kafka would forget what must be kept.
    """
    there = [topic for topic in wanted if topic.name in existing]
    described = await _partitions(admin, existing)
    for topic in there:
        _check_partitions(topic, len(described[topic.name]))
    settings = await _settings(admin, there)
    found = [(topic.name, _differences(topic, described[topic.name], settings[topic.name])) for topic in there]
    wrong = [f"The topic {name} has {', '.join(differences)}" for name, differences in found if differences]
    if wrong:
        raise ServerError(
            f"{'; '.join(wrong)}. Change them with Kafka's kafka-configs.sh (replicas: kafka-reassign-partitions.sh)."
        )


async def _partitions(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the partitions of each topic; one that was made a moment ago has leaders a moment later."""
    for _ in range(_LOOKS):
        described = await admin.describe_topics(names)
        if all(topic["partitions"] for topic in described):
            break
        await asyncio.sleep(_LOOK_S)
    return {str(topic["topic"]): topic["partitions"] for topic in described}


def _check_partitions(topic: NewTopic, count: int) -> None:
    if count != topic.num_partitions:
        raise ServerError(
            f"The topic {topic.name} has {count} partitions, the settings say {topic.num_partitions}: "
            f"set CLOSEBOOK_PARTITIONS to what the installation was made with."
        )


def _differences(topic: NewTopic, partitions: list[dict[str, Any]], found: Mapping[str, str]) -> list[str]:
    """Say what a topic has and must not have; more brokers than wanted do no harm."""
    fewest = min(len(partition["replicas"]) for partition in partitions)
    wrong = [f"replicas={fewest} (must be {topic.replication_factor})"] if fewest < topic.replication_factor else []
    for name, must in topic.topic_configs.items():
        has = found.get(name, "nothing")
        more = name == "min.insync.replicas" and has.isdigit() and int(has) > int(must)
        if has != must and not more:
            wrong.append(f"{name}={has} (must be {must})")
    return wrong


async def _settings(admin: AIOKafkaAdminClient, topics: Iterable[NewTopic]) -> dict[str, dict[str, str]]:
    """Return the settings of each topic as they hold, the broker's own where the topic has none."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name, topic.topic_configs) for topic in topics]
    answers = await admin.describe_configs(asked)
    found = {}
    for code, words, _, name, entries in (resource for answer in answers for resource in answer.resources):
        if code:
            raise ServerError(
                f"Kafka did not tell the settings of the topic {name}: {words or for_code(code).__name__}."
            )
        found[name] = {entry[0]: entry[1] for entry in entries}
    return found
