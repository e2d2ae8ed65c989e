"""Keys that were made up: how many of one address are looked up in a minute."""

from typing import Final

from coatcheck.desk import Desk
from coatcheck.errors import TooManyAttempts
from coatcheck.http.reached import is_proxy
from coatcheck.limits.address import UNKNOWN, address_key

PER_MINUTE: Final = 30
"""How many keys that lead nowhere are looked up for one address in a minute, by each worker."""

_MINUTE: Final = 60_000
_ROOM: Final = 10_000


class JunkKeys:
    """Count look-ups by address, in memory: nothing is written for what a stranger makes up.

    A key has 192 random bits, so nothing is guessed here; what is saved is the work. A key that this process knows is
    not looked up, so nobody at the same address keeps it out; one that it does not know yet waits a minute at the most.
    Whoever is seen through a proxy, or not at all, is counted too, but not refused: it may be everybody.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._minute = -1
        self._spent: dict[str, int] = {}

    def spend(self, address: str) -> str:
        """Spend one look-up, before it; give by what it was counted.

        Raises:
            TooManyAttempts: too many keys of this address have led nowhere.
        """
        now = self._desk.now()
        if now // _MINUTE != self._minute:
            self._minute = now // _MINUTE
            self._spent.clear()
        counted_by = self._of(address)
        spent = self._spent.get(counted_by, 0)
        if spent >= PER_MINUTE and counted_by != UNKNOWN:
            because = f"{PER_MINUTE} API keys of one address led nowhere"
            raise TooManyAttempts(-(-(_MINUTE - now % _MINUTE) // 1000), because=because)
        if spent or len(self._spent) < _ROOM:
            self._spent[counted_by] = spent + 1
        return counted_by

    def give_back(self, counted_by: str) -> None:
        """Take a look-up back that led to a key, or that never was made."""
        spent = self._spent.get(counted_by, 0)
        if spent:
            self._spent[counted_by] = spent - 1

    def is_flood(self, counted_by: str) -> bool:
        """Tell whether more came than are written down."""
        return self._spent.get(counted_by, 0) > PER_MINUTE

    def _of(self, address: str) -> str:
        if is_proxy(address, self._desk.settings.server):
            return UNKNOWN
        try:
            return address_key(address)
        except ValueError:  # a server on a UNIX socket names its clients otherwise
            return UNKNOWN
