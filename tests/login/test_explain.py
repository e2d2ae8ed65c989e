"""What a sign-in would take is what it takes: explained by the same decision, without anybody signing in."""

from pathlib import Path

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.admin.lock_account import lock_account
from coatcheck.ending.panic import panic
from coatcheck.login.explain import PROVABLE, Explained, explain_sign_in
from coatcheck.login.factors import Proof
from coatcheck.login.link import link
from coatcheck.login.policy import NO_MORE, Enough, StillNeeded
from coatcheck.login.standing import wanted_of
from coatcheck.upstream.identity import Identity
from tests.attacks.census import row_counts
from tests.site import VISIT, Site, open_site

PASSWORD, APP = Proof(factor="password"), Proof(factor="totp")


async def with_app(site: Site) -> Account:
    made = await site.person(password=None)
    async with site.desk.database.writing() as tx:
        await accounts.set_factors(tx, made.id, {"totp"})
        found = await accounts.lock(tx, made.id)
    assert found is not None
    return found


async def explained(site: Site, *proofs: Proof, acr: str = "aal1", **more: bool) -> Explained:
    async with site.desk.database.reading() as db:
        account = (await accounts.search(db, "ann", 1))[0]
    return await explain_sign_in(site.desk, account, proofs=proofs, wanted=wanted_of(acr), **more)


async def test_as_it_is_decided(site: Site) -> None:
    await with_app(site)
    before = await row_counts(site)
    half, whole = await explained(site, PASSWORD), await explained(site, PASSWORD, APP)
    assert isinstance(half.decision, StillNeeded)
    assert half.decision.options == ("totp",)
    assert isinstance(whole.decision, Enough)
    assert whole.decision.acr == "aal2"
    assert (await explained(site, PASSWORD, APP, acr="phr")).decision.reasons[0].startswith("what was asked for takes")
    assert half.standing.asked == NO_MORE
    assert await row_counts(site) == before, "nobody signs in by it"


async def test_a_browser_counts_where_the_site_heeds_it(site: Site, tmp_path: Path) -> None:
    await with_app(site)
    assert isinstance((await explained(site, PASSWORD, is_trusted=True)).decision, StillNeeded)
    assert not (await explained(site, PASSWORD, is_stranger=True)).standing.is_stranger
    folder = tmp_path / "another"
    folder.mkdir()
    settings = {"trust_devices_for": "30d", "strangers": "email_code"}
    async with open_site(f"sqlite:///{folder / 'site.db'}", folder, sign_in=settings) as heeding:
        await with_app(heeding)
        assert isinstance((await explained(heeding, PASSWORD, is_trusted=True)).decision, Enough)
        assert isinstance((await explained(heeding, PASSWORD, is_trusted=True, is_step_up=True)).decision, StillNeeded)
        assert (await explained(heeding, PASSWORD, is_stranger=True)).standing.is_stranger


async def test_what_counts_for_nothing_here_is_said(site: Site, tmp_path: Path) -> None:
    await with_app(site)
    assert (await explained(site, APP)).notes == ()
    off = await explained(site, APP, is_trusted=True, is_stranger=True)
    assert [note.split(":")[0] for note in off.notes] == [
        "No browser can be trusted here",
        "A new browser is asked for no more than others here",
    ]
    lacking = await explained(site, PASSWORD, Proof(factor="passkey"))
    assert [note.split(";")[0] for note in lacking.notes] == [
        "The account cannot prove the password now",
        "The account cannot prove a passkey now",
    ]
    folder = tmp_path / "another"
    folder.mkdir()
    settings = {"trust_devices_for": "30d", "strangers": "email_code"}
    async with open_site(f"sqlite:///{folder / 'site.db'}", folder, sign_in=settings) as heeding:
        await with_app(heeding)
        assert (await explained(heeding, APP, is_trusted=True, is_stranger=True)).notes == ()
        within = await explained(heeding, APP, is_trusted=True, is_step_up=True)
        assert within.notes == ("A trusted browser spares nothing within a session.",)


async def test_only_what_the_account_has_is_next(site: Site) -> None:
    await site.person()
    first = await explained(site)
    assert first.options == ("password",), "the door offers a passkey to every name; this account has none"
    assert isinstance(first.decision, StillNeeded)
    assert "passkey" in first.decision.options
    assert first.facts()["has"] == "the password, a mailed code (as a further step only)"
    assert (await explained(site, PASSWORD, acr="aal2")).options == ("email_code",)
    mailbox = Proof(factor="email_code")
    assert (await explained(site, PASSWORD, mailbox, acr="aal2")).options == ("enrol_passkey", "enrol_totp")


async def test_a_mailed_code_is_a_way_in_where_it_is_one(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in={"email_codes": True}) as site:
        await site.person()
        assert (await explained(site)).facts()["has"] == "the password, a mailed code"
        assert (await explained(site)).options == ("password", "email_code")


async def test_a_linked_provider_is_a_way_in(tmp_path: Path) -> None:
    own = {"entry": "oidc", "issuer": "http://127.0.0.1:9", "client_id": "site", "client_secret": "of nobody"}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, providers={"work": own}) as site:
        ann = await with_app(site)
        assert "another provider" not in (await explained(site)).facts()["has"]
        assert (await explained(site, PROVABLE["provider"])).notes == (
            "The account cannot prove another provider now; this supposes that it could.",
        )
        async with site.desk.database.writing() as tx:
            await link(tx, site.desk, ann, Identity(provider="work", issuer=str(own["issuer"]), subject="ann"))
        first = await explained(site)
        assert "another provider" in first.facts()["has"]
        assert first.facts()["next"] == "another provider"
        once = await explained(site, PROVABLE["provider"])
        assert (once.options, once.facts()["proven"]) == (("totp",), "another provider: aal1")
        believed = await explained(site, PROVABLE["provider-second-factor"])
        assert believed.facts()["session"] == "aal2, by fed mfa"


async def test_an_account_that_is_shut_says_so(site: Site) -> None:
    made = await with_app(site)
    await panic(site.desk, VISIT, account=made.id, actor="operator")
    whole = await explained(site, PASSWORD, APP)
    assert (whole.is_enough, whole.title) == (False, "the account is secured: recovery alone opens it")
    assert "until its owner recovers it by mail" in whole.notes[0]
    assert isinstance(whole.decision, Enough), "what it would be once it is open again"
    await lock_account(site.desk, VISIT, account=made.id, actor="operator")
    assert (await explained(site, PASSWORD)).title == "the account is locked"
