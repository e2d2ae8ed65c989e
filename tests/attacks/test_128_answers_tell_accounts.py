"""Attack 128: CVE-2023-39522, CVE-2026-23511, CVE-2024-41952: recovery and sign-in answer strangers differently.

Here asking for recovery, signing up and beginning a sign-in answer the same for every address, byte for byte, and do
the same work: the same statements run and the same tables grow, mail or no mail. Only the mailbox learns which case it
was.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from coatcheck.admin.lock_account import lock_account
from coatcheck.visit import Visit
from tests.attacks.census import row_counts
from tests.mailed import begun, coded_site, to_code_page
from tests.site import PASSWORD, Site, submit
from tests.statements import statements

NAMES = ("nobody@example.org", "ann@example.org", "ben@example.org", "cyd@example.org")
DRAWN = re.compile(r"req_\w+|sgn_\w+|[\w-]{32}|[0-9a-f]{64}|[\w.]+@example\.org")


@pytest.fixture
async def peopled(tmp_path: Path) -> AsyncIterator[Site]:
    async with coded_site(tmp_path) as site:
        await site.person()
        await site.person("ben@example.org", None)
        locked = await site.person("cyd@example.org")
        await lock_account(site.desk, Visit(), account=locked.id, actor="operator")
        yield site


async def api(site: Site, number: int, path: str, body: dict[str, Any]) -> httpx.Response:
    return await site.browser(address=f"192.0.2.{number}").post(path, json=body)


async def recover_by_form(site: Site, number: int, name: str) -> httpx.Response:
    return await submit(site.browser(address=f"192.0.2.{number}"), "/recover", "/recover", email=name)


async def sign_up_by_form(site: Site, number: int, name: str) -> httpx.Response:
    fields = {"email": name, "password": PASSWORD}
    return await submit(site.browser(address=f"192.0.2.{number}"), "/sign-up", "/sign-up", **fields)


async def code(site: Site, number: int, name: str) -> httpx.Response:
    return await (await begun(site.browser(address=f"192.0.2.{number}"), name)).start()


async def code_by_form(site: Site, number: int, name: str) -> httpx.Response:
    return await to_code_page(site, site.browser(address=f"192.0.2.{number}"), name)


async def wrong_code(site: Site, number: int, name: str) -> httpx.Response:
    way = await begun(site.browser(address=f"192.0.2.{number}"), name)
    await way.start()
    return await way.prove("0000 0000")


ASKINGS: dict[str, Callable[[Site, int, str], Awaitable[httpx.Response]]] = {
    "recovery": lambda site, number, name: api(site, number, "/api/recover", {"email": name}),
    "recovery by form": recover_by_form,
    "sign-up": lambda site, number, name: api(site, number, "/api/sign-up", {"email": name, "password": PASSWORD}),
    "sign-up by form": sign_up_by_form,
    "sign-in begun": lambda site, number, name: api(site, number, "/api/sign-in", {"identifier": name}),
    "mailed code": code,
    "mailed code by form": code_by_form,
    "wrong code": wrong_code,
}


@pytest.mark.parametrize("asking", ASKINGS)
async def test_every_address_gets_one_answer_and_one_work(peopled: Site, asking: str) -> None:
    await ASKINGS[asking](peopled, 250, "warm-up@example.org")
    seen = {}
    for number, name in enumerate(NAMES):
        before = await row_counts(peopled)
        with statements() as ran:
            answer = await ASKINGS[asking](peopled, number, name)
        after = await row_counts(peopled)
        written = {table: after[table] - before[table] for table in after if after[table] != before[table]}
        headers = {key: value for key, value in answer.headers.items() if key not in ("x-request-id", "set-cookie")}
        headers.pop("content-length")  # the name that was typed is on the page
        seen[name] = (answer.status_code, DRAWN.sub("·", answer.text), headers, ran, written)
    assert seen[NAMES[0]][0] in (200, 202, 401)
    for name, work in seen.items():
        assert work == seen[NAMES[0]], name


async def test_the_fourth_mail_in_an_hour_is_dropped_without_a_word(peopled: Site) -> None:
    answers = [await api(peopled, 1, "/api/recover", {"email": "ann@example.org"}) for _ in range(5)]
    strangers = [await api(peopled, 2, "/api/recover", {"email": "nobody@example.org"}) for _ in range(5)]
    assert [answer.text for answer in answers] == [answer.text for answer in strangers]
    assert {answer.status_code for answer in (*answers, *strangers)} == {202}
    assert len(await peopled.mails("ann@example.org")) == 3
    assert await peopled.mails("nobody@example.org") == []


async def test_a_new_address_that_is_taken_is_told_so_by_mail_alone(peopled: Site) -> None:
    browser = await peopled.signed_in()
    bodies = [{"password": PASSWORD, "new_email": name} for name in ("nobody@example.org", "ben@example.org")]
    answers = [await browser.post("/api/account/email", json=body) for body in bodies]
    assert [(answer.status_code, answer.text) for answer in answers] == [(202, "")] * 2
    assert (await peopled.mails("ben@example.org"))[0].subject.startswith("You already have an account")
