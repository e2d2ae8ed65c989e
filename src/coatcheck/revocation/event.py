"""What the revocation log says."""

from typing import Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["ended", "moved", "keys_changed"]


class Event(Struct, frozen=True):
    """Say what happened to an owner of indices.

    Args:
        kind: `ended`: refuse it from now on; `moved`: what its credentials say is stale, read it anew; `keys_changed`:
            reload keys. A reader that meets another kind reloads everything.
        account: the account concerned, or empty.
        owner: the session (later: service credential, grant) concerned, or empty.
        list: the status list of the index whose bit was set, or None.
        index: that index, or None.
    """

    kind: Kind
    account: str
    owner: str
    list: int | None = None
    index: int | None = None


class Position(Struct, frozen=True):
    """Say up to where a reader has read: the era is random and made anew when a backup is restored."""

    era: str
    number: int
