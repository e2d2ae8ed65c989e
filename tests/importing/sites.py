"""Imports in tests: a site that accounts come to, and what became of them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Table, func, select

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.accounts.identifiers import parse_identifier
from coatcheck.importing.account import Source
from coatcheck.importing.choices import Choices
from coatcheck.importing.report import Report
from coatcheck.importing.run import import_accounts
from coatcheck.visit import Visit
from tests.site import ORIGIN, Site

ROOT = Path(__file__).parents[2]
OLD = "what I typed there before"
OPERATOR = Visit(base_url=ORIGIN)


async def bring(site: Site, source: Source, *, is_dry: bool = False, **choices: Any) -> Report:
    """Bring a source's accounts over."""
    said = Choices(**{"name": source.name, **choices})
    return await import_accounts(site.desk, OPERATOR, source=source, choices=said, actor="operator", is_dry=is_dry)


async def found(site: Site, name: str) -> Account | None:
    """Give the account of an address or a username."""
    identifier = parse_identifier(name)
    assert identifier is not None
    async with site.desk.database.reading() as db:
        return await accounts.find_by(db, identifier)


async def count_of(site: Site, table: Table) -> int:
    """Count a table's rows."""
    async with site.desk.database.reading() as db:
        return int((await db.execute(select(func.count()).select_from(table))).scalar_one())


async def prove(browser: httpx.AsyncClient, needed: Mapping[str, Any], factor: str, code: str) -> httpx.Response:
    """Give a code of a sign-in that takes more."""
    body = {"continuation": needed["continuation"], "code": code}
    return await browser.post(f"/api/sign-in/{needed['sign_in']}/{factor}", json=body)


def django_site(file: Path, people: list[dict[str, Any]]) -> dict[str, Any]:
    """Make a Django site's database in a process of its own; give what only its people know."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.importing.django_site", str(file)],
        cwd=ROOT, input=json.dumps(people), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    known: dict[str, Any] = json.loads(made.stdout)
    return known
