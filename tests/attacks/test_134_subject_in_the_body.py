"""Attack 134: CVE-2025-61928, better-auth: a POST without credentials that names a user in its body mints a key.

Here a token is made for the service that proves itself and for nobody else: whatever subject, client or account a body
names is not read, and without a proof nothing is made at all.
"""

from tests.attacks.census import row_counts
from tests.clients.machines import TOKEN, claims_of, machine
from tests.site import Site

GRANT = {"grant_type": "client_credentials"}
NAMES = ("userId", "user_id", "sub", "subject", "account", "actor", "username", "on_behalf_of", "act", "service", "id")


async def test_nothing_is_made_without_a_proof(site: Site) -> None:
    account, made = await site.person(), await machine(site)
    before = await row_counts(site)
    for name in NAMES:
        for subject in (account.id, made.id, "first-party"):
            answer = await site.machine(address="203.0.113.9").post(TOKEN, data={**GRANT, name: subject})
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), name
    after = await row_counts(site)
    assert {name for name in after if after[name] != before[name]} <= {"audit_tallies"}


async def test_a_proof_speaks_for_itself_alone(site: Site) -> None:
    account, made, other = await site.person(), await machine(site), await machine(site, "other")
    for name in NAMES:
        for subject in (account.id, other.id):
            claims = claims_of(await made.token(**{name: subject}))
            assert (claims.sub, claims.client_id, claims.sid) == (made.id, made.id, None), name
