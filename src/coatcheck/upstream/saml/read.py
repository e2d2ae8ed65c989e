"""Reads what comes from identity providers. The readers are loaded with the first of it: most sites never meet any."""

import importlib
from typing import Any

from cryptography.x509 import Certificate
from msgspec import Struct

from coatcheck.upstream.saml.answer import Answer, Expected


class IdpMetadata(Struct, frozen=True, kw_only=True):
    """Hold what an identity provider's metadata say of it.

    Args:
        entity_id: its name for itself.
        sso_address: where it takes requests by redirect.
        certificates: what it signs with.
        wants_signed_requests: whether it refuses those that are not.
    """

    entity_id: str
    sso_address: str
    certificates: tuple[Certificate, ...]
    wants_signed_requests: bool


def read_answer(posted: str, expected: Expected) -> Answer:
    """Give what an identity provider signed, if all of it is as it must be.

    Args:
        posted: the field `SAMLResponse`, in base64.

    Raises:
        Refused: a check failed.
        RefusedThere: the identity provider signs nobody in.
    """
    answer: Answer = _reader("response").read_answer(posted, expected)
    return answer


def read_idp_metadata(raw: bytes) -> IdpMetadata:
    """Give what an identity provider's metadata say; a file that an operator brought, so its signature is not asked.

    Raises:
        Refused: they are none, or say nothing of what we need.
    """
    metadata: IdpMetadata = _reader("idp_metadata").read_idp_metadata(raw)
    return metadata


def _reader(name: str) -> Any:
    return importlib.import_module(f"coatcheck.upstream.saml.{name}")
