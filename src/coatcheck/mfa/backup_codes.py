"""Backup codes: ten of them, shown once, kept as HMACs, each spent by one `DELETE`.

A code has ten characters of an alphabet of thirty: digits and letters without 0, 1, i, l, o and u, which are taken for
one another or make words. That is 49 bits, more than twice what six digits have, for which NIST would settle: a hundred
guesses a day at ten codes take a thousand million years for an even chance, and a copy of the database cannot be
searched without the HMAC's key, which is not in it. More characters would only be mistyped.
"""

import re
from collections.abc import Sequence
from typing import Final

from coatcheck.desk import Desk
from coatcheck.mfa import records
from coatcheck.secret import random_number
from coatcheck.storage.database import Writing

COUNT: Final = 10
FEW: Final = 3
"""So many left, or fewer, and their owner is told to make new ones."""
ALPHABET: Final = "23456789abcdefghjkmnpqrstvwxyz"
LENGTH: Final = 10
_LABEL = "backup code"
# Codes of other systems are digits; NIST SP 800-63B-4 section 3.1.2 wants six of them, and limits to guesses.
_IMPORTED = re.compile(r"[0-9]{8,16}")


def draw_codes() -> tuple[str, ...]:
    """Draw a set of codes as they are shown, such as `k7p4m-9xw2c`."""
    return tuple(_draw() for _ in range(COUNT))


def normalised(typed: str) -> str | None:
    """Give a code as it is kept, or None where it can be none: spaces, dashes and capitals do not count."""
    code = "".join(character for character in typed.lower() if character not in " -\t\r\n\u2010\u2011\u2013")
    is_ours = len(code) == LENGTH and all(character in ALPHABET for character in code)
    return code if is_ours or _IMPORTED.fullmatch(code) else None


async def keep_codes(tx: Writing, desk: Desk, account: str, codes: Sequence[str]) -> None:
    """Keep codes that another system gave, as `normalised` spells them; the caller holds the account's row."""
    await records.replace_codes(tx, account, [desk.key_ring.mac(_LABEL, account, code) for code in codes], desk.now())


async def replace_codes(tx: Writing, desk: Desk, account: str) -> tuple[str, ...]:
    """Give an account a new set of codes, to be shown once; those of before work no more.

    The caller holds the account's row.

    See: NIST SP 800-63B-4 section 3.1.2; ASVS 6.5.1 to 6.5.3.
    """
    codes = draw_codes()
    macs = [desk.key_ring.mac(_LABEL, account, code.replace("-", "")) for code in codes]
    await records.replace_codes(tx, account, macs, desk.now())
    return codes


async def spend_code(tx: Writing, desk: Desk, account: str, typed: str) -> bool:
    """Tell whether a code is one of the account's; it is gone by this."""
    code = normalised(typed)
    return code is not None and await records.spend_code(tx, account, desk.key_ring.macs(_LABEL, account, code))


def _draw() -> str:
    code = "".join(ALPHABET[random_number(len(ALPHABET))] for _ in range(LENGTH))
    return f"{code[:5]}-{code[5:]}"
