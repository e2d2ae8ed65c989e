"""`provider test` says in words what is wrong, and nothing that is not: each step against a provider that does it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from coatcheck.upstream.examine import examine
from coatcheck.upstream.finding import Finding
from coatcheck.upstream.provider import Provider
from tests.site import ORIGIN, Site
from tests.upstream.answering import Answering, answering
from tests.upstream.tables import KNOWN, provider, write_key

RSA_KEY = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1", "n": "…", "e": "AQAB"}
GOOD = {"fine", "note"}
HERE = ["127.0.0.0/8"]


@pytest.fixture
def there(site: Site) -> Iterator[Answering]:
    """Serve a provider at which all is well, by the site's own clock."""
    with answering() as made:
        made.date = format_datetime(datetime.fromtimestamp(site.clock.now() / 1000, UTC), usegmt=True)
        made.answers["/.well-known/openid-configuration"] = (200, discovery(made.url))
        made.answers["/keys"] = (200, {"keys": [RSA_KEY]})
        made.answers["/token"] = (400, {"error": "invalid_grant", "error_description": "no such code"})
        yield made


def discovery(url: str, **more: Any) -> dict[str, Any]:
    """Describe a provider."""
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}/authorize",
        "token_endpoint": f"{url}/token",
        "jwks_uri": f"{url}/keys",
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "code_challenge_methods_supported": ["S256"],
        **more,
    }


async def found(site: Site, asked: Provider, base_url: str = ORIGIN) -> dict[str, Finding]:
    """Look at a provider."""
    return {each.step: each async for each in examine(site.desk, asked, base_url=base_url)}


async def wrong(site: Site, asked: Provider) -> dict[str, str]:
    """Give what is wrong with a provider, by step."""
    return {step: each.words for step, each in (await found(site, asked)).items() if each.verdict == "wrong"}


def issuer(there: Answering, **more: Any) -> Provider:
    """Configure the one there as any OpenID Connect issuer."""
    return provider(entry="oidc", issuer=there.url, private_network=HERE, **more)


async def test_nothing_is_wrong_where_all_is_well(site: Site, there: Answering) -> None:
    steps = await found(site, issuer(there))
    assert [step for step, each in steps.items() if each.verdict != "fine"] == ["redirect URI"]
    assert list(steps) == [
        "settings", "redirect URI", "issuer", "addresses", "keys", "client", "clock", "scopes",
    ]  # fmt: skip
    assert steps["redirect URI"].words.endswith(f"to the letter: {ORIGIN}/login/oidc/callback")
    assert "hush" not in str(steps)
    [(_, form, headers)] = [each for each in there.asked if each[0] == "/token"]
    assert (form["grant_type"], form["redirect_uri"]) == ("authorization_code", f"{ORIGIN}/login/oidc/callback")
    assert len(form["code_verifier"]) == 64
    assert headers["authorization"] == "Basic Y2xpZW50LTE6aHVzaC1odXNo"


async def test_another_issuer_is_named_with_both_spellings(site: Site, there: Answering) -> None:
    there.answers["/.well-known/openid-configuration"] = (200, discovery(there.url, issuer=f"{there.url}/"))
    words = (await wrong(site, issuer(there)))["issuer"]
    assert f"it calls itself '{there.url}/', the settings say '{there.url}'; one of the two ends in a slash" in words


async def test_microsofts_template_is_its_issuer(site: Site, there: Answering) -> None:
    template = f"{there.url}/{{tenantid}}/v2.0"
    there.answers["/common/v2.0/.well-known/openid-configuration"] = (200, discovery(there.url, issuer=template))
    asked = provider(entry="microsoft", tenant="common", issuer=template, private_network=HERE)
    assert await wrong(site, asked) == {}


@pytest.mark.parametrize(
    ("answer", "said"), [((404, "gone"), "answers 404 and no JSON"), ((200, "<html>"), "answers 200 and no JSON")]
)
async def test_a_discovery_that_is_none(site: Site, there: Answering, answer: Any, said: str) -> None:
    there.answers["/.well-known/openid-configuration"] = answer
    assert said in (await wrong(site, issuer(there)))["discovery"]
    assert (await found(site, issuer(there)))["client"].verdict == "note"


async def test_a_provider_that_is_away_or_sends_elsewhere(site: Site, there: Answering) -> None:
    away = provider(entry="oidc", issuer="http://127.0.0.1:9", private_network=HERE)
    assert "provider_away" in (await wrong(site, away))["discovery"]
    there.answers["/.well-known/openid-configuration"] = (302, "")
    assert "answers 302" in (await wrong(site, issuer(there)))["discovery"]


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{**RSA_KEY, "use": "enc"}],
        [{**RSA_KEY, "alg": "HS256"}],
        [{"kty": "oct", "k": "…"}],
        "none",
    ],
)
async def test_keys_of_which_none_can_be_used(site: Site, there: Answering, keys: Any) -> None:
    there.answers["/keys"] = (200, {"keys": keys})
    assert "has no key for RS256" in (await wrong(site, issuer(there)))["keys"]


@pytest.mark.parametrize(("seconds", "said"), [(-300, "behind"), (300, "ahead of")])
async def test_a_clock_that_is_off(site: Site, there: Answering, seconds: int, said: str) -> None:
    theirs = datetime.fromtimestamp(site.clock.now() / 1000 - seconds, UTC)
    there.date = format_datetime(theirs, usegmt=True)
    assert f"this machine is 300 s {said}" in (await wrong(site, issuer(there)))["clock"]


@pytest.mark.parametrize(
    ("status", "body", "verdict", "said"),
    [
        (400, {"error": "invalid_grant"}, "fine", "it knows this site"),
        (401, {"error": "invalid_client"}, "wrong", "client_id, client_secret or key are not the ones"),
        (200, {"error": "bad_verification_code"}, "fine", "it knows this site"),
        (200, "error=bad_verification_code&error_description=x", "fine", "it knows this site"),
        (200, {"error": "incorrect_client_credentials"}, "wrong", "not the ones on the OAuth app's page"),
        (200, {"error": "redirect_uri_mismatch"}, "wrong", "redirect URI above is not registered, to the letter"),
        (200, {"ok": False, "error": "invalid_code"}, "fine", "it knows this site"),
        (200, {"ok": False, "error": "bad_client_secret"}, "wrong", "client_secret is not the one"),
        (400, {"status": 400, "message": "Invalid authorization code"}, "fine", "seems to know this site"),
        (403, {"status": 403, "message": "invalid client secret"}, "wrong", "it answers 403"),
        (401, {"message": "Unauthorized", "error": 401}, "wrong", "it answers 401"),
        (400, {"error": {"message": "Invalid verification code format.", "code": 100}}, "fine", "seems to know"),
        (400, {"error": "invalid_request"}, "note", "does not tell whether it knows us: invalid_request"),
        (400, "<html>", "note", "no reason that could be read"),
        (
            400,
            {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."},
            "wrong",
            "AADSTS7000215: client_secret is wrong; often its id was copied in place of its value",
        ),
        (
            400,
            {"error": "unauthorized_client", "error_description": "AADSTS700016: Application not found"},
            "wrong",
            "AADSTS700016: the app is not in this tenant",
        ),
        (400, {"error": "invalid_grant", "error_description": "AADSTS9002313: malformed"}, "fine", "knows this site"),
    ],
)
async def test_what_it_says_of_an_invented_code(
    site: Site, there: Answering, status: int, body: Any, verdict: str, said: str
) -> None:
    there.answers["/token"] = (status, body)
    client = (await found(site, issuer(there)))["client"]
    assert (client.verdict, said in client.words) == (verdict, True), client


async def test_an_echoed_secret_is_not_shown(site: Site, there: Answering) -> None:
    there.answers["/token"] = (400, {"error": "weird", "error_description": f"you sent {KNOWN['client_secret']}"})
    assert "hush" not in (await found(site, issuer(there)))["client"].words


async def test_scopes_and_pkce_that_it_does_not_list(site: Site, there: Answering) -> None:
    listed = discovery(there.url, scopes_supported=["openid"], code_challenge_methods_supported=["plain"])
    there.answers["/.well-known/openid-configuration"] = (200, listed)
    steps = await found(site, issuer(there, scopes=["repo"]))
    assert steps["scopes"].words == "discovery does not list profile, email, repo, which is asked for"
    assert steps["PKCE"].verdict == "note"


async def test_endpoints_that_are_missing_or_in_clear(site: Site, there: Answering) -> None:
    there.answers["/.well-known/openid-configuration"] = (200, {"issuer": there.url})
    assert (await wrong(site, issuer(there)))["addresses"] == "discovery lacks authorization, token, jwks"
    plain = discovery(there.url, token_endpoint="http://id.example.org/token")
    there.answers["/.well-known/openid-configuration"] = (200, plain)
    steps = await found(site, issuer(there))
    assert steps["addresses"].words == "http://id.example.org/token is no https"
    assert "not tried" in steps["client"].words, "a secret is never sent in clear"


async def test_an_address_in_a_private_network_is_named_with_the_setting(site: Site, there: Answering) -> None:
    words = (await wrong(site, provider(entry="oidc", issuer=there.url)))["discovery"]
    assert "this machine, which `private_network` in the provider's settings does not name" in words
    assert there.asked == []


async def test_a_key_proves_the_site_here_too(site: Site, there: Answering, tmp_path: Path) -> None:
    file = write_key(tmp_path / "key.pem", ec.generate_private_key(ec.SECP256R1()))
    asked = provider(tmp_path, entry="oidc", issuer=there.url, private_network=HERE, key_file=file, key_id="k1")
    assert (await found(site, asked))["client"].verdict == "fine"
    [form] = [form for path, form, _ in there.asked if path == "/token"]
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert form["client_assertion"].count(".") == 2


async def test_github_is_tried_without_discovery(site: Site, there: Answering) -> None:
    there.answers["/token"] = (200, {"error": "bad_verification_code"})
    asked = provider(entry="github", token=f"{there.url}/token", private_network=HERE)
    steps = await found(site, asked)
    assert {each.verdict for each in steps.values()} <= GOOD
    [(_, form, headers)] = there.asked
    assert (form["client_id"], form["client_secret"], headers["accept"]) == (
        "client-1",
        "hush-hush",
        "application/json",
    )
