"""Attack 65: allauth 65.13.0: an account is found by `preferred_username`, which can be changed, and taken by others.

Here the subject is read where the entry says, from a name that never changes hands; what people are called there, and
their addresses, are no part of what an account is found by.
"""

from typing import Any

from coatcheck.upstream.identity import Identity
from coatcheck.upstream.provider import Claim, Claims
from tests.attacks.lying import Lying, sign_in_by
from tests.login.providers import who
from tests.upstream.oauth.acme import SUBJECT, Acme

CALLED = ("preferred_username", "email", "login", "nickname", "name", "upn")


def as_(sub: str, called: str) -> dict[str, Any]:
    return {"sub": sub, **dict.fromkeys(CALLED, f"{called}@example.com"), "email_verified": True}


async def identities(acme: Acme, people: list[dict[str, Any]]) -> list[Identity]:
    email, name = (Claim(source="id_token", path=(each,)) for each in ("email", "name"))
    flag = Claim(source="id_token", path=("email_verified",))
    provider = acme.provider(
        claims=Claims(subject=SUBJECT, email=email, email_flag=(flag,), name=name), email_trust="flag"
    )
    found = []
    for person in people:
        acme.claims = person
        found.append(await acme.identify(provider))
    return found


async def test_two_who_swap_their_names_stay_who_they_are(acme: Acme) -> None:
    before = await identities(acme, [as_("1", "ada"), as_("2", "ben")])
    after = await identities(acme, [as_("1", "ben"), as_("2", "ada")])
    assert [each.key for each in before] == [each.key for each in after]
    assert [each.email for each in before] == [each.email for each in reversed(after)]


async def test_whoever_takes_a_name_is_somebody_else(acme: Acme) -> None:
    left, taken = await identities(acme, [as_("1", "ada"), as_("3", "ada")])
    assert left.key != taken.key


async def test_two_who_swap_their_names_get_into_their_own_accounts(lying: Lying) -> None:
    """Their addresses, too, swap places; the account is the subject's, and its address stays what it was."""
    for sub, called in (("1", "ada"), ("2", "ben"), ("1", "ben"), ("2", "ada")):
        lying.says(**as_(sub, called))
        browser = lying.site.browser()
        await sign_in_by(lying, browser)
        assert await who(browser) == {"1": "ada@example.com", "2": "ben@example.com"}[sub]
