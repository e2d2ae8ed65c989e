"""Secrets stay out of logs: what holds one hides it from `repr`, so that no line, exception or debugger shows it."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from cryptography.x509 import Certificate
from pydantic import BaseModel

from coatcheck.http.api import Body
from coatcheck.http.reached import Reached
from coatcheck.secret import KeyRing, Secret, Veiled
from coatcheck.visit import Asked, Visit
from tests.house.source import modules

SOUNDS_SECRET = re.compile(
    r"(^|_)(secret|password|passphrase|token|key|keys|hash|hashed|continuation|link|cookies?|authorization|dpop)(_|$)"
)
NAMED_FOR_TYPES_ALONE = {"Certificate": Certificate}
"""What modules import under `TYPE_CHECKING` alone: it would take memory and time at each start."""

HARMLESS_TYPES = (bool, int, float, timedelta)
HIDES_ITSELF = (Secret, KeyRing)
WRITTEN_BY_FIELDS = (msgspec.Struct.__repr__, Veiled.__repr__)
SHOWN = {
    "LaneTry.key": "the HMAC of a name and an address, which tells neither",
    "TotalTry.key": "the HMAC of a name or an address, which tells neither",
    "SecretSettings.master_key_file": "where the key is, not what it is",
    "SamlSettings.key_file": "where the key is, not what it is",
    "ClientKey.key_id": "what a provider calls a key of ours",
    "Endpoints.authorization": "an address",
    "Endpoints.token": "an address",
    "ProviderSettings.authorization": "an address",
    "ProviderSettings.token": "an address",
    "ProviderSettings.key_file": "where the key is, not what it is",
    "ProviderSettings.key_id": "what a provider calls a key of ours",
}
DESCRIBE_ANSWERS = {"ApiKeyMade", "ApiKeysAnswer", "FactorsAnswer", "MoreNeededAnswer", "TokensAnswer", "TotpOffer"}
"""Models that the OpenAPI document is made of; none is ever filled."""


def classes() -> list[type[Any]]:
    """Give every class of the package."""
    loaded = [importlib.import_module(each.name) for each in modules() if "migrations/" not in each.path]
    found = {thing for module in loaded for thing in vars(module).values() if isinstance(thing, type)}
    return sorted((each for each in found if each.__module__.startswith("coatcheck.")), key=lambda each: each.__name__)


def shows(kind: type[Any]) -> Iterator[str]:
    """List the fields of a class that sound like a secret and would be printed."""
    hints = get_type_hints(kind, localns=NAMED_FOR_TYPES_ALONE)
    for name in _printed(kind):
        if SOUNDS_SECRET.search(name) and not _is_harmless(hints[name]):
            yield f"{kind.__name__}.{name}"


def _printed(kind: type[Any]) -> list[str]:
    if is_dataclass(kind):
        return [each.name for each in fields(kind) if each.repr]
    return [name for name in kind.__struct_fields__ if name not in getattr(kind, "veils", ())]


def _is_harmless(hint: Any) -> bool:
    kinds = [kind for kind in get_args(hint) or (hint,) if kind not in (type(None), ...)]
    return all(isinstance(kind, type) and (issubclass(kind, HARMLESS_TYPES) or _shows_itself(kind)) for kind in kinds)


def _shows_itself(kind: type[Any]) -> bool:
    return is_dataclass(kind) or issubclass(kind, (*HIDES_ITSELF, msgspec.Struct))


def test_dataclasses_hide_their_secrets() -> None:
    shown = {name for kind in classes() if is_dataclass(kind) for name in shows(kind)}
    assert shown <= SHOWN.keys(), "give the field `repr=False`, or make it a Secret"


def test_what_is_shown_is_there() -> None:
    kinds = [each for each in classes() if is_dataclass(each) or issubclass(each, msgspec.Struct)]
    assert {name for kind in kinds for name in shows(kind)} >= SHOWN.keys()


def test_structs_hide_their_secrets() -> None:
    structs = [each for each in classes() if issubclass(each, msgspec.Struct)]
    shown = {name for kind in structs if kind.__repr__ in WRITTEN_BY_FIELDS for name in shows(kind)}
    assert shown <= SHOWN.keys(), "name the field in `veils`, make it a Secret, or give the struct a `__repr__`"


def test_bodies_hide_all_they_hold() -> None:
    models = [each for each in classes() if issubclass(each, BaseModel)]
    loud = {
        each.__name__
        for each in models
        if any(SOUNDS_SECRET.search(name) for name in each.model_fields) and not issubclass(each, Body)
    }
    assert loud == DESCRIBE_ANSWERS


class SampleBody(Body):
    """A body as routes have them."""

    password: str


@pytest.mark.parametrize(
    "holder",
    [
        Secret("open sesame"),
        SampleBody(password="open sesame"),
        KeyRing((b"open sesame now!" * 2,)),
        Asked(authorization="sesame", dpop="sesame", cookies="sesame", url="/sesame"),
        Visit(asked=Asked(cookies="sesame"), browser="sesame", known="sesame"),
        Reached("203.0.113.7", "https", "example.org", {"cookie": "sesame"}),
    ],
    ids=type,
)
def test_what_hides_itself_does(holder: object) -> None:
    assert "sesame" not in f"{holder!r} {holder}"
