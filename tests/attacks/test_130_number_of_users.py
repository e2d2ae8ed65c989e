"""Attack 130: CVE-2025-67717, Zitadel: the API discloses the total number of users.

Here nobody but an administrator is shown that there is anybody else: what a stranger and an ordinary person can read is
the same on a site of one as on a site of twenty, and nothing is numbered: ids are random. The lists of administrators
say "more", not how many.
"""

import re
from pathlib import Path

import httpx

from coatcheck.admin.roles import create_role, grant_role
from coatcheck.visit import Visit
from tests.site import Site, open_site

ASKED = (
    "/", "/sign-in", "/sign-up", "/recover", "/account", "/account/sessions", "/admin", "/admin/audit", "/metrics",
    "/readyz", "/healthz", "/dev/mail", "/api/session", "/api/sessions", "/api/accounts", "/api/users",
    "/api/openapi.json", "/admin?q=", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
)  # fmt: skip
DRAWN = re.compile(r"(?:req|ses|acc|sgn)_\w+|[0-9a-f]{64}|coatcheck\.[0-9a-f]{12}")


async def read_by(browser: httpx.AsyncClient) -> dict[str, tuple[int, str]]:
    answers = {path: await browser.get(path) for path in ASKED}
    return {path: (answer.status_code, DRAWN.sub("·", answer.text)) for path, answer in answers.items()}


async def test_a_full_site_looks_like_an_empty_one(site: Site, tmp_path: Path) -> None:
    await site.person()
    (tmp_path / "full").mkdir()
    async with open_site(f"sqlite:///{tmp_path / 'full' / 'site.db'}", tmp_path / "full") as full:
        for number in range(20):
            await full.person(f"person{number}@example.org", None)
        await full.person()
        assert await read_by(full.browser()) == await read_by(site.browser())
        assert await read_by(await full.signed_in()) == await read_by(await site.signed_in())


async def test_no_one_else_is_told_of(site: Site) -> None:
    await site.person()
    others = [await site.person(f"person{number}@example.org", None) for number in range(3)]
    browser = await site.signed_in()
    for path in ASKED:
        text = (await browser.get(path)).text
        assert not [other for other in others if other.id in text or str(other.email) in text], path


async def test_ids_are_not_counted_up(site: Site) -> None:
    ids = sorted([(await site.person(f"person{number}@example.org", None)).id for number in range(20)])
    places = [sum(one[place] == ids[0][place] for one in ids) for place in range(4, 30)]
    assert max(places) < 12, "no place of the ids stays the same from one to the next"


async def test_administrators_are_told_that_there_are_more(site: Site) -> None:
    admin = await site.person()
    await create_role(site.desk, Visit(), role="admin", permissions=[], actor="operator")
    await grant_role(site.desk, Visit(), account=admin.id, role="admin", actor="operator")
    for number in range(60):
        await site.person(f"person{number}@example.org", None)
    shown = await (await site.signed_in()).get("/admin")
    assert shown.status_code == 200
    assert not re.search(r"\b6[01]\b", re.sub(r"person\d+", "", shown.text))
