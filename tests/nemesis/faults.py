"""How each fault is done to a plant, and undone."""

import asyncio
from signal import SIGCONT, SIGQUIT, SIGSTOP

from tests.nemesis.schedule import Fault
from tests.support.faults import Plant


async def strike(plant: Plant, fault: Fault) -> None:
    """Do a fault, let it last, undo it; a process that another fault has ended meanwhile is started again."""
    await _FAULTS[fault.what](plant, fault)


async def _kill(plant: Plant, fault: Fault) -> None:
    plant.stack.kill_service(fault.target)
    await asyncio.sleep(fault.lasts_s)
    _revive(plant, fault.target)


async def _freeze(plant: Plant, fault: Fault) -> None:
    child = plant.stack.processes[fault.target, 1].child
    child.send(SIGSTOP)
    await asyncio.sleep(fault.lasts_s)
    child.send(SIGCONT)
    _revive(plant, fault.target)


async def _second(plant: Plant, fault: Fault) -> None:
    """A second process takes over partitions, then one of the two dies."""
    plant.spawn(fault.target, 2)
    await asyncio.sleep(fault.lasts_s)
    plant.stack.kill_service(fault.target, 2)
    await plant.until_dead(fault.target, 2)
    _revive(plant, fault.target)


async def _restart_postgres(plant: Plant, fault: Fault) -> None:
    plant.postgres.process.send(SIGQUIT)
    await plant.postgres.process.wait(30)
    await asyncio.sleep(fault.lasts_s)
    await plant.postgres.start()


async def _freeze_broker(plant: Plant, fault: Fault) -> None:
    plant.kafka.process.send(SIGSTOP)
    await asyncio.sleep(fault.lasts_s)
    plant.kafka.process.send(SIGCONT)


async def _kill_broker(plant: Plant, fault: Fault) -> None:
    plant.kafka.kill()
    await asyncio.sleep(fault.lasts_s)
    await plant.kafka.start()


async def _lose_mail_server(plant: Plant, fault: Fault) -> None:
    await plant.mail.stop()
    await asyncio.sleep(fault.lasts_s)
    await plant.mail.start()


async def _silence_mail_server(plant: Plant, fault: Fault) -> None:
    """The next message is taken, and the connection cut instead of an answer."""
    plant.mail.drop_after_dot = 1
    await asyncio.sleep(fault.lasts_s)
    plant.mail.drop_after_dot = 0


def _revive(plant: Plant, service: str) -> None:
    if not plant.stack.processes[service, 1].child.running:
        plant.spawn(service)


_FAULTS = {
    "kill": _kill,
    "freeze": _freeze,
    "second": _second,
    "postgres-restart": _restart_postgres,
    "broker-freeze": _freeze_broker,
    "broker-kill": _kill_broker,
    "mail-away": _lose_mail_server,
    "mail-silent": _silence_mail_server,
}
