"""Principle 3 as well: certificates of SAML connections, theirs and ours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.doctor.finding import Finding, Outcome, Passed
from coatcheck.doctor.fixes import set_to, unless_found
from coatcheck.doctor.principles import SECRETS
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.saml.connection import SamlConnection

if TYPE_CHECKING:  # a site without SAML reads no certificate
    from cryptography.x509 import Certificate

_SOON: Final = timedelta(days=30)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def check_certificates(desk: Desk) -> tuple[Outcome, ...]:
    """Find certificates that have run out or soon will."""
    connections = [each for each in desk.keep(Providers).all() if isinstance(each, SamlConnection)]
    found = [finding for each in connections for finding in _of_connection(each, desk.now())]
    passed = Passed("saml-certificates", SECRETS, "No certificate of a SAML connection runs out within a month.")
    return unless_found(found, passed)


def _of_connection(connection: SamlConnection, now: Instant) -> Iterator[Finding]:
    theirs = max((each.not_valid_after_utc for each in connection.pinned), default=None)
    table = f"saml.{connection.name}"
    if theirs is not None and theirs - _at(now) < _SOON:
        says = (
            f"The newest certificate that {table} signs with is good until {theirs:%Y-%m-%d}; it may be changed then."
        )
        fix = set_to(table, f'idp_certificate_files = ["{connection.name}-next.pem"]  # ask its operator for it')
        yield Finding("saml-certificate-theirs", SECRETS, "low", says, fix)
    if connection.certificate is not None and _ends(connection.certificate) - _at(now) < _SOON:
        says = f"Our own certificate for {table} is good until {_ends(connection.certificate):%Y-%m-%d}."
        fix = set_to(table, f'certificate_file = "{connection.name}-new.pem"  # and give it to its operator')
        yield Finding("saml-certificate-ours", SECRETS, "medium", says, fix)


def _at(now: Instant) -> datetime:
    return _EPOCH + timedelta(milliseconds=now)


def _ends(certificate: "Certificate") -> datetime:
    return certificate.not_valid_after_utc
