"""`closebook proposals`: commands that one person proposed and another approves."""

from typing import Annotated, Any

import typer

from shared.bus.bodies import HIGHEST_NUMBER
from shared.cli import environment, output
from shared.cli.api import FINANCE, Api, acting
from shared.cli.asked import asked_lines, decision_line, head_line
from shared.cli.asking import listed
from shared.cli.options import As, DataDir, JsonFlag, OnlyService, Service

second_person = typer.Typer(help="List, look at, approve and reject commands that need a second person.")

_FIELDS = ("service", "id", "kind", "subject", "why", "proposed_by", "status", "decided_by")

Number = Annotated[
    int,
    typer.Argument(
        metavar="ID", min=1, max=HIGHEST_NUMBER, help="The proposal's id, as `list` shows it.", show_default=False
    ),
]


@second_person.command("list")
def list_proposals(
    *,
    service: OnlyService = None,
    status: Annotated[
        str | None, typer.Option("--status", help="Only open, approved, rejected or expired.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """List proposals: what, why, by whom, and what became of them."""
    api = Api(environment.resolve(data))
    params = {"status": status} if status else {}
    found = listed(service, lambda name: api.get(name, "/bus/proposals", params))
    if as_json:
        output.write_json(found.rows)
    else:
        rows = [tuple(proposal.get(name) for name in _FIELDS) for proposal in found.rows]
        output.show(output.table(output.counted(len(rows), "proposal"), _FIELDS, rows, right=("id",)))
        if rows:
            output.say("`closebook proposals show SERVICE ID` says what one asks for.")
    found.require_all()


@second_person.command("show")
def show_proposal(service: Service, number: Number, *, as_json: JsonFlag = False, data: DataDir = None) -> None:
    """Show one proposal whole, with what it would do."""
    proposal = Api(environment.resolve(data)).get(service, f"/bus/proposals/{number}")
    if as_json:
        output.write_json(proposal)
        return
    _tell_what_is_asked(service, proposal)
    output.tell(decision_line(proposal))


@second_person.command("approve")
def approve(
    service: Service,
    number: Number,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why it is right.")] = "approved",
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Say what another person's proposal asks for and let it take effect; approving it twice does no harm."""
    api = acting(data, role, FINANCE)
    if not as_json:
        _tell_what_is_asked(service, api.get(service, f"/bus/proposals/{number}"))
    _decide(service, number, "approve", reason, as_json, api)


@second_person.command("reject")
def reject(
    service: Service,
    number: Number,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why not.", show_default=False)],
    role: As = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Put a proposal away; whoever made it may withdraw it."""
    _decide(service, number, "reject", reason, as_json, acting(data, role, FINANCE))


def _tell_what_is_asked(service: str, proposal: dict[str, Any]) -> None:
    for line in (head_line(service, proposal), *asked_lines(proposal)):
        output.tell(line)


def _decide(service: str, number: int, decision: str, reason: str, as_json: bool, api: Api) -> None:
    answer: dict[str, Any] = api.post(service, f"/bus/proposals/{number}/{decision}", {"reason": reason})
    output.answer(answer, f"{service}: proposal {number} {answer['status']}.", as_json=as_json)
