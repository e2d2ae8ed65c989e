"""Which counters a try is spent on: a lane for who tries on whom, and totals behind it."""

from datetime import timedelta
from typing import Final

from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.limits.address import address_key
from coatcheck.limits.records import LaneTry, TotalTry, mark
from coatcheck.secret import hash_secret, random_bytes
from coatcheck.visit import Visit

_SECOND_MS = millis(timedelta(seconds=1))
_DAY_MS = millis(timedelta(days=1))
_HOUR_MS = millis(timedelta(hours=1))


SIGN_IN, CODE, MAILED = "sign-in", "code", "mailed"
"""What is guessed at: passwords; the short codes that come after them; codes in mails, which any stranger may have
sent and answer wrongly. Each is counted apart, so that whoever uses one up keeps nobody from the others."""
GUESSED: Final = (SIGN_IN, CODE, MAILED)


def stranger_lane(desk: Desk, visit: Visit, subject: str, now: Instant, what: str = SIGN_IN) -> LaneTry:
    """Give the lane of one address on one subject: the pair."""
    key = desk.key_ring.mac("limits pair", address_key(visit.address), *_of(what, subject))
    return _lane(desk, "pair", key, subject, now)


def client_lane(desk: Desk, visit: Visit, client: str, now: Instant) -> LaneTry:
    """Give the lane of one address on one service; `client` is what it calls itself."""
    key = desk.key_ring.mac("limits client", address_key(visit.address), client)
    return _lane(desk, "client", key, f"client {client}", now)


def device_lane(desk: Desk, visit: Visit, subject: str, now: Instant, what: str = SIGN_IN) -> LaneTry:
    """Give the lane of one known device on its account."""
    key = desk.key_ring.mac("limits device", hash_secret(visit.known), *_of(what, subject))
    return _lane(desk, "device", key, subject, now)


def account_total(desk: Desk, subject: str, now: Instant, what: str = SIGN_IN, *, refuses: bool) -> TotalTry:
    """Give the day's count of a subject; a known device's try is counted there but never refused by it."""
    limit = desk.settings.limits.account_per_day if refuses else None
    return TotalTry("account", account_key(desk, subject, what), now, _DAY_MS, limit)


def address_total(desk: Desk, visit: Visit, what: str, now: Instant, *, per_hour: int) -> TotalTry:
    """Give the hour's count of an address for one kind of asking."""
    key = desk.key_ring.mac("limits address", what, address_key(visit.address))
    return TotalTry(f"address ({what})", key, now, _HOUR_MS, per_hour)


def permit_total(desk: Desk, subject: str, what: str, now: Instant) -> TotalTry:
    """Give the hour's count of a permit of the doctor: what an address has is not touched by it."""
    key = desk.key_ring.mac("limits permit", what, subject)
    return TotalTry(f"permit ({what})", key, now, _HOUR_MS, desk.settings.limits.address_per_hour)


def permit_rate(desk: Desk, subject: str, now: Instant) -> TotalTry:
    """Give this second's count of a permit: strangers do not wait because of the doctor."""
    key = desk.key_ring.mac("limits permit rate", subject)
    return TotalTry("permit rate", key, now, _SECOND_MS, desk.settings.limits.overall_per_second)


def subject_total(desk: Desk, subject: str, what: str, now: Instant, *, per_hour: int) -> TotalTry:
    """Give the hour's count of a subject for one kind of asking."""
    return TotalTry(f"account ({what})", account_key(desk, subject, what), now, _HOUR_MS, per_hour)


def overall_total(desk: Desk, now: Instant) -> TotalTry:
    """Give this second's count of strangers, over all."""
    key = desk.key_ring.mac("limits overall")
    return TotalTry("overall rate", key, now, _SECOND_MS, desk.settings.limits.overall_per_second)


def subject_key(desk: Desk, subject: str) -> bytes:
    """Give what a subject's lanes are found by."""
    return desk.key_ring.mac("limits subject", subject)


def account_key(desk: Desk, subject: str, what: str = SIGN_IN) -> bytes:
    """Give the key of a subject's day count."""
    return desk.key_ring.mac("limits account", *_of(what, subject))


def _of(what: str, subject: str) -> tuple[str, ...]:
    return (subject,) if what == SIGN_IN else (subject, what)


def _lane(desk: Desk, name: str, key: bytes, subject: str, now: Instant) -> LaneTry:
    limits = desk.settings.limits
    return LaneTry(
        name=name,
        key=key,
        subject=subject_key(desk, subject),
        mark=mark(now, random_bytes(4)),
        now=now,
        tries=limits.tries,
        window_ms=millis(limits.window),
        # A shorter block would let more than `tries` into one window.
        block_ms=millis(max(limits.block, limits.window)),
    )
