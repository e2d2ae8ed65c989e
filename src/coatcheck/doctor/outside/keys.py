"""The published keys: none private, none weak, each with a name of its own."""

from collections.abc import AsyncIterator, Mapping
from itertools import combinations
from math import gcd
from typing import Any, Final

from coatcheck.doctor.finding import Outcome
from coatcheck.doctor.fixes import take_out, write
from coatcheck.doctor.outside.check import Check, shown
from coatcheck.doctor.outside.probe import Case, Probe
from coatcheck.doctor.principles import SECRETS
from coatcheck.verifier.canonical import decode_base64url

JWKS: Final = "/.well-known/jwks.json"
MISSING: Final = Check("jwks-missing", SECRETS, "medium")
PRIVATE: Final = Check("private-key-published", SECRETS, "high")
WEAK: Final = Check("signing-key-weak", SECRETS, "high")
UNCLEAR: Final = Check("key-names-unclear", SECRETS, "medium")

_PRIVATE: Final = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_STRONG_CURVES: Final = ("P-256", "P-384", "P-521", "Ed25519", "Ed448")
_SIGNATURES: Final = ("EdDSA", "Ed25519", *(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)))
_LEAST_BITS: Final = 2048
_ROTATE: Final = write("Whoever has it signs in your name; on the server", "coatcheck keys rotate --emergency")


async def look_at_keys(case: Case) -> AsyncIterator[Outcome]:
    """Read the key set, and look at each key."""
    seen = await case.asking.get(JWKS)
    listed = seen.words.get("keys")
    keys = [key for key in listed if isinstance(key, dict)] if isinstance(listed, list) else []
    yield MISSING.judged(
        None if seen.status == 200 and isinstance(listed, list) else f"{JWKS} gives no key set: {seen.status}",
        fix=take_out("location /.well-known/ { return 404; }"),
        right=f"{len(keys)} key{'' if len(keys) == 1 else 's'} published"
        if keys
        else "the key set is there, and empty",
    )
    if not keys:
        for check in (PRIVATE, WEAK, UNCLEAR):
            yield check.not_run("no key is published: nothing was signed yet, or tokens are signed by a shared secret")
        return
    private = [f"{_name(key)} ({', '.join(found)})" for key in keys if (found := [m for m in _PRIVATE if m in key])]
    yield PRIVATE.judged(
        f"the key set gives private parts away, so anybody signs: {', '.join(private)}" if private else None,
        fix=_ROTATE,
        right="the key set holds public parts alone",
    )
    weak = [f"{_name(key)}: {said}" for key in keys if (said := _weakness(key))]
    yield WEAK.judged(
        "; ".join(weak) or _related(keys),
        fix=_ROTATE,
        right=f"no key is weak: {', '.join(sorted({_kind(key) for key in keys}))}",
    )
    yield UNCLEAR.judged(
        _unclear(keys), fix=take_out("location = /.well-known/jwks.json { … }"), right="each key has its name"
    )


PROBE: Final = Probe((MISSING, PRIVATE, WEAK, UNCLEAR), look_at_keys)


def _weakness(key: Mapping[str, Any]) -> str | None:
    if key.get("kty") == "RSA":
        bits, exponent = _number(key, "n").bit_length(), _number(key, "e")
        if bits < _LEAST_BITS:
            return f"an RSA key of {bits} bits, and {_LEAST_BITS} are the least"
        return f"an RSA key with the exponent {exponent}" if exponent < 65_537 or exponent % 2 == 0 else None
    if key.get("kty") in ("EC", "OKP"):
        return None if key.get("crv") in _STRONG_CURVES else f"the curve {shown(str(key.get('crv')))}"
    return f"no key for signatures, but {shown(str(key.get('kty')))}"


def _related(keys: list[dict[str, Any]]) -> str | None:
    """Find two RSA keys with a prime in common, which both give away."""
    moduli = [(_name(key), _number(key, "n")) for key in keys if key.get("kty") == "RSA"]
    pairs = combinations(moduli, 2)
    related = [f"{a} and {b} have a prime in common" for (a, n), (b, m) in pairs if n != m and gcd(n, m) > 1]
    return related[0] if related else None


def _unclear(keys: list[dict[str, Any]]) -> str | None:
    names = [key.get("kid") for key in keys]
    if not all(isinstance(name, str) and name for name in names) or len(set(map(str, names))) < len(names):
        return "a key has no kid, or two have the same: a service may check with the wrong one"
    loose = [_name(key) for key in keys if key.get("alg") not in _SIGNATURES]
    return f"{', '.join(loose)} names no algorithm of signatures, so the token could choose it" if loose else None


def _kind(key: Mapping[str, Any]) -> str:
    return f"RSA {_number(key, 'n').bit_length()}" if key.get("kty") == "RSA" else str(key.get("crv"))


def _number(key: Mapping[str, Any], member: str) -> int:
    try:
        return int.from_bytes(decode_base64url(str(key.get(member, ""))), "big")
    except ValueError:
        return 0


def _name(key: Mapping[str, Any]) -> str:
    return shown(str(key.get("kid", "(no kid)")))
