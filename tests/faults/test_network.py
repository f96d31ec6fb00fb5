"""The network between the services and their servers: cut, silent, slow, half closed, altered (reliability.md c3)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio

from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.ports import free_ports
from shared.embedded.stack import PostgresServer
from shared.events.topics import LINE_OF_SERVICES
from tests.support.faults import Plant
from tests.support.plant_making import make_plant
from tests.support.plant_parts import until_quiet
from tests.support.proxy import Proxy
from tests.support.servers import Databases


@dataclass(frozen=True)
class Network:
    """A plant whose services reach Kafka and PostgreSQL through proxies only; the test itself goes past them."""

    plant: Plant
    proxies: dict[str, Proxy]

    def heal(self) -> None:
        """Let both proxies pass everything on again."""
        for proxy in self.proxies.values():
            proxy.heal()


@pytest_asyncio.fixture(scope="module")
async def module_network(
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
    module_databases: Databases,
    module_topic_prefix: str,
) -> AsyncIterator[Network]:
    folder = tmp_path_factory.mktemp("network")
    proxies = {"kafka": await Proxy(0).start(), "postgresql": await Proxy(_port(postgres.admin_url)).start()}
    kafka = _broker_behind(proxies["kafka"], folder)
    await kafka.start()
    urls = {service: await module_databases(service) for service in LINE_OF_SERVICES}
    addresses = {
        f"{service.upper()}_DATABASE_URL": _moved(urls[service].app_url, proxies["postgresql"].port)
        for service in LINE_OF_SERVICES
    }
    addresses["CLOSEBOOK_KAFKA"] = f"127.0.0.1:{proxies['kafka'].port}"
    plant = await make_plant(folder, kafka, postgres, urls, module_topic_prefix, addresses)
    try:
        yield Network(plant, proxies)
    finally:
        for proxy in proxies.values():
            proxy.heal()
        await plant.stop()
        await kafka.stop()
        for proxy in proxies.values():
            await proxy.stop()


@pytest_asyncio.fixture
async def network(module_network: Network) -> AsyncIterator[Network]:
    module_network.heal()
    await module_network.plant.heal()
    yield module_network
    module_network.heal()


def _broker_behind(proxy: Proxy, folder: object) -> EmbeddedKafka:
    """Return a broker with a second listener, whose clients are told the proxy's address."""
    client, proxied, controller = free_ports(3)
    proxy.target_port = proxied
    listeners = f"CLIENT://127.0.0.1:{client},PROXIED://127.0.0.1:{proxied}"
    settings = {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"CLIENT://127.0.0.1:{client},PROXIED://127.0.0.1:{proxy.port}",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
    }
    return EmbeddedKafka(folder / "kafka", port=client, settings=settings)  # type: ignore[operator]


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def _moved(url: str, port: int) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{port}")))


async def _cut(proxy: Proxy) -> None:
    """F41: every connection is reset, five times within two seconds."""
    for _ in range(5):
        proxy.cut()
        await asyncio.sleep(0.4)


async def _black_hole(proxy: Proxy) -> None:
    """F42, F43: nothing is refused and nothing arrives, for longer than every time limit."""
    proxy.silent = True
    await asyncio.sleep(15)


async def _slow(proxy: Proxy) -> None:
    """F44: half a second for each piece, in both directions."""
    proxy.delay_s = 0.5
    await asyncio.sleep(10)


async def _half_close(proxy: Proxy) -> None:
    """F41: the other side says that no more comes, and stays."""
    for _ in range(3):
        proxy.half_close()
        await asyncio.sleep(1)


async def _away(proxy: Proxy) -> None:
    """F19, F45: connections are refused for ten seconds, the other server still answers."""
    await proxy.stop()
    await asyncio.sleep(10)
    await proxy.start()


_FAULTS = (
    ("kafka", _cut), ("postgresql", _cut), ("kafka", _black_hole), ("postgresql", _black_hole), ("kafka", _slow),
    ("postgresql", _slow), ("kafka", _half_close), ("postgresql", _half_close), ("kafka", _away),
    ("postgresql", _away),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("server", "fault"), _FAULTS)
async def test_a_bad_network_costs_time_only(network: Network, server: str, fault: Callable[..., object]) -> None:
    plant = network.plant
    since = {service: plant.mark(service) for service in LINE_OF_SERVICES}
    pids = [plant.stack.processes[service, 1].child.pid for service in LINE_OF_SERVICES]
    async with plant.load():
        await plant.until_moving("billing")
        await fault(network.proxies[server])  # type: ignore[misc]
        network.heal()
        await plant.until_moving("billing", seconds=60)
    await plant.close_day(seconds=90)
    await plant.prove(90)
    assert [plant.stack.processes[service, 1].child.pid for service in LINE_OF_SERVICES] == pids
    assert all(plant.stack.processes[service, 1].child.running for service in LINE_OF_SERVICES)
    assert not [line for service, mark in since.items() for line in plant.said(service, "dead_letter", mark)]


@pytest.mark.slow
@pytest.mark.parametrize("arrived", [True, False])
async def test_a_connection_lost_during_commit_is_decided_by_the_position(network: Network, arrived: bool) -> None:
    """F50: the word COMMIT reaches the server or not, its answer never does; what was committed is not done again."""
    plant, proxy = network.plant, network.proxies["postgresql"]
    await plant.settle()
    cuts = 0

    def towards_server(piece: bytes) -> bytes | None:
        nonlocal cuts
        if b"COMMIT;" not in piece or cuts == 3:
            return piece
        cuts += 1
        if arrived:
            proxy.towards_client = lambda _: None
            return piece
        return None

    def again() -> None:
        proxy.towards_client = None

    proxy.towards_server = towards_server
    await plant.say_many(plant.mixture(30))

    async def cut_often() -> str:
        if proxy.towards_client is not None:
            await asyncio.sleep(0.2)  # the answer meets the cut; the next connection passes again
            again()
        return "" if cuts == 3 else f"{cuts} commits were cut"

    await until_quiet(cut_often, 60)
    network.heal()
    await plant.close_day()
    await plant.prove(90)


@pytest.mark.slow
async def test_a_record_altered_on_the_way_is_read_again_and_never_believed(network: Network) -> None:
    """F37: one letter of a batch is another; its check sum says so, and the batch is fetched again."""
    plant, proxy = network.plant, network.proxies["kafka"]
    await plant.settle()
    altered = 0

    def towards_client(piece: bytes) -> bytes:
        nonlocal altered
        if altered == 2 or b"FAULT-37" not in piece:
            return piece
        altered += 1
        return piece.replace(b"FAULT-37", b"FAULT-73", 1)

    proxy.towards_client = towards_client
    await plant.say([plant.charge("U01", 37_00, description="FAULT-37")])

    async def charged() -> str:
        found = await plant.value("billing", "select count(*) from billing.charges where description = 'FAULT-37'")
        return "" if found else "the charge is not there"

    await until_quiet(charged, 60)
    assert altered == 2
    assert not await plant.value("billing", "select count(*) from billing.charges where description = 'FAULT-73'")
    await plant.prove()
