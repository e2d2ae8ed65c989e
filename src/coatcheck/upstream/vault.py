"""Keep what providers gave to act for people: sealed, and readable only where it belongs."""

import msgspec
from msgspec.structs import replace

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.secret import Secret, new_id
from coatcheck.storage.database import Writing
from coatcheck.upstream import records
from coatcheck.upstream.identity import UpstreamTokens


class _Plain(msgspec.Struct, frozen=True, array_like=True):
    """Hold tokens for the moment between sealed and used."""

    access: str
    refresh: str | None
    scopes: tuple[str, ...]
    expires_at: Instant | None
    renew_from: Instant | None

    def __repr__(self) -> str:
        return "_Plain(…)"


def sealed(desk: Desk, tokens: UpstreamTokens | None, *, place: str) -> bytes:
    """Seal tokens for one place; nothing for none."""
    if tokens is None:
        return b""
    refresh = tokens.refresh.reveal() if tokens.refresh else None
    plain = _Plain(tokens.access.reveal(), refresh, tokens.scopes, tokens.expires_at, tokens.renew_from)
    return desk.key_ring.seal(msgspec.json.encode(plain), place=place)


def opened(desk: Desk, sealed: bytes, *, place: str) -> UpstreamTokens | None:
    """Unseal tokens; None for nothing.

    Raises:
        CannotUnseal: they were changed, belong elsewhere, or their master key is not in the ring.
    """
    if not sealed:
        return None
    plain = msgspec.json.decode(desk.key_ring.unseal(sealed, place=place), type=_Plain)
    refresh = Secret(plain.refresh) if plain.refresh else None
    return UpstreamTokens(
        access=Secret(plain.access),
        refresh=refresh,
        scopes=plain.scopes,
        expires_at=plain.expires_at,
        renew_from=plain.renew_from,
    )


async def store(tx: Writing, desk: Desk, identity: str, tokens: UpstreamTokens) -> None:
    """Keep the tokens of an identity in place of those there were; the caller holds its account's row.

    Providers that give a refresh token at a consent alone bring none the next time: then the one of before stays.
    """
    kept = await records.tokens_of(tx, identity) if tokens.refresh is None else None
    before = opened(desk, kept.sealed, place=place_of(identity)) if kept else None
    if before is not None:
        tokens = replace(tokens, refresh=before.refresh)
    await records.store_tokens(
        tx,
        identity=identity,
        sealed=sealed(desk, tokens, place=place_of(identity)),
        version=new_id("upt_"),
        expires_at=tokens.expires_at,
    )


def place_of(identity: str) -> str:
    """Name where the tokens of an identity belong: anywhere else they cannot be read."""
    return f"upstream_tokens.sealed:{identity}"
