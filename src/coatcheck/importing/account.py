"""What a source of accounts gives: one account at a time, or a row it cannot read, in the words of this house.

A source reads and nothing else: it keeps nothing, decides nothing, and knows nothing of the accounts that are here.
"""

from collections.abc import Iterator
from typing import Protocol, TypeAlias

import msgspec

from coatcheck.clock import Instant


class ImportedHash(msgspec.Struct, frozen=True):
    """Hold a password's hash, spelled as `passwords.schemes` reads it."""

    text: str

    def __repr__(self) -> str:
        return "ImportedHash(…)"


class ImportedTotp(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the key of an authenticator app.

    Args:
        label: what its owner called it, or the source's id of it.
        key: the shared key, as bytes.
        period: seconds that one code counts.
        algorithm: the hash it is made with: `sha1`, `sha256`, `sha512`.
    """

    label: str
    key: bytes
    digits: int = 6
    period: int = 30
    algorithm: str = "sha1"

    def __repr__(self) -> str:
        return f"ImportedTotp({self.label!r}, …)"


class ImportedPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a passkey: a public key, which binds to this site's host name alone, and what its device said of it.

    Args:
        credential_id: the browser's id of it, as bytes.
        public_key: the key as a COSE key (RFC 9052 section 7).
        rp_id_hash: the SHA-256 of the host name it was registered for; without it nobody can tell whether it is ours.
        user_handle: what the device was told to call the account, and answers with; None: nothing is known of it.
        verifies: whether its device made sure who holds it when it was registered.
        aaguid: the model of the authenticator, as a UUID's text.
    """

    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str = ""
    rp_id_hash: bytes | None = None
    user_handle: bytes | None = None
    backup_eligible: bool = False
    backed_up: bool = False
    verifies: bool = False
    aaguid: str = "00000000-0000-0000-0000-000000000000"
    transports: tuple[str, ...] = ()
    created_at: Instant | None = None
    last_used_at: Instant | None = None

    def __repr__(self) -> str:
        return f"ImportedPasskey({self.name!r}, …)"


class ImportedIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a link to a provider.

    Args:
        provider: the source's name for it; it becomes ours by `--provider SOURCE=OURS`, or where ours has the same.
        subject: what the provider calls the person, for ever.
        email: what the provider said last, to be shown.
    """

    provider: str
    subject: str
    email: str | None = None


class ImportedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one account as its source has it; nothing here is believed before `judge` has looked at it.

    Args:
        external_id: the source's own id; one (source, external_id) comes over once.
        email_verified: whether the source saw its owner read that mailbox.
        password: the hash as it is there; None for an account without one.
        locked: whether the source lets it sign in no more.
        roles: the source's names; they become ours only where `--role SOURCE=OURS` says so.
        backup_codes: the codes themselves, where the source has them.
    """

    external_id: str
    email: str | None = None
    email_verified: bool = False
    username: str | None = None
    password: ImportedHash | None = None
    locked: bool = False
    created_at: Instant | None = None
    roles: tuple[str, ...] = ()
    totp_secrets: tuple[ImportedTotp, ...] = ()
    backup_codes: tuple[str, ...] = ()
    passkeys: tuple[ImportedPasskey, ...] = ()
    identities: tuple[ImportedIdentity, ...] = ()

    def __repr__(self) -> str:
        return f"ImportedAccount({self.external_id!r}, …)"


class BadRow(msgspec.Struct, frozen=True):
    """Say which row cannot come over.

    Args:
        where: its id in the source, or its line.
        because: one sentence for the operator; it never holds a secret.
    """

    where: str
    because: str


Row: TypeAlias = ImportedAccount | BadRow


class Source(Protocol):
    """Read the accounts of another system."""

    @property
    def name(self) -> str:
        """What the system is called in the table of those that came over, such as `django`."""
        ...

    def count(self) -> int | None:
        """Give how many rows there are, for the progress bar; None where that is not known without reading them."""
        ...

    def rows(self) -> Iterator[Row]:
        """Give every row, from the first, in any order; a run that goes on reads them all again.

        It is called and read in a thread of its own, so it may wait for a database or a disk. A row that cannot be
        read is a `BadRow`, never an error.

        Raises:
            ConfigurationError: the source as a whole cannot be read.
        """
        ...
