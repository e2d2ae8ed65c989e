"""Settings of limits: how many tries are judged."""

from datetime import timedelta

from msgspec import Struct


class LimitSettings(Struct, frozen=True, kw_only=True):
    """Say how many tries are judged before the next one has to wait.

    See: NIST SP 800-63B-4 section 3.2.2 (rate limiting); ASVS 6.3.1.
    """

    tries: int = 5
    """Tries by one address on one account within `window`; the same number for a known device."""

    window: timedelta = timedelta(minutes=15)
    """The time within which `tries` are counted, from the first of them."""

    block: timedelta = timedelta(hours=1)
    """How long that pair then waits."""

    account_per_day: int = 100
    """Tries on one account a day, from anywhere; after that only known devices and recovery."""

    address_per_hour: int = 50
    """Tries by one address (IPv6: its /64) an hour, on any account."""

    overall_per_second: int = 50
    """Tries by strangers a second, over all; above it strangers wait and known devices do not."""

    known_device_for: timedelta = timedelta(days=180)
    """How long a device stays known after its last complete sign-in."""

    def __post_init__(self) -> None:
        for name in ("tries", "account_per_day", "address_per_hour", "overall_per_second"):
            if getattr(self, name) < 1:
                raise ValueError(f"limits.{name} must be at least 1")
