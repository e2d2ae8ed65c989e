"""What is stored opens by a passkey alone, once it is asked for: across tabs, restarts and the network."""

from dataclasses import dataclass, field

import pytest
from playwright.async_api import CDPSession

from tests.browser.steps import fill_sign_in
from tests.sdk.house import Pages, Person, Refused, Tab, with_authenticator


@dataclass(frozen=True)
class Protected:
    """Hold somebody whose passkey opens what is stored, at the device that has it.

    Args:
        codes: backup codes, which came with the passkey.
    """

    tab: Tab
    person: Person
    devices: CDPSession
    authenticator: str
    codes: list[str] = field(repr=False)


async def protected(pages: Pages, person: Person | None = None) -> Protected:
    """Sign somebody in, and let their passkey be needed from then on."""
    tab = await pages.open()
    person = person or await pages.house.person()
    devices, authenticator = await with_authenticator(tab)
    await tab.sign_in(person)
    done = await tab.run("coatcheck.protectByPasskey({ name: 'This laptop' })")
    assert (done["passkey"]["name"], done["isRenewed"]) == ("This laptop", True)
    return Protected(tab, person, devices, authenticator, done["passkey"]["backup_codes"])


async def test_locked_after_a_restart_and_opened_without_the_network(pages: Pages) -> None:
    at = await protected(pages)
    tab, person = at.tab, at.person
    assert (await tab.state())["protection"] == "passkey"
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    await tab.reload()
    state = await tab.state()
    assert (state["status"], state["account"]) == ("locked", None)
    with pytest.raises(Refused, match="not_signed_in"):
        await tab.fetch("/api/me")
    await tab.page.context.set_offline(True)
    await tab.run("coatcheck.unlock()")
    state = await tab.state()
    assert (state["status"], state["account"]["id"], state["protection"]) == ("signed_in", person.id, "passkey")
    await tab.page.context.set_offline(False)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id


async def test_a_tab_that_is_open_opens_the_next_one(pages: Pages) -> None:
    at = await protected(pages)
    tab, person = at.tab, at.person
    other = await pages.tab(tab.page.context)
    await other.until("state.status === 'signed_in'")
    assert (await other.fetch("/api/me"))[1]["id"] == person.id


async def test_tabs_that_are_open_go_on(pages: Pages) -> None:
    tab = await pages.open()
    person = await pages.house.person()
    other = await pages.tab(tab.page.context)
    await with_authenticator(tab)
    await tab.sign_in(person)
    await other.until("state.status === 'signed_in'")
    await tab.page.bring_to_front()
    await tab.run("coatcheck.protectByPasskey()")
    await other.until("state.protection === 'passkey'")
    for each in (other, tab):
        assert (await each.fetch("/api/me"))[1]["id"] == person.id
        assert (await each.state())["status"] == "signed_in"


async def test_no_refresh_token_that_was_sealed_before_counts(pages: Pages) -> None:
    tab = await pages.open()
    await with_authenticator(tab)
    await tab.sign_in(await pages.house.person())
    client = f"""
    const {{ Client }} = await import("{pages.house.modules}/client.js");
    const client = new Client("{pages.house.url}/auth", undefined, () => undefined);
    await client.open();
    """
    sealed = await tab.run(f"{client} return (await client.vault.get('session')).refreshToken;")
    await tab.run("coatcheck.protectByPasskey()")
    with pytest.raises(Refused) as refused:
        await tab.run(
            f"{client} return client.call('POST', '/api/token/refresh', asked);", asked={"refresh_token": sealed}
        )
    assert refused.value.code in ("refresh_superseded", "session_ended")


async def test_the_passkey_that_signs_in_opens_it_too(pages: Pages) -> None:
    person, elsewhere = await pages.house.person(), await pages.open()
    await elsewhere.sign_in(person)
    tab = (await protected(pages, person)).tab
    await elsewhere.run("coatcheck.signOut({ everywhere: true })")
    with pytest.raises(Refused, match="session_ended"):
        await tab.fetch("/api/me")
    assert (await tab.state())["status"] == "ended"
    outcome = await tab.run("coatcheck.signInWithPasskey()")
    assert outcome["status"] == "admitted"
    state = await tab.state()
    assert (state["status"], state["protection"]) == ("signed_in", "passkey")
    await tab.reload()
    assert (await tab.state())["status"] == "locked"


async def test_signed_in_without_the_passkey_it_stays_locked_until_it_is_shown(pages: Pages) -> None:
    at = await protected(pages)
    tab = at.tab
    await tab.run("coatcheck.fetch('/auth/api/sessions', { method: 'DELETE' })")
    await tab.reload()
    more = await tab.sign_in(at.person)
    outcome = await tab.run("coatcheck.prove(more, 'backup_code', typed)", more=more, typed=at.codes[0])
    assert (outcome["status"], (await tab.state())["status"]) == ("admitted", "locked")
    await tab.run("coatcheck.unlock()")
    state = await tab.state()
    assert (state["status"], state["session"]["id"]) == ("signed_in", outcome["session"]["id"])
    assert (await tab.fetch("/api/me"))[1]["session"] == outcome["session"]["id"]


async def test_another_secret_opens_nothing(pages: Pages) -> None:
    tab = (await protected(pages)).tab
    await tab.reload()
    code = """
    const { Store } = await import(`${modules}/store.js`);
    const store = new Store(`coatcheck ${issuer}`);
    const other = (kept) => ({ ...kept, unlock: { ...kept.unlock, salt: "A".repeat(43) } });
    await store.change("accounts", await store.get("current", "account"), other);
    return coatcheck.unlock();
    """
    with pytest.raises(Refused) as refused:
        await tab.run(code, modules=pages.house.modules, issuer=f"{pages.house.url}/auth")
    assert (refused.value.code, refused.value.kind) == ("wrong_passkey", "refused")
    assert (await tab.state())["status"] == "locked"


async def test_protected_all_the_same_where_the_server_is_gone_at_the_end(pages: Pages) -> None:
    tab = await pages.open()
    await with_authenticator(tab)
    await tab.sign_in(await pages.house.person())
    await tab.page.route("**/api/token/refresh", lambda route: route.abort())
    assert (await tab.run("coatcheck.protectByPasskey()"))["isRenewed"] is False
    assert (await tab.state())["protection"] == "passkey"
    await tab.page.unroute("**/api/token/refresh")
    assert (await tab.fetch("/api/me"))[0] == 200


async def test_a_passkey_of_this_device_is_found(pages: Pages) -> None:
    tab = await pages.open()
    devices, authenticator = await with_authenticator(tab)
    await tab.sign_in(await pages.house.person())
    await tab.run("coatcheck.addPasskey()")
    await confirm(tab)
    done = await tab.run("coatcheck.protectByPasskey()")
    assert done["passkey"] is None
    held = await devices.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    assert len(held["credentials"]) == 1
    await tab.reload()
    await tab.run("coatcheck.unlock()")
    assert (await tab.state())["status"] == "signed_in"


async def test_a_passkey_that_was_added_on_our_own_pages_will_do(pages: Pages) -> None:
    tab = await pages.open()
    person = await pages.house.person()
    await with_authenticator(tab)
    page = tab.page
    await page.goto(f"{pages.house.url}/auth/sign-in")
    await fill_sign_in(page, person.email)
    await page.goto(f"{pages.house.url}/auth/account/ways-in")
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_role("link", name="I have kept them").click()
    await tab.enter()
    more = await tab.sign_in(person)
    await tab.run("coatcheck.prove(more, 'passkey')", more=more)
    assert (await tab.run("coatcheck.protectByPasskey()"))["passkey"] is None
    assert (await tab.state())["protection"] == "passkey"


async def test_a_device_that_makes_no_secrets_is_told(pages: Pages) -> None:
    tab = await pages.open()
    await with_authenticator(tab, has_prf=False)
    await tab.sign_in(await pages.house.person())
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.protectByPasskey()")
    assert (refused.value.code, refused.value.kind) == ("no_prf", "refused")
    assert (await tab.state())["protection"] == "device"
    _, listed = await tab.fetch("/auth/api/passkeys")
    assert listed == {"passkeys": []}


async def test_called_off(pages: Pages) -> None:
    at = await protected(pages)
    tab = at.tab
    await tab.reload()
    await at.devices.send("WebAuthn.setUserVerified", {"authenticatorId": at.authenticator, "isUserVerified": False})
    with pytest.raises(Refused, match="called_off"):
        await tab.run("coatcheck.unlock()")
    assert (await tab.state())["status"] == "locked"


async def test_taken_back(pages: Pages) -> None:
    at = await protected(pages)
    tab, person = at.tab, at.person
    await tab.run("coatcheck.unprotect()")
    assert (await tab.state())["protection"] == "device"
    await tab.reload()
    assert (await tab.state())["account"]["id"] == person.id
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id


async def test_a_locked_browser_signs_out(pages: Pages) -> None:
    tab = (await protected(pages)).tab
    await tab.reload()
    with pytest.raises(Refused, match="locked"):
        await tab.run("coatcheck.signOut({ everywhere: true })")
    assert await tab.run("coatcheck.signOut()") == {"told": False}
    await tab.reload()
    assert (await tab.state())["status"] == "signed_out"


async def confirm(tab: Tab) -> None:
    """Confirm by a passkey."""
    more = await tab.run("coatcheck.stepUp({ acr: 'aal2' })")
    await tab.run("coatcheck.prove(more, 'passkey')", more=more)
