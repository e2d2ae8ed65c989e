"""The arithmetic of authenticator apps: from a shared key and the time to six digits, and back to the step they are of.

Nothing is kept or looked up here.
"""

import base64
import hmac
import re
from typing import Final
from urllib.parse import quote, urlencode

from coatcheck.clock import Instant
from coatcheck.secret import random_bytes, same

DIGITS: Final = 6
STEP_MS: Final = 30_000
KEY_BYTES: Final = 20
"""160 bits, as long as the hash and as RFC 4226 section 4 recommends; every app takes it."""
_BETWEEN = re.compile(r"[\s-]+")
_CODE = re.compile(r"[0-9]{6}")


def new_key() -> bytes:
    """Draw the key that an app and this site will share."""
    return random_bytes(KEY_BYTES)


def code_at(key: bytes, step: int) -> str:
    """Give the six digits of a step.

    See: RFC 4226 section 5.3; RFC 6238 section 4 (SHA-1, as many apps know nothing else).
    """
    digest = hmac.new(key, step.to_bytes(8, "big"), "sha1").digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(now: Instant) -> int:
    """Give the step of 30 seconds that a moment falls into."""
    return now // STEP_MS


def matching_step(key: bytes, typed: str, now: Instant, *, window: int) -> int | None:
    """Give the step whose code was typed, or None; the newest, where two steps have the same code.

    Every step is looked at and compared in constant time, so how long it takes tells nothing.

    Args:
        typed: as typed; spaces and dashes do not count.
        window: how many steps early or late it may be.

    See: RFC 6238 section 5.2; NIST SP 800-63B-4 section 3.1.4.2.
    """
    code = _BETWEEN.sub("", typed)
    if not _CODE.fullmatch(code):
        return None
    here = step_of(now)
    steps = range(max(0, here - window), here + window + 1)
    matching = [step for step in steps if same(code_at(key, step), code)]
    return max(matching, default=None)


def key_text(key: bytes) -> str:
    """Write a key as it is typed into an app: base 32 (RFC 4648) without padding."""
    return base64.b32encode(key).decode().rstrip("=")


def otpauth_url(key: bytes, *, issuer: str, account: str) -> str:
    """Give the address that a QR code carries into an app.

    Args:
        issuer: what the app shows as the site.
        account: what it shows as the account.
    """
    # A colon parts the two, so neither may have one.
    site, name = issuer.replace(":", " "), account.replace(":", " ")
    what = {"secret": key_text(key), "issuer": site, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_MS // 1000}
    return f"otpauth://totp/{quote(site, safe='')}:{quote(name, safe='@')}?{urlencode(what, quote_via=quote)}"
