"""The annual detailed statement of an account (Code of Conduct 3.4), from the ledger, tied to the year's statements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import asyncpg

from services.billing.db import ledger, questions
from services.billing.db import statements as stored
from services.billing.db.statements import StatementRow
from services.billing.domain import annual_statements as rules
from services.billing.domain import refs, statements
from services.billing.domain.lines import Line
from services.billing.usecases.annual_documents import read_words
from services.billing.usecases.documents import statement_line
from services.billing.usecases.questions import Answer, present

_FIGURES = ("statement_no", "quarter", "issued_on", "brought_forward_pence", "total_pence", "balance_pence")


async def annual_statement(connection: asyncpg.Connection, reference: str, year: int) -> Answer | None:
    """Return what an account's statements of a year's quarters billed; nothing when no account has the reference.

    Without any (a year that is not billed yet, the association's own account) it is what the ledger has of the year by
    value date: ``basis`` says which.  ``brought_forward_pence`` + ``total_pence`` = ``balance_pence``, the last
    statement's or the ledger's at the year's end; ``ties`` says whether the lines make every statement's total, and all
    statements the year's.
    """
    row = await questions.find_account(connection, refs.normalised(reference), None)
    if row is None:
        return None
    all_ = await stored.list_statements(connection, [row.account_id])
    own = [one for one in all_ if one.quarter in rules.quarters(year)]
    lines = (await ledger.load_lines(connection, [row.account_id])).get(row.account_id, [])
    heads = [one.head for one in all_]
    if own:
        carried = rules.carried(lines, heads, {one.statement_no for one in own})
        brought_forward = own[0].brought_forward_pence
    else:
        carried = [pair for pair in rules.numbered(lines, heads) if pair[0].value_on.year == year]
        brought_forward = rules.before(lines, year)
    told = rules.summary(line for line, _ in carried)
    return {
        "account_ref": row.account_ref, "unit_id": row.unit_id, "year": year,
        "basis": rules.Basis.STATEMENTS if own else rules.Basis.LEDGER,
        "brought_forward_pence": brought_forward,
        "heads": [asdict(head) for head in told.heads],
        "others": [{"kind": kind, "amount_pence": pence} for kind, pence in told.others.items()],
        "total_pence": told.total_pence,
        "balance_pence": brought_forward + told.total_pence,
        "lines": await _lines(connection, row.account_id, carried, statements.origins(lines, heads)),
        "statements": [{name: getattr(one, name) for name in _FIGURES} for one in own],
        "ties": _ties(own, carried, brought_forward + told.total_pence),
    }  # fmt: skip


def _ties(own: Sequence[StatementRow], carried: rules.Numbered, balance_pence: int) -> bool:
    """Say whether each statement's total is that of its lines, and the last one's balance that of the year."""
    made: Counter[str | None] = Counter()
    for line, statement_no in carried:
        made[statement_no] += line.amount_pence
    last = own[-1].balance_pence if own else balance_pence
    return all(one.total_pence == made[one.statement_no] for one in own) and last == balance_pence


async def _lines(
    connection: asyncpg.Connection, account_id: str, carried: rules.Numbered, origins: Mapping[Line, str]
) -> list[Answer]:
    """Return each line as its statement shows it, with the days of the work."""
    words = await read_words(connection, [account_id], [line for line, _ in carried])
    return [
        present(vars(statement_line(line, account_id, words.notes, origins)))
        | present(words.works.get(line.charge_id or "", {}))
        | {"statement_no": statement_no}
        for line, statement_no in carried
    ]
