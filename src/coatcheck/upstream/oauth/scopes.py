"""Scopes: what is asked for, and what an answer says was granted."""

from collections.abc import Mapping
from typing import Any

from coatcheck.upstream.provider import Provider


def asked_scopes(provider: Provider) -> tuple[str, ...]:
    """Give what is asked for."""
    return (*provider.scopes, *(provider.scopes_offline if provider.keeps_tokens else ()))


def granted_scopes(provider: Provider, answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what was granted; where an answer does not say, what was asked for.

    See: RFC 6749 section 5.1.
    """
    found = answer.get(provider.granted_name)
    if isinstance(found, list):
        return tuple(each for each in found if isinstance(each, str) and each)
    if not isinstance(found, str):
        return asked_scopes(provider)
    return tuple(each for each in found.split(provider.granted_separator or " ") if each)
