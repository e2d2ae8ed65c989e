"""An assertion that was encrypted for us: RSA-OAEP around AES-GCM, and AES-CBC only inside what was signed.

CBC says nothing of who wrote it: whoever may send us changed texts and hears which of them fail can read a real one,
byte by byte. So it is decrypted only where the Response around it was signed, and every failure has the same words.
"""

from collections.abc import Callable
from typing import Final

import pybase64
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from coatcheck.upstream.saml.answer import Refused
from coatcheck.upstream.saml.names import DS, PREFIXES, XENC, XENC11
from coatcheck.upstream.saml.shape import check_assertion_shape
from coatcheck.upstream.saml.strict_xml import one, parse, text_of

_KEY_BYTES: Final = {"aes128": 16, "aes192": 24, "aes256": 32}
_GCM: Final = {f"{XENC11}{name}-gcm": size for name, size in _KEY_BYTES.items()}
_CBC: Final = {f"{XENC}{name}-cbc": size for name, size in _KEY_BYTES.items()}
_TRANSPORTS: Final = (f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep")
# SHA-1 is what OAEP has by default; nothing here rests on its collisions.
_HASHES: Final[dict[str, Callable[[], hashes.HashAlgorithm]]] = {
    f"{DS}sha1": hashes.SHA1,
    f"{XENC}sha256": hashes.SHA256,
    f"{XENC}sha512": hashes.SHA512,
    f"{XENC11}mgf1sha1": hashes.SHA1,
    f"{XENC11}mgf1sha256": hashes.SHA256,
    f"{XENC11}mgf1sha512": hashes.SHA512,
}


def unsealed(encrypted: etree._Element, key: RSAPrivateKey | None, *, was_signed: bool) -> etree._Element:
    """Give the assertion that was encrypted for us, parsed anew and of the one shape.

    Args:
        was_signed: whether a signature covers the encrypted text.

    Raises:
        Refused: it is encrypted in a way that we do not take, or not for our key.

    See: XML Encryption 1.1 sections 5.2 and 5.5.
    """
    if key is None:
        raise Refused("encryption: the assertion is encrypted, and the connection has no key_file")
    data = one(encrypted, "xenc:EncryptedData")
    method = one(data, "xenc:EncryptionMethod").get("Algorithm", "")
    if method not in _GCM and not (was_signed and method in _CBC):
        raise Refused(
            f"encryption: {method!r:.100} is not taken{'' if was_signed else ' where no signature covers it'}"
        )
    wrapped = [*encrypted.iter(f"{{{XENC}}}EncryptedKey")]
    if len(wrapped) != 1:
        raise Refused(f"encryption: {len(wrapped)} keys, where there must be one")
    padding = _padding(wrapped[0])
    try:
        plain = _decrypted(method, key.decrypt(_value(wrapped[0]), padding), _value(data))
    except (ValueError, InvalidTag):
        raise Refused("encryption: it cannot be decrypted with our key") from None
    assertion = parse(plain)
    check_assertion_shape(assertion)
    return assertion


def _padding(wrapped: etree._Element) -> OAEP:
    method = one(wrapped, "xenc:EncryptionMethod")
    transport = method.get("Algorithm", "")
    if transport not in _TRANSPORTS:
        raise Refused(f"encryption: keys by {transport!r:.100} are not taken")
    if method.find("xenc:OAEPparams", PREFIXES) is not None:
        raise Refused("encryption: OAEP with parameters")
    own = method.find("xenc11:MGF", PREFIXES) if transport == _TRANSPORTS[1] else None
    return OAEP(MGF1(_hash(own)), _hash(method.find("ds:DigestMethod", PREFIXES)), None)


def _hash(named: etree._Element | None) -> hashes.HashAlgorithm:
    name = f"{DS}sha1" if named is None else named.get("Algorithm", "")
    if name not in _HASHES:
        raise Refused(f"encryption: the hash {name!r:.100} is not taken")
    return _HASHES[name]()


def _value(holder: etree._Element) -> bytes:
    return pybase64.b64decode("".join(text_of(one(holder, "xenc:CipherData/xenc:CipherValue")).split()), validate=True)


def _decrypted(method: str, key: bytes, text: bytes) -> bytes:
    if len(key) != {**_GCM, **_CBC}[method]:
        raise ValueError("a key of another length")
    if method in _GCM:
        return AESGCM(key).decrypt(text[:12], text[12:], None)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(text[:16])).decryptor()
    plain = decryptor.update(text[16:]) + decryptor.finalize()
    # XML Encryption pads with anything; only the last byte says how much.
    if not plain or not 1 <= plain[-1] <= 16:
        raise ValueError("no such padding")
    return plain[: -plain[-1]]
