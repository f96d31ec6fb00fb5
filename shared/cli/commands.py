"""The table of commands: each is imported when it is given, so that a question does not pay for the servers."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Final

import typer

COMMANDS: Final[Mapping[str, str]] = {
    "demo": "demo:demo",
    "up": "up:up",
    "stop": "services:stop",
    "start": "services:start",
    "publish": "publish:publish",
    "close": "close:close",
    "scheduler": "scheduler:scheduler",
    "settle": "settle:settle",
    "republish": "republish:republish",
    "accounts": "accounts:accounts",
    "account": "account:account",
    "explain": "explain:explain",
    "settlement": "settlement:settlement",
    "final-accounts": "final_accounts:final_accounts",
    "trial-balance": "trial_balance:trial_balance",
    "period": "period:period",
    "aged-debt": "aged_debt:aged_debt",
    "movement": "movement:movement",
    "collection-rate": "collection_rate:collection_rate",
    "profit-and-loss": "profit_and_loss:profit_and_loss",
    "reconcile": "reconcile:reconcile",
    "suspense": "suspense:bench",
    "bank": "bank:bank",
    "refunds": "refunds:bench",
    "returns": "returns:returns",
    "arrears": "arrears:arrears",
    "holds": "holds:bench",
    "plans": "plans:bench",
    "notices": "notices:bench",
    "letters": "letters:letters",
    "dead-letters": "dead_letters:bench",
    "proposals": "proposals:second_person",
    "erase": "erase:erase",
    "export": "export:exports",
    "write-off": "write_offs:given_up",
    "prescription": "prescription:bench",
    "interest": "interest:interest",
    "fees": "fees:fees",
    "disputes": "disputes:bench",
    "direct-debit": "direct_debit:bench",
    "floats": "owners_money:floats",
    "reserve-funds": "owners_money:funds",
    "statements": "statements:bench",
    "held": "records:held",
    "audit": "records:audit",
    "share-set": "share_sets:sets",
    "status": "status:status",
    "verify": "verify:verify",
    "rebuild": "rebuild:rebuild",
    "backup": "backup:backup",
    "restore": "restore:restore",
}
"""Each command, in the order of the help, and where it is: a module beside this one, and its function or its group."""


def application(names: Iterable[str]) -> typer.Typer:
    """Return the command line with these commands: one that is not named costs no import (half a second in all)."""
    line = typer.Typer(
        name="closebook",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    line.callback()(_closebook)
    for name in names:
        module, _, member = COMMANDS[name].partition(":")
        command = getattr(import_module(f"shared.cli.{module}"), member)
        if isinstance(command, typer.Typer):
            line.add_typer(command, name=name)
        else:
            line.command(name)(command)
    return line


def _closebook() -> None:
    """Closebook: the event-driven back office of a property factor."""
