"""Topics as the contract's table wants them: created when missing, never changed behind anyone's back.

Used by the embedded stack, by the one-shot of compose and by ``python -m shared.embedded.topics``.
"""

import asyncio
import os
import sys
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from shared import secret_files
from shared.embedded import topic_checks
from shared.embedded.errors import ServerError
from shared.events.topics import CHANNELS, Channel, Retention
from shared.kafka_security import KafkaSecurity

_DAY_MS = 24 * 60 * 60 * 1000
_THIRTY_DAYS_MS = 30 * _DAY_MS
_ALREADY_EXISTS = 36
# A producer's wrong clock decides nothing: neither how long its records are kept nor whether the broker takes them.
_BROKERS_CLOCK = {"message.timestamp.type": "LogAppendTime"}
_SETTINGS = {
    Retention.FOREVER: {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", **_BROKERS_CLOCK},
    Retention.THIRTY_DAYS: {"cleanup.policy": "delete", "retention.ms": str(_THIRTY_DAYS_MS), **_BROKERS_CLOCK},
    # A hearer that was away for a week still learns that somebody was erased; after two weeks Kafka has forgotten them.
    Retention.COMPACTED: {
        "cleanup.policy": "compact",
        "retention.ms": "-1",
        "min.compaction.lag.ms": str(7 * _DAY_MS),
        "max.compaction.lag.ms": str(14 * _DAY_MS),
        "delete.retention.ms": str(_THIRTY_DAYS_MS),
        **_BROKERS_CLOCK,
    },
}


async def provision(
    bootstrap: str,
    *,
    partitions: int,
    prefix: str = "",
    replicas: int = 1,
    channels: Iterable[Channel] = CHANNELS,
    access: KafkaSecurity | None = None,
) -> None:
    """Create every channel's topic that is missing.

    Raises ``ServerError`` when the broker does not answer or refuses, or when a topic is there that is not as it must
    be (``topic_checks``).
    """
    wanted = [_topic(channel, prefix, partitions, replicas) for channel in channels]
    options = (access or KafkaSecurity()).options()
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=20_000, **options)
    try:
        await admin.start()
        answer = await admin.create_topics(wanted, timeout_ms=15_000)
        existing = _existing(answer.topic_errors)
        if existing:
            await topic_checks.check(admin, wanted, existing)
    except (KafkaError, OSError, TimeoutError) as error:
        raise ServerError(f"Kafka at {bootstrap} could not create the topics: {error}.") from error
    finally:
        await admin.close()


def _topic(channel: Channel, prefix: str, partitions: int, replicas: int) -> NewTopic:
    return NewTopic(
        name=prefix + channel.topic,
        num_partitions=1 if channel.single else partitions,
        replication_factor=replicas,
        topic_configs=_SETTINGS[channel.retention] | _safe(replicas),
    )


def _safe(replicas: int) -> dict[str, str]:
    """Return what keeps an acknowledged record: two brokers have it, where there are two, and no other leads."""
    return {"min.insync.replicas": str(min(2, replicas)), "unclean.leader.election.enable": "false"}


def _existing(topic_errors: Iterable[tuple[str, int, str]]) -> list[str]:
    """Return the topics that were there before; a refusal does not raise by itself, it must be read."""
    existing = []
    for name, code, *text in topic_errors:
        if code == _ALREADY_EXISTS:
            existing.append(name)
        elif code:
            why = (text[0] if text else "") or for_code(code).__name__
            raise ServerError(f"Kafka refused to create the topic {name}: {why}.")
    return existing


def main() -> int:
    """Provision the broker that the environment names; return the exit code."""
    try:
        environment = secret_files.variables(os.environ)
        asyncio.run(
            provision(
                environment["CLOSEBOOK_KAFKA"],
                partitions=int(environment.get("CLOSEBOOK_PARTITIONS", "12")),
                prefix=environment.get("CLOSEBOOK_TOPIC_PREFIX", ""),
                replicas=int(environment.get("CLOSEBOOK_REPLICAS", "1")),
                access=KafkaSecurity.of(environment),
            )
        )
    except KeyError as missing:
        return _complain(f"{missing.args[0]} is not set: it names the broker, host:port.")
    except (ServerError, OSError, ValueError) as error:
        return _complain(str(error))
    return 0


def _complain(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
