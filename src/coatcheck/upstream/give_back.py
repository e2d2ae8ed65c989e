"""Give tokens back to their provider when they are unlinked: kept until it took them, or a day is over.

Ours are gone when the unlinking commits, whatever the provider says; its own grant may live on where it stays away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final, TypeAlias

import structlog

from coatcheck.desk import Desk
from coatcheck.errors import DatabaseAway, NotFound, UpstreamFailed
from coatcheck.secret import CannotUnseal, new_id
from coatcheck.storage.database import Writing
from coatcheck.upstream import records, vault
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.identity import UpstreamTokens
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.records import Giveback
from coatcheck.upstream.when_asked import when_asked

_DAY_MS: Final = 86_400_000
_MINUTE_MS: Final = 60_000
_BATCH: Final = 20
_log = structlog.get_logger("coatcheck.upstream")

Told: TypeAlias = Callable[[Writing, str, bool], Awaitable[None]]
"""Hear in the transaction that forgets a give-back what became of it: its id, and whether the provider took it."""


async def queue_giveback(tx: Writing, desk: Desk, *, identity: str, provider: str) -> str | None:
    """Queue what is kept for an identity to be given back, in the transaction that unlinks it.

    Returns:
        The give-back's id, or None where nothing is kept, or it cannot be read.
    """
    kept = await records.tokens_of(tx, identity)
    try:
        tokens = vault.opened(desk, kept.sealed, place=vault.place_of(identity)) if kept else None
    except CannotUnseal as unreadable:
        _log.error("upstream.not_given_back", provider=provider, because=str(unreadable))
        return None
    return None if tokens is None else await queue_tokens(tx, desk, provider=provider, tokens=tokens)


async def queue_givebacks_of(tx: Writing, desk: Desk, *, account: str, keep: Collection[str] = ()) -> dict[str, str]:
    """Queue what is kept for every identity of an account, but for some, in the transaction that removes it.

    Returns:
        The provider of each give-back, by its id.
    """
    queued: dict[str, str] = {}
    for linked in [each for each in await records.list_of(tx, account) if each.id not in keep]:
        giveback = await queue_giveback(tx, desk, identity=linked.id, provider=linked.provider)
        if giveback is not None:
            queued[giveback] = linked.provider
    return queued


async def queue_tokens(tx: Writing, desk: Desk, *, provider: str, tokens: UpstreamTokens) -> str:
    """Queue tokens to be given back; give the give-back's id."""
    giveback, now = new_id("gvb_"), desk.now()
    sealed = vault.sealed(desk, tokens, place=_place(giveback))
    await records.queue_giveback(tx, Giveback(giveback, provider, sealed, 0), due_at=now, expires_at=now + _DAY_MS)
    tx.afterwards(desk.keep(GiveBack).wake)
    return giveback


class GiveBack:
    """Give back what is due, one worker each, again with growing pauses until it is a day old."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._due = asyncio.Event()
        self._told: list[Told] = []

    def tell(self, told: Told) -> None:
        """Tell somebody what becomes of each give-back."""
        self._told.append(told)

    def wake(self) -> None:
        """Look now rather than at the next round."""
        self._due.set()

    async def run(self) -> None:
        """Give back for ever."""
        while True:
            self._due.clear()
            try:
                await self.give_due()
            except DatabaseAway as away:
                _log.warning("upstream.not_given_back", because=away.because)
            try:
                await asyncio.wait_for(self._due.wait(), timeout=60)
            except TimeoutError:
                continue

    async def give_due(self) -> int:
        """Give one batch back; give how many the providers took."""
        now = self._desk.now()
        async with self._desk.database.writing() as tx:
            due = await records.claim_givebacks(tx, now, retry_at=now + _MINUTE_MS, limit=_BATCH)
        return sum([await self._give(each) for each in due])

    async def _give(self, giveback: Giveback) -> bool:
        try:
            is_taken = await self._revoked(giveback)
        except UpstreamFailed as failed:
            _log.warning("upstream.not_given_back", provider=giveback.provider, because=failed.because)
            async with self._desk.database.writing() as tx:
                pause = min(2**giveback.attempts, 60) * _MINUTE_MS
                await records.put_off_giveback(tx, giveback.id, self._desk.now() + pause)
            return False
        except (NotFound, CannotUnseal) as hopeless:
            _log.error("upstream.not_given_back", provider=giveback.provider, because=str(hopeless))
            is_taken = False
        async with self._desk.database.writing() as tx:
            for tell in self._told:
                await tell(tx, giveback.id, is_taken)
            await records.drop_giveback(tx, giveback.id)
        return is_taken

    async def _revoked(self, giveback: Giveback) -> bool:
        """Ask the provider; False where it has no call for it.

        Raises:
            NotFound: it is configured no more.
            CannotUnseal: its master key is not in the ring any more.
        """
        tokens = vault.opened(self._desk, giveback.sealed, place=_place(giveback.id))
        provider = self._desk.keep(Providers).get(giveback.provider)
        if tokens is None or not isinstance(provider, Provider):
            return False
        is_taken: bool = await when_asked("oauth.tokens").revoke(self._desk, provider, tokens)
        return is_taken


def _place(giveback: str) -> str:
    return f"upstream_givebacks.sealed:{giveback}"
