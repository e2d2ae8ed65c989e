"""Signing in from a page: by a password and more, and what the page is told and keeps."""

import asyncio
from pathlib import Path

import pytest

from coatcheck.mfa.totp import code_at
from tests.authenticators import key_in
from tests.sdk.house import Pages, Refused, Tab, now_step

NO_STORAGE = (
    "Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError') } })"
)

FULL = """const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...given) {
  if (globalThis.isFull) throw new DOMException("no room", "QuotaExceededError");
  return put.apply(this, given);
};"""


async def set_up_app(tab: Tab) -> bytes:
    """Set up an authenticator app within the session; give its key."""
    _, offered = await tab.fetch("/auth/api/factors/totp/start", method="POST")
    key = key_in(offered["secret"])
    body = {"method": "POST", "headers": {"content-type": "application/json"}}
    code = code_at(key, now_step() - 1)  # the next one is for the sign-in
    status, _ = await tab.fetch("/auth/api/factors/totp/confirm", **body, body=f'{{"code": "{code}"}}')
    assert status == 200
    return key


async def test_signed_in_and_still_so_after_a_reload(pages: Pages) -> None:
    tab = await pages.open()
    person = await pages.house.person()
    outcome = await tab.sign_in(person)
    assert (outcome["status"], set(outcome)) == ("admitted", {"status", "account", "session"})
    state = await tab.state()
    assert (state["status"], state["protection"], state["account"]["email"]) == ("signed_in", "device", person.email)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    await tab.reload()
    assert (await tab.state())["account"]["id"] == person.id
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id


async def test_still_so_in_a_browser_that_was_closed(pages: Pages, chromium: Path, tmp_path: Path) -> None:
    person = await pages.house.person()
    async with pages.profile(tmp_path, chromium) as context:
        await (await pages.tab(context)).sign_in(person)
    async with pages.profile(tmp_path, chromium) as context:
        tab = await pages.tab(context)
        assert (await tab.state())["account"]["id"] == person.id
        assert (await tab.fetch("/api/me"))[1]["id"] == person.id


async def test_tokens_are_bound_and_no_cookie_signs_in(pages: Pages) -> None:
    tab = await pages.open()
    async with tab.page.expect_response(lambda answer: answer.url.endswith("/api/sign-in") and answer.ok) as asked:
        await tab.sign_in(await pages.house.person())
    said = await (await asked.value).json()
    assert said["token_type"] == "DPoP"
    cookies = {str(each.get("name")) for each in await tab.page.context.cookies()}
    assert not {name for name in cookies if "session" in name or "access" in name or "refresh" in name}


async def test_where_nothing_can_be_kept_it_is_a_cookie(pages: Pages) -> None:
    tab = await pages.open(init=NO_STORAGE)
    person = await pages.house.person()
    outcome = await tab.sign_in(person)
    assert outcome["status"] == "admitted"
    state = await tab.state()
    assert (state["status"], state["protection"], state["account"]["email"]) == ("signed_in", "none", person.email)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    await tab.reload()
    assert (await tab.state())["status"] == "signed_in"
    assert await tab.run("coatcheck.signOut()") == {"told": True}
    assert (await tab.state())["status"] == "signed_out"
    assert (await tab.fetch("/api/me"))[0] == 401


async def test_where_the_disk_is_full_it_is_a_cookie_until_the_sign_out(pages: Pages) -> None:
    """A quota that is set by the browser's own tools is not held to by its IndexedDB, so the page says it."""
    tab = await pages.open(init=FULL)
    person = await pages.house.person()
    await tab.run("globalThis.isFull = true")
    await tab.sign_in(person)
    state = await tab.state()
    assert (state["status"], state["protection"]) == ("signed_in", "none")
    other = await pages.tab(tab.page.context)
    assert (await other.state())["account"]["id"] == person.id
    await tab.run("coatcheck.signOut()")
    await other.until("state.status === 'signed_out'")
    await other.sign_in(person)
    assert (await other.state())["protection"] == "device"


async def test_a_wrong_password_is_refused_and_nothing_changes(pages: Pages) -> None:
    tab = await pages.open()
    person = await pages.house.person()
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.signIn({ identifier, password: 'wrong' })", identifier=person.email)
    assert (refused.value.code, refused.value.kind) == ("invalid_credentials", "refused")
    assert (await tab.state())["status"] == "signed_out"


async def test_with_a_second_factor(pages: Pages) -> None:
    tab = await pages.open()
    person = await pages.house.person()
    await tab.sign_in(person)
    key = await set_up_app(tab)
    await tab.run("coatcheck.signOut()")
    more = await tab.sign_in(person)
    assert (more["status"], more["options"]) == ("more_needed", ["totp", "backup_code"])
    assert (await tab.state())["status"] == "signed_out"
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.prove(more, 'totp', '000000')", more=more)
    assert (refused.value.code, refused.value.said["problem"]["tries_left"]) == ("invalid_code", 4)
    outcome = await tab.run("coatcheck.prove(more, 'totp', code)", more=more, code=code_at(key, now_step()))
    assert (outcome["status"], outcome["session"]["acr"]) == ("admitted", "aal2")
    assert (await tab.fetch("/api/payroll", method="POST"))[0] == 200


async def test_somebody_else_takes_the_place_of_whoever_was_signed_in(pages: Pages) -> None:
    tab = await pages.open()
    ann, ben = await pages.house.person(), await pages.house.person()
    await tab.sign_in(ann)
    other = await pages.tab(tab.page.context)
    await tab.sign_in(ben)
    await other.until(f"state.account?.id === '{ben.id}'")
    assert (await other.fetch("/api/me"))[1]["id"] == ben.id


async def test_whoever_signs_in_again_has_one_session(pages: Pages) -> None:
    tab = await pages.open()
    person = await pages.house.person()
    first = (await tab.sign_in(person))["session"]["id"]
    async with tab.page.expect_response(lambda answer: answer.url.endswith("/api/sign-out")):
        second = (await tab.sign_in(person))["session"]["id"]
    _, listed = await tab.fetch("/auth/api/sessions")
    assert first != second
    assert [each["id"] for each in listed["sessions"]] == [second]


async def test_nothing_can_be_kept_and_coatcheck_is_elsewhere(pages: Pages) -> None:
    tab = await pages.open(init=NO_STORAGE)
    await tab.run("globalThis.coatcheck = await Coatcheck.open({ issuer: 'https://auth.example.org' }); 0")
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.signIn({ identifier: 'ann', password: 'x' })")
    assert (refused.value.code, refused.value.kind) == ("no_storage", "refused")


async def test_two_people_sign_in_at_once_and_all_tabs_show_one(pages: Pages) -> None:
    tab = await pages.open()
    other = await pages.tab(tab.page.context)
    people = [await pages.house.person(), await pages.house.person()]
    await asyncio.gather(tab.sign_in(people[0]), other.sign_in(people[1]))
    tabs = (tab, other, await pages.tab(tab.page.context))
    shown = [await each.fetch("/api/me") for each in tabs]
    assert [status for status, _ in shown] == [200, 200, 200]
    assert len({me["id"] for _, me in shown}) == 1
    assert len({(await each.state())["account"]["id"] for each in tabs}) == 1


async def test_signed_up(pages: Pages) -> None:
    tab = await pages.open()
    asked = {"email": "new@example.org", "password": "seven quiet lanterns drift"}
    assert await tab.run("coatcheck.signUp(asked)", asked=asked) == {"status": "accepted"}
    with pytest.raises(Refused, match="gone"):
        await tab.run("coatcheck.confirmSignUp({ token: 'none' })")
