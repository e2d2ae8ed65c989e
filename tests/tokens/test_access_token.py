"""What an access token says: the claims of RFC 9068, no longer than its session, never above 4 KB."""

from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.admin.roles import create_role, grant_role
from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import SessionEnded, TokenTooLarge
from coatcheck.tokens.access_token import LONGEST, make_access_token, make_gateway_token
from coatcheck.verifier import Principal
from tests.keys.checking import parts_of
from tests.keys.sites import signing_site
from tests.site import ORIGIN, VISIT, Site
from tests.tokens.holders import claims_of, let_in
from tests.tokens.provers import Prover


async def test_the_claims(tmp_path: Path) -> None:
    async with signing_site(tmp_path, "RS256") as site:
        ann = await site.person(password=None, username="ann")
        await create_role(site.desk, VISIT, role="editor", permissions=["notes:write", "notes:read"], actor="operator")
        await create_role(site.desk, VISIT, role="reader", permissions=["notes:read"], actor="operator")
        for role in ("reader", "editor"):
            await grant_role(site.desk, VISIT, account=ann.id, role=role, actor="operator")
        site.clock.advance(timedelta(milliseconds=900))
        held = await let_in(site, ann)
        header, claims, now = parts_of(held.access)[0], claims_of(held.access), site.clock.now() // 1000
        assert (header["typ"], header["alg"], set(header)) == ("at+jwt", "RS256", {"alg", "kid", "typ"})
        place = claims.pop("status")["status_list"]
        assert claims.pop("jti").startswith("tok_")
        assert claims == {
            "iss": ORIGIN,
            "sub": ann.id,
            "aud": ORIGIN,
            "client_id": "first-party",
            "exp": now + 900,
            "iat": now,
            "scope": "notes:read notes:write",
            "roles": ["editor", "reader"],
            "sid": held.session,
            "acr": "aal1",
            "amr": ["pwd"],
            "auth_time": now,
        }
        assert place["uri"] == f"{ORIGIN}/status/1"
        assert 0 <= place["idx"] < 2**20


async def test_a_gateway_token_is_bound_to_nothing(tmp_path: Path) -> None:
    """The service behind the proxy gets it without the client's proof, so it must count without one."""
    async with signing_site(tmp_path) as site:
        await site.person()
        app = Prover(site)
        held = (await app.sign_in()).json()
        assert claims_of(held["access_token"])["cnf"] == {"jkt": app.jkt}
        now = site.clock.now() + 900_000
        who = Principal(subject="", session=held["session"]["id"], cnf=app.jkt, expires_at=now, ends_at=now)
        token = await make_gateway_token(site.desk, who, issuer=ORIGIN, audience=ORIGIN)
        assert "cnf" not in claims_of(token.text)


@pytest.mark.parametrize("wanted", [[], ["email"], ["username"], ["email", "username"]])
async def test_what_it_says_of_a_person_is_chosen(tmp_path: Path, wanted: list[str]) -> None:
    async with signing_site(tmp_path, tokens={"claims": wanted}) as site:
        claims = claims_of((await let_in(site, await site.person(password=None, username="ann"))).access)
        assert claims.keys() & {"email", "username"} == set(wanted)


async def test_it_lives_as_long_as_is_set(tmp_path: Path) -> None:
    async with signing_site(tmp_path, tokens={"access_lifetime": "2m"}) as site:
        claims = claims_of((await let_in(site, await site.person(password=None))).access)
        assert claims["exp"] - claims["iat"] == 120


async def test_it_never_outlives_its_session(tmp_path: Path) -> None:
    async with signing_site(tmp_path, sessions={"token_idle": "10m", "token_lifetime": "12m"}) as site:
        held = await let_in(site, await site.person(password=None))
        claims = claims_of(held.access)
        assert claims["exp"] - claims["iat"] == 600
        site.clock.advance(timedelta(minutes=8))
        again = await make_access_token(site.desk, session=held.session, issuer=ORIGIN, audience=None)
        assert again.expires_in == 120


async def test_one_audience_is_a_text_and_several_are_a_list(tmp_path: Path) -> None:
    for number, audience in enumerate((["https://a.example"], ["https://a.example", "https://b.example"])):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with signing_site(folder, tokens={"audience": audience}) as site:
            aud = claims_of((await let_in(site, await site.person(password=None))).access)["aud"]
            assert aud == (audience if len(audience) > 1 else audience[0])


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
async def test_above_four_kilobytes_it_says_what_does_not_fit(tmp_path: Path, algorithm: str) -> None:
    """With the name of its cookie: browsers drop a cookie of more than 4096 characters without a word."""
    async with signing_site(tmp_path, algorithm) as site:
        ann = await site.person(password=None)
        held = await let_in(site, ann)
        await _allow(site, [f"{'resource' * 5}{number:02}:write" for number in range(39)])
        await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
        lengths: list[int] = []

        async def more_and_more() -> None:
            while len(lengths) < 100:
                made = await make_access_token(site.desk, session=held.session, issuer=ORIGIN, audience=None)
                lengths.append(len(made.text))
                await _allow(site, [f"more{len(lengths):02}:write"])

        with pytest.raises(TokenTooLarge) as refused:
            await more_and_more()
        assert LONGEST - 20 < lengths[-1] <= LONGEST
        assert len("__Host-coatcheck-access") + LONGEST == 4096
        assert ": scope alone takes " in refused.value.because
        assert "scope" not in refused.value.says


async def _allow(site: Site, permissions: list[str]) -> None:
    await create_role(site.desk, VISIT, role="editor", permissions=permissions, actor="operator")


async def test_an_ended_session_has_none(site: Site) -> None:
    ann = await site.person(password=None)
    held = await let_in(site, ann)
    await end_session(site.desk, VISIT, account=ann.id, session=held.session, actor=ann.id)
    for session in (held.session, "ses_none", ""):
        with pytest.raises(SessionEnded):
            await make_access_token(site.desk, session=session, issuer=ORIGIN, audience=None)


async def test_it_hides_itself(site: Site) -> None:
    held = await let_in(site, await site.person(password=None))
    made = await make_access_token(site.desk, session=held.session, issuer=ORIGIN, audience=None)
    assert made.text not in repr(made)
    assert made.expires_in == 900
