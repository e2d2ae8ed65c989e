"""Attacks on signing in with others that have no row: what the standards warn of, tried through the whole site.

The attacks whose defence is the browser (login CSRF, a state that is fixed on somebody) are in
`test_056_callback_from_another_browser.py`; a state used again or elsewhere is in `test_059_state_is_spent.py`.
"""

from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from msgspec.structs import replace

from coatcheck.testing.providers import FakeGitHub, FakeMicrosoft
from coatcheck.testing.providers.people import MALLORY
from coatcheck.testing.providers.provider import FakeProvider
from coatcheck.upstream.configured import Providers
from tests.attacks.lying import Lying, leave, sign_in_by, troubles
from tests.attacks.where import LEAD_ELSEWHERE, stays_here
from tests.login.providers import come_back, trouble_of, who
from tests.servers.walking import Arrived, Walker
from tests.site import ORIGIN
from tests.upstream.oauth.acme import CLIENT, HERE
from tests.upstream.tables import provider

TRICKS = (
    *(each for each in LEAD_ELSEWHERE if "\0" not in each),  # with that no query of anybody's is taken
    "/%2F/evil.example",
    "/%5Cevil.example",
    "/%09/evil.example",
    "/..//evil.example",
    "/.//evil.example",
    "/account/..//evil.example",
    "/;//evil.example",
    "/?//evil.example",
    "/#//evil.example",
    "/@evil.example",
    "/:80@evil.example",
    "/\u2028//evil.example",
    "/\u00a0//evil.example",
    "\uff0f\uff0fevil.example",
    "/\uff0fevil.example",
    "/\u2044evil.example",
    "//evil%E3%80%82example",
    "https://auth.example.org\\@evil.example",
    "https://auth.example.org#@evil.example",
    "https://auth.example.org%00.evil.example",
    "https://auth.example.org:443@evil.example",
    "com.example.app:/x",
    "blob:https://auth.example.org/x",
    "/" * 3000,
)


@pytest.mark.parametrize("elsewhere", TRICKS)
async def test_open_redirect(lying: Lying, elsewhere: str) -> None:
    lying.says("ada", "ada@example.com")
    browser = lying.site.browser()
    answer = await sign_in_by(lying, browser, return_to=elsewhere)
    assert answer.status_code == 303
    assert stays_here(answer.headers["location"])
    app = {"return_to": elsewhere, "challenge": "c" * 43}
    for_app = await browser.get("/login/acme", params=app)
    if for_app.status_code != 422:
        ended = await sign_in_by(lying, browser, **app)
        assert stays_here(ended.headers["location"])


@pytest.mark.parametrize("iss", [None, "", "https://evil.example", "other", "acme/"])
async def test_mix_up_by_the_issuer_of_the_answer(lying: Lying, iss: str | None) -> None:
    """RFC 9207: an answer names who gave it; one of another provider's is brought to where this one's is expected."""
    lying.provider(iss_in_answer="demanded")
    named = {"other": lying.other.url, "acme/": f"{lying.acme.url}/"}.get(iss or "", iss)
    browser = lying.site.browser()
    answer = (await leave(lying, browser)).answer(**({} if named is None else {"iss": named}))
    assert trouble_of(await come_back(browser, answer)) == "answer_of_another_issuer"
    assert lying.acme.redeemed == lying.other.redeemed == []


async def test_mix_up_with_the_right_issuer(lying: Lying) -> None:
    lying.provider(iss_in_answer="demanded")
    lying.says("ada", "ada@example.com")
    browser = lying.site.browser()
    await come_back(browser, (await leave(lying, browser)).answer(iss=lying.acme.url))
    assert await who(browser) == "ada@example.com"


async def test_mix_up_by_the_callback(lying: Lying) -> None:
    """The victim chose the evil provider, which leads them on to the honest one, to have its code brought to it."""
    victim = lying.site.browser()
    chosen = await leave(lying, victim, "other")
    honest = Arrived("GET", f"{ORIGIN}/login/acme/callback", {"state": chosen.asked["state"], "code": "of acme"})
    assert trouble_of(await come_back(victim, honest)) == "other_provider"
    assert lying.other.redeemed == lying.acme.redeemed == []


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("twice", ["code", "state", "iss", "error"])
async def test_a_parameter_of_the_answer_twice(lying: Lying, method: str, twice: str) -> None:
    """Attack 28 at the callback: which of the two would count?"""
    browser = lying.site.browser()
    left = await leave(lying, browser)
    words = [*left.answer().answer.items(), (twice, "x"), (twice, "y")]
    if method == "GET":
        answer = await browser.get(f"/login/acme/callback?{urlencode(words)}")
    else:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        answer = await browser.post("/login/acme/callback", content=urlencode(words), headers=kind)
    assert trouble_of(answer) == "answer_incomplete"
    assert lying.acme.redeemed == []


async def test_code_injection_where_nobody_checks_pkce(lying: Lying) -> None:
    """The attacker's code in the victim's trip, at a provider that takes any verifier: the nonce is another's."""
    attacker, victim = lying.site.browser(), lying.site.browser(address="198.51.100.1")
    lying.says("mallory", "mallory@example.org")
    stolen, own = await leave(lying, attacker), await leave(lying, victim)
    assert trouble_of(await come_back(victim, own.answer(code=stolen.code))) == "identity_token_refused"
    assert await who(victim) is None


@pytest.mark.parametrize("strips_challenge", [False, True])
async def test_code_injection_where_there_is_no_nonce(lying: Lying, strips_challenge: bool) -> None:
    """At GitHub it is PKCE that stops it; also where the attacker left the challenge out of their own request."""
    async with FakeGitHub(clock=lying.site.clock) as github:
        _use(lying, github, "github")
        attacker, victim = lying.site.browser(), lying.site.browser(address="198.51.100.1")
        stolen = await _choose(attacker, "github", "Mallory", without="code_challenge" if strips_challenge else "")
        own = await _choose(victim, "github", "Ada Example")
        injected = replace(own, answer={**own.answer, "code": stolen.answer["code"]})
        assert trouble_of(await come_back(victim, injected)) == "code_refused"
        assert await who(victim) is None


async def test_pkce_downgrade(lying: Lying) -> None:
    """What is taken out of the request on its way is still asked for at the end: no verifier, no token."""
    async with FakeGitHub(clock=lying.site.clock) as github:
        _use(lying, github, "github")
        victim = lying.site.browser()
        assert trouble_of(await come_back(victim, await _choose(victim, "github", "Ada Example", "code_challenge")))
        [asked] = github.requests_at("token")
        assert len(asked.form["code_verifier"]) == 43
        assert await who(victim) is None


async def test_pkce_is_never_plain(lying: Lying) -> None:
    left = await leave(lying, lying.site.browser())
    assert left.asked["code_challenge_method"] == "S256"
    assert len(left.asked["code_challenge"]) == 43


async def test_nonce_replay(lying: Lying) -> None:
    """The ID token of an earlier sign-in once more: of the same person, well signed, and in time."""
    lying.says("ada", "ada@example.com")
    first, second = lying.site.browser(), lying.site.browser(address="198.51.100.1")
    early = await leave(lying, first)
    token = lying.acme.id_token(early.code, f"at-{early.code}")
    await come_back(first, early.answer())
    assert await who(first) == "ada@example.com"
    late = await leave(lying, second)
    lying.acme.token = {"id_token": token, "access_token": f"at-{early.code}"}
    assert trouble_of(await come_back(second, late.answer())) == "identity_token_refused"
    assert await who(second) is None


@pytest.mark.parametrize("aud", ["client-2", ["client-2"], [CLIENT, "client-2"], [], None, CLIENT.upper()])
async def test_id_token_of_another_audience(lying: Lying, aud: object) -> None:
    lying.says("ada", "ada@example.com", aud=aud)
    browser = lying.site.browser()
    assert trouble_of(await sign_in_by(lying, browser)) == "identity_token_refused"
    assert await who(browser) is None
    assert [each["trouble"] for each in await troubles(lying.site)] == ["identity_token_refused"]


async def test_takeover_by_an_address_that_a_tenant_typed(lying: Lying) -> None:
    """nOAuth: Mallory's own administrator gave her Ada's address; Microsoft passes it on."""
    await lying.site.person("ada@example.com")
    async with FakeMicrosoft(clock=lying.site.clock) as microsoft:
        _use(lying, microsoft, "microsoft", tenant="common")
        for edov in (None, False, 0, "false", "0", "no"):
            microsoft.know(replace(MALLORY, edov=edov))
            browser = lying.site.browser()
            arrived = await _choose(browser, "microsoft", "Mallory")
            assert trouble_of(await come_back(browser, arrived)) == "no_proven_email", edov
            assert await who(browser) is None


def _use(lying: Lying, fake: FakeProvider, entry: str, **asked: str) -> None:
    made = replace(provider(entry=entry, **asked), **fake.entry_overrides, private_network=HERE)  # type: ignore[arg-type]
    kept = lying.site.desk.keep(Providers)
    kept.use([*kept.all(), made])


async def _choose(browser: httpx.AsyncClient, name: str, person: str, without: str = "") -> Arrived:
    """Leave for a fake and be a person there; a parameter may be lost on the way."""
    address = (await browser.get(f"/login/{name}")).headers["location"]
    if without:
        parts = urlsplit(address)
        query = [(key, value) for key, value in parse_qsl(parts.query) if not key.startswith(without)]
        address = parts._replace(query=urlencode(query)).geturl()
        assert without not in parse_qs(urlsplit(address).query)
    async with Walker(f"{ORIGIN}/login/{name}/callback") as walker:
        return await walker.choose(address, person)
