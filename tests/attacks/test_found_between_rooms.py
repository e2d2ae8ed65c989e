"""Found by reading rooms together that were built apart: permits, API keys, panic, access and imports."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import structs
from sqlalchemy import select

from coatcheck.access import records as access
from coatcheck.admin.roles import create_role
from coatcheck.doctor.end_permit import end_those_run_out
from coatcheck.doctor.outside.asking import Seen
from coatcheck.errors import ApiKeyRefused
from coatcheck.importing.account import ImportedAccount, ImportedHash, ImportedIdentity
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted, MoreNeeded
from coatcheck.login.with_email_code import prove_email_code, start_email_code
from coatcheck.login.with_provider import go_on_with
from coatcheck.storage.tables.api_keys import api_keys
from coatcheck.storage.tables.upstream import identities
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.identity import Identity
from tests.api_keys.making import authenticated
from tests.attacks.test_found_in_imports import as_kept
from tests.doctor.permits import doctor, permit_of
from tests.importing.sites import bring, found
from tests.importing.sources.test_django_allauth import registered
from tests.importing.test_run import Listed
from tests.mailed import ANN, CODE, Coded
from tests.passkeys.device import Device
from tests.passkeys.people import sign_in_by
from tests.site import VISIT, Site, open_site, sign_in

WORK = {
    "entry": "oidc", "issuer": "http://127.0.0.1:9", "client_id": "site", "client_secret": "of nobody",
    "groups": "groups", "roles": ["Chiefs = chief"],
}  # fmt: skip


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that people come to by their company."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, providers={"work": WORK}) as site:
        await create_role(site.desk, VISIT, role="chief", permissions=["all:read"], actor="operator")
        yield site


async def test_an_api_key_does_not_outlive_the_permit_whose_account_made_it(site: Site) -> None:
    """Whoever has the doctor's permit makes a key with it, which every process that saw it used goes on to take."""
    permit = await permit_of(site)
    thief = doctor(site, permit)
    assert (await sign_in(thief, permit.email, permit.password)).json()["status"] == "admitted"
    key = (await thief.post("/api/api-keys", json={"name": "for later", "scopes": []})).json()["key"]
    assert (await authenticated(site, key)).subject.startswith("acc_"), "it is in memory now"
    site.clock.advance(timedelta(minutes=10))
    assert await end_those_run_out(site.desk) == 1
    await site.follow_log()
    with pytest.raises(ApiKeyRefused):
        await authenticated(site, key)
    async with site.desk.database.reading() as db:
        assert (await db.execute(select(api_keys.c.id))).all() == []


async def test_the_identity_that_an_attacker_linked_before_the_import_does_not_stay_beside_the_owners(
    opened: Site,
) -> None:
    """The attacker made the account there and linked their own; its owner came later by the same provider's button."""
    links = tuple(ImportedIdentity(provider="work", subject=each) for each in ("eve", "ann"))
    assert (await bring(opened, Listed([ImportedAccount(external_id="1", email=ANN, identities=links)]))).came == 1
    assert isinstance(await come(opened, "eve"), MoreNeeded), "only who reads the mailbox comes in"
    assert isinstance(await come_and_read(opened, "ann"), Admitted)
    async with opened.desk.database.reading() as db:
        assert (await db.execute(select(identities.c.subject))).scalars().all() == ["ann"]


async def test_the_passkey_that_an_attacker_made_before_the_import_does_not_stay_beside_the_owners(site: Site) -> None:
    theirs, own = Device(), Device()
    keys = tuple(as_kept(registered(each, "auth.example.org", "1")) for each in (theirs, own))
    assert (await bring(site, Listed([ImportedAccount(external_id="1", email=ANN, passkeys=keys)]))).came == 1
    way = Coded(browser := site.browser(), (await sign_in_by(browser, own)).json())
    await way.start()
    code = CODE.search((await site.mails(ANN))[0].text)
    assert code is not None
    assert (await way.prove(code[1])).json()["status"] == "admitted"
    assert (await sign_in_by(site.browser(), theirs)).status_code == 401
    assert (await sign_in_by(site.browser(), own)).json()["status"] == "admitted"


async def test_a_group_gives_no_role_to_an_account_whose_mailbox_nobody_has_read(opened: Site) -> None:
    """The account has the attacker's mailbox and the victim's identity; the victim's groups would stay with it."""
    row = ImportedAccount(
        external_id="1", email="eve@example.org", identities=(ImportedIdentity(provider="work", subject="ann"),)
    )
    assert (await bring(opened, Listed([row]))).came == 1
    assert isinstance(await come(opened, "ann", groups=("Chiefs",)), MoreNeeded)
    account = await found(opened, "eve@example.org")
    assert account is not None
    async with opened.desk.database.reading() as db:
        assert await access.roles_of(db, account.id, opened.clock.now()) == []


async def test_a_stranger_cannot_have_the_advisor_answer_for_long(site: Site) -> None:
    """An address full of questions that nobody asked took the time of their square, and sixty times its own length."""
    stranger = site.machine()
    address = "&".join(f"{number:x}" for number in range(4000))
    body = {f"regulatio{number}": "" for number in range(3000)}
    for answer in (await stranger.get(f"/api/advisor?{address}"), await stranger.post("/api/advisor", json=body)):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
        assert len(answer.content) < 8000


async def come(site: Site, subject: str, **more: Any) -> Admitted | MoreNeeded:
    """Come from the company as somebody."""
    [provider] = site.desk.keep(Providers).all()
    begun = await begin_sign_in(site.desk, VISIT, identifier="")
    identity = Identity(provider="work", issuer=WORK["issuer"], subject=subject, email=ANN, **more)  # type: ignore[arg-type]
    return await go_on_with(site.desk, VISIT, Step(begun.sign_in, begun.continuation.reveal()), provider, identity)


async def come_and_read(site: Site, subject: str) -> Admitted | MoreNeeded:
    """Come from the company, and read the mailbox then."""
    needed = await come(site, subject)
    assert isinstance(needed, MoreNeeded)
    step = Step(needed.sign_in, needed.continuation.reveal())
    await start_email_code(site.desk, VISIT, step)
    code = CODE.search((await site.mails(ANN))[0].text)
    assert code is not None
    return await prove_email_code(site.desk, VISIT, step, code=code[1])


async def test_one_row_that_no_database_keeps_does_not_stop_the_others(every_site: Site) -> None:
    """Such as a hash with NUL, which a driver refuses in the middle of a batch."""
    hashes = [f"pbkdf2_sha256$1000${salt}${'A' * 43}=" for salt in ("\0", "\ud800")]
    rows = [
        ImportedAccount(external_id=str(number), username=f"person-{number}", password=ImportedHash(hashed))
        for number, hashed in enumerate(hashes)
    ]
    key = as_kept(registered(Device(), "auth.example.org", "1"))
    odd = structs.replace(key, created_at=-(2**70), last_used_at=2**70)
    rows += [
        ImportedAccount(external_id=each, username=f"person-{each}", passkeys=(odd,) * (each == "2")) for each in "23"
    ]
    report = await bring(every_site, Listed(rows))
    assert (report.came, report.bad) == (2, 2)


def test_a_deeply_nested_answer_does_not_end_the_doctors_examination() -> None:
    assert Seen("/", 200, httpx.Headers(), '{"keys":' + "[" * 200_000).words == {}
