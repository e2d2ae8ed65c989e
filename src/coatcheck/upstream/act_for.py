"""Act for a person at a provider: give its access token, renewed when it has run out, by one worker at a time.

kept tokens → still good? → else claim → ask the provider → keep → give
              somebody else has the claim: wait for what they keep

A provider that rotates ends the old refresh token by its answer, so two who ask at once would end the grant.
"""

import asyncio
from dataclasses import replace
from typing import Final

from coatcheck.desk import Desk
from coatcheck.errors import Busy, NotFound, UpstreamFailed
from coatcheck.secret import Secret, new_id
from coatcheck.upstream import records, vault
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.identity import UpstreamTokens
from coatcheck.upstream.oauth.tokens import refresh
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.records import KeptTokens

EARLY_MS: Final = 60_000
"""How long before its end a token is renewed: the call that it is wanted for takes time, and clocks differ."""
_CLAIM_MS: Final = 15_000
_WAIT_S: Final = 10.0
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
    until = desk.clock.monotonic() + _WAIT_S
    while True:
        kept = await _kept(desk, account, provider)
        tokens = _opened(desk, kept)
        if tokens.expires_at is None or tokens.expires_at > desk.now() + EARLY_MS:
            return tokens.access
        claim = await _claim(desk, kept)
        if claim is not None:
            return await _renew(desk, chosen, claim, tokens)
        if desk.clock.monotonic() > until:
            raise Busy(because=f"another worker renews the tokens of {kept.identity}")
        await asyncio.sleep(_LOOK_EVERY_S)


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


async def _claim(desk: Desk, kept: KeptTokens) -> KeptTokens | None:
    """Claim the renewal; None where another has it, or the tokens changed meanwhile."""
    now, version = desk.now(), new_id("upt_")
    async with desk.database.writing() as tx:
        is_ours = await records.claim_renewal(tx, kept, version=version, now=now, until=now + _CLAIM_MS)
    return replace(kept, version=version) if is_ours else None


async def _renew(desk: Desk, provider: Provider, claim: KeptTokens, old: UpstreamTokens) -> Secret:
    try:
        new = await refresh(desk, provider, old)
    except UpstreamFailed as failed:
        async with desk.database.writing() as tx:
            is_over = failed.trouble == "code_refused"
            await (records.drop_tokens if is_over else records.lay_down)(tx, claim)
        raise
    sealed = vault.sealed(desk, new, place=vault.place_of(claim.identity))
    async with desk.database.writing() as tx:
        if not await records.store_renewed(tx, claim, sealed=sealed, expires_at=new.expires_at):
            raise NotFound("the provider was unlinked, or linked anew, meanwhile")
    return new.access
