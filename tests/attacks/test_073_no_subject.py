"""Attack 73: better-auth #9456: a profile without an id is linked to the account "undefined".

Here a subject must be there, of the type that the entry says, and plainly a name; nothing is made one by writing it
out.
"""

import pytest

from coatcheck.upstream.provider import Claim, Claims, Endpoints
from tests.attacks.census import row_counts
from tests.attacks.lying import Lying, sign_in_by
from tests.login.providers import trouble_of, who
from tests.upstream.oauth.acme import SUBJECT, Acme

NOBODY: list[object] = [
    None,
    "",
    " ",
    "\t",
    "null",
    "NULL",
    "undefined",
    "None",
    "NaN",
    "true",
    "[object Object]",
    "a\nb",
    "\u200b",
    0,
    1,
    -1,
    True,
    False,
    1.5,
    [],
    ["1"],
    {},
    {"id": "1"},
    "x" * 256,
]
NO_NUMBER: list[object] = [None, "", "1", "9000001", 0, -1, True, False, 1.0, 1.5, 1e3, [], [1], {}, "null"]


@pytest.mark.parametrize("sub", NOBODY)
async def test_nobody_by_an_id_token(acme: Acme, sub: object) -> None:
    acme.claims = {"sub": sub}
    assert (await acme.refused()).trouble == "no_subject"


@pytest.mark.parametrize("is_number", [False, True])
async def test_nobody_by_userinfo(acme: Acme, is_number: bool) -> None:
    claims = Claims(subject=Claim(source="userinfo", path=("data", "id"), is_number=is_number))
    endpoints = Endpoints(
        authorization=f"{acme.url}/authorize", token=f"{acme.url}/token", userinfo=f"{acme.url}/userinfo"
    )
    provider = acme.provider(kind="oauth2", endpoints=endpoints, claims=claims)
    bodies: list[object] = [{"data": {"id": each}} for each in (NO_NUMBER if is_number else NOBODY)]
    for body in (*bodies, {}, {"data": None}, {"data": []}, {"data": "id"}, {"id": "person-1"}):
        acme.says("/userinfo", body)
        assert (await acme.refused(provider)).trouble == "no_subject", body
    acme.says("/userinfo", {"data": {"id": 9000001 if is_number else "9000001"}})
    assert (await acme.identify(provider)).subject == "9000001"


async def test_nobody_by_what_is_posted(acme: Acme) -> None:
    for path in (("user",), ("user", "id")):
        provider = acme.provider(claims=Claims(subject=Claim(source="form", path=path)))
        assert (await acme.refused(provider, {"user": '{"id":"person-1"}'})).trouble == "no_subject"


async def test_nobody_within_a_workspace(acme: Acme) -> None:
    within = Claim(source="id_token", path=("team",))
    provider = acme.provider(claims=Claims(subject=SUBJECT, subject_within=within))
    for team in (*NOBODY, "T1/T2"):
        acme.claims = {"team": team}
        assert (await acme.refused(provider)).trouble == "no_subject"
    acme.claims = {"team": "T1"}
    assert (await acme.identify(provider)).subject == "T1/person-1"
    acme.claims = {"team": "T" * 250}
    assert (await acme.refused(provider)).trouble == "no_subject"


async def test_the_longest_and_the_last(acme: Acme) -> None:
    acme.claims = {"sub": "x" * 255}
    assert (await acme.identify()).subject == "x" * 255
    numbered = Claim(source="id_token", path=("number",), is_number=True)
    acme.claims = {"number": 2**63}
    assert (await acme.identify(acme.provider(claims=Claims(subject=numbered)))).subject == str(2**63)


async def test_nobody_gets_an_account(lying: Lying) -> None:
    for sub in NOBODY:
        lying.says(sub, "ada@example.com")  # type: ignore[arg-type]
        browser = lying.site.browser()
        assert trouble_of(await sign_in_by(lying, browser)) in ("no_subject", "identity_token_refused"), sub
        assert await who(browser) is None
    counted = await row_counts(lying.site)
    assert (counted["accounts"], counted["identities"]) == (0, 0)
