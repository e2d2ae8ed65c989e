"""Attack 50: CVE-2026-40166, authentik: an ordinary user reads a confidential client's secret through a list of tokens.

Here a secret is shown once, to the operator who makes it. The database holds its hash; no list, page, call, error,
audit row or log line has it, and there is no call that lists services at all.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coatcheck.admin.service_credentials import rotate_secret
from coatcheck.admin.services import list_services
from coatcheck.audit.show import show
from tests.clients.machines import TOKEN, machine
from tests.site import VISIT, Site


async def test_it_is_kept_nowhere(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = await machine(site)
    other = await rotate_secret(site.desk, VISIT, service=made.id, actor="operator")
    assert other is not None
    await made.token()
    await made.ask_for_token(scope="notes:delete")
    await site.machine().post(TOKEN, data={"client_id": made.id, "client_secret": made.secret + "x"})
    with closing(sqlite3.connect(tmp_path / "site.db")) as database:
        kept = "\n".join(database.iterdump())
    told = [kept, repr(await list_services(site.desk)), repr(await show(site.desk)), *capsys.readouterr()]
    for secret in (made.secret, other.reveal()):
        for text in told:
            assert secret not in text
            assert secret[:20] not in text
    assert made.id in kept


LISTS = ("/api/services", "/api/clients", "/api/tokens", "/oauth/clients", "/oauth/register", "/admin/services")


async def test_nobody_lists_services(site: Site) -> None:
    await machine(site)
    await site.person()
    for browser in (await site.signed_in(), await site.administrator(), site.machine()):
        for path in LISTS:
            assert (await browser.get(path)).status_code in (401, 404), path
