"""Attacks on the gateway that were found by reading it: a socket of another site, a token that lives for ever.

A WebSocket handshake is a GET, and a page of another site may cause one with the person's cookie along; the gateway
took it for the GET that it looks like. A service could trade the token of a minute for the next one at the gateway, for
as long as the session lived. What was presented before a step-up got a token of the level after it. The tests of these
are in tests/gateway; here is what they come to together.
"""

from datetime import timedelta

from coatcheck.gate.cookie import check_cookie
from coatcheck.login.with_password import step_up_with_password
from coatcheck.tokens.access_token import make_access_token
from tests.gateway.asking import COOKIE, NOTES, ask, bearer, cookie_of, passed_on, token_of
from tests.site import ORIGIN, PASSWORD, VISIT, Site


async def test_a_page_of_another_site_opens_no_socket(gateway: Site) -> None:
    key = {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-fetch-site": "same-site"}
    handshake = {**await cookie_of(gateway), **key}
    assert (await ask(gateway, {**handshake, "origin": "https://evil.example.org"})).status_code == 403
    assert (await ask(gateway, {**handshake, "origin": ORIGIN})).status_code == 200


async def test_a_service_cannot_keep_what_it_was_passed(gateway: Site) -> None:
    token = token_of(await ask(gateway, await cookie_of(gateway)))
    gateway.clock.advance(timedelta(seconds=31))
    assert (await ask(gateway, bearer(token))).status_code == 401


async def test_an_old_credential_gains_nothing_by_a_step_up(gateway: Site) -> None:
    secret = (await gateway.let_in(await gateway.person())).secret.reveal()
    stolen = {"cookie": f"{COOKIE}={secret}"}
    before = passed_on(await ask(gateway, stolen))
    token = await make_access_token(gateway.desk, session=before["sid"], issuer=ORIGIN, audience=NOTES)
    gateway.clock.advance(timedelta(minutes=5))
    await gateway.follow_log()
    await step_up_with_password(gateway.desk, VISIT, await check_cookie(gateway.desk, secret), password=PASSWORD)
    for old in (stolen, bearer(token.text)):
        assert passed_on(await ask(gateway, old))["auth_time"] == before["auth_time"]
