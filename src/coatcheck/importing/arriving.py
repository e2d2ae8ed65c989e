"""An account that was judged and may come over, with all it brings, in our own terms."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

from coatcheck.accounts.account import Account
from coatcheck.passkeys.passkey import Passkey
from coatcheck.secret import Veiled
from coatcheck.upstream.identity import Identity

NOTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unconfirmed": "an address that nobody confirmed: the first sign-in takes a mailed code beside all else",
        "address_left": "an unconfirmed address is left behind, beside a username: `--keep-addresses` lets it come",
        "address_unfit": "an address that no mail can be sent to is left behind",
        "username_left": "a username that cannot be one here is left behind",
        "locked": "locked there, and here",
        "role_left": "the role {what} becomes nothing: `--role {what}=OURS` gives one",
        "role_unconfirmed": "the role {what} is left behind, as nobody confirmed the account's address",
        "provider_left": "a link to {what} is left behind: `--provider {what}=OURS` names a provider of the settings",
        "provider_unlike": "a link to {what} is left behind: what names a person there is not told by the source",
        "app_left": "a second authenticator app is left behind: an account has one here",
        "passkey_left": "a passkey is left behind: it is not for this site's host name, or is malformed",
        "codes_left": "backup codes are left behind: they are of no kind that works here, or stand for no factor",
        "factors_left": "comes without its second factors, as you said",
        "password_left": "a password is left behind, as `passwords.enabled` is false",
    }
)
"""What the report says of things that come in another way than they were, or not at all."""


class Arriving(Veiled, frozen=True, kw_only=True):
    """Hold an account that may come over.

    Args:
        external_id: the source's own id.
        hash: its password's, read and below the ceilings; None where it has none.
        totp: the key of its authenticator app.
        codes: backup codes, as they are typed.
        notes: what does not come as it was: a name of `NOTES`, and what it is about.
    """

    veils: ClassVar = frozenset({"hash", "totp", "codes"})

    external_id: str
    account: Account
    hash: str | None = None
    label: str = ""
    totp: bytes | None = None
    codes: tuple[str, ...] = ()
    passkeys: tuple[Passkey, ...] = ()
    identities: tuple[Identity, ...] = ()
    roles: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
