"""Microsoft's documented answers, through the whole site: an issuer per tenant, typed addresses, numbered errors."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

import pytest
from msgspec.structs import replace

from coatcheck.testing.clock import ManualClock
from coatcheck.testing.providers import ADA, BEN, MALLORY, FakeMicrosoft
from coatcheck.testing.providers.microsoft import AADSTS
from coatcheck.testing.providers.people import HOME_TENANT, OTHER_TENANT, PERSONAL_TENANT
from tests.login.providers import linked, shown_step, submit_step, trouble_of, who
from tests.login.replays import Replay, replaying
from tests.site import PASSWORD

Microsoft: TypeAlias = Replay[FakeMicrosoft]
VOUCHED = replace(ADA, edov=True)
PERSONAL = replace(BEN, tenant=PERSONAL_TENANT)


def under(tenant: str, folder: Path, **more: object) -> AbstractAsyncContextManager[Microsoft]:
    """Run Microsoft, and a site whose settings name a tenant."""
    clock = ManualClock()
    fake = FakeMicrosoft(clock=clock)
    fake.tenant = tenant
    fake.know(VOUCHED, PERSONAL)
    table = {"client_id": fake.client_id, "client_secret": fake.client_secret, "tenant": tenant, **more}
    return replaying(fake, folder, clock, "microsoft", table)


def says_tenant(microsoft: Microsoft, tenant: str) -> dict[str, object]:
    """Give the claims of somebody in a tenant, whatever they were asked under."""
    return {"tid": tenant, "iss": microsoft.fake.issuer_of(tenant)}


@pytest.fixture
async def microsoft(tmp_path: Path) -> AsyncIterator[Microsoft]:
    """Run Microsoft, and a site that anybody with an account there may sign in to."""
    async with under("common", tmp_path) as replay:
        yield replay


async def test_what_it_is_asked_for(microsoft: Microsoft) -> None:
    asked = await microsoft.asked()
    assert asked["scope"] == "openid profile email"
    assert asked["code_challenge_method"] == "S256", "discovery is silent about it, and it works"
    assert "nonce" in asked


async def test_the_issuer_is_that_of_the_tenant(microsoft: Microsoft) -> None:
    assert microsoft.fake.issuer_of("common").endswith("/{tenantid}/v2.0")
    assert await microsoft.comes_in(ADA) == "ada@example.com"
    assert await microsoft.comes_in(ADA) == "ada@example.com"


async def test_the_same_id_in_two_tenants_is_two_people(microsoft: Microsoft) -> None:
    """A guest has another account there, by Microsoft's own advice: nothing of one tenant speaks for another."""
    assert await microsoft.comes_in(ADA) == "ada@example.com"
    microsoft.fake.know(replace(VOUCHED, tenant=OTHER_TENANT, email="guest@example.com"))
    assert await microsoft.comes_in(ADA) == "guest@example.com"


async def test_mallory_has_adas_address_typed_and_gets_nothing(microsoft: Microsoft) -> None:
    """nOAuth: her own tenant's administrator, who is she, wrote it."""
    assert await microsoft.stays_out(MALLORY) == "no_proven_email"
    await microsoft.comes_in(ADA)
    assert await microsoft.stays_out(MALLORY) == "no_proven_email", "Ada is not even asked"


async def test_mallory_is_asked_for_adas_password_at_the_most(microsoft: Microsoft) -> None:
    """Where her tenant has proven the domain, too: an address opens a question, and never an account."""
    await microsoft.site.person("ada@example.com")
    microsoft.fake.know(replace(MALLORY, edov=True))
    async with microsoft.site.browser() as browser:
        step = await shown_step(browser, await microsoft.press(browser, MALLORY))
        assert (await submit_step(browser, step, factor="password", password="not Ada's password")).status_code == 401
        assert await who(browser) is None


@pytest.mark.parametrize("edov", [True, 1, "1", "true"])
async def test_a_proven_domain_is_said_in_several_ways(microsoft: Microsoft, edov: object) -> None:
    microsoft.fake.know(replace(ADA, edov=edov))
    assert await microsoft.comes_in(ADA) == "ada@example.com"


@pytest.mark.parametrize("edov", [False, 0, "0", "false", None, 2, 1.0, "True", "yes", [True], {"xms_edov": True}])
async def test_nothing_else_says_it(microsoft: Microsoft, edov: object) -> None:
    microsoft.fake.know(replace(ADA, edov=edov))
    assert await microsoft.stays_out(ADA) == "no_proven_email"


async def test_a_personal_account_is_believed(microsoft: Microsoft) -> None:
    assert await microsoft.comes_in(BEN) == "ben@example.net"


async def test_organizations_are_without_personal_accounts(tmp_path: Path) -> None:
    async with under("organizations", tmp_path) as microsoft:
        assert await microsoft.comes_in(ADA) == "ada@example.com"
        microsoft.fake.know(replace(PERSONAL, tenant=HOME_TENANT, claims=says_tenant(microsoft, PERSONAL_TENANT)))
        assert await microsoft.stays_out(BEN) == "tenant_refused", "though Microsoft let him through"
        assert PERSONAL_TENANT in await microsoft.trace()


async def test_one_tenant_is_without_others(tmp_path: Path) -> None:
    async with under(HOME_TENANT, tmp_path) as microsoft:
        assert await microsoft.comes_in(ADA) == "ada@example.com"
        microsoft.fake.know(replace(VOUCHED, claims=says_tenant(microsoft, OTHER_TENANT)))
        assert await microsoft.stays_out(ADA) == "identity_token_refused"
        assert "iss is" in await microsoft.trace()


async def test_of_all_tenants_those_that_the_settings_name(microsoft: Microsoft) -> None:
    microsoft.change(tenants=(HOME_TENANT,))
    assert await microsoft.comes_in(ADA) == "ada@example.com"
    assert await microsoft.stays_out(MALLORY) == "tenant_refused"
    assert f"tenant {OTHER_TENANT} is none that the settings of microsoft allow" in await microsoft.trace()


@pytest.mark.parametrize(
    "tid", [OTHER_TENANT, None, "{tenantid}", "../x", "", 7, HOME_TENANT.upper(), f"{HOME_TENANT}/"]
)
async def test_a_tenant_that_does_not_fit_the_issuer_is_a_lie(microsoft: Microsoft, tid: object) -> None:
    microsoft.fake.know(replace(VOUCHED, claims={"tid": tid}))
    assert await microsoft.stays_out(ADA) == "identity_token_refused"


async def test_an_issuer_of_another_tenant_is_a_lie(microsoft: Microsoft) -> None:
    microsoft.fake.know(replace(VOUCHED, claims={"iss": microsoft.fake.issuer_of(OTHER_TENANT)}))
    assert await microsoft.stays_out(ADA) == "identity_token_refused"
    assert "iss is" in await microsoft.trace()


@pytest.mark.parametrize("number", sorted(AADSTS))
async def test_its_errors_are_explained_by_their_numbers(microsoft: Microsoft, number: int) -> None:
    error, words = AADSTS[number]
    microsoft.fake.refuse(str(number), at="token")
    ours = error in ("invalid_client", "unauthorized_client")
    assert await microsoft.stays_out(ADA) == ("client_refused" if ours else "code_refused")
    trace = await microsoft.trace()
    assert f"{error}: AADSTS{number}: {words[:40]}" in trace


async def test_an_error_without_state_belongs_to_nobody(microsoft: Microsoft) -> None:
    """So it is in the documented example; nobody waits for it, and the person starts again."""
    microsoft.fake.leaves_out_state = True
    async with microsoft.site.browser() as browser:
        arrived = await microsoft.arrive(browser, "Cancel")
        assert "state" not in arrived.answer
    assert await microsoft.stays_out("Cancel") == "trip_unknown"
    microsoft.fake.leaves_out_state = False
    assert await microsoft.stays_out("Cancel") == "refused_there"
    assert "the user canceled the authentication" in await microsoft.trace()


async def test_groups_that_are_only_pointed_to_take_no_role_away(tmp_path: Path) -> None:
    """Beyond 200 groups the token names where they are; that is not read as none."""
    named = {"groups": "groups", "roles": ("Keepers = keeper",)}
    async with under(HOME_TENANT, tmp_path, **named) as microsoft:
        microsoft.fake.know(replace(VOUCHED, claims={"groups": ["Keepers"]}))
        async with microsoft.site.browser() as browser:
            assert trouble_of(await microsoft.press(browser, ADA)) is None
            assert await linked(browser) == [("microsoft", "ada@example.com")]
            before = await browser.get("/api/session")
        elsewhere = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x.example"}}}
        microsoft.fake.know(replace(VOUCHED, claims=elsewhere))
        async with microsoft.site.browser() as browser:
            await microsoft.press(browser, ADA)
            after = await browser.get("/api/session")
        assert before.json()["account"] == after.json()["account"]


async def test_userinfo_is_not_asked_about_anybody(microsoft: Microsoft) -> None:
    """What the ID token leaves out is not there: only that says in whose tenant an address was typed."""
    microsoft.fake.know(replace(VOUCHED, claims={"email": None}))
    assert await microsoft.stays_out(ADA) == "no_proven_email"
    assert microsoft.fake.requests_at("userinfo") == []


async def test_the_owner_of_a_vouched_address_is_asked(microsoft: Microsoft) -> None:
    await microsoft.site.person("ada@example.com")
    async with microsoft.site.browser() as browser:
        step = await shown_step(browser, await microsoft.press(browser, ADA))
        await submit_step(browser, step, factor="password", password=PASSWORD)
        assert await linked(browser) == [("microsoft", "ada@example.com")]
