"""Settings of services: how long what they prove themselves by works."""

from datetime import timedelta

from msgspec import Struct


class ClientSettings(Struct, frozen=True, kw_only=True):
    """Say what services are let in by.

    See: ASVS 13.3.4 (secrets run out and are rotated).
    """

    secret_lifetime: timedelta = timedelta(days=365)
    """How long a secret or key of a service works before it has to be changed. A year is what operators keep up with;
    shorter where rotation runs by itself. It counts for credentials that are made from then on."""

    def __post_init__(self) -> None:
        if not timedelta(hours=1) <= self.secret_lifetime <= timedelta(days=3650):
            raise ValueError("clients.secret_lifetime must be between 1 hour and 3650 days")
