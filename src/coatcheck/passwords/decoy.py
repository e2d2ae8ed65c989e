"""Decoys: what is verified when there is no account or no password, so that nobody can tell by the time it takes.

An imported hash takes another time than one of today's. If an unknown address always cost what today's hash costs,
every account still on an old one would stand out, and so would the strangers. So each identifier has a decoy of its
own, with the scheme and cost that a keyed hash picks for it, in the proportion of those stored. The pick is by weighted
rendezvous: when the proportions change, only the identifiers move that have to, and they move the way the accounts
did, to the scheme that grew.
"""

import hashlib
import hmac
import math
from collections.abc import Mapping
from typing import Final

from coatcheck.passwords.schemes import decoy, decoy_of_today
from coatcheck.settings.passwords import PasswordSettings

_NOISE_BLOCKS: Final = 2
_TWO_TO_53: Final = 2**53


class Decoys:
    """Pick the decoy of an identifier.

    Args:
        key: a key of 32 bytes that no attacker knows, else the pick could be told from outside.
        settings: what today's hashes cost, for a site that has none yet.

    See: ASVS 6.3.8.
    """

    def __init__(self, key: bytes, settings: PasswordSettings) -> None:
        self._key = key
        self._settings = settings

    def __repr__(self) -> str:
        return "Decoys(…)"

    def choose(self, identifier: str, census: Mapping[str, int]) -> str:
        """Give a stored hash that no password matches, to be verified in place of the one that is not there.

        The same identifier gets the same decoy as long as the census stands.

        Args:
            identifier: the identifier as normalised for the look-up, so that all its spellings share a decoy.
            census: how many stored hashes have each label (`schemes.label`); labels no scheme knows are passed over.
        """
        noise = b"".join(self._mac("noise", str(block), identifier) for block in range(_NOISE_BLOCKS))
        for label in sorted(census, key=lambda label: self._rank(identifier, label, census[label])):
            made = decoy(label, noise) if census[label] > 0 else None
            if made is not None:
                return made
        return decoy_of_today(self._settings, noise)

    def _rank(self, identifier: str, label: str, count: int) -> float:
        """Give an exponential variate of rate `count`: of several the smallest is a label's as often as its share."""
        drawn = int.from_bytes(self._mac("pick", label, identifier)[:8], "big") >> 11
        return -math.log((drawn + 0.5) / _TWO_TO_53) / max(count, 1e-9)

    def _mac(self, *parts: str) -> bytes:
        message = b"".join(
            len(raw).to_bytes(4, "big") + raw for raw in (part.encode("utf-8", "surrogatepass") for part in parts)
        )
        return hmac.new(self._key, message, hashlib.sha512).digest()
