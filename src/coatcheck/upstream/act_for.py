"""Act for a person at a provider: give its access token, renewed when it has run out, by one worker at a time.

kept tokens → still good? → else claim → ask the provider → keep → give
              somebody else has the claim: wait for what they keep

A provider that rotates ends the old refresh token by its answer. So two who ask at once would end the grant, and a
renewal that was begun goes on to its end, though whoever asked for it has gone.
"""

import asyncio
from typing import Final

from msgspec.structs import replace

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import Busy, NotFound, UpstreamFailed
from coatcheck.secret import Secret, new_id
from coatcheck.upstream import records, vault
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.give_back import queue_tokens
from coatcheck.upstream.identity import UpstreamTokens
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.records import KeptTokens
from coatcheck.upstream.when_asked import when_asked

CLAIM_MS: Final = 15_000
"""How long one worker has to renew: longer than its calls may take, so that another begins only if it died."""
WAIT_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.05


async def upstream_token(desk: Desk, *, account: str, provider: str) -> Secret:
    """Give an access token by which to act for a person at a provider.

    Args:
        account: `acc_…`.
        provider: the provider's name in the settings, where `keeps_tokens` is on.

    Raises:
        NotFound: there is no such provider, or nothing is kept for this account: it never linked the provider, unlinked
            it, or did so before `keeps_tokens` was on.
        UpstreamFailed: the provider is away; or `code_refused`: the grant is over, and the person has to come again.
        Busy: another worker takes too long to renew it.

    See: RFC 6749 section 6; RFC 9700 section 4.14.
    """
    chosen = desk.keep(Providers).get(provider)
    if not isinstance(chosen, Provider):
        raise NotFound(f"{provider} speaks SAML, which gives no tokens")
    until = desk.clock.monotonic() + WAIT_S
    while True:
        kept = await _kept(desk, account, provider)
        tokens = _opened(desk, kept)
        if not _is_old(tokens, desk.now()):
            return tokens.access
        try:
            renewed = await desk.keep(Renewals).renew(chosen, kept, tokens)
        except UpstreamFailed as failed:
            if failed.trouble == "code_refused" or not _lasts(tokens, desk.now()):
                raise
            return tokens.access
        if renewed is not None:
            return renewed.access
        if desk.clock.monotonic() > until:
            raise Busy(because=f"another worker renews the tokens of {kept.identity}")
        await asyncio.sleep(_LOOK_EVERY_S)


class Renewals:
    """Renew tokens, an identity's once at a time in this process; one a process, by `desk.keep(Renewals)`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._running: dict[str, asyncio.Task[UpstreamTokens | None]] = {}

    async def renew(self, provider: Provider, kept: KeptTokens, old: UpstreamTokens) -> UpstreamTokens | None:
        """Give the renewed tokens; None where another worker renews them, or they changed meanwhile.

        Raises:
            UpstreamFailed: the provider is away, or the grant is over.
        """
        running = self._running.get(kept.identity)
        if running is None:
            running = asyncio.create_task(_renew(self._desk, provider, kept, old))
            self._running[kept.identity] = running
            running.add_done_callback(lambda task: self._has_ended(kept.identity, task))
        return await asyncio.shield(running)

    async def close(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _has_ended(self, identity: str, task: asyncio.Task[UpstreamTokens | None]) -> None:
        del self._running[identity]
        if not task.cancelled():
            task.exception()  # whoever waited may have gone; unread, it would be logged as forgotten


async def _kept(desk: Desk, account: str, provider: str) -> KeptTokens:
    async with desk.database.reading() as db:
        kept = await records.find_tokens(db, account, provider)
    if kept is None:
        raise NotFound(f"no tokens of {provider} are kept for this account")
    return kept


def _opened(desk: Desk, kept: KeptTokens) -> UpstreamTokens:
    tokens = vault.opened(desk, kept.sealed, place=vault.place_of(kept.identity))
    if tokens is None:
        raise NotFound("nothing is sealed there")
    return tokens


def _is_old(tokens: UpstreamTokens, now: Instant) -> bool:
    renew_from = tokens.renew_from or tokens.expires_at
    return renew_from is not None and now >= renew_from


def _lasts(tokens: UpstreamTokens, until: Instant) -> bool:
    return tokens.expires_at is None or tokens.expires_at > until


def _is_claimed(desk: Desk, kept: KeptTokens) -> bool:
    return kept.renewing_until is not None and kept.renewing_until > desk.now()


async def _renew(desk: Desk, provider: Provider, kept: KeptTokens, old: UpstreamTokens) -> UpstreamTokens | None:
    claim = await _claim(desk, kept)
    if claim is None:
        return None
    try:
        new: UpstreamTokens = await when_asked("oauth.tokens").refresh(desk, provider, old)
    except UpstreamFailed as failed:
        async with desk.database.writing() as tx:
            is_over = failed.trouble == "code_refused"
            await (records.drop_tokens if is_over else records.lay_down)(tx, claim)
        raise
    return new if await _keep(desk, provider, claim, new) else None


async def _claim(desk: Desk, kept: KeptTokens) -> KeptTokens | None:
    """Claim the renewal; None where another has it, or the tokens changed meanwhile."""
    if _is_claimed(desk, kept):
        return None
    now, version = desk.now(), new_id("upt_")
    async with desk.database.writing() as tx:
        is_ours = await records.claim_renewal(tx, kept, version=version, now=now, until=now + CLAIM_MS)
    return replace(kept, version=version) if is_ours else None


async def _keep(desk: Desk, provider: Provider, claim: KeptTokens, new: UpstreamTokens) -> bool:
    """Keep what was renewed; False where the person came again meanwhile, or unlinked: then it is given back."""
    sealed = vault.sealed(desk, new, place=vault.place_of(claim.identity))
    async with desk.database.writing() as tx:
        if await records.store_renewed(tx, claim, sealed=sealed, expires_at=new.expires_at):
            return True
        if await records.tokens_of(tx, claim.identity) is None:
            await queue_tokens(tx, desk, provider=provider.name, tokens=new)
    return False
