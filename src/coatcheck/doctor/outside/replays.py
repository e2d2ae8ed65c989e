"""What works once, presented again: refresh tokens, and the codes of an authenticator app."""

import base64
from collections.abc import AsyncIterator
from typing import Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import write
from coatcheck.doctor.outside.asking import Seen
from coatcheck.doctor.outside.check import Check
from coatcheck.doctor.outside.probe import CannotTell, Case, Probe
from coatcheck.doctor.principles import LIFETIMES, MFA
from coatcheck.mfa.totp import code_at, step_of
from coatcheck.tokens.family import GRACE_MS

REFRESH: Final = Check("refresh-replay-accepted", LIFETIMES, "high")
UNPUNISHED: Final = Check("replay-goes-unpunished", LIFETIMES, "medium")
CODE: Final = Check("code-replay-accepted", MFA, "high")
SKIPPED: Final = Check("second-factor-skipped", MFA, "high")

_KEPT: Final = write(
    "Something on the way keeps answers, or answers in the place of Coatcheck; in nginx", "proxy_cache off;"
)


async def look_at_refresh(case: Case) -> AsyncIterator[Outcome]:
    """Refresh twice, then come with the first refresh token again: at once, and when no lost answer explains it."""
    first = str((await case.admitted(present="tokens")).words.get("refresh_token", ""))
    second = await _refreshed(case, first)
    third = await _refreshed(case, second)
    replayed = [await _refresh(case, first)]
    await case.pause(GRACE_MS / 1000 + 1)
    replayed.append(await _refresh(case, first))
    taken = [seen for seen in replayed if seen.status == 200]
    yield REFRESH.judged(
        "a refresh token that was replaced twice brings tokens again: who stole it stays signed in" if taken else None,
        fix=_KEPT,
        right="a refresh token works once",
    )
    if taken:
        yield UNPUNISHED.not_run("the token that was used before was taken")
        return
    lives_on = (await _refresh(case, third)).status == 200
    yield UNPUNISHED.judged(
        "a refresh token came again, and its session lives on: thief and owner both stay" if lives_on else None,
        fix=_KEPT,
        right="a session whose refresh token comes again is ended",
    )


async def look_at_codes(case: Case) -> AsyncIterator[Outcome]:
    """Set an authenticator app up, sign in with a code of it and again with the same; then remove it.

    Raises:
        CannotTell: no app can be set up, or a right code is refused.
    """
    token = _bearer(await case.admitted(present="tokens"))
    offered = await case.asking.call("/api/factors/totp/start", None, case.with_permit(token))
    secret = str(offered.words.get("secret", ""))
    if not secret:
        raise CannotTell(f"no authenticator app could be set up: {offered.status} {offered.words.get('code', '')}")
    key, step = base64.b32decode(secret + "=" * (-len(secret) % 8)), step_of(case.clock.now())
    confirming = {"code": code_at(key, step)}
    confirmed = await case.asking.call("/api/factors/totp/confirm", confirming, case.with_permit(token))
    if confirmed.status != 200:
        raise CannotTell(f"the code of this machine's clock is refused: {confirmed.status}")
    asked = await case.sign_in(present="tokens")
    yield SKIPPED.judged(
        "the account has an authenticator app, and the password alone signs it in"
        if asked.words.get("status") == "admitted"
        else None,
        fix=_KEPT,
        right="whoever has a second factor is asked for it",
    )
    yield await _twice(case, code_at(key, step + 1))


REFRESH_PROBE: Final = Probe((REFRESH, UNPUNISHED), look_at_refresh, needs_permit=True)
CODES_PROBE: Final = Probe((SKIPPED, CODE), look_at_codes, needs_permit=True)


async def _twice(case: Case, code: str) -> Outcome:
    """Prove two sign-ins by the same code."""
    right = await _prove(case, code)
    if right.words.get("status") != "admitted":
        raise CannotTell(f"a right code is refused: {right.status} {right.words.get('code', '')}".strip())
    again = await _prove(case, code)
    await case.asking.call("/api/factors/totp", None, case.with_permit(_bearer(right)), method="DELETE")
    return CODE.judged(
        "a code of the app that was used signs in again: who looks over a shoulder is in"
        if again.words.get("status") == "admitted"
        else None,
        fix=_KEPT,
        right="a code works once",
    )


async def _prove(case: Case, code: str) -> Seen:
    asked = (await case.sign_in(present="tokens")).words
    path = f"/api/sign-in/{asked.get('sign_in', 'none')}/totp"
    words = {"continuation": asked.get("continuation", "none"), "code": code}
    return await case.asking.call(path, words, case.with_permit())


def _bearer(admitted: Seen) -> dict[str, str]:
    return {"authorization": f"Bearer {admitted.words.get('access_token', '')}"}


async def _refreshed(case: Case, token: str) -> str:
    seen = await _refresh(case, token)
    if seen.status != 200:
        raise CannotTell(f"a right refresh token is refused: {seen.status} {seen.words.get('code', '')}".strip())
    return str(seen.words.get("refresh_token", ""))


async def _refresh(case: Case, token: str) -> Seen:
    return await case.asking.call("/api/token/refresh", {"refresh_token": token}, case.with_permit())
