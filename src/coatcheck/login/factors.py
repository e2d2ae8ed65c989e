"""What each factor proves. A way in that is not in this table stops start-up."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from coatcheck.errors import ConfigurationError

Factor: TypeAlias = str
Kind: TypeAlias = Literal["knowledge", "possession", "verification", "mailbox"]
Level: TypeAlias = Literal["aal1", "aal2", "aal3"]


class Assurance(Struct, frozen=True, kw_only=True):
    """Say what a factor proves.

    Args:
        kind: what it shows; two proofs of one kind count once, and a mailbox lifts nothing above `aal1`.
        amr: its name after RFC 8176; a passkey's depends on the key.
        begins: whether a sign-in may begin with it.
        is_second: whether an account that has it is asked for two factors.
        words: what people call it.
    """

    kind: Kind
    amr: str
    begins: bool = False
    is_second: bool = False
    words: str


ASSURANCES: Final[Mapping[Factor, Assurance]] = MappingProxyType(
    {
        "passkey": Assurance(kind="possession", amr="swk", begins=True, is_second=True, words="a passkey"),
        "password": Assurance(kind="knowledge", amr="pwd", begins=True, words="the password"),
        "totp": Assurance(kind="possession", amr="otp", is_second=True, words="a code of the authenticator app"),
        "email_code": Assurance(kind="mailbox", amr="otp", begins=True, words="a mailed code"),
        "backup_code": Assurance(kind="possession", amr="otp", words="a backup code"),
        # What a provider asked for, nobody here knows: mostly a password, so it counts beside one no second time.
        "provider": Assurance(kind="knowledge", amr="fed", begins=True, words="another provider"),
    }
)
"""The factors, in the order in which they are offered."""

SECONDS: Final = frozenset({"passkey", "totp", "backup_code"})
"""What an account may have beside its password and its mailbox, and may lose."""

ENROLMENTS: Final[Mapping[Factor, Factor]] = MappingProxyType({"enrol_passkey": "passkey", "enrol_totp": "totp"})
"""What is offered when nothing an account has would do: to enrol a factor, which is then proven."""

_OFFERS: Final[Mapping[Factor, str]] = MappingProxyType(
    {"enrol_passkey": "a new passkey", "enrol_totp": "a new authenticator app"}
)


def words_of(option: Factor) -> str:
    """Give what people call a factor, or one that they may enrol now."""
    return ASSURANCES[option].words if option in ASSURANCES else _OFFERS[option]


class Proof(Struct, frozen=True, kw_only=True):
    """Hold one proof of a sign-in.

    Args:
        factor: what was proven.
        is_verified: of a passkey: the device made sure who holds it, by a PIN or a finger. Of a provider: it asked
            for a second factor, and the operator takes its word for that.
        is_synced: of a passkey: its key may be on several devices.
        is_attested: of a passkey: its maker vouches for it, by roots that this site trusts.
        provider: of a provider: which.
        by: of a passkey or a provider: the id of the one that was used, as an account may have several. Nothing is
            decided by it.
    """

    factor: Factor
    is_verified: bool = False
    is_synced: bool = False
    is_attested: bool = False
    provider: str = ""
    by: str = ""

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it shows."""
        kind = ASSURANCES[self.factor].kind
        return frozenset({kind, "verification"}) if self.is_verified else frozenset({kind})

    @property
    def amr(self) -> tuple[str, ...]:
        """Its names after RFC 8176."""
        if self.factor != "passkey":
            return (ASSURANCES[self.factor].amr,)
        return ("swk" if self.is_synced else "hwk", "user")


def kinds_of(proofs: Iterable[Proof]) -> frozenset[Kind]:
    """Give what proofs show, all together."""
    return frozenset(kind for each in proofs for kind in each.kinds)


def level_of(proofs: Iterable[Proof]) -> Level:
    """Give the level that proofs reach: `aal2` by two different kinds, `aal3` by a verified key that is attested.

    See: NIST SP 800-63B-4 section 2.
    """
    given = list(proofs)
    if any(each.factor == "passkey" and each.is_verified and each.is_attested and not each.is_synced for each in given):
        return "aal3"
    return "aal2" if len(kinds_of(given) - {"mailbox"}) >= 2 else "aal1"


def methods_of(proofs: Iterable[Proof]) -> tuple[str, ...]:
    """Give the `amr` of proofs: each method once, and `mfa` where they are of two kinds (RFC 8176 section 2)."""
    given = list(proofs)
    methods = [method for each in given for method in each.amr]
    if level_of(given) != "aal1":
        methods.append("mfa")
    return tuple(dict.fromkeys(methods))


def check_ways_in(factors: Iterable[Factor]) -> None:
    """Refuse to start with a way in that does not say what it proves.

    Raises:
        ConfigurationError: a factor without an assurance, which enrols none either.
    """
    for factor in factors:
        if factor not in ASSURANCES and factor not in ENROLMENTS:
            raise ConfigurationError(
                f"the way in {factor!r} declares no assurance: say what it proves in ASSURANCES of login/factors.py"
            )
