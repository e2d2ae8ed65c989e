"""Sign-ins of several steps: mailed codes, and factors that are made on the way."""

from coatcheck.mfa.totp import code_at
from tests.authenticators import key_in
from tests.sdk.house import House, Pages, Tab, now_step, with_authenticator


async def past_the_mailbox(tab: Tab) -> dict[str, object]:
    """Sign somebody in who has a password alone, and show their mailbox; give what is needed then."""
    person = await tab.house.person()
    more = await tab.sign_in(person)
    assert more["options"] == ["email_code"]
    assert (await tab.run("coatcheck.start(more, 'email_code')", more=more))["status"] == "accepted"
    typed = await tab.house.mailed_code(person)
    further: dict[str, object] = await tab.run("coatcheck.prove(more, 'email_code', typed)", more=more, typed=typed)
    assert further["status"] == "more_needed"
    return further


async def test_a_second_factor_is_made_within_the_sign_in(own_pages: Pages, own_house: House) -> None:
    own_house.restart(sign_in={"level": "aal2"})
    tab = await own_pages.open()
    await with_authenticator(tab)
    more = await past_the_mailbox(tab)
    assert more["options"] == ["enrol_passkey", "enrol_totp"]
    outcome = await tab.run("coatcheck.prove(more, 'enrol_passkey', { name: 'Mine' })", more=more)
    assert (outcome["status"], outcome["session"]["acr"]) == ("admitted", "aal2")
    assert (await tab.fetch("/auth/api/passkeys"))[1]["passkeys"][0]["name"] == "Mine"
    await tab.run("coatcheck.signOut()")

    more = await past_the_mailbox(tab)
    offered = await tab.run("coatcheck.start(more, 'enrol_totp')", more=more)
    typed = code_at(key_in(offered["secret"]), now_step())
    outcome = await tab.run("coatcheck.prove(more, 'enrol_totp', typed)", more=more, typed=typed)
    assert outcome["status"] == "admitted"
    assert (await tab.fetch("/api/payroll", method="POST"))[0] == 200
