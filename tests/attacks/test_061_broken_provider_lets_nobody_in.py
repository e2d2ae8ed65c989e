"""Attack 61: GHSA-8fpg-xm3f-6cx3, Auth.js: a provider that is set up wrongly, and the check that needs it says yes.

Here a check that cannot be made is a refusal: there is an identity, or an error with a name, and nothing between. Each
of these takes away one thing that a sign-in rests on.
"""

from collections.abc import Callable
from typing import Any

import pytest

from coatcheck.upstream.provider import Claim, Claims, Endpoints
from tests.upstream.hostile import answer, hang_up
from tests.upstream.oauth.acme import SUBJECT, Acme, said

HTML = said(b"<html>It works!</html>", "text/html")
DISCOVERY = "/.well-known/openid-configuration"


def does(path: str, write: Any) -> Callable[[Acme], dict[str, Any]]:
    def broken(acme: Acme) -> dict[str, Any]:
        acme.server.does[path] = write
        return {}

    return broken


def says(acme: Acme, **document: Any) -> dict[str, Any]:
    acme.document = document
    acme.publish()
    return {}


BROKEN: dict[str, Callable[[Acme], dict[str, Any]]] = {
    "no secret": lambda _: {"client_secret": None},
    "no key": lambda _: {"client_auth": "private_key_jwt"},
    "no algorithm": lambda _: {"algorithms": ()},
    "an unknown algorithm": lambda _: {"algorithms": ("none", "HS256", "XX")},
    "another issuer": lambda acme: {"issuer": acme.url + "/other"},
    "no issuer": lambda _: {"issuer": ""},
    "another client": lambda _: {"client_id": "client-2"},
    "no client": lambda _: {"client_id": ""},
    "another discovery": lambda acme: {"endpoints": Endpoints(discovery=acme.url + "/nowhere")},
    "no endpoints": lambda _: {"endpoints": Endpoints(authorization="https://acme.example/a")},
    "discovery is away": does(DISCOVERY, answer(500, b"")),
    "discovery hangs up": does(DISCOVERY, hang_up),
    "discovery is a page": does(DISCOVERY, HTML),
    "discovery is of another": lambda acme: says(acme, issuer="https://other.example"),
    "discovery without keys": lambda acme: says(acme, jwks_uri=None),
    "keys are away": does("/jwks", answer(500, b"")),
    "keys are a page": does("/jwks", HTML),
    "no keys": does("/jwks", answer(200, b'{"keys":[]}')),
    "keys are not there": does("/jwks", answer(404, b"{}")),
    "token endpoint is a page": does("/token", HTML),
    "token endpoint is away": does("/token", answer(500, b"")),
    "userinfo is a page": does("/userinfo", HTML),
    "userinfo is not for us": does("/userinfo", answer(403, b'{"sub":"person-1"}')),
    "userinfo is empty": does("/userinfo", answer(200, b"{}")),
    "a subject that nobody gives": lambda _: {"claims": Claims(subject=Claim(source="userinfo", path=("id",)))},
    "a subject from the form": lambda _: {"claims": Claims(subject=Claim(source="form", path=("user", "id")))},
    "a subject from nowhere": lambda _: {"claims": Claims(subject=Claim(source="id_token", path=()))},
}


@pytest.mark.parametrize("what", BROKEN)
async def test_nobody_comes_in(acme: Acme, what: str) -> None:
    reads = Claims(subject=SUBJECT, name=Claim(source="userinfo", path=("name",)))
    settings = {"claims": reads, **BROKEN[what](acme)}
    await acme.refused(acme.provider(**settings), {"user": '{"id":"person-1"}'})


async def test_the_same_with_nothing_broken(acme: Acme) -> None:
    reads = Claims(subject=SUBJECT, name=Claim(source="userinfo", path=("name",)))
    assert (await acme.identify(acme.provider(claims=reads))).subject == "person-1"
