"""Second factors, attacked by whoever has less than them: a new factor, an old proof, a session of before.

Whoever lacks a second factor looks for a way to be asked for less: to bring one of their own, to let one proof pass for
another, to keep what was opened before. Each of these was found by reading.
"""

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.accounts.identifiers import parse_email
from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import FreshSignInNeeded, SessionEnded
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.admit import admit
from coatcheck.login.factors import Proof
from coatcheck.login.sign_in import Admitted, SignIn
from coatcheck.mfa.totp import code_at, step_of
from coatcheck.my_account.change_email import ask_to_change_email, confirm_email_change
from coatcheck.recovery import records as recovery
from coatcheck.recovery.records import Wait
from coatcheck.secret import new_id
from coatcheck.verifier import Demand, refusal
from coatcheck.ways_in.register_passkey import add_passkey, ask_for_passkey
from tests.authenticators import key_in, with_app
from tests.mailed import ANN, Coded, begun, code_for, coded_site
from tests.passkeys.device import Device
from tests.passkeys.people import prove, start
from tests.site import PASSWORD, PROVEN, VISIT, Site, sign_in

APP, KEY = Proof(factor="totp"), Proof(factor="passkey", is_verified=True)


async def admitted_by(site: Site, account: str, epoch: int, *proofs: Proof, session: str = "") -> Admitted:
    """Come to the door with proofs, to open a session or to raise one."""
    proven = SignIn(id=new_id("sgn_"), account=account, epoch=epoch, proofs=proofs, session=session)
    admitted = await admit(site.desk, VISIT, proven, None)
    assert isinstance(admitted, Admitted)
    return admitted


async def asked(site: Site, way: Coded) -> list[str]:
    """Give what a sign-in asks for, once its mailbox was shown."""
    site.clock.advance(timedelta(seconds=1))  # so that the code's mail is the newest
    await way.start()
    further = (await way.prove(await code_for(site))).json()
    way.continuation = further["continuation"]
    return list(further["options"])


async def by_code(way: Coded, code: str) -> httpx.Response:
    """Give a code of the app."""
    return await way.browser.post(f"{way.path}/totp", json={"continuation": way.continuation, "code": code})


async def test_a_passkey_of_ones_own_in_the_place_of_the_app(tmp_path: Path) -> None:
    """The site asks for passkeys, and Ann has an app: who has her password and her mailbox cannot make one for her."""
    async with coded_site(tmp_path, level="phr") as site:
        person = await with_app(site)
        thief = site.browser(address="198.51.100.9")
        needed = (await sign_in(thief, ANN, PASSWORD)).json()
        assert needed["options"] == ["totp", "backup_code"]
        way = Coded(thief, (await by_code(Coded(thief, needed), person.code(site))).json())
        assert await asked(site, way) == ["enrol_passkey"], "who has the app makes one"


async def test_a_passkey_of_ones_own_by_the_mailbox_alone(tmp_path: Path) -> None:
    """A mailed code is a way in, and what is asked for is beyond what Ann has: the mailbox alone brings no passkey."""
    async with coded_site(tmp_path, email_codes=True, level="phr") as site:
        person = await with_app(site)
        way = await begun(site.browser())
        assert await asked(site, way) == ["password", "totp", "backup_code"]
        body = {"continuation": way.continuation, "password": PASSWORD}
        further = (await way.browser.post(f"{way.path}/password", json=body)).json()
        assert further["options"] == ["totp", "backup_code"]
        last = (await by_code(Coded(way.browser, further), person.code(site))).json()
        assert last["options"] == ["enrol_passkey"]


async def test_a_passkey_of_ones_own_where_no_password_is(tmp_path: Path) -> None:
    """A mailed code and an app are all that Ann has: who reads her mail still owes the app."""
    async with coded_site(tmp_path, email_codes=True, level="aal2") as site:
        person = await with_app(site, password=None)
        way = await begun(site.browser())
        assert await asked(site, way) == ["totp", "backup_code"]
        last = (await by_code(way, person.code(site))).json()
        assert last["options"] == ["enrol_passkey"]


async def test_an_old_passkey_and_fresh_codes_for_a_fresh_passkey(site: Site) -> None:
    """Who took Ann's session over leads her to a false site for password and code: that is no fresh passkey."""
    ann = (await with_app(site)).account
    opened = await admitted_by(site, ann.id, ann.epoch, KEY)
    site.clock.advance(timedelta(hours=1))
    raised = await admitted_by(site, ann.id, ann.epoch, PROVEN, APP, session=opened.session.id)
    principal = await check_cookie(site.desk, raised.secret.reveal())
    both = Demand(acr="phr", fresh=timedelta(minutes=5))
    assert isinstance(refusal(both, principal, site.desk.now()), FreshSignInNeeded)
    assert refusal(Demand(acr="aal2", fresh=timedelta(minutes=5)), principal, site.desk.now()) is None


async def test_a_replaced_secret_gains_nothing_by_the_step_up(site: Site) -> None:
    """A stolen cookie works ten seconds more after its owner stepped up by a passkey: as what it was."""
    ann = (await with_app(site)).account
    opened = await admitted_by(site, ann.id, ann.epoch, PROVEN, APP)
    await admitted_by(site, ann.id, ann.epoch, KEY, session=opened.session.id)
    stolen = await check_cookie(site.desk, opened.secret.reveal())
    assert stolen.amr == ("pwd", "otp", "mfa")
    assert isinstance(refusal(Demand(acr="phr"), stolen, site.desk.now()), FreshSignInNeeded)


async def test_a_recovery_goes_on_behind_the_last_backup_code(site: Site) -> None:
    """A thief has begun the wait for lost factors; Ann signs in by her last backup code, so they are not lost."""
    ann = (await with_app(site)).account
    now = site.clock.now()
    wait = Wait(
        account=ann.id, epoch=ann.epoch, asked_at=now, due_at=now + 1, expires_at=now + 2, notices=1, base_url=""
    )
    async with site.desk.database.writing() as tx:
        await recovery.begin_wait(tx, wait, next_notice_at=now + 1)
        await accounts.drop_factor(tx, ann, "backup_code")
    await admitted_by(site, ann.id, ann.epoch, PROVEN, Proof(factor="backup_code"))
    async with site.desk.database.reading() as db:
        assert await recovery.find_wait(db, ann.id) is None


async def stepping_up(site: Site, browser: httpx.AsyncClient) -> Coded:
    """Raise a session by its password, on a site that then asks for a factor that the account has not."""
    begun = (await browser.post("/api/step-up", json={"acr": "aal2"})).json()
    path, body = f"/api/sign-in/{begun['sign_in']}", {"continuation": begun["continuation"]}
    further = Coded(browser, (await browser.post(f"{path}/password", json={**body, "password": PASSWORD})).json())
    await further.start()
    further.continuation = (await further.prove(await code_for(site))).json()["continuation"]
    return further


async def end_alone(site: Site, browser: httpx.AsyncClient) -> str:
    """End the browser's session and no other, as its owner does from elsewhere; give whose it was."""
    who = (await browser.get("/api/session")).json()
    account, session = who["account"]["id"], who["session"]["id"]
    await end_session(site.desk, VISIT, account=account, session=session, actor=account)
    return str(account)


async def factors_of(site: Site, account: str) -> frozenset[str]:
    """Give what an account has enrolled."""
    async with site.desk.database.reading() as db:
        found = await accounts.find(db, account)
    assert found is not None
    return found.factors


async def test_an_app_enrolled_by_a_session_that_was_ended(site: Site) -> None:
    """Ann ends the session of a browser that was taken over; the step-up it had begun shows no cookie, and goes on."""
    await site.person()
    thief = await site.signed_in()
    way = await stepping_up(site, thief)
    offered = await thief.post(f"{way.path}/enrol_totp/start", json={"continuation": way.continuation})
    code = code_at(key_in(offered.json()["secret"]), step_of(site.clock.now()))
    ann = await end_alone(site, thief)
    body = {"continuation": way.continuation, "code": code}
    refused = await thief.post(f"{way.path}/enrol_totp", json=body)
    assert (refused.status_code, refused.json()["code"]) == (401, "session_ended")
    assert await factors_of(site, ann) == frozenset()


async def test_a_passkey_made_by_a_session_that_was_ended(site: Site) -> None:
    await site.person()
    thief = await site.signed_in()
    way = await stepping_up(site, thief)
    waiting = {"sign_in": way.sign_in, "continuation": way.continuation}
    credential = Device().make(await start(thief, waiting, "enrol_passkey"))
    ann = await end_alone(site, thief)
    refused = await prove(thief, waiting, credential, "enrol_passkey")
    assert (refused.status_code, refused.json()["code"]) == (401, "session_ended")
    assert await factors_of(site, ann) == frozenset()


async def test_a_passkey_added_within_the_second_that_a_cache_may_be_behind(site: Site) -> None:
    """Another worker has ended the session, and the gate of this one has not read of it yet."""
    admitted = await site.let_in(await site.person())
    thief = await check_cookie(site.desk, admitted.secret.reveal())
    credential = Device().make(await ask_for_passkey(site.desk, VISIT, thief))
    await end_session(site.desk, VISIT, account=thief.subject, session=admitted.session.id, actor=thief.subject)
    with pytest.raises(SessionEnded):
        await add_passkey(site.desk, VISIT, thief, credential=json.dumps(credential))
    assert await factors_of(site, thief.subject) == frozenset()


async def test_an_address_moved_within_the_second_that_a_cache_may_be_behind(site: Site) -> None:
    """Neither is the link mailed nor one of before confirmed."""
    admitted = await site.let_in(await site.person())
    thief = await check_cookie(site.desk, admitted.secret.reveal())
    new = "thief@example.org"
    await ask_to_change_email(site.desk, VISIT, thief, password=PASSWORD, new_email=new)
    token = await site.token(new)
    await end_session(site.desk, VISIT, account=thief.subject, session=admitted.session.id, actor=thief.subject)
    with pytest.raises(SessionEnded):
        await ask_to_change_email(site.desk, VISIT, thief, password=PASSWORD, new_email="other@example.org")
    with pytest.raises(SessionEnded):
        await confirm_email_change(site.desk, VISIT, thief, token=token)
    assert (await person_of(site)).email == ANN
    assert await site.mails("other@example.org") == []


async def person_of(site: Site) -> Account:
    """Give Ann's account as it is now."""
    async with site.desk.database.reading() as db:
        found = await accounts.find_by(db, parse_email(ANN))
    assert found is not None
    return found
