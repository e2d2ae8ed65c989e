"""A request asks for a better proof: the app lets the person confirm, and the request is sent again."""

import pytest

from tests.sdk.house import Pages, Refused, Tab, with_authenticator
from tests.sdk.test_passkeys import added, with_and_without_storage

CONFIRM = """
globalThis.asked = [];
coatcheck.close();
globalThis.coatcheck = await Coatcheck.open({ issuer, confirm: async (error, own) => {
  asked.push([error.code, error.challenge.acr_values]);
  if (globalThis.isCalledOff) throw new CoatcheckError({ code: "called_off" });
  await own.prove(await own.stepUp(error.challenge), "passkey");
} });
"""


async def confirming(pages: Pages, init: str = "") -> Tab:
    """Open the app of somebody who has a passkey, and whose session was proven by a password alone."""
    tab = await pages.open(init=init)
    await with_authenticator(tab)
    await added(tab)
    await tab.run(CONFIRM, issuer=f"{pages.house.url}/auth")
    return tab


@with_and_without_storage
async def test_requests_at_once_ask_once_and_are_all_sent_again(pages: Pages, init: str) -> None:
    tab = await confirming(pages, init)
    code = """
    const send = () => coatcheck.fetch("/api/payroll", { method: "POST", body: "{}" });
    const answers = await Promise.all([send(), send(), send()]);
    return [answers.map(({ status }) => status), asked];
    """
    assert await tab.run(code) == [[200, 200, 200], [["fresh_sign_in_needed", "aal2"]]]
    assert (await tab.state())["session"]["acr"] == "aal2"
    assert (await tab.fetch("/api/payroll", method="POST"))[0] == 200
    assert len(await tab.run("asked")) == 1


@with_and_without_storage
async def test_what_was_confirmed_is_said_at_once(pages: Pages, init: str) -> None:
    tab = await pages.open(init=init)
    await with_authenticator(tab)
    await added(tab)
    session = (await tab.state())["session"]
    await tab.run("return coatcheck.prove(await coatcheck.stepUp({ acr: 'aal2' }), 'passkey');")
    raised = (await tab.state())["session"]
    assert (session["acr"], raised["acr"], raised["id"]) == ("aal1", "aal2", session["id"])


async def test_called_off(pages: Pages) -> None:
    tab = await confirming(pages)
    with pytest.raises(Refused, match="called_off"):
        await tab.run("globalThis.isCalledOff = true; return coatcheck.fetch('/api/payroll', { method: 'POST' });")
    assert (await tab.state())["session"]["acr"] == "aal1"


async def test_calls_of_the_sdk_itself_ask_too(pages: Pages) -> None:
    tab = await confirming(pages)
    done = await tab.run("return [await coatcheck.protectByPasskey(), asked];")
    assert (done[0]["passkey"], done[1]) == (None, [["fresh_sign_in_needed", "aal2"]])


async def test_an_app_that_asks_nobody_is_given_the_answer(pages: Pages) -> None:
    tab = await pages.open()
    await with_authenticator(tab)
    await added(tab)
    status, said = await tab.fetch("/api/payroll", method="POST")
    assert (status, said["code"]) == (403, "fresh_sign_in_needed")


async def test_another_tab_has_what_was_confirmed(pages: Pages) -> None:
    tab = await confirming(pages)
    other = await pages.tab(tab.page.context)
    assert (await other.fetch("/api/me"))[0] == 200
    await tab.page.bring_to_front()
    assert (await tab.fetch("/api/payroll", method="POST"))[0] == 200
    assert (await other.fetch("/api/payroll", method="POST"))[0] == 200
