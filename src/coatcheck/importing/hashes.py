"""Hashes of other systems, from the texts that those write to the texts that `passwords.schemes` reads.

Nothing here makes a hash stronger or weaker. What no scheme reads, and what costs more at each sign-in than the ceiling
allows, is refused.
"""

import re
from typing import Final

from coatcheck.importing.account import ImportedHash
from coatcheck.importing.files.values import from_base64
from coatcheck.passwords.schemes import UnknownHash, refuse_above_ceiling
from coatcheck.passwords.schemes.firebase_scrypt import spell_firebase
from coatcheck.passwords.schemes.pbkdf2 import spell_pbkdf2

# https://github.com/supabase/auth, internal/crypto/password.go: the signer key stands in each of them.
_SUPABASE_FIREBASE = re.compile(
    r"\$fbscrypt\$v=1,n=(?P<n>\d{1,3}),r=(?P<r>\d{1,10}),p=(?P<p>\d{1,3})"
    r"(?:,ss=(?P<ss>[^,$]+))?(?:,sk=(?P<sk>[^$]+))?\$(?P<salt>[^$]+)\$(?P<hash>[^$]+)",
    re.ASCII,
)
_PBKDF2: Final = "pbkdf2-"
_PARAMETERS = re.compile(r"(?:i=(?P<i>\d{1,10}))?,?(?:l=(?P<l>\d{1,4}))?", re.ASCII)
_PHC_ITERATIONS: Final = 100_000


def hash_from(text: str) -> ImportedHash:
    """Take a hash from another system.

    Args:
        text: Django's, passlib's or the PHC's text of argon2, bcrypt, PBKDF2 or scrypt, or Supabase's of Firebase's.

    Raises:
        UnknownHash: no scheme reads it.
        CostTooHigh: it costs more at each sign-in than we are willing to pay.
        Unfit: a part of it is no base64.
    """
    return weighed(_spelled(text))


def weighed(spelled: str) -> ImportedHash:
    """Take a hash that is spelled as the schemes read it, if it costs no more than the ceiling allows.

    Raises:
        UnknownHash: no scheme reads it.
        CostTooHigh: it costs more.
    """
    refuse_above_ceiling(spelled)
    return ImportedHash(spelled)


def _spelled(text: str) -> str:
    if text.startswith("$fbscrypt$"):
        return _of_supabase(text)
    match text.split("$"):
        case ["", name, salt, key] if name.startswith(_PBKDF2):
            return _of_phc(name, _PHC_ITERATIONS, salt, key)
        case ["", name, parameters, salt, key] if name.startswith(_PBKDF2) and not parameters.isdigit():
            found = _PARAMETERS.fullmatch(parameters)
            if not found:
                raise UnknownHash("the stored PBKDF2 hash is malformed")
            return _of_phc(name, int(found["i"] or _PHC_ITERATIONS), salt, key)
    return text


def _of_phc(name: str, iterations: int, salt: str, key: str) -> str:
    """Spell a hash of https://github.com/P-H-C/phc-string-format; without parameters they are Auth0's."""
    return spell_pbkdf2(
        digest=name.removeprefix(_PBKDF2),
        iterations=iterations,
        salt=from_base64(salt, name="the salt of the hash"),
        key=from_base64(key, name="the hash"),
    )


def _of_supabase(text: str) -> str:
    found = _SUPABASE_FIREBASE.fullmatch(text)
    if not found:
        raise UnknownHash("the stored Firebase hash of Supabase is malformed")
    salt, separator, signer_key, hashed = (
        from_base64(found[name] or "", name="a part of the hash") for name in ("salt", "ss", "sk", "hash")
    )
    return spell_firebase(
        hashed=hashed,
        salt=salt + separator,
        signer_key=signer_key,
        mem_cost=int(found["n"]),
        rounds=int(found["r"]),
        lanes=int(found["p"]),
    )
