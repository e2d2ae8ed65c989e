"""The bundled list of common passwords; `data/README.md` says where it comes from."""

import gzip
from functools import cache
from importlib.resources import files
from typing import Final

_FILE: Final = "common_passwords.txt.gz"


def is_common(folded: str) -> bool:
    """Say whether a password is one that many people use.

    Args:
        folded: the whole password, NFC and case-folded; the list has none shorter than 8 characters.

    See: NIST SP 800-63B-4 section 3.1.1.2 (blocklist); ASVS 6.2.4.
    """
    return "\n" not in folded and f"\n{folded}\n".encode() in _lines()


@cache
def _lines() -> bytes:
    # One block of half a megabyte, searched from end to end in under a millisecond; a set takes ten times the room.
    packed = files("coatcheck.passwords").joinpath("data", _FILE).read_bytes()
    return b"\n" + gzip.decompress(packed)
