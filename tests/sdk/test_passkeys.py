"""Passkeys from a page, with tokens and with a cookie: added, and used to sign in, by a name or where it is typed."""

import pytest

from tests.sdk.house import Pages, Refused, Tab, with_authenticator
from tests.sdk.test_sign_in import NO_STORAGE

with_and_without_storage = pytest.mark.parametrize("init", ["", NO_STORAGE], ids=["tokens", "cookie"])

ASKED = """const get = navigator.credentials.get.bind(navigator.credentials);
navigator.credentials.get = (options) => {
  globalThis.asked = (globalThis.asked ?? 0) + 1;
  return get(options);
};"""


async def added(tab: Tab) -> str:
    """Sign somebody in and add a passkey; give its id."""
    await tab.sign_in(await tab.house.person())
    passkey = await tab.run("coatcheck.addPasskey({ name: 'The blue one' })")
    assert (passkey["name"], len(passkey["backup_codes"])) == ("The blue one", 10)
    return str(passkey["id"])


@with_and_without_storage
async def test_added_and_used_without_a_name(pages: Pages, init: str) -> None:
    tab = await pages.open(init=init)
    devices, authenticator = await with_authenticator(tab)
    await added(tab)
    person = (await tab.state())["account"]["id"]
    await tab.run("coatcheck.signOut()")
    outcome = await tab.run("coatcheck.signInWithPasskey()")
    assert (outcome["account"]["id"], outcome["session"]["acr"]) == (person, "aal2")
    assert (await tab.fetch("/api/payroll", method="POST"))[0] == 200

    await tab.run("coatcheck.signOut()")
    await devices.send("WebAuthn.clearCredentials", {"authenticatorId": authenticator})
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.signInWithPasskey()")
    assert (refused.value.code, refused.value.kind) == ("called_off", "refused")


@with_and_without_storage
async def test_as_the_second_factor(pages: Pages, init: str) -> None:
    tab = await pages.open(init=init)
    await with_authenticator(tab)
    await added(tab)
    email = (await tab.state())["account"]["email"]
    await tab.run("coatcheck.signOut()")
    code = """
    const more = await coatcheck.signIn({ identifier: email, password: "seven quiet lanterns drift" });
    return [more.options, await coatcheck.prove(more, "passkey")];
    """
    options, outcome = await tab.run(code, email=email)
    assert "passkey" in options
    assert (outcome["status"], outcome["session"]["acr"]) == ("admitted", "aal2")


async def test_where_a_name_is_typed(pages: Pages) -> None:
    tab = await pages.open()
    await with_authenticator(tab)
    await added(tab)
    await tab.run("coatcheck.signOut()")
    assert (await tab.run("coatcheck.signInWithPasskey({ conditional: true })"))["status"] == "admitted"


async def test_a_button_takes_the_place_of_what_waits_where_a_name_is_typed(pages: Pages) -> None:
    tab = await pages.open(init=ASKED)
    devices, authenticator = await with_authenticator(tab)
    await added(tab)
    await tab.run("coatcheck.signOut()")
    quiet = {"authenticatorId": authenticator, "enabled": False}
    await devices.send("WebAuthn.setAutomaticPresenceSimulation", quiet)
    await tab.run("globalThis.waits = coatcheck.signInWithPasskey({ conditional: true }).catch((e) => e.code); 0")
    await tab.page.wait_for_function("globalThis.asked === 1")
    await devices.send("WebAuthn.setAutomaticPresenceSimulation", {**quiet, "enabled": True})
    outcome = await tab.run("return [await coatcheck.signInWithPasskey(), await waits];")
    assert (outcome[0]["status"], outcome[1]) == ("admitted", "called_off")


async def test_what_waits_where_a_name_is_typed_is_asked_anew_before_the_sign_in_runs_out(pages: Pages) -> None:
    tab = await pages.open(init=ASKED)
    devices, authenticator = await with_authenticator(tab)
    await added(tab)
    await tab.run("coatcheck.signOut()")
    quiet = {"authenticatorId": authenticator, "enabled": False}
    await devices.send("WebAuthn.setAutomaticPresenceSimulation", quiet)
    await tab.page.clock.install()
    await tab.run("globalThis.waits = coatcheck.signInWithPasskey({ conditional: true }); 0")
    await tab.page.wait_for_function("globalThis.asked === 1")
    await devices.send("WebAuthn.setAutomaticPresenceSimulation", {**quiet, "enabled": True})
    async with tab.page.expect_response(lambda answer: answer.url.endswith("/passkey/start")):
        await tab.page.clock.fast_forward("08:01")
    assert (await tab.run("return await waits;"))["status"] == "admitted"


async def test_a_device_is_told_that_its_key_is_gone(pages: Pages) -> None:
    tab = await pages.open()
    devices, authenticator = await with_authenticator(tab)
    passkey = await added(tab)
    more = await tab.run("coatcheck.stepUp({ acr: 'phr' })")
    await tab.run("coatcheck.prove(more, 'passkey')", more=more)
    assert (await tab.fetch(f"/auth/api/passkeys/{passkey}", method="DELETE"))[0] == 204
    await tab.run("coatcheck.signOut()")
    with pytest.raises(Refused, match="passkey_unknown"):
        await tab.run("coatcheck.signInWithPasskey()")
    held = {"authenticatorId": authenticator}
    for _ in range(100):
        left = (await devices.send("WebAuthn.getCredentials", held))["credentials"]
        if not left:
            break
        await tab.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert left == []
