"""`closebook held` and `closebook audit`: what waits in the services, and what people did there."""

from collections.abc import Iterator
from typing import Any

from shared.cli import environment, output
from shared.cli.api import Api
from shared.cli.options import DataDir, JsonFlag, OnlyService
from shared.events.topics import LINE_OF_SERVICES

_HELD = ("service", "topic", "partition", "offset", "needs", "amount_pence", "since_book", "since")
_AUDIT = ("service", "id", "at", "who", "from_address", "approved_by", "action", "subject", "reason")


def held(*, service: OnlyService = None, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List events that wait: for what, since which book, and the pence they carry."""
    found = _asked(Api(environment.resolve(data)), service, "/bus/held", "event_uid")
    _tell("held events", found, _HELD, as_json)


def audit(*, service: OnlyService = None, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List what people did: who, from where, what, when, why, and who approved it."""
    found = _asked(Api(environment.resolve(data)), service, "/bus/audit", "id")
    _tell("deeds", found, _AUDIT, as_json)


def _asked(api: Api, service: str | None, path: str, name: str) -> list[dict[str, Any]]:
    services = (service,) if service else LINE_OF_SERVICES
    return [{"service": one, **row} for one in services for row in _pages(api, one, path, name)]


def _pages(api: Api, service: str, path: str, name: str) -> Iterator[dict[str, Any]]:
    params: dict[str, str] = {}
    while rows := api.get(service, path, params):
        yield from rows
        params = {"after": str(rows[-1][name])}


def _tell(what: str, found: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        output.write_json(found)
        return
    rows = [tuple(row.get(name) for name in columns) for row in found]
    output.show(
        output.table(f"{len(found)} {what}", columns, rows, right=("id", "partition", "offset", "amount_pence"))
    )
