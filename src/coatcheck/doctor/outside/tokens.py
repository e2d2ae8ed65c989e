"""Forged tokens: without a permit of nobody, with one of the permit's own live session, at the API and at `/verify`."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import set_to, write
from coatcheck.doctor.outside import forging
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.forging import Forgery
from coatcheck.doctor.outside.keys import JWKS
from coatcheck.doctor.outside.probe import CannotTell, Case, Probe
from coatcheck.doctor.outside.verify_junk import as_forwarded
from coatcheck.doctor.principles import LIFETIMES, SECRETS

NONE: Final = Check("alg-none-accepted", SECRETS, "high")
CONFUSED: Final = Check("key-confusion-accepted", SECRETS, "high")
OWN_KEY: Final = Check("foreign-key-accepted", SECRETS, "high")
KID: Final = Check("kid-followed", SECRETS, "high")
TAMPERED: Final = Check("signature-unchecked", SECRETS, "high")
SHARED: Final = Check("shared-secret-tokens", SECRETS, "medium")
LONG: Final = Check("token-lives-long", LIFETIMES, "medium")

_LONGEST_S: Final = 900
_FIX: Final = write(
    "What answers here is not Coatcheck's own check: in its place",
    "from coatcheck.verifier import Verifier  # in a service",
    "auth_request /_verify;                   # in nginx: see examples/proxies/nginx.conf",
)


async def look_at_forgeries(case: Case) -> AsyncIterator[Outcome]:
    """Present forged tokens, and see each refused."""
    jwks = [key for key in (await case.asking.get(JWKS)).words.get("keys", []) if isinstance(key, dict)]
    token, claims = "", forging.made_up(case.target, case.clock.now() // 1000)
    kid = str(jwks[0].get("kid", "")) if jwks else "k"
    if case.permit is not None:
        token = await _own_token(case)
        head, claims = forging.parts_of(token)
        kid = str(head.get("kid", kid))
    whose = "a live session" if token else "nobody, as there is no permit"
    places = await _places(case)
    for check, what, forged in (
        (NONE, "no signature", forging.unsigned(claims, kid)),
        (CONFUSED, "an HMAC under the public key", forging.confused(claims, jwks)),
        (OWN_KEY, "a key of their own", forging.by_own_key(claims, kid, case.target)),
        (KID, "a kid that leads elsewhere", forging.by_named_file(claims)),
        (TAMPERED, "another signature", forging.tampered(token, claims) if token else []),
    ):
        if forged:
            right = f"tokens with {what} are refused: {len(forged)}, of {whose}"
            yield check.judged(await _taken(case, forged, places), fix=_FIX, right=right)
        else:
            why = "it needs a right token, and so a permit" if check is TAMPERED else "no public key is published"
            yield check.not_run(why)


async def look_at_token(case: Case) -> AsyncIterator[Outcome]:
    """Look at what a token of the permit's account says of itself."""
    head, claims = forging.parts_of(await _own_token(case))
    algorithm = str(head.get("alg", ""))
    yield SHARED.judged(
        f"tokens are signed by {algorithm}: whoever checks them can make them" if algorithm[:2] == "HS" else None,
        fix=set_to("keys", 'algorithm = "RS256"', "[server]", "unsafe = []"),
        right=f"tokens are signed by {algorithm}, and checked with a public key",
    )
    lives = int(claims.get("exp", 0)) - int(claims.get("iat", 0))
    yield LONG.judged(
        f"an access token counts for {lives} seconds" if lives > _LONGEST_S else None,
        fix=set_to("tokens", 'access_lifetime = "15m"'),
        right=f"an access token counts for {lives} seconds",
    )


PROBE: Final = Probe((NONE, CONFUSED, OWN_KEY, KID, TAMPERED), look_at_forgeries)
TOKEN_PROBE: Final = Probe((SHARED, LONG), look_at_token, needs_permit=True)


async def _own_token(case: Case) -> str:
    """Sign in, and give an access token that is taken: where a right one is not, no refusal says anything."""
    token = str((await case.admitted(present="tokens")).words.get("access_token", ""))
    seen = await case.asking.get("/api/session", case.with_permit(_bearer(token)))
    if seen.status != 200:
        raise CannotTell(f"a right access token is refused: {seen.status} {seen.words.get('code', '')}".strip())
    return token


async def _places(case: Case) -> dict[str, Mapping[str, str]]:
    """Give where tokens are presented, and what goes along; not where junk is taken too, of which others tell."""
    places: dict[str, Mapping[str, str]] = {"/api/session": {}, "/verify": as_forwarded(case.target)}
    junk = {path: await case.asking.get(path, {**said, **_bearer("a.b.c")}) for path, said in places.items()}
    return {path: said for path, said in places.items() if junk[path].status != 200}


async def _taken(case: Case, forged: list[Forgery], places: Mapping[str, Mapping[str, str]]) -> str | None:
    for each in forged:
        for path, said in places.items():
            if (await case.asking.get(path, {**said, **_bearer(each.token)})).status == 200:
                return f"{path} takes a token that {each.how}"
    return None


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
