"""A topic that somebody else made is used only if it keeps what it is told for as long, and as safely, as it must."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.embedded import topics
from shared.embedded.errors import ServerError
from shared.events.topics import CHANNELS, CHARGE_RAISED
from tests.support.kafka_tools import KafkaTools


async def made(kafka: KafkaTools, **settings: str) -> None:
    """Make the topic of charges as a housing team might."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        name = kafka.prefix + CHARGE_RAISED.topic
        await admin.create_topics([NewTopic(name, kafka.partitions, 1, topic_configs=settings)])
    finally:
        await admin.close()


async def test_a_topic_that_forgets_is_refused_with_what_mends_it(kafka: KafkaTools) -> None:
    await made(kafka, **{"retention.ms": "604800000", "cleanup.policy": "compact"})
    with pytest.raises(ServerError) as refused:
        await kafka.provide(CHARGE_RAISED)
    said = str(refused.value)
    assert f"{kafka.prefix}{CHARGE_RAISED.topic} has cleanup.policy=compact (must be delete)" in said
    assert "retention.ms=604800000 (must be -1)" in said
    assert "message.timestamp.type=CreateTime (must be LogAppendTime)" in said
    assert "kafka-configs.sh" in said
    await kafka.forget([CHARGE_RAISED.topic])


async def test_every_topic_we_made_ourselves_is_as_it_must_be(kafka: KafkaTools) -> None:
    await kafka.provide()
    await kafka.provide()


async def test_a_topic_on_fewer_brokers_than_it_must_be_is_refused(kafka: KafkaTools) -> None:
    await kafka.provide(CHARGE_RAISED)
    with pytest.raises(ServerError, match=r"has replicas=1 \(must be 2\), min.insync.replicas=1 \(must be 2\)"):
        await topics.provision(
            kafka.bootstrap, partitions=kafka.partitions, prefix=kafka.prefix, replicas=2, channels=(CHARGE_RAISED,)
        )


@pytest.mark.parametrize(("replicas", "needed"), [(1, "1"), (2, "2"), (3, "2")])
def test_what_is_acknowledged_is_on_two_brokers_where_there_are_two(replicas: int, needed: str) -> None:
    for channel in CHANNELS:
        settings = topics._topic(channel, "", 12, replicas).topic_configs
        assert settings["min.insync.replicas"] == needed
        assert settings["unclean.leader.election.enable"] == "false"
