"""`closebook held` and `closebook audit`: what waits in the services, and what people did there."""

from collections.abc import Iterator
from typing import Any

from shared.cli import environment, output
from shared.cli.api import Api
from shared.cli.asking import Listed, listed
from shared.cli.errors import CliError
from shared.cli.options import DataDir, JsonFlag, OnlyService

_HELD = ("service", "topic", "partition", "offset", "needs", "amount_pence", "since_book", "since")
_AUDIT = ("service", "id", "at", "who", "from_address", "approved_by", "action", "subject", "reason")


def held(*, service: OnlyService = None, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List events that wait: for what, since which book, and the pence they carry."""
    api = Api(environment.resolve(data))
    found = _asked(api, service, "/bus/held", "event_uid")
    if not as_json and service in {None, "billing"} and "billing" not in found.silent:
        _tell_of_suspense(api)
    _tell("held events", found, _HELD, as_json)


def _tell_of_suspense(api: Api) -> None:
    """Say how many charges wait in billing's books: they were taken in, so they are no held events."""
    try:
        waiting = api.get("billing", "/suspense")
    except CliError as error:
        output.say(f"Whether charges wait in suspense is not known: {error.problem}")
        return
    charges = len({one["charge_id"] for one in waiting["charges"]})
    if charges:
        wait = "1 charge waits" if charges == 1 else f"{charges} charges wait"
        pounds = output.pounds(waiting["charges_pence"])
        output.say(f"{wait} in suspense, {pounds} in all: `closebook suspense` says for what, and since when.")


def audit(*, service: OnlyService = None, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """List what people did: who, from where, what, when, why, and who approved it."""
    found = _asked(Api(environment.resolve(data)), service, "/bus/audit", "id")
    _tell("deeds", found, _AUDIT, as_json)


def _asked(api: Api, service: str | None, path: str, name: str) -> Listed:
    return listed(service, lambda one: _pages(api, one, path, name))


def _pages(api: Api, service: str, path: str, name: str) -> Iterator[dict[str, Any]]:
    params: dict[str, str] = {}
    while rows := api.get(service, path, params):
        yield from rows
        params = {"after": str(rows[-1][name])}


def _tell(what: str, found: Listed, columns: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        output.write_json(found.rows)
    else:
        rows = [tuple(row.get(name) for name in columns) for row in found.rows]
        right = ("id", "partition", "offset", "amount_pence")
        output.show(output.table(f"{len(rows)} {what}", columns, rows, right=right))
    found.require_all()
