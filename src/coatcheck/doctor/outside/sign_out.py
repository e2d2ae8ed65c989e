"""Signing out: whether what was signed out of is over at every node, and soon."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import write
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.probe import CannotTell, Case, Probe
from coatcheck.doctor.outside.set_cookie import ours_in
from coatcheck.doctor.principles import LOGOUT

SESSION: Final = Check("session-survives-sign-out", LOGOUT, "high")
TOKEN: Final = Check("token-survives-sign-out", LOGOUT, "high")

_WITHIN_S: Final = 3
"""The bound is a second by itself; a node that reads late has three."""

_FIX: Final = write(
    "Nobody on the way may keep answers; in nginx",
    "proxy_cache off;",
    "# and every node needs the same database.url in coatcheck.toml",
)


async def look_at_sign_out(case: Case) -> AsyncIterator[Outcome]:
    """Sign out of a session behind a cookie, and of one behind tokens."""
    seen = await case.admitted()
    cookies = {"cookie": "; ".join(each.pair for each in ours_in(seen.cookies))}
    yield await _over(case, SESSION, cookies, "the cookie of a session")
    words = (await case.admitted(present="tokens")).words
    token = {"authorization": f"Bearer {words.get('access_token', '')}"}
    outcome = await _over(case, TOKEN, token, "the access token of a session")
    again = await case.asking.call("/api/token/refresh", {"refresh_token": words.get("refresh_token", "")})
    if again.status == 200:
        outcome = TOKEN.found("the refresh token of a session brings new tokens after it was signed out of", _FIX)
    yield outcome


PROBE: Final = Probe((SESSION, TOKEN), look_at_sign_out, needs_permit=True)


async def _over(case: Case, check: Check, presented: Mapping[str, str], what: str) -> Outcome:
    headers = case.with_permit(presented)
    if (await case.asking.get("/api/session", headers)).status != 200:
        raise CannotTell(f"{what} is refused before it was signed out of")
    ended = await case.asking.call("/api/sign-out", {}, headers)
    if ended.status != 204:
        return check.found(f"POST /api/sign-out with {what} answers {ended.status} in the place of 204", _FIX)
    at = ""
    for _ in range(_WITHIN_S + 1):
        at = await _taken_at(case, headers)
        if not at:
            return check.passed(f"{what} is refused once it was signed out of")
        await case.pause(1)
    return check.found(f"{what} is taken at {at} for {_WITHIN_S} seconds after it was signed out of", _FIX)


async def _taken_at(case: Case, headers: Mapping[str, str]) -> str:
    for node in case.asking.nodes:
        seen = await case.asking.call("/api/session", None, headers, method="GET", node=node)
        if seen.status == 200:
            return node.authority
    return ""
