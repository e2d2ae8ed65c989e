"""One's own keys: listed without their secrets, revoked at once, and nobody else's."""

from datetime import timedelta

import pytest

from coatcheck.audit.show import show
from coatcheck.errors import ApiKeyRefused
from tests.api_keys.making import authenticated, editor, key_of
from tests.site import PASSWORD, Site, submit

PAGE = "/account/api-keys"


async def test_are_listed_the_newest_first(site: Site) -> None:
    ann = await editor(site, password=PASSWORD)
    await key_of(site, ann.id, "notes:read", name="old")
    site.clock.advance(timedelta(minutes=1))
    new = await key_of(site, ann.id, name="new")
    browser = await site.signed_in()
    words = (await browser.get("/api/api-keys")).json()["api_keys"]
    assert [(each["name"], each["scopes"], each["last_used_at"]) for each in words] == [
        ("new", [], None),
        ("old", ["notes:read"], None),
    ]
    assert words[0]["hint"] == new.key.hint
    assert "May only say whose it is" in (await browser.get(PAGE)).text


async def test_what_has_run_out_is_still_shown(site: Site) -> None:
    ann = await editor(site, password=PASSWORD)
    await key_of(site, ann.id, lasts=timedelta(hours=1))
    site.clock.advance(timedelta(hours=2))
    await site.follow_log()
    assert "Has run out" in (await (await site.signed_in()).get(PAGE)).text


async def test_none(site: Site) -> None:
    await site.person()
    assert "You have no API keys." in (await (await site.signed_in()).get(PAGE)).text


@pytest.mark.parametrize("by", ["page", "call"])
async def test_are_revoked(site: Site, by: str) -> None:
    ann = await editor(site, password=PASSWORD)
    made = await key_of(site, ann.id)
    await authenticated(site, made.secret.reveal())
    browser = await site.signed_in()
    site.clock.advance(timedelta(minutes=10))
    await site.follow_log()
    if by == "page":
        answer = await submit(browser, PAGE, f"{PAGE}/{made.key.id}/revoke")
        assert answer.headers["location"].endswith("done=revoked"), "and no fresh sign-in is asked for"
    else:
        assert (await browser.delete(f"/api/api-keys/{made.key.id}")).status_code == 204
    with pytest.raises(ApiKeyRefused):
        await authenticated(site, made.secret.reveal())
    assert (await browser.get("/api/api-keys")).json() == {"api_keys": []}
    [event] = await show(site.desk, event="api_key.revoked")
    assert (event.account, event.details["key"]) == (ann.id, made.key.id)
    assert (await browser.delete(f"/api/api-keys/{made.key.id}")).status_code == 404


async def test_nobody_elses(site: Site) -> None:
    ann = await editor(site)
    made = await key_of(site, ann.id)
    await site.person("ben@example.org")
    browser = await site.signed_in("ben@example.org")
    assert (await browser.get("/api/api-keys")).json() == {"api_keys": []}
    assert (await browser.delete(f"/api/api-keys/{made.key.id}")).status_code == 404
    assert (await submit(browser, "/account", f"{PAGE}/{made.key.id}/revoke")).status_code == 404
    assert (await authenticated(site, made.secret.reveal())).subject == ann.id
