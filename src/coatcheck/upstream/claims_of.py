"""Where the words about a person stand: the entry's places, and the operator's where the entry leaves them open."""

from collections.abc import Mapping
from typing import Final

from coatcheck.errors import ConfigurationError
from coatcheck.settings import ProviderSettings
from coatcheck.upstream.entries.claim import parse_claim
from coatcheck.upstream.entries.entry import Entry
from coatcheck.upstream.provider import Claim, Claims, Demand, Kind, Source

_SOURCES: Final[Mapping[Kind, tuple[Source, Source]]] = {
    "oidc": ("id_token", "profile"),
    "oauth2": ("userinfo", "userinfo"),
}
"""Where a subject is read from, and where everything else, if nobody says so."""


def claims_of(where: str, given: ProviderSettings, entry: Entry) -> Claims:
    """Make the claims of a provider.

    Args:
        where: its table, such as `providers.acme`.

    Raises:
        ConfigurationError: a place does not read as it should, or may not be changed.
    """
    of_subject, usual = _SOURCES[entry.kind]
    _check_emails_are_its_own(where, given, entry)
    places = entry.claims
    flags = (given.email_flag,) if given.email_flag else places.email_flag
    read = _Reader(where, usual)
    return Claims(
        subject=_Reader(where, of_subject).demanded("subject", given.subject or places.subject),
        subject_within=read.maybe("subject_within", places.subject_within),
        email=read.maybe("email", given.email or places.email),
        email_flag=tuple(read.demanded("email_flag", each) for each in flags),
        email_list=places.email_list,
        email_needs_no_flag=places.email_needs_no_flag,
        accepts_text_flag=places.accepts_text_flag,
        name=read.maybe("name", given.name or places.name),
        groups=read.maybe("groups", given.groups),
        demands=tuple(Demand(claim=read.demanded("demands", at), value=value) for at, value in places.demands.items()),
    )


def _check_emails_are_its_own(where: str, given: ProviderSettings, entry: Entry) -> None:
    """Refuse another email where the provider's own flag is believed: it would vouch for what it does not speak of."""
    for name in ("email", "email_flag"):
        if getattr(given, name) and entry.email_trust not in ("owner", "never"):
            raise ConfigurationError(f"{where}.{name}: leave it out; it is known where {entry.called} says it")


class _Reader:
    def __init__(self, where: str, usual: Source) -> None:
        self._where = where
        self._usual: Source = usual

    def demanded(self, name: str, text: str) -> Claim:
        try:
            return parse_claim(text, usual=self._usual)
        except ValueError as wrong:
            raise ConfigurationError(f"{self._where}.{name}: {wrong}") from None

    def maybe(self, name: str, text: str) -> Claim | None:
        return self.demanded(name, text) if text else None
