"""Kafka's access control lists from the table of rights: ``python -m shared.embedded.acls`` grants them all.

``--simulation`` grants the simulated housing system its rights too, which only a demonstration wants.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest

from shared import secret_files
from shared.embedded.errors import ServerError
from shared.events.access import PRINCIPALS, SIMULATION, Right, rights_of
from shared.kafka_security import KafkaSecurity

_LITERAL, _ALLOW, _ANY_HOST = 3, 3, "*"


class _Granter(AIOKafkaAdminClient):  # type: ignore[misc]  # the library has no types
    """The library speaks the request, but its client has no method for it."""

    async def grant(self, right: Right) -> None:
        """Allow one thing; allowing it again changes nothing.  Raises ``ServerError`` when the broker refuses."""
        request = CreateAclsRequest(
            right.kind, right.name, _LITERAL, f"User:{right.user}", _ANY_HOST, right.operation, _ALLOW
        )
        answer = await self._send_to_controller(request)
        for code, words in answer.creation_responses:
            if code:
                raise ServerError(f"Kafka refused {right}: {words or for_code(code).__name__}.")


async def grant(client: Mapping[str, Any], rights: Iterable[Right]) -> None:
    """Write the rights; ``client`` is what a client of an administrator is made with.

    Raises ``ServerError`` when the broker does not answer, has no authorizer, or does not know us as administrator.
    """
    granter = _Granter(**client, request_timeout_ms=10_000)
    try:
        await granter.start()
        for right in rights:
            await granter.grant(right)
    except (KafkaError, OSError, TimeoutError) as error:
        raise ServerError(f"Kafka's rights could not be written: {type(error).__name__}.") from error
    finally:
        await granter.close()


def main() -> int:
    """Grant every principal its rights on the broker that the environment names; return the exit code."""
    whose = _principals()
    try:
        variables = secret_files.variables(os.environ)
        rights = [right for who in whose for right in rights_of(who, variables.get("CLOSEBOOK_TOPIC_PREFIX", ""))]
        client = {"bootstrap_servers": variables["CLOSEBOOK_KAFKA"], **KafkaSecurity.of(variables).options()}
        asyncio.run(grant(client, rights))
    except KeyError:
        return _complain("CLOSEBOOK_KAFKA is not set: it names the broker, host:port.")
    except (ServerError, OSError, ValueError) as error:
        return _complain(str(error))
    print(f"{len(rights)} rights granted to {len(whose)} users.")  # noqa: T201 - a command
    return 0


def _principals() -> tuple[str, ...]:
    parser = argparse.ArgumentParser(prog="python -m shared.embedded.acls", description=__doc__)
    parser.add_argument("--simulation", action="store_true", help="also the simulated housing system of the demo")
    return (*PRINCIPALS, SIMULATION) if parser.parse_args().simulation else PRINCIPALS


def _complain(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
