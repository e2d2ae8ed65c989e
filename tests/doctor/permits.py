"""Permits in tests: made on a site, and what their holder does with them."""

from collections.abc import Mapping
from typing import Any

import httpx
from sqlalchemy import func, select

from coatcheck.doctor.make_permit import make_permit
from coatcheck.doctor.permit import HEADER, Permit
from coatcheck.storage.tables import metadata
from tests.site import VISIT, Site, sign_in

DOCTOR = "198.51.100.40"
"""Where the doctor comes from."""


async def permit_of(site: Site, mail_to: str | None = None) -> Permit:
    """Have the operator make a permit."""
    return await make_permit(site.desk, VISIT, actor="operator", mail_to=mail_to)


def doctor(site: Site, permit: Permit | None, *, address: str = DOCTOR) -> httpx.AsyncClient:
    """Open the doctor's browser; without a permit, anybody's from the same place."""
    headers: Mapping[str, str] = {HEADER: permit.header} if permit else {}
    return site.browser(address=address, headers=headers)


async def guesses(browser: httpx.AsyncClient, email: str, times: int) -> list[int]:
    """Guess so many passwords of an account; give the answers' statuses."""
    return [(await sign_in(browser, email, "not the words at all")).status_code for _ in range(times)]


async def rows_of(site: Site, table: str, account: str) -> int:
    """Count the rows of a table that are an account's."""
    named: Any = metadata.tables[table]
    column = named.c.id if table == "accounts" else named.c.account
    async with site.desk.database.reading() as db:
        return int((await db.execute(select(func.count()).where(column == account))).scalar_one())


def tables_of_accounts() -> list[str]:
    """List the tables whose rows go with an account."""
    hanging = [
        table.name
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "accounts"
    ]
    return ["accounts", *hanging]
