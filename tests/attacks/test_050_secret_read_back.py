"""Attack 50: CVE-2026-40166, authentik: an ordinary user reads a confidential client's secret through a list of tokens.

Here a secret is shown once, to the operator who makes it. The database holds its hash; no list, page, call, error,
audit row or log line has it, and there is no call that lists services at all. So it is with API keys: who may list
them sees the first letters.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coatcheck.admin.api_keys import list_keys
from coatcheck.admin.service_credentials import rotate_secret
from coatcheck.admin.services import list_services
from coatcheck.audit.show import show
from tests.api_keys.making import asked, changed, editor, key_of
from tests.clients.machines import TOKEN, machine
from tests.site import PASSWORD, VISIT, Site


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


async def test_an_api_key_is_kept_nowhere(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ann = await editor(site, password=PASSWORD)
    made = await key_of(site, ann.id, "notes:read")
    text = made.secret.reveal()
    await asked(site, text)
    await asked(site, changed(text, 10))
    browser, root = await site.signed_in(), await site.administrator()
    pages = [await browser.get(path) for path in ("/account/api-keys", "/api/api-keys", "/account")]
    pages.append(await root.get(f"/admin/accounts/{ann.id}"))
    with closing(sqlite3.connect(tmp_path / "site.db")) as database:
        told = "\n".join(database.iterdump())
    told += "".join(page.text for page in pages) + repr(await list_keys(site.desk)) + repr(await show(site.desk))
    told += repr(made) + "".join(capsys.readouterr()) + "".join(mail.text for mail in await site.mails())
    assert text not in told
    assert text[:16] not in told
    assert text[16:] not in told
    assert made.key.hint in told
