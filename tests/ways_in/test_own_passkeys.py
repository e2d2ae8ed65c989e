"""One's own passkeys, listed, and what the page's script tells the devices of them."""

import json
import re
from html import unescape

from tests.passkeys.device import Device
from tests.passkeys.people import ANN, ann_with
from tests.site import Site

SIGNAL = re.compile(r'data-passkey-signal="(\w+)" data-said="([^"]*)"')


async def test_nobody_sees_anothers(site: Site) -> None:
    await ann_with(site, Device())
    ben = await ann_with(site, Device(), "ben@example.org")
    assert len((await ben.get("/api/passkeys")).json()["passkeys"]) == 1


async def test_devices_are_told_which_keys_are_left(site: Site) -> None:
    device = Device()
    browser = await ann_with(site, device)
    shown = await browser.get("/account/ways-in")
    said = {name: json.loads(unescape(text)) for name, text in SIGNAL.findall(shown.text)}

    handle = said["signalAllAcceptedCredentials"]["userId"]
    assert said["signalAllAcceptedCredentials"]["rpId"] == "auth.example.org"
    assert len(said["signalAllAcceptedCredentials"]["allAcceptedCredentialIds"]) == 1
    assert (said["signalCurrentUserDetails"]["userId"], said["signalCurrentUserDetails"]["name"]) == (handle, ANN)
    assert "script-src 'self'" in shown.headers["content-security-policy"]


async def test_the_page_shows_each_with_its_last_use(site: Site) -> None:
    browser = await ann_with(site, Device())
    text = (await browser.get("/account/ways-in")).text
    assert "Firefox on Linux" in text
    assert "not used yet" in text
