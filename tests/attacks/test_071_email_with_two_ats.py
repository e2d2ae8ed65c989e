"""Attack 71: CVE-2026-40574, oauth2-proxy: `a@evil@good.com` passes the rule for good.com.

Here an address of a provider goes through the one parser that every address goes through, before any rule; the domain
that a rule compares is the parsed one, as a whole.
"""

import pytest

from coatcheck.admin.prove_domain import prove_domain
from coatcheck.upstream.provider import Claim, Claims
from coatcheck.visit import Visit
from tests.attacks.lying import Lying, form_token, sign_in_by
from tests.login.providers import who
from tests.upstream.oauth.acme import SUBJECT, Acme

NO_ADDRESSES = [
    "a@evil.example@good.com",
    '"a@evil.example"@good.com',
    '"a"@good.com',
    "a@good.com@evil.example",
    "a(good)@good.com",
    "a@good.com(evil)",
    "<a@good.com>",
    "a <a@good.com>",
    "a@good.com,b@good.com",
    "a@good.com\n",
    "a\0@good.com",
    "a@good.com\0.evil.example",
    "a@good.com.",
    "a@.good.com",
    "a@[10.0.0.1]",
    "@good.com",
    "good.com",
    "a@",
    "",
    "ada\u0131@good.com",
    "a" * 65 + "@good.com",
    "a@" + "good." * 100 + "com",
]
ELSEWHERE = ["a@notgood.com", "a@good.com.evil.example", "a@sub.good.com", "a@good.community", "a@goodxcom.example"]
OURS = {"Ada@Good.COM": "ada@good.com", "a@good\uff0ecom": "a@good.com", "a+b@good.com": "a+b@good.com"}


async def email_of(acme: Acme, email: object, trust: str = "owner") -> tuple[str | None, bool]:
    acme.claims = {"email": email, "verified": True}
    reads = Claims(
        subject=SUBJECT,
        email=Claim(source="id_token", path=("email",)),
        email_flag=(Claim(source="id_token", path=("verified",)),),
    )
    identity = await acme.identify(acme.provider(claims=reads, email_trust=trust, domains=("good.com",)))
    return identity.email, identity.is_email_proven


@pytest.mark.parametrize("email", [each for each in NO_ADDRESSES if "\0" not in each])
async def test_what_is_no_address(acme: Acme, email: str) -> None:
    for trust in ("owner", "flag"):
        assert await email_of(acme, email, trust) == (None, False)


@pytest.mark.parametrize("email", [each for each in NO_ADDRESSES if "\0" in each])
async def test_what_two_readers_could_understand_differently(acme: Acme, email: str) -> None:
    acme.claims = {"email": email}
    assert (await acme.refused()).trouble == "identity_token_refused"


@pytest.mark.parametrize("email", [None, True, 7, ["a@good.com"], {"a": "a@good.com"}])
async def test_what_is_no_text(acme: Acme, email: object) -> None:
    assert await email_of(acme, email) == (None, False)


@pytest.mark.parametrize("email", ELSEWHERE)
async def test_another_domain(acme: Acme, email: str) -> None:
    assert await email_of(acme, email) == (email, False)


@pytest.mark.parametrize(("email", "parsed"), OURS.items())
async def test_spellings_of_our_own(acme: Acme, email: str, parsed: str) -> None:
    assert await email_of(acme, email) == (parsed, True)


async def prove(lying: Lying) -> None:
    desk = lying.site.desk
    await prove_domain(desk, Visit(), provider="acme", domain="good.com", look_up=None, actor="operator")


@pytest.mark.parametrize("email", [each for each in (*NO_ADDRESSES, *ELSEWHERE) if "\0" not in each])
async def test_nobody_of_another_domain_gets_an_account(lying: Lying, email: str) -> None:
    """By a connection whose word counts for its own, proven domain."""
    lying.provider(email_trust="owner", domains=("good.com",))
    await prove(lying)
    for claimed, gets_in in ((email, False), ("a@good.com", True)):
        lying.says(f"person {claimed}"[:200], claimed)
        browser = lying.site.browser()
        await sign_in_by(lying, browser)
        assert (await who(browser) is not None) is gets_in


async def test_who_types_such_an_address_is_led_to_no_connection(lying: Lying) -> None:
    lying.provider(domains=("good.com",))
    await prove(lying)
    browser = lying.site.browser()
    token = await form_token(browser)
    for typed in ELSEWHERE:
        form = {"identifier": typed, "form_token": token}
        assert (await browser.post("/sign-in/organisation", data=form)).status_code == 422, typed
    led = await browser.post("/sign-in/organisation", data={"identifier": "a@good.com", "form_token": token})
    assert f"{lying.acme.url}/authorize" in led.text
