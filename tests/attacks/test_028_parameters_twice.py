"""Attack 28: CVE-2026-9689, Keycloak: a parameter is sent twice; the server checks one and uses the other.

Here a call of OAuth that has any parameter twice is refused before one of them is read, known or unknown, encoded or
not; and parameters of the address are not read at all.
"""

import pytest

from tests.clients.machines import INTROSPECT, MAIL, NOTES, REVOKE, TOKEN, machine
from tests.site import Site

TWICE = (
    "scope=notes:read&scope=notes:write",
    "scope=notes:read&%73cope=notes:write",
    "scope=&scope=notes:read",
    f"audience={NOTES}&audience={MAIL}",
    f"resource={NOTES}&resource={NOTES}",
    "client_id=a&client_id=b",
    "unknown=1&unknown=1",
    "token=a&token=b",
)


@pytest.mark.parametrize("twice", TWICE)
async def test_it_is_refused(site: Site, twice: str) -> None:
    made = await machine(site, calls=[NOTES])
    rest = "grant_type=client_credentials" + ("" if "token" in twice else "&token=x")
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for path in (TOKEN, INTROSPECT, REVOKE):
        answer = await site.machine().post(path, content=f"{rest}&{twice}", headers=kind, auth=made.basic)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), path


async def test_the_address_says_nothing(site: Site) -> None:
    made = await machine(site, calls=[NOTES])
    form = {"grant_type": "client_credentials", "scope": "notes:read", "audience": NOTES}
    answer = await site.machine().post(f"{TOKEN}?scope=notes:write&audience={MAIL}", data=form, auth=made.basic)
    assert (answer.status_code, answer.json()["scope"]) == (200, "notes:read")
