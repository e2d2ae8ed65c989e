"""Attack 40: CVE-2024-52287, authentik: with client credentials any scope was given that was asked for.

Here a token says at most what the service was registered with, however it asks, and in its own words alone: what was
taken away since is not given either.
"""

import pytest

from coatcheck.admin.services import revoke_from_service
from tests.clients.machines import Machine, claims_of, machine
from tests.site import VISIT, Site

ASKED = (
    "notes:delete",
    "notes:read notes:delete",
    "admin",
    "openid offline_access",
    "notes:*",
    "NOTES:READ",
    "notes:read,notes:delete",
    "notes:read\u00a0notes:delete",
    "notes:read\nnotes:delete",
    "notes:read  notes:write",
    '["notes:read"]',
    "notes:read:delete",
)


@pytest.fixture
async def made(site: Site) -> Machine:
    return await machine(site)


@pytest.mark.parametrize("scope", ASKED)
async def test_it_is_refused(made: Machine, scope: str) -> None:
    answer = await made.ask_for_token(scope=scope)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


async def test_other_parameters_give_nothing(made: Machine) -> None:
    others = {"scopes": "notes:delete", "permissions": "notes:delete", "roles": "admin", "claims": '{"roles":1}'}
    claims = claims_of(await made.token(**others))
    assert (claims.scope, claims.roles) == ("notes:read notes:write", ())


async def test_what_was_taken_away_is_not_given(site: Site, made: Machine) -> None:
    await made.token(scope="notes:write")
    await revoke_from_service(site.desk, VISIT, service=made.id, permission="notes:write", actor="operator")
    assert (await made.ask_for_token(scope="notes:write")).json()["error"] == "invalid_scope"
