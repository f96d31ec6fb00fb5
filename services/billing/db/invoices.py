"""Queries about suppliers' invoices that came as more than one charge."""

from datetime import date

import asyncpg

from services.billing.domain.invoices import Billed, Invoice

_AGAIN = """
select supplier, invoice_number, array_agg(charge_id order by book, charge_id),
  array_agg(net_pence + tax_pence order by book, charge_id)
from billing.charges as charge
where supplier is not null and invoice_number is not null and net_pence + tax_pence > coalesce(
  (select sum(credit.amount_pence) from billing.credits as credit where credit.charge_id = charge.charge_id), 0)
group by supplier, invoice_number having count(*) > 1 and bool_or(raised_on >= $1 or book > $1)
order by supplier, invoice_number
"""


async def list_again(connection: asyncpg.Connection, since: date) -> list[Invoice]:
    """Return the invoices behind several charges that are not credited whole, if one of them is news.

    News is what is dated ``since``, the first day of a quarter that is billed, or was learnt after that day.
    """
    return [
        Invoice(supplier, number, tuple(map(Billed, charge_ids, pence)))
        for supplier, number, charge_ids, pence in map(tuple, await connection.fetch(_AGAIN, since))
    ]
