"""Our own verifier's side against our own issuer: a service gets tokens by it, and what it gets is let in."""

import httpx

from coatcheck.verifier.service_tokens import TokenAnswer, TokenSource, _held
from tests.clients.machines import INTROSPECT, NOTES, TOKEN, machine
from tests.site import Site


async def test_it_gets_a_token_from_us(site: Site) -> None:
    made = await machine(site, calls=[NOTES], serves=[NOTES])
    source = TokenSource((made.id, made.secret), site.clock)
    form = {"grant_type": "client_credentials", "audience": NOTES}
    answer = await site.machine().post(TOKEN, data=form, headers={"authorization": source.basic()})
    held = _held(TokenAnswer(**{name: answer.json()[name] for name in TokenAnswer.__struct_fields__}), 0)
    token = held.header.reveal().removeprefix("Bearer ")
    assert await made.counts(token) is True


async def test_what_it_introspects_by_is_understood(site: Site) -> None:
    made = await machine(site)
    token = await made.token()
    by_secret = TokenSource((made.id, made.secret), site.clock).basic()
    for authorization in (by_secret, f"Bearer {token}"):
        answer: httpx.Response = await site.machine().post(
            INTROSPECT,
            data={"token": token, "token_type_hint": "access_token"},
            headers={"authorization": authorization},
        )
        assert answer.json()["active"] is True
