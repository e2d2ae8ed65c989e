"""A mailed code: what it is, what is kept of it, and the link in the same mail.

The code opens nothing by itself: it counts in the sign-in that it was mailed for, which only the asking browser can
continue. The link holds the code, sealed: in the browser that asked it saves the typing, anywhere else it is shown.
"""

import base64
import binascii
from datetime import timedelta
from typing import Final

import msgspec

from coatcheck.accounts.account import Account
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import Gone
from coatcheck.login.factors import Factor
from coatcheck.login.sign_in import SignIn
from coatcheck.secret import CannotUnseal, Secret, random_number, same
from coatcheck.visit import Visit

EMAIL_CODE: Final[Factor] = "email_code"
LIVES: Final = timedelta(minutes=10)
DIGITS: Final = 8
"""Two more than NIST asks for. A mailed code may be all that a sign-in takes, and who guesses a little at very many
accounts meets only the limit of all strangers, four million guesses a day: six digits would let them in daily."""
_PLACE = "mailed link"


class Mailed(msgspec.Struct, frozen=True, kw_only=True):
    """Keep of a mailed code what its sign-in needs to judge it.

    Args:
        mac: the code's, or empty where none counts.
        expires_at: when it stops to count.
        sent: how many were asked for in this step.
        to: the address it went to, all but its first letter hidden; empty where it would tell that there is an account.
        return_to: where the browser goes on, for who comes by the link.
    """

    mac: bytes = b""
    expires_at: Instant = 0
    sent: int = 0
    to: str = ""
    return_to: str = ""

    def __repr__(self) -> str:
        return f"Mailed({self.sent} sent)"


class Letter(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Hold what a link's token says.

    Args:
        sign_in: `sgn_…`, the sign-in that the code was mailed for.
        asked_by: marks the browser that asked.
    """

    sign_in: str
    code: str
    expires_at: Instant
    asked_by: bytes

    def __repr__(self) -> str:
        return f"Letter({self.sign_in})"


def new_code() -> Secret:
    """Draw a code."""
    return Secret(f"{random_number(10**DIGITS):0{DIGITS}d}")


def in_groups(code: str) -> str:
    """Write a code as people read it: `1234 5678`."""
    return f"{code[: DIGITS // 2]} {code[DIGITS // 2 :]}"


def as_typed(text: str) -> str:
    """Read a code as it was typed: blanks and dashes do not count."""
    return "".join(text.replace("-", "").split())


def kept_of(sign_in: SignIn) -> Mailed:
    """Give what a sign-in keeps of its mailed code."""
    kept = sign_in.started.get(EMAIL_CODE)
    return msgspec.json.decode(kept, type=Mailed) if kept else Mailed()


def mac_of(desk: Desk, sign_in: SignIn, account: Account, code: str) -> bytes:
    """Give what is kept of a code: it counts for this sign-in, this account, and nothing changed about it since."""
    return desk.key_ring.mac("mailed code", sign_in.id, account.id, str(account.epoch), code)


def is_right(desk: Desk, sign_in: SignIn, account: Account | None, code: str) -> bool:
    """Tell whether a code is the one that was mailed last, and still counts."""
    kept = kept_of(sign_in)
    if account is None or kept.expires_at <= desk.now():
        return False
    return same(kept.mac, mac_of(desk, sign_in, account, as_typed(code)))


def asker(desk: Desk, visit: Visit) -> bytes:
    """Mark the visiting browser, so that a link knows it again."""
    return desk.key_ring.mac("asked for a code", visit.browser)[:16]


def link_token(desk: Desk, visit: Visit, sign_in: SignIn, code: str, expires_at: Instant) -> Secret:
    """Give the token of a link: the code, sealed, so that no link but ours shows any."""
    letter = Letter(sign_in=sign_in.id, code=code, expires_at=expires_at, asked_by=asker(desk, visit))
    sealed = desk.key_ring.seal(msgspec.msgpack.encode(letter), place=_PLACE)
    return Secret(base64.urlsafe_b64encode(sealed).decode().rstrip("="))


def open_link(desk: Desk, token: str) -> Letter:
    """Read the token of a link; nothing happens by reading.

    Raises:
        Gone: it has run out, or is none of ours.
    """
    try:
        sealed = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        letter = msgspec.msgpack.decode(desk.key_ring.unseal(sealed, place=_PLACE), type=Letter)
    except (CannotUnseal, binascii.Error, ValueError):
        raise Gone("no mailed link of ours") from None
    if letter.expires_at <= desk.now():
        raise Gone("the mailed link has run out")
    return letter


def hidden(email: str) -> str:
    """Write an address so that its owner knows it again and nobody else learns it: `a…@example.org`."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"
