"""People whom the fakes know: the same at every provider, so that one test can meet them at two."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

HOME_TENANT: Final = "aaaaaaaa-0000-4000-8000-00000000000a"
OTHER_TENANT: Final = "bbbbbbbb-0000-4000-8000-00000000000b"
PERSONAL_TENANT: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""Microsoft's tenant of everybody who has an account without an organisation."""


class Someone(Struct, frozen=True, kw_only=True):
    """Describe a person who has accounts at the fakes.

    Args:
        handle: a short name; the page has a button for each person.
        number: what their ids are made of; each person another.
        name: what they are called; empty where they told nobody.
        is_proven: whether the provider has checked the address.
        hides_email: whether GitHub shows no public address, and Apple gives out a relay.
        more_emails: further addresses at GitHub, each with whether it is verified.
        hosted_domain: the Workspace at Google (`hd`); empty for none.
        tenant: the tenant at Microsoft.
        edov: what Microsoft says of the address's domain (`xms_edov`); None says nothing.
        withholds: scopes that they do not grant.
        claims: what the ID token says in place of what it would say; None leaves a claim out.
    """

    handle: str
    number: int
    name: str = ""
    email: str
    is_proven: bool = True
    hides_email: bool = False
    more_emails: tuple[tuple[str, bool], ...] = ()
    hosted_domain: str = ""
    tenant: str = HOME_TENANT
    edov: object = None
    withholds: frozenset[str] = frozenset()
    claims: Mapping[str, object] = {}

    @property
    def label(self) -> str:
        """What their button says."""
        return self.name or self.handle

    @property
    def given_and_family(self) -> tuple[str, str]:
        """The two parts of their name, as those providers want it who know of two."""
        given, _, family = self.name.partition(" ")
        return given, family

    def says(self, claims: Mapping[str, object]) -> dict[str, object]:
        """Give claims as this person's token has them: their own words over the usual ones."""
        left_out = {name for name, it in self.claims.items() if it is None}
        return {name: it for name, it in {**claims, **self.claims}.items() if name not in left_out}


ADA: Final = Someone(handle="ada", number=1, name="Ada Example", email="ada@example.com", hosted_domain="example.com")
"""Ordinary."""

BEN: Final = Someone(
    handle="ben",
    number=2,
    name="Ben Hidden",
    email="ben@example.net",
    hides_email=True,
    more_emails=(("old@example.net", True),),
)
"""Hides his address."""

CEM: Final = Someone(handle="cem", number=3, name="Cem Unproven", email="cem@example.org", is_proven=False)
"""Never proved his address to anybody."""

MALLORY: Final = Someone(
    handle="mallory", number=4, name="Mallory", email="ada@example.com", is_proven=False, tenant=OTHER_TENANT
)
"""Claims Ada's address: at Microsoft her own tenant's administrator typed it."""

PEOPLE: Final = (ADA, BEN, CEM, MALLORY)
