"""Attack 101: CVE-2026-32246, Tinyauth: an endpoint beside the sign-in lets in who still owes the second step.

There the OIDC authorize endpoint took a session that waited for its code for a whole one. Here who waits between two
proofs has no session at all: to every address but those of signing in they are nobody.
"""

from pathlib import Path

from tests.attacks.census import row_counts
from tests.mailed import ANN, SESSION, Coded, coded_site
from tests.site import PASSWORD, Site, sign_in, submit
from tools.make_map import addresses

OWN = ("/sign-in", "/api/sign-in")


async def answers(site: Site, pending: Coded | None) -> dict[str, tuple[int, str]]:
    """Ask at every address, with all that somebody who waits has; give status and code of each answer."""
    browser = pending.browser if pending else site.browser()
    secret = pending.continuation if pending else "x" * 32
    found = {}
    for address in addresses():
        if address.path.startswith(OWN) or address.method not in ("GET", "POST", "DELETE"):
            continue
        path = address.path.replace("{", "").replace("}", "")
        for headers in ({}, {"authorization": f"Bearer {secret}"}, {"cookie": f"{SESSION}={secret}"}):
            asked = await browser.request(address.method, path, headers=headers)
            shown = asked.headers.get("location", "")
            code = asked.json().get("code", "") if "json" in asked.headers.get("content-type", "") else shown
            found[f"{address} {sorted(headers)}"] = (asked.status_code, str(code))
    return found


async def test_between_two_proofs_one_is_nobody(tmp_path: Path) -> None:
    async with coded_site(tmp_path, strangers="email_code") as site:
        await site.person()
        browser = site.browser()
        page = await submit(browser, "/sign-in", "/sign-in", identifier=ANN, password=PASSWORD)
        assert page.headers["location"].startswith("/sign-in/code")
        pending = Coded(browser, (await sign_in(browser, ANN, PASSWORD)).json())
        await pending.start()
        stranger = await answers(site, None)
        assert len(stranger) > 100
        assert await answers(site, pending) == stranger
        assert (await row_counts(site))["sessions"] == 0


async def test_another_page_of_signing_in_skips_nothing(tmp_path: Path) -> None:
    async with coded_site(tmp_path, strangers="email_code") as site:
        await site.person()
        browser = site.browser()
        step = (await submit(browser, "/sign-in", "/sign-in", identifier=ANN, password=PASSWORD)).headers["location"]
        for path in (
            "/sign-in?return_to=/account",
            "/sign-in?confirm=1",
            "/account",
            "/token/renew?return_to=/account",
        ):
            await browser.get(path, follow_redirects=True)
        sign_in_id = step.partition("sign_in=")[2].partition("&")[0]
        for factor in ("password", "totp", "passkey", "enrol_totp", ""):
            fields = {"sign_in": sign_in_id, "factor": factor, "password": PASSWORD, "code": "0000 0000"}
            assert (await submit(browser, step, "/sign-in/code", **fields)).status_code == 422, factor
        assert SESSION not in browser.cookies
        assert (await row_counts(site))["sessions"] == 0
