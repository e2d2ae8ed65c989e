"""Attack 70: CVE-2026-33544, Tinyauth: what belongs to one sign-in is kept on the provider's object: two swap places.

Here a provider is frozen data, and everything of a sign-in is an argument of its own flow: forty people sign in at
once, the answers come in another order, and each is who they are.
"""

import asyncio
import json

import pytest
from msgspec.structs import replace

from coatcheck.upstream.identity import Identity
from coatcheck.upstream.oauth.identify import identify_by_code
from coatcheck.upstream.provider import Claim, Claims
from tests.attacks.lying import Lying, leave
from tests.login.providers import come_back, who
from tests.site import VISIT
from tests.upstream.hostile import answer
from tests.upstream.oauth.acme import SUBJECT, Acme, form_of

PEOPLE = 40


async def test_each_is_who_they_are(acme: Acme) -> None:
    provider = acme.provider(
        claims=Claims(subject=SUBJECT, name=Claim(source="userinfo", path=("name",))), keeps_tokens=True
    )
    trips = [(await acme.leave(provider))[0] for _ in range(PEOPLE)]
    waiting: list[asyncio.Event] = []

    async def token(writer: asyncio.StreamWriter) -> None:
        code = form_of(acme.server.heard[-1])["code"]
        acme.claims = {"sub": f"person of {code}"}
        said = {"access_token": f"at-{code}", "id_token": acme.id_token(code, f"at-{code}")}
        event = asyncio.Event()
        waiting.append(event)
        if len(waiting) == PEOPLE:
            for each in reversed(waiting):
                each.set()
        await event.wait()
        await answer(200, json.dumps(said).encode())(writer)

    async def userinfo(writer: asyncio.StreamWriter) -> None:
        code = acme.server.heard[-1].headers["authorization"].removeprefix("Bearer at-")
        await answer(200, json.dumps({"sub": f"person of {code}", "name": code}).encode())(writer)

    acme.server.does |= {"/token": token, "/userinfo": userinfo}
    found = await asyncio.gather(*(identify_by_code(acme.site.desk, VISIT, provider, trip) for trip in trips))
    assert [whose(each) for each in found] == [(trip.answer["code"],) * 3 for trip in trips]


def whose(identity: Identity) -> tuple[str, str, str]:
    assert identity.tokens is not None
    return (
        identity.subject.removeprefix("person of "),
        identity.name,
        identity.tokens.access.reveal().removeprefix("at-"),
    )


async def test_an_answer_of_another_sign_in(acme: Acme) -> None:
    """The code of somebody else in one's own trip: the nonce is another's."""
    provider = acme.provider()
    mine, theirs = [(await acme.leave(provider))[0] for _ in range(2)]
    swapped = replace(mine, answer={**mine.answer, "code": theirs.answer["code"]})
    with pytest.raises(Exception, match="nonce is that of another sign-in"):
        await identify_by_code(acme.site.desk, VISIT, provider, swapped)


def test_a_provider_cannot_be_written_to(acme: Acme) -> None:
    with pytest.raises(AttributeError, match="immutable"):
        acme.provider().client_id = "other"  # type: ignore[misc]


async def test_each_gets_into_their_own_account(lying: Lying) -> None:
    """Through the whole site; their codes say who they are, and are answered last come, first served."""
    browsers = [lying.site.browser(address=f"198.51.100.{number}") for number in range(PEOPLE)]
    left = [await leave(lying, each) for each in browsers]
    number_of = {each.code: number for number, each in enumerate(left)}
    waiting: list[asyncio.Event] = []

    async def token(writer: asyncio.StreamWriter) -> None:
        code = form_of(lying.acme.server.heard[-1])["code"]
        lying.says(f"person-{number_of[code]}", f"person-{number_of[code]}@example.com")
        said = {"access_token": f"at-{code}", "id_token": lying.acme.id_token(code, f"at-{code}")}
        waiting.append(asyncio.Event())
        mine = waiting[-1]
        if len(waiting) == PEOPLE:
            for each in reversed(waiting):
                each.set()
        await mine.wait()
        await answer(200, json.dumps(said).encode())(writer)

    lying.acme.server.does["/token"] = token
    await asyncio.gather(*(come_back(each, its.answer()) for each, its in zip(browsers, left, strict=True)))
    assert [await who(each) for each in browsers] == [f"person-{number}@example.com" for number in range(PEOPLE)]
