"""Settings of SAML connections: companies whose people sign in at the company, one table each, by a name of yours."""

import re
from functools import cached_property
from typing import Final

from msgspec import Struct

NAME_IDS: Final = ("persistent", "email", "unspecified")
_DOMAIN = re.compile(r"(?=.{3,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class SamlSettings(Struct, frozen=True, kw_only=True, dict=True):
    """Say how one company's identity provider is used: `[saml.acme]`.

    See: docs/saml.md.
    """

    title: str = ""
    """What its button says, such as `Acme staff`. Unset, the table's own name."""

    idp_metadata_file: str | None = None
    """The identity provider's metadata, as its operator gave them: who it is, where it is asked, what it signs with. A
    file and no address: whoever could change what is fetched could sign anybody in."""

    idp_entity_id: str = ""
    """Instead of metadata: the identity provider's name for itself, to the letter. It is often an address, but nothing
    is fetched from it."""

    idp_sso_address: str = ""
    """Instead of metadata: where it takes requests by redirect."""

    idp_certificate_files: tuple[str, ...] = ()
    """Instead of metadata: PEM files with the certificates that it signs with; two while it changes from one to the
    other. With metadata they count besides, so that the next one can be there before the change."""

    key_file: str | None = None
    """A PEM file with an RSA key of this site for this connection, readable by its owner alone. With it requests are
    signed, and assertions may be encrypted for us. Without it neither is: few companies ask for it."""

    certificate_file: str | None = None
    """A PEM file with the certificate of that key: identity providers know keys by certificates. It may be signed by
    itself."""

    name_id: str = "persistent"
    """Which format of NameID is a person's lasting name: `persistent`, `email` or `unspecified`. An email changes hands
    when somebody leaves, so `persistent` is better where there is one. `transient` is nobody's lasting name."""

    subject: str = ""
    """The attribute that is a person's lasting name, where no NameID is, such as an employee's number. It must never
    change hands."""

    email: str = "email"
    """The attribute that holds the email. Where the NameID is one, that stands in for a missing attribute."""

    name: str = "displayName"
    """The attribute that holds the person's name, to be shown."""

    groups: str = ""
    """The attribute whose values `roles` reads, such as `groups`. There is no usual name for it."""

    roles: tuple[str, ...] = ()
    """Which group gives which role, such as `Acme Admins = admin`. Without lines a connection gives no role."""

    email_domains: tuple[str, ...] = ()
    """The email domains whose people this connection signs in. Each counts once it is proven: otherwise whoever runs a
    connection could speak for anybody's addresses."""

    trusts_email: bool = False
    """Whether the emails of `email_domains` count as the person's own on the identity provider's word. Its
    administrator can set any address, so it is off until you say so, and counts for proven domains alone."""

    second_factor: tuple[str, ...] = ()
    """Values of `AuthnContextClassRef` that count as a second factor here. None by default: what such a value is worth
    only you can know."""

    makes_accounts: bool = True
    """Whether somebody who comes for the first time gets an account. Off for connections that may only be linked."""

    def __post_init__(self) -> None:
        if self.name_id not in NAME_IDS:
            raise ValueError(
                f"name_id must be one of {', '.join(NAME_IDS)}: a transient one is another at each sign-in, so name a "
                "lasting attribute in subject"
            )
        for domain in self.email_domains:
            if not _DOMAIN.fullmatch(domain):
                raise ValueError(f"email_domains: {domain!r:.80} must read like example.org, in lower case")
        for line in self.roles:
            group, equals, role = (part.strip() for part in line.rpartition("="))
            if not equals or not group or not role:
                raise ValueError(f"roles: {line!r:.80} must read like Acme Admins = admin")
        if bool(self.roles) != bool(self.groups):
            raise ValueError("groups and roles go together: where the groups stand, and which role each gives")

    @cached_property
    def role_of_group(self) -> dict[str, str]:
        """The role that each group gives."""
        pairs = (line.rpartition("=") for line in self.roles)
        return {group.strip(): role.strip() for group, _, role in pairs}
