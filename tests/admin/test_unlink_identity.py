"""Unlinking somebody's provider: by an administrator who has just proven who they are, and never one's own."""

import asyncio
from datetime import timedelta

import pytest

from coatcheck.accounts.account import Account
from coatcheck.admin.unlink_identity import unlink_from
from coatcheck.audit.show import show
from coatcheck.errors import Conflict, NotFound
from coatcheck.login.link import link
from coatcheck.upstream import records
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.records import LinkedIdentity
from tests.site import VISIT, Site, submit


async def linked(site: Site) -> tuple[Account, LinkedIdentity]:
    """Make a person with a provider."""
    ann = await site.person()
    identity = Identity(provider="github", issuer="https://github.com", subject="7", email="ann@github.example")
    async with site.desk.database.writing() as tx:
        return ann, await link(tx, site.desk, ann, identity)


async def left(site: Site, account: str) -> int:
    """Count what an account is linked to."""
    async with site.desk.database.reading() as db:
        return len(await records.list_of(db, account))


async def test_unlinks_ends_all_and_tells(site: Site) -> None:
    ann, identity = await linked(site)
    browser = await site.signed_in()
    await unlink_from(site.desk, VISIT, account=ann.id, identity=identity.id, actor="operator")
    assert await left(site, ann.id) == 0
    assert (await browser.get("/api/session")).json()["code"] == "session_ended"
    [entry, *_] = await show(site.desk, account=ann.id, event="identity.unlinked")
    assert entry.actor == "operator"
    assert entry.details == {"provider": "github", "identity": identity.id, "sessions": 1}
    [mail, *_] = await site.mails("ann@example.org")
    assert "unlinked from your account: github" in " ".join(mail.text.split())
    assert "Somebody who runs this site unlinked it" in " ".join(mail.text.split())


async def test_on_the_console(site: Site) -> None:
    ann, identity = await linked(site)
    admin = await site.administrator()
    page = f"/admin/accounts/{ann.id}"
    assert "github · ann@github.example" in (await admin.get(page)).text
    done = await submit(admin, page, f"{page}/identities/{identity.id}/unlink")
    assert done.headers["location"] == f"{page}?done=unlinked"
    assert "ann@github.example" not in (await admin.get(page)).text
    assert await left(site, ann.id) == 0


async def test_takes_a_fresh_sign_in(site: Site) -> None:
    ann, identity = await linked(site)
    admin = await site.administrator()
    site.clock.advance(timedelta(minutes=6))
    page = f"/admin/accounts/{ann.id}"
    asked = await submit(admin, page, f"{page}/identities/{identity.id}/unlink")
    assert asked.headers["location"].startswith("/sign-in?confirm=1")
    assert await left(site, ann.id) == 1


async def test_not_by_others_nor_of_another_account(site: Site) -> None:
    ann, identity = await linked(site)
    ben = await site.person("ben@example.org")
    browser = await site.signed_in("ben@example.org")
    refused = await submit(browser, "/account", f"/admin/accounts/{ann.id}/identities/{identity.id}/unlink")
    assert refused.status_code == 403
    with pytest.raises(NotFound):
        await unlink_from(site.desk, VISIT, account=ben.id, identity=identity.id, actor="operator")
    with pytest.raises(Conflict):
        await unlink_from(site.desk, VISIT, account=ann.id, identity=identity.id, actor=ann.id)
    assert await left(site, ann.id) == 1


async def test_of_two_at_once_one_does_it(site: Site) -> None:
    ann, identity = await linked(site)
    asked = [unlink_from(site.desk, VISIT, account=ann.id, identity=identity.id, actor="operator") for _ in range(4)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["NoneType", "NotFound", "NotFound", "NotFound"]
    assert len(await show(site.desk, account=ann.id, event="identity.unlinked")) == 1
