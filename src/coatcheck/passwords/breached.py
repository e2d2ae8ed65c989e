"""Asks a list of leaked passwords without telling it the password: five of forty hex digits of a hash leave.

Off unless `passwords.breached_check` is set. A list that cannot be asked never stops a sign-up: the answer is then
`NOT_CHECKED`, which is logged, and the bundled list of common passwords has been looked at anyway.
"""

import asyncio
import hashlib
from typing import Final

import httpx

from coatcheck.passwords.lookup import Lookup
from coatcheck.settings.passwords import PasswordSettings

_PREFIX_DIGITS: Final = 5
_SUFFIX_DIGITS: Final = 35
_MOST_ANSWER_BYTES: Final = 1024 * 1024


class BreachedPasswords:
    """Look passwords up by k-anonymity: the service learns which of a million ranges, and cannot tell which password.

    Args:
        settings: whether to ask at all, where, and for how long.
        transport: what carries the requests; the network when left out.

    See: NIST SP 800-63B-4 section 3.1.1.2; ASVS 6.2.12.
    """

    def __init__(self, settings: PasswordSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport
        # Made once, as reading the certificates takes longer than the look-up.
        self._tls = httpx.create_ssl_context(trust_env=False) if settings.breached_check else None

    async def look_up(self, password: str) -> Lookup:
        """Say whether a password is in the list of leaked ones; never raises for a list that cannot be asked.

        Args:
            password: the password, after `rules.prepare`.
        """
        if self._tls is None:
            return Lookup.NOT_CHECKED
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            async with asyncio.timeout(self._settings.breached_timeout.total_seconds()):
                counts = await self._range(digest[:_PREFIX_DIGITS])
        except (httpx.HTTPError, TimeoutError, ValueError):
            return Lookup.NOT_CHECKED
        # Padding lines, there to hide how long the answer is, have a count of 0.
        return Lookup.LEAKED if counts.get(digest[_PREFIX_DIGITS:], 0) > 0 else Lookup.NOT_LEAKED

    async def _range(self, prefix: str) -> dict[str, int]:
        """Get the suffixes of a range with their counts; raises ValueError for an answer that is none."""
        async with (
            httpx.AsyncClient(verify=self._tls or True, transport=self._transport, trust_env=False) as client,
            client.stream("GET", self._settings.breached_url + prefix, headers={"Add-Padding": "true"}) as answer,
        ):
            answer.raise_for_status()
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > _MOST_ANSWER_BYTES:
                    raise ValueError("the range is larger than any real one")
        return _counts(body.decode("ascii"))


def _counts(body: str) -> dict[str, int]:
    pairs = [line.partition(":") for line in body.split()]
    if not pairs or any(len(suffix) != _SUFFIX_DIGITS for suffix, _, _ in pairs):
        raise ValueError("the answer is no range of hashes")
    return {suffix.upper(): int(count) for suffix, _, count in pairs}
