"""TLS as a browser begins it: whether the certificate is trusted and until when; and whether old versions are spoken.

The old versions are asked for by a greeting written here, as the TLS library of this machine may know them no more.
"""

import asyncio
import ssl
from ipaddress import ip_address
from typing import Final

import msgspec
from cryptography import x509

from coatcheck.clock import Instant
from coatcheck.doctor.outside.asking import WITHIN_S, NoAnswer, Node
from coatcheck.doctor.outside.target import Target
from coatcheck.secret import random_bytes

_RAN_OUT, _OTHER_NAMES = 10, (62, 63, 64)  # of OpenSSL's X509_V_ERR_…
_TLS_1_1: Final = b"\x03\x02"
_CIPHERS: Final = bytes.fromhex("c014c00ac013c009003900330035002fc012000a")
_HANDSHAKE, _SERVER_HELLO = 22, 2


class Handshake(msgspec.Struct, frozen=True):
    """Hold how TLS began with one node.

    Args:
        node: who answered.
        trouble: `expired`, `name`, `untrusted`, or empty where the certificate is trusted.
        reason: the TLS library's own words for it.
        begins: from when the certificate counts.
        ends: until when.
    """

    node: Node
    trouble: str
    reason: str
    begins: Instant
    ends: Instant


async def shake_hands(node: Node, target: Target, tls: ssl.SSLContext) -> Handshake:
    """Begin TLS with a node, and hang up.

    Args:
        node: who is connected to.
        target: whose name the certificate must have.
        tls: whom to trust.

    Raises:
        NoAnswer: it speaks no TLS that this machine speaks.
    """
    trouble, reason = "", ""
    try:
        certificate = await _certificate(node, target, tls)
    except ssl.SSLCertVerificationError as refused:
        code, reason = refused.verify_code, refused.verify_message
        trouble = "expired" if code == _RAN_OUT else "name" if code in _OTHER_NAMES else "untrusted"
        certificate = await _certificate(node, target, trusting_all())
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return Handshake(node, trouble, reason, int(begins.timestamp() * 1000), int(ends.timestamp() * 1000))


def trusting_all() -> ssl.SSLContext:
    """Give a context that looks at no certificate: to see what stands behind one that is not trusted."""
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    return tls


async def old_version(node: Node, target: Target) -> str | None:
    """Give the old version of TLS, 1.1 or below, that a node takes up, or None.

    See: RFC 8996 (TLS 1.0 and 1.1 are deprecated).
    """
    try:
        async with asyncio.timeout(WITHIN_S):
            reader, writer = await asyncio.open_connection(node.address, node.port)
            try:
                writer.write(client_hello(target.host))
                head = await reader.readexactly(11)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return None
    if head[0] != _HANDSHAKE or head[5] != _SERVER_HELLO or head[9] != 3:
        return None
    return "SSL 3.0" if head[10] == 0 else f"TLS 1.{head[10] - 1}"


def client_hello(host: str) -> bytes:
    """Write the greeting of a client that speaks TLS 1.1 and nothing newer.

    See: RFC 4346 section 7.4.1.2; RFC 6066 section 3 (the server's name).
    """
    extensions = [
        *([_extension(0, _sized(b"\x00" + _sized(host.encode("ascii"))))] if _is_name(host) else []),
        _extension(10, _sized(bytes.fromhex("001700180019"))),
        _extension(11, b"\x01\x00"),
        _extension(0xFF01, b"\x00"),
    ]
    body = _TLS_1_1 + random_bytes(32) + b"\x00" + _sized(_CIPHERS) + b"\x01\x00" + _sized(b"".join(extensions))
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + _sized(message)


async def _certificate(node: Node, target: Target, tls: ssl.SSLContext) -> x509.Certificate:
    try:
        async with asyncio.timeout(WITHIN_S):
            _, writer = await asyncio.open_connection(node.address, node.port, ssl=tls, server_hostname=target.host)
    except ssl.SSLCertVerificationError:
        raise
    except (OSError, TimeoutError) as error:
        raise NoAnswer(f"TLS with {node.authority}: {type(error).__name__}") from None
    held: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(held)


def _extension(number: int, content: bytes) -> bytes:
    return number.to_bytes(2, "big") + _sized(content)


def _sized(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content


def _is_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return True
    return False
