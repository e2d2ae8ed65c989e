"""Which second factors of another system work here too. One that cannot come is never left behind in silence.

An account that asked for two factors must not become one that asks for a password alone: it does not come over, unless
the operator says so.
"""

from collections.abc import Iterable
from typing import ClassVar, Final, Protocol

from coatcheck.clock import Instant
from coatcheck.importing.account import ImportedAccount, ImportedPasskey, ImportedTotp
from coatcheck.importing.choices import Measure
from coatcheck.mfa.totp import DIGITS, STEP_MS
from coatcheck.passkeys.passkey import LONGEST_NAME, MOST, TRANSPORTS, Passkey
from coatcheck.secret import Veiled, new_id

_KEY_BYTES: Final = range(10, 129)
"""An authenticator app's key is 80 bits at the least (RFC 4226 section 4 asks for 128; apps gave out less)."""
_ID_BYTES: Final = range(16, 1024)
_LONGEST_KEY: Final = 2048
_LONGEST_HANDLE: Final = 64
_AAGUID: Final = 36
_MOST_USES: Final = 2**32 - 1
"""A device's counter has 32 bits (WebAuthn section 6.1)."""


def fit_text(raw: str, longest: int) -> str:
    """Give a text as both databases can keep it: cut, and without what cannot be printed."""
    if len(raw) <= longest and raw.isprintable():
        return raw
    return "".join(letter for letter in raw[:longest] if letter.isprintable())


class LostFactors(Exception):
    """Say that an account has second factors and none of them works here."""


class _Notes(Protocol):
    def add(self, kind: str, what: str = "") -> None: ...


class Carried(Veiled, frozen=True, kw_only=True):
    """Hold the second factors that come over.

    Args:
        names: as `accounts.factors` has them.
    """

    veils: ClassVar = frozenset({"totp"})

    totp: bytes | None = None
    passkeys: tuple[Passkey, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """What the account is asked for two factors by."""
        return frozenset(name for name, has in (("totp", self.totp), ("passkey", self.passkeys)) if has)


def carried_factors(row: ImportedAccount, account: str, by: Measure, notes: _Notes) -> Carried:
    """Give the second factors of an account that work here.

    Args:
        account: the id it gets here.

    Raises:
        LostFactors: it has some, none of them works here, and the operator did not say that it may come without.
    """
    keys = [each.key for each in row.totp_secrets if by.has_totp and _is_ours(each)]
    passkeys = tuple(_passkeys(row.passkeys, account, by)) if by.has_passkeys else ()
    carried = Carried(totp=keys[0] if keys else None, passkeys=passkeys)
    had_some = bool(row.totp_secrets or row.passkeys)
    if had_some and not carried.names:
        if not by.choices.without_factors:
            raise LostFactors("it has second factors, and none of them works here: --without-factors lets it come")
        notes.add("factors_left")
        return carried
    if len(row.totp_secrets) > (1 if keys else 0):
        notes.add("app_left")
    if len(passkeys) < len(row.passkeys):
        notes.add("passkey_left")
    return carried


def _is_ours(app: ImportedTotp) -> bool:
    """Tell whether an app makes the codes that are checked here: six digits, 30 seconds, SHA-1 (RFC 6238)."""
    made = (app.digits, app.period, app.algorithm.lower().replace("-", "").removeprefix("hmac"))
    return made == (DIGITS, STEP_MS // 1000, "sha1") and len(app.key) in _KEY_BYTES


def _passkeys(keys: Iterable[ImportedPasskey], account: str, by: Measure) -> Iterable[Passkey]:
    fit = {each.credential_id: each for each in keys if _is_for_us(each, by)}
    for each in list(fit.values())[:MOST]:
        yield Passkey(
            id=new_id("psk_"),
            account=account,
            credential_id=each.credential_id,
            public_key=each.public_key,
            name=fit_text(each.name, LONGEST_NAME) or "Passkey",
            sign_count=max(0, min(each.sign_count, _MOST_USES)),
            backup_eligible=each.backup_eligible,
            backed_up=each.backed_up,
            verifies=each.verifies,
            aaguid=fit_text(each.aaguid, _AAGUID),
            transports=tuple(name for name in TRANSPORTS if name in each.transports),
            created_at=_before(by, each.created_at) or by.now,
            last_used_at=_before(by, each.last_used_at),
            user_handle=each.user_handle,
        )


def _before(by: Measure, moment: Instant | None) -> Instant | None:
    """Give a moment that is no later than now, and that a database keeps."""
    return None if moment is None else max(1, min(moment, by.now))


def _is_for_us(key: ImportedPasskey, by: Measure) -> bool:
    """Tell whether a browser offers a passkey on this site's host; elsewhere it could never be used."""
    return (
        bool(by.rp_id_hash)
        and key.rp_id_hash == by.rp_id_hash
        and len(key.credential_id) in _ID_BYTES
        and 0 < len(key.public_key) <= _LONGEST_KEY
        and len(key.user_handle or b"") <= _LONGEST_HANDLE
    )
