"""Attack 49: GHSA-p2fr-6hmx-4528, better-auth: a token is made for whatever resource is asked for.

Here a service's tokens are for us, or for whom it was registered to call, compared letter by letter; a service that
calls several has to say which, so that no token is good at all of them.
"""

import pytest

from tests.clients.machines import MAIL, NOTES, Machine, claims_of, machine
from tests.site import ORIGIN, Site

OTHERS = (
    "https://evil.example",
    MAIL,
    f"{NOTES}/",
    f"{NOTES}.evil.example",
    f"{NOTES}@evil.example",
    f"{NOTES}#part",
    f"{NOTES}?x=1",
    f"{NOTES} {MAIL}",
    NOTES.replace("https", "HTTPS"),
    NOTES.replace("notes", "NOTES"),
    f"{ORIGIN}/",
    f"{ORIGIN}/api",
    "first-party",
    "*",
)


@pytest.fixture
async def made(site: Site) -> Machine:
    return await machine(site, calls=[NOTES])


@pytest.mark.parametrize("other", OTHERS)
async def test_another_is_refused(made: Machine, other: str) -> None:
    for name in ("resource", "audience"):
        answer = await made.ask_for_token(**{name: other})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target"), name


async def test_a_token_is_for_one(site: Site, made: Machine) -> None:
    assert claims_of(await made.token()).aud == NOTES
    assert claims_of(await made.token(resource=ORIGIN)).aud == ORIGIN
    several = await machine(site, "several", calls=[NOTES, MAIL])
    assert (await several.ask_for_token()).json()["error"] == "invalid_target"


async def test_a_service_is_no_person_with_it(site: Site, made: Machine) -> None:
    token = await made.token(audience=ORIGIN)
    for method, path in (("GET", "/api/sessions"), ("DELETE", "/api/sessions"), ("POST", "/api/account/password")):
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        answer = await site.machine().request(method, path, headers=headers, content=b"{}" if method == "POST" else b"")
        assert answer.status_code in (401, 403, 422), path
        assert answer.status_code != 200
