"""Unlinking a provider: not the last way in, other sessions end, its tokens are given back, its owner is told."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from coatcheck.accounts.account import Account
from coatcheck.ending.close_account import close_account
from coatcheck.login.link import link
from coatcheck.secret import Secret
from coatcheck.storage.tables.audit import audit_events
from coatcheck.storage.tables.upstream import identities, upstream_givebacks, upstream_tokens
from coatcheck.upstream.identity import Identity, UpstreamTokens
from tests.authenticators import signed_in, with_app
from tests.login.providers import NAME
from tests.races.nodes import COOKIE
from tests.site import ORIGIN, VISIT, Site, open_site, submit

ISSUER = "https://id.example.org"
TABLE = {"entry": "oidc", "issuer": ISSUER, "client_id": "site", "client_secret": "s" * 32, "keeps_tokens": True}
TOKENS = UpstreamTokens(access=Secret("an access token"), refresh=Secret("a refresh token"))
PAGE = "/account/ways-in"


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site with a provider, which none of these tests has to ask."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, providers={NAME: TABLE}) as site:
        yield site


async def linked(site: Site, account: Account, subject: str = "ann") -> str:
    """Link an identity with tokens at once; give its id."""
    async with site.desk.database.writing() as tx:
        identity = Identity(provider=NAME, issuer=ISSUER, subject=subject, email=account.email, tokens=TOKENS)
        return (await link(tx, site.desk, account, identity)).id


async def let_in(site: Site, account: Account) -> httpx.AsyncClient:
    """Open a browser where somebody without a password is signed in."""
    admitted, browser = await site.let_in(account), site.browser()
    browser.cookies.set(COOKIE, admitted.secret.reveal(), domain=urlsplit(ORIGIN).hostname or "", path="/")
    return browser


async def counted(site: Site, table: object) -> int:
    async with site.desk.database.reading() as db:
        found: int = (await db.execute(select(func.count()).select_from(table))).scalar_one()  # type: ignore[arg-type]
        return found


async def listed(browser: httpx.AsyncClient) -> list[str]:
    return [each["id"] for each in (await browser.get("/api/identities")).json()["identities"]]


async def test_it_goes_and_its_owner_is_told(there: Site) -> None:
    ann = await there.person()
    identity = await linked(there, ann)
    browser = await there.signed_in()
    assert await listed(browser) == [identity]

    assert (await browser.delete(f"/api/identities/{identity}")).status_code == 204

    assert await listed(browser) == []
    [mail] = await there.mails("ann@example.org")
    assert "unlinked from your account: Work" in mail.text
    async with there.desk.database.reading() as db:
        query = select(audit_events.c.details).where(audit_events.c.event == "identity.unlinked")
        [details] = (await db.execute(query)).scalars()
    assert identity in details
    assert (await browser.delete(f"/api/identities/{identity}")).status_code == 404


async def test_its_tokens_are_gone_and_wait_to_be_given_back(there: Site) -> None:
    identity = await linked(there, await there.person())
    browser = await there.signed_in()

    await browser.delete(f"/api/identities/{identity}")

    assert await counted(there, upstream_tokens) == 0
    async with there.desk.database.reading() as db:
        [sealed] = (await db.execute(select(upstream_givebacks.c.sealed))).scalars()
    assert b"token" not in sealed


async def test_other_sessions_end_with_it(there: Site) -> None:
    """Whoever came by a provider's account that was taken over is out when its owner unlinks it."""
    identity = await linked(there, await there.person())
    elsewhere, browser = await there.signed_in(), await there.signed_in()

    await browser.delete(f"/api/identities/{identity}")

    assert (await elsewhere.get("/api/session")).status_code == 401
    assert (await browser.get("/api/session")).status_code == 200


async def test_the_last_way_in_stays(there: Site) -> None:
    ann = await there.person(password=None)
    identity = await linked(there, ann)
    async with await let_in(there, ann) as browser:
        refused = await browser.delete(f"/api/identities/{identity}")
        assert (refused.status_code, refused.json()["code"]) == (409, "last_way_in")
        assert await listed(browser) == [identity]
    assert (await counted(there, upstream_givebacks), await counted(there, upstream_tokens)) == (0, 1)
    assert await there.mails("ann@example.org") == []


async def test_one_of_two_identities_may_go(there: Site) -> None:
    ann = await there.person(password=None)
    first, second = await linked(there, ann), await linked(there, ann, "ann-at-home")
    async with await let_in(there, ann) as browser:
        assert (await browser.delete(f"/api/identities/{first}")).status_code == 204
        assert (await browser.delete(f"/api/identities/{second}")).status_code == 409
        assert await listed(browser) == [second]


async def test_one_of_a_provider_that_is_configured_no_more_is_no_way_in(there: Site) -> None:
    ann = await there.person(password=None)
    async with there.desk.database.writing() as tx:
        gone = Identity(provider="former", issuer="https://former.example.org", subject="ann")
        await link(tx, there.desk, ann, gone)
    identity = await linked(there, ann)
    async with await let_in(there, ann) as browser:
        assert (await browser.delete(f"/api/identities/{identity}")).status_code == 409


async def test_a_sign_in_of_long_ago_is_not_enough(there: Site) -> None:
    identity = await linked(there, await there.person())
    browser = await there.signed_in()
    there.clock.advance(timedelta(minutes=6))
    assert (await browser.delete(f"/api/identities/{identity}")).json()["code"] == "fresh_sign_in_needed"
    assert await listed(browser) == [identity]


async def test_nobody_unlinks_anothers(there: Site) -> None:
    identity = await linked(there, await there.person())
    await there.person("ben@example.org")
    ben = await there.signed_in("ben@example.org")
    assert (await ben.delete(f"/api/identities/{identity}")).status_code == 404
    assert (await there.browser().delete(f"/api/identities/{identity}")).status_code == 401
    assert await listed(await there.signed_in()) == [identity]


async def test_an_account_with_an_app_says_its_code_first(there: Site) -> None:
    ann = await with_app(there)
    identity = await linked(there, ann.account)
    browser = await signed_in(there, ann)
    assert (await browser.delete(f"/api/identities/{identity}")).status_code == 204


async def test_by_the_page(there: Site) -> None:
    ann = await there.person()
    identity = await linked(there, ann)
    browser = await there.signed_in()
    assert "ann@example.org" in (await browser.get(PAGE)).text

    done = await submit(browser, PAGE, f"{PAGE}/identities/{identity}/unlink")

    assert done.headers["location"] == f"{PAGE}?done=identity-unlinked"
    shown = (await browser.get(done.headers["location"])).text
    assert "None is linked yet" in shown
    assert "was unlinked" in shown


async def test_the_page_says_why_the_last_one_stays(there: Site) -> None:
    ann = await there.person(password=None)
    identity = await linked(there, ann)
    async with await let_in(there, ann) as browser:
        refused = await submit(browser, PAGE, f"{PAGE}/identities/{identity}/unlink")
        assert refused.status_code == 409
        assert await listed(browser) == [identity]


async def test_closing_an_account_unlinks_all_and_gives_their_tokens_back(there: Site) -> None:
    """The identity is free then: whoever comes by it next is somebody new."""
    ann, ben = await there.person(), await there.person("ben@example.org")
    await linked(there, ann)
    await linked(there, ann, "ann-at-home")

    await close_account(there.desk, VISIT, account=ann.id, actor=ann.id)

    found = [await counted(there, table) for table in (identities, upstream_tokens, upstream_givebacks)]
    assert found == [0, 0, 2]
    await linked(there, ben)
