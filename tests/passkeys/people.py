"""People with passkeys, over HTTP alone: what the tests of passkeys share."""

from typing import Any

import httpx

from tests.passkeys.device import Answer, Device
from tests.site import PASSWORD, Site

ANN = "ann@example.org"


async def add(browser: httpx.AsyncClient, device: Device, name: str = "") -> httpx.Response:
    """Add a passkey of a device to the account that is signed in."""
    return await add_as_asked(browser, await ask_to_add(browser), device, name)


async def ask_to_add(browser: httpx.AsyncClient) -> dict[str, Any]:
    """Ask what a passkey of one's own is to be made by."""
    asked = await browser.post("/api/passkeys/start")
    assert asked.status_code == 200, asked.text
    options: dict[str, Any] = asked.json()
    return options


async def add_as_asked(
    browser: httpx.AsyncClient, options: dict[str, Any], device: Device, name: str = ""
) -> httpx.Response:
    """Answer what was asked by a passkey of a device."""
    return await browser.post("/api/passkeys", json={"credential": device.make(options), "name": name})


async def ann_with(site: Site, device: Device, email: str = ANN) -> httpx.AsyncClient:
    """Make an account, sign in by its password, and add a passkey of a device."""
    await site.person(email)
    browser = await site.signed_in(email)
    added = await add(browser, device)
    assert added.status_code == 201, added.text
    return browser


async def begin(browser: httpx.AsyncClient, identifier: str | None = None, **more: Any) -> dict[str, Any]:
    """Begin a sign-in, by a name or by none."""
    body = {} if identifier is None else {"identifier": identifier}
    begun: dict[str, Any] = (await browser.post("/api/sign-in", json={**body, **more})).json()
    return begun


async def start(browser: httpx.AsyncClient, begun: dict[str, Any], factor: str = "passkey") -> dict[str, Any]:
    """Ask what the browser is to ask its passkeys."""
    body = {"continuation": begun["continuation"]}
    asked = await browser.post(f"/api/sign-in/{begun['sign_in']}/{factor}/start", json=body)
    assert asked.status_code == 200, asked.text
    options: dict[str, Any] = asked.json()
    return options


async def prove(
    browser: httpx.AsyncClient, begun: dict[str, Any], credential: Answer, factor: str = "passkey"
) -> httpx.Response:
    """Send what the browser answered."""
    body = {"continuation": begun["continuation"], "credential": credential}
    return await browser.post(f"/api/sign-in/{begun['sign_in']}/{factor}", json=body)


async def sign_in_by(
    browser: httpx.AsyncClient, device: Device, identifier: str | None = None, **more: Any
) -> httpx.Response:
    """Sign in by a passkey."""
    begun = await begin(browser, identifier, **more)
    return await prove(browser, begun, device.use(await start(browser, begun)))


async def by_password(browser: httpx.AsyncClient, email: str = ANN) -> dict[str, Any]:
    """Prove the password, and give what is still needed."""
    needed: dict[str, Any] = (
        await browser.post("/api/sign-in", json={"identifier": email, "password": PASSWORD})
    ).json()
    return needed
