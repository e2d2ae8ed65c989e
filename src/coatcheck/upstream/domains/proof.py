"""What the owner of a domain publishes to show that it is theirs: a TXT record that only this site could name.

It is derived under our key from the provider and the domain, so nothing is kept until it is found, and a record made
for one connection proves nothing for another.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

from coatcheck.keys.algorithms import base64url
from coatcheck.secret import KeyRing, same

TxtLookup: TypeAlias = Callable[[str], Awaitable[list[str]]]
"""Gives the TXT records of a name; none where there are none. Raises `OSError` where nobody answers."""

_LABEL: Final = "domain proof"
_BEGINS: Final = "coatcheck-domain-proof="


def record_name(domain: str) -> str:
    """Give where the record stands."""
    return f"_coatcheck.{domain}"


def record_text(ring: KeyRing, provider: str, domain: str) -> str:
    """Give what the record says."""
    return _BEGINS + base64url(ring.mac(_LABEL, provider, domain))


def is_published(ring: KeyRing, provider: str, domain: str, found: Iterable[str]) -> bool:
    """Tell whether the record is among those that were found, also one made under a replaced master key."""
    wanted = [_BEGINS + base64url(mac) for mac in ring.macs(_LABEL, provider, domain)]
    return any(same(each.strip(), one) for each in found for one in wanted)
