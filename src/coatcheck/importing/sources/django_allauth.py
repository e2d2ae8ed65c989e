"""django-allauth on top of django.contrib.auth: verified addresses, links to providers, second factors.

The address that counts is the verified one its owner put first. Second factors are read as allauth's own adapter keeps
them, which is in the clear; what a site has encrypted by an adapter of its own cannot be read here.
"""

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from coatcheck.importing.account import (
    ImportedAccount,
    ImportedIdentity,
    ImportedPasskey,
    ImportedTotp,
    Row,
)
from coatcheck.importing.sources.django import account_of, pages_of, roles_of
from coatcheck.importing.sources.records import FoundRow, Tables
from coatcheck.importing.sources.spelling import json_of, moment_of, text_of
from coatcheck.passkeys.passkey import NotProven
from coatcheck.passkeys.verify import read_attestation

NAME = "django-allauth"
_CODES: Final = 10
_DIGITS: Final = 8
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


class DjangoAllauth:
    """Read the accounts of a Django site that has django-allauth.

    Args:
        url: its database.
        users, key: the table of its users and its primary key; see `Django`.
    """

    name = NAME

    def __init__(self, url: str, *, users: str = "auth_user", key: str = "id") -> None:
        self._tables = Tables(url)
        self._users = users
        self._key = key

    def count(self) -> int | None:
        """Count the users."""
        self._tables.demand(self._users, self._key, "password")
        self._tables.demand("account_emailaddress", "user_id", "email", "verified", "primary")
        return self._tables.count(self._users)

    def rows(self) -> Iterator[Row]:
        """Give every user.

        Raises:
            ConfigurationError: the database cannot be read, or has no such tables.
        """
        try:
            for page, groups in pages_of(self._tables, self._users, self._key):
                ids = [each[self._key] for each in page]
                emails, links, factors = map(self._of(ids), *_MORE)
                for user in page:
                    own = user[self._key]
                    account = account_of(user, self._key, roles_of(user, groups.get(own, ())))
                    more = {
                        **_address(account, emails.get(own, ())),
                        **_factors(own, factors.get(own, ())),
                        "identities": tuple(map(_identity, links.get(own, ()))),
                    }
                    yield msgspec.structs.replace(account, **more)
        finally:
            self._tables.close()

    def _of(self, ids: Sequence[Any]) -> Any:
        return lambda name, wanted: self._tables.of(name, wanted, owner="user_id", owners=ids)


_MORE: Final = (
    ("account_emailaddress", "socialaccount_socialaccount", "mfa_authenticator"),
    (
        ("id", "email", "verified", "primary"),
        ("id", "provider", "uid"),
        ("id", "type", "data", "created_at", "last_used_at"),
    ),
)


def _address(account: ImportedAccount, addresses: Sequence[FoundRow]) -> dict[str, Any]:
    """Give the one address that counts: a verified one before all, then the one put first."""
    best = max(addresses, key=lambda each: (bool(each["verified"]), bool(each["primary"])), default=None)
    if best is None:
        return {}
    return {"email": text_of(best["email"]) or account.email, "email_verified": bool(best["verified"])}


def _identity(link: FoundRow) -> ImportedIdentity:
    return ImportedIdentity(provider=str(link["provider"]), subject=str(link["uid"]))


def _factors(user: Any, rows: Sequence[FoundRow]) -> dict[str, Any]:
    by_type: dict[str, list[FoundRow]] = {}
    for row in rows:
        by_type.setdefault(str(row["type"]), []).append(row)
    return {
        "totp_secrets": tuple(map(_totp, by_type.get("totp", ()))),
        "backup_codes": tuple(
            code for row in by_type.get("recovery_codes", ()) for code in _codes(json_of(row["data"]))
        ),
        "passkeys": tuple(_passkey(row, _handle(user)) for row in by_type.get("webauthn", ())),
    }


def _totp(row: FoundRow) -> ImportedTotp:
    try:
        key = base64.b32decode(str(json_of(row["data"]).get("secret", "")))
    except binascii.Error:
        key = b""  # encrypted by an adapter of the site's own: a factor that cannot come
    return ImportedTotp(label=str(row["id"]), key=key)


def _codes(data: Mapping[str, Any]) -> list[str]:
    """Give the codes that were not used, as allauth derives them from their seed, or as they came to it."""
    if isinstance(data.get("migrated_codes"), list):
        return [str(code) for code in data["migrated_codes"]]
    seed, used = str(data.get("seed", "")), data.get("used_mask", 0)
    if not seed.isascii() or not isinstance(used, int):
        return []
    chain, codes = hmac.new(seed.encode(), digestmod="sha1"), []
    for number in range(_CODES):
        chain.update(f"{number:3},".encode())
        value = int.from_bytes(chain.digest()[: _DIGITS // 2], "big") % 10**_DIGITS
        codes.append(str(value).zfill(_DIGITS))
    return [code for number, code in enumerate(codes) if not used >> number & 1]


def _passkey(row: FoundRow, handle: bytes) -> ImportedPasskey:
    """Give a passkey by what its browser answered when it was registered; a broken one has no key."""
    data = json_of(row["data"])
    answer = json_of(json_of(data.get("credential")).get("response"))
    name = str(data.get("name", ""))
    try:
        made, rp_id_hash = read_attestation(_unbase64url(str(answer.get("attestationObject", ""))))
    except NotProven:
        return ImportedPasskey(credential_id=b"", public_key=b"", sign_count=0, name=name)
    transports = answer.get("transports")
    return ImportedPasskey(
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name=name,
        rp_id_hash=rp_id_hash,
        user_handle=handle,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        verifies=made.verifies,
        aaguid=made.aaguid,
        transports=tuple(str(each) for each in transports) if isinstance(transports, list) else (),
        created_at=moment_of(row.get("created_at")),
        last_used_at=moment_of(row.get("last_used_at")),
    )


def _handle(user: Any) -> bytes:
    """Give what allauth tells a device to call a user: the key in base 36, or a UUID's hex digits."""
    if not isinstance(user, int):
        return str(user).replace("-", "").encode()
    digits, left = "", max(user, 0)
    while left:
        left, digit = divmod(left, 36)
        digits = _BASE36[digit] + digits
    return (digits or "0").encode()


def _unbase64url(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
