"""Encrypts assertions for us, as identity providers do, well or badly."""

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree
from markupsafe import Markup

from coatcheck.upstream.saml.names import DS, PREFIXES, SAML, XENC, XENC11
from tests.upstream.saml.company import Change, rsa_key

OUR_KEY = rsa_key("ours")
_SEALED = Markup(
    '<saml:EncryptedAssertion xmlns:saml="{saml}" xmlns:xenc="{xenc}" xmlns:xenc11="{xenc11}" xmlns:ds="{ds}">'
    '<xenc:EncryptedData Type="http://www.w3.org/2001/04/xmlenc#Element">'
    '<xenc:EncryptionMethod Algorithm="{cipher}"/>'
    '<ds:KeyInfo><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{transport}">{hashes}</xenc:EncryptionMethod>'
    "<xenc:CipherData><xenc:CipherValue>{key}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>"
    "<xenc:CipherData><xenc:CipherValue>{text}</xenc:CipherValue></xenc:CipherData>"
    "</xenc:EncryptedData></saml:EncryptedAssertion>"
)
_HASH = {"sha1": f"{DS}sha1", "sha256": f"{XENC}sha256", "sha512": f"{XENC}sha512", "md5": "urn:md5"}
_KINDS: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha512": hashes.SHA512,
    "md5": hashes.SHA1,  # only called so
}


@dataclass(frozen=True)
class Seal:
    """Encrypt in one way.

    Args:
        digest, mask: OAEP's hashes; named in the answer unless they are SHA-1.
    """

    cipher: str = f"{XENC11}aes256-gcm"
    transport: str = f"{XENC}rsa-oaep-mgf1p"
    digest: str = "sha1"
    mask: str = "sha1"
    key: RSAPrivateKey = OUR_KEY
    key_bytes: int | None = None

    def change(self, root: Any) -> None:
        """Put the encrypted assertion into the place of the plain one."""
        assertion = root.find("saml:Assertion", PREFIXES)
        root.replace(assertion, self.sealed(etree.tostring(assertion, with_tail=False)))

    def sealed(self, plain: bytes) -> Any:
        """Encrypt a text."""
        size = self.key_bytes or int(self.cipher.partition("aes")[2][:3] or "128") // 8
        key = os.urandom(size)
        words = {"cipher": self.cipher, "transport": self.transport, "hashes": self._hashes()}
        wrapped, text = self._wrapped(key), self._encrypted(key, plain)
        names = {name: PREFIXES[name] for name in ("saml", "xenc", "xenc11", "ds")}
        written = {"key": base64.b64encode(wrapped).decode(), "text": base64.b64encode(text).decode()}
        assert names["saml"] == SAML
        return etree.fromstring(_SEALED.format(**words, **names, **written))

    def _hashes(self) -> Markup:
        said = Markup("")
        if self.digest != "sha1":
            said += Markup('<ds:DigestMethod Algorithm="{}"/>').format(_HASH[self.digest])
        if self.mask != "sha1":
            said += Markup('<xenc11:MGF Algorithm="{}mgf1{}"/>').format(XENC11, self.mask)
        return said

    def _wrapped(self, key: bytes) -> bytes:
        public = self.key.public_key()
        if self.transport.endswith("rsa-1_5"):
            return public.encrypt(key, PKCS1v15())
        return public.encrypt(key, OAEP(MGF1(_KINDS[self.mask]()), _KINDS[self.digest](), None))

    def _encrypted(self, key: bytes, plain: bytes) -> bytes:
        if self.cipher.endswith("-gcm"):
            nonce = os.urandom(12)
            return nonce + AESGCM(key).encrypt(nonce, plain, None)
        iv, more = os.urandom(16), 16 - len(plain) % 16
        encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        # As XML Encryption pads: anything, and a number last.
        return iv + encryptor.update(plain + os.urandom(more - 1) + bytes([more])) + encryptor.finalize()


def sealed(**how: Any) -> Change:
    """Give what encrypts an answer's assertion."""
    return Seal(**how).change
