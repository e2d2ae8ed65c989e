"""Make an API key: with less than its owner may do, or as much, and with an end."""

from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct

from coatcheck.api_keys import records
from coatcheck.api_keys.api_key import (
    KEPT_FOR,
    LONGEST_SCOPES,
    MOST_KEYS,
    PREFIX,
    ApiKey,
    parse_key_name,
    parse_lifetime,
)
from coatcheck.api_keys.key_text import hint_of, new_key
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, Conflict
from coatcheck.revocation import indices
from coatcheck.secret import Secret, new_id
from coatcheck.storage.database import Writing


class Made(Struct, frozen=True):
    """Hold a new key and its secret, which is shown once."""

    key: ApiKey
    secret: Secret


async def make(
    tx: Writing,
    desk: Desk,
    *,
    owner: str,
    name: str,
    scopes: Iterable[str],
    may: frozenset[str],
    lifetime: timedelta | None,
) -> Made:
    """Make a key in a transaction that holds its owner's row.

    Args:
        owner: `acc_…` or `svc_…`.
        scopes: what the key is to be allowed of `may`.
        may: what the owner may do at this moment.
        lifetime: how long it works; None for as long as the settings say.

    Raises:
        BadInput: the name is none, a scope is nothing that the owner may, or the time is too long.
        Conflict: the owner has as many keys as one may have.

    See: ASVS 8.3.3 (no more than its owner may), 11.5.1, 13.3.4.
    """
    settings, now = desk.settings.api_keys, desk.now()
    asked = sorted(set(scopes))
    _check_scopes(asked, may)
    name, ends = parse_key_name(name), now + parse_lifetime(settings, lifetime)
    if await records.count_live(tx, owner, now) >= MOST_KEYS:
        raise Conflict(f"{owner} has {MOST_KEYS} API keys: revoke one that is not used any more")
    secret = new_key(settings.prefix)
    key = ApiKey(
        id=new_id(PREFIX),
        owner=owner,
        name=name,
        hint=hint_of(secret),
        scopes=tuple(asked),
        created_at=now,
        expires_at=ends,
    )
    records.insert_key(tx, key, secret.hashed(), ends + millis(KEPT_FOR))
    await indices.allocate(tx, owner=key.id, account=owner, live_until=ends)
    return Made(key, secret)


def _check_scopes(asked: list[str], may: frozenset[str]) -> None:
    beyond = [scope for scope in asked if scope not in may]
    if beyond:
        raise BadInput({"scopes": f"A key may do what its owner may: not {beyond[0]:.80}."})
    if len(" ".join(asked)) > LONGEST_SCOPES:
        raise BadInput({"scopes": "These are more scopes than fit into a token. Make two keys."})
