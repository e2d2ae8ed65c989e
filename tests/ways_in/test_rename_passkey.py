"""Naming a passkey: one's own, in words that can be read."""

import pytest

from coatcheck.audit.show import show
from tests.passkeys.device import Device
from tests.passkeys.people import ann_with, sign_in_by
from tests.site import Site, submit


async def test_named(site: Site) -> None:
    device = Device()
    browser = await ann_with(site, device)
    await sign_in_by(browser, device)
    [passkey] = (await browser.get("/api/passkeys")).json()["passkeys"]
    path = f"/api/passkeys/{passkey['id']}/name"
    assert (await browser.post(path, json={"name": " The  blue\tone "})).status_code == 204
    assert (await browser.get("/api/passkeys")).json()["passkeys"][0]["name"] == "The blue one"
    assert len(await show(site.desk, event="passkey.renamed")) == 1
    page = f"/account/ways-in/passkeys/{passkey['id']}"
    done = await submit(browser, page, f"{page}/name", name="<b>Key</b>")
    assert done.headers["location"] == "/account/ways-in?done=passkey-renamed"
    assert "&lt;b&gt;Key&lt;/b&gt;" in (await browser.get("/account/ways-in")).text


@pytest.mark.parametrize("name", ["", "   ", "\n"])
async def test_a_name_has_something_to_read(site: Site, name: str) -> None:
    device = Device()
    browser = await ann_with(site, device)
    await sign_in_by(browser, device)
    [passkey] = (await browser.get("/api/passkeys")).json()["passkeys"]
    assert (await browser.post(f"/api/passkeys/{passkey['id']}/name", json={"name": name})).status_code == 422


async def test_not_anothers(site: Site) -> None:
    browser = await ann_with(site, Device())
    [passkey] = (await browser.get("/api/passkeys")).json()["passkeys"]
    bens = Device()
    ben = await ann_with(site, bens, "ben@example.org")
    await sign_in_by(ben, bens)
    assert (await ben.post(f"/api/passkeys/{passkey['id']}/name", json={"name": "mine"})).status_code == 404
    assert (await ben.delete(f"/api/passkeys/{passkey['id']}")).status_code == 404
