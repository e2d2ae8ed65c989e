"""Accounts of another system, attacked by whoever registered there with somebody else's address (rows 62 and 74).

The other system never asked for the mailbox. The attacker made an account there with the victim's address, gave it
every way in there is, and waits for the move. In many systems an import takes the address for granted: the attacker
signs in as the victim, or waits until the victim recovers "their" account and comes in beside them by what stayed. Here
no session opens before the mailbox was read, and what was not proven with it is gone then.
"""

from typing import Any

import pytest
from fido2.utils import websafe_decode

from coatcheck.importing.account import ImportedAccount, ImportedHash, ImportedPasskey, ImportedTotp
from coatcheck.mfa.totp import code_at, step_of
from coatcheck.passkeys.verify import read_attestation
from coatcheck.passwords import schemes
from coatcheck.storage.tables.accounts import accounts
from tests.importing.sites import bring, count_of, found, prove
from tests.importing.sources.test_django_allauth import registered
from tests.importing.test_run import Listed
from tests.mailed import Coded, link_for
from tests.passkeys.device import Device
from tests.passkeys.people import begin, start
from tests.passkeys.people import prove as prove_passkey
from tests.site import FORM_TOKEN, PASSWORD, TOKEN, Site, sign_in, submit

VICTIM = "ann@example.org"
ATTACKERS = "the attacker knows this"
NEW = "eleven green umbrellas sing"
KEY = b"attackers own app 20"


async def prepared(site: Site, device: Device | None = None, **more: Any) -> None:
    """Bring over what the attacker prepared."""
    hashed = ImportedHash(schemes.hash_today(ATTACKERS, site.desk.settings.passwords))
    keys = (as_kept(registered(device, "auth.example.org", "1")),) if device else ()
    row = ImportedAccount(external_id="1", email=VICTIM, password=hashed, passkeys=keys, **more)
    assert (await bring(site, Listed([row]))).came == 1


def as_kept(answer: dict[str, Any]) -> ImportedPasskey:
    """Give a passkey as its browser registered it there."""
    made, rp_id_hash = read_attestation(websafe_decode(answer["response"]["attestationObject"]))
    return ImportedPasskey(
        credential_id=made.credential_id, public_key=made.public_key, sign_count=0, rp_id_hash=rp_id_hash,
        user_handle=b"1", verifies=True,
    )  # fmt: skip


async def recovered(site: Site) -> None:
    """Have the victim recover what they take for their account."""
    victim = site.browser(address="198.51.100.9")
    await submit(victim, "/recover", "/recover", email=VICTIM)
    token = TOKEN.search((await site.mails(VICTIM))[0].text)
    assert token is not None
    page = f"/recover/new-password?token={token[1]}"
    done = await submit(victim, page, "/recover/new-password", token=token[1], password=NEW)
    assert done.status_code in {200, 303}, done.text


async def test_the_attacker_waits_outside_with_every_proof_but_the_mailbox(site: Site) -> None:
    device = Device()
    await prepared(site, device, totp_secrets=(ImportedTotp(label="", key=KEY),))
    browser = site.browser()
    needed = (await sign_in(browser, VICTIM, ATTACKERS)).json()
    code = code_at(KEY, step_of(site.clock.now()) + 1)
    needed = (await prove(browser, needed, "totp", code)).json()
    assert (needed["status"], needed["options"]) == ("more_needed", ["email_code"])

    begun = await begin(browser)
    by_key = (await prove_passkey(browser, begun, device.use(await start(browser, begun)))).json()
    assert (by_key["status"], by_key["options"]) == ("more_needed", ["email_code"]), "a verified passkey is two factors"
    assert (await browser.get("/api/session")).status_code == 401


async def test_nothing_of_the_attackers_stays_beside_the_victim(site: Site) -> None:
    device = Device()
    await prepared(site, device, totp_secrets=(ImportedTotp(label="", key=KEY),), backup_codes=("12345678",))
    waiting = (await sign_in(site.browser(), VICTIM, ATTACKERS)).json()
    await recovered(site)
    assert (await sign_in(site.browser(), VICTIM, NEW)).json()["status"] == "admitted", "and no factor is asked for"
    assert (await sign_in(site.browser(), VICTIM, ATTACKERS)).status_code == 401
    attacker = site.browser()
    begun = await begin(attacker)
    assert (await prove_passkey(attacker, begun, device.use(await start(attacker, begun)))).status_code == 401
    for factor, code in (("totp", code_at(KEY, step_of(site.clock.now()) + 1)), ("backup_code", "12345678")):
        assert (await prove(attacker, waiting, factor, code)).status_code in {401, 410}
    assert (await attacker.get("/api/session")).status_code == 401


async def test_the_victim_who_opens_the_mailed_link_lets_nobody_in(site: Site) -> None:
    """The attacker has a code mailed, which nobody but the victim reads, and hopes for a click."""
    await prepared(site)
    attacker, victim = site.browser(), site.browser(address="198.51.100.9")
    sent = await submit(attacker, "/sign-in", "/sign-in", identifier=VICTIM, password=ATTACKERS)
    step = await attacker.get(sent.headers["location"])
    sign_in_id = step.text.partition('name="sign_in" value="')[2].partition('"')[0]
    form = FORM_TOKEN.search(step.text)
    assert form is not None
    asked = {"form_token": form[1], "sign_in": sign_in_id, "factor": "email_code"}
    await attacker.post("/sign-in/code/start", data=asked)
    shown = await victim.get(await link_for(site, VICTIM))
    assert shown.status_code in {200, 303, 410}
    for browser in (attacker, victim):
        assert (await browser.get("/api/session")).status_code == 401
    account = await found(site, VICTIM)
    assert account is not None
    assert not account.email_proven


async def test_an_account_that_is_here_is_not_merged_with(site: Site) -> None:
    await site.person(VICTIM)
    hashed = ImportedHash(schemes.hash_today(ATTACKERS, site.desk.settings.passwords))
    for verified in (True, False):
        row = ImportedAccount(external_id=str(verified), email=VICTIM, email_verified=verified, password=hashed)
        assert (await bring(site, Listed([row]))).collided == 1
    assert (await sign_in(site.browser(), VICTIM, ATTACKERS)).status_code == 401
    assert (await sign_in(site.browser(), VICTIM, PASSWORD)).status_code == 200


async def test_a_username_takes_no_address(site: Site) -> None:
    await prepared(site, username="attacker")
    assert await found(site, VICTIM) is None
    await site.person(VICTIM)
    assert await count_of(site, accounts) == 2
    assert (await sign_in(site.browser(), "attacker", ATTACKERS)).json()["account"]["email"] is None


@pytest.mark.parametrize("role", ["admin", "is_superuser", "superuser"])
async def test_a_role_of_the_sources_is_none_of_ours(site: Site, role: str) -> None:
    await site.administrator()
    hashed = ImportedHash(schemes.hash_today(ATTACKERS, site.desk.settings.passwords))
    row = ImportedAccount(external_id="1", username="eve", password=hashed, roles=(role,))
    report = await bring(site, Listed([row]))
    assert report.notes == {("role_left", role): 1}
    eve = site.browser()
    await sign_in(eve, "eve", ATTACKERS)
    assert (await eve.get("/api/session")).json()["roles"] == []
    assert (await eve.get("/admin")).status_code in {403, 404}


async def test_a_code_of_a_wrong_guess_confirms_nothing(site: Site) -> None:
    await prepared(site)
    browser = site.browser()
    way = Coded(browser, (await sign_in(browser, VICTIM, ATTACKERS)).json())
    await way.start()
    assert (await way.prove("00000000")).status_code == 401
    account = await found(site, VICTIM)
    assert account is not None
    assert not account.email_proven
