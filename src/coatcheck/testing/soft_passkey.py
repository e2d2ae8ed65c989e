"""A passkey without a device, for tests of apps: it makes a key, and signs as a browser's would."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from coatcheck.secret import random_bytes

_PRESENT: Final = 0x01
_VERIFIED: Final = 0x04
_HAS_KEY: Final = 0x40
_ES256: Final = -7


@dataclass
class SoftPasskey:
    """Hold a key that stands for a phone's or a security key's: it verifies its holder, and nobody vouches for it.

    Args:
        origin: what a browser says that the page's is, such as `https://app.example.org`.
    """

    origin: str
    _key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False
    )
    _id: bytes = field(default_factory=lambda: random_bytes(32), repr=False)
    _rp_id: str = ""
    _handle: str = ""
    _uses: int = 0

    @property
    def is_made(self) -> bool:
        """Whether a site had it made."""
        return bool(self._rp_id)

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.create`, as its `toJSON` does.

        Raises:
            ValueError: the site takes no keys of this kind.

        See: WebAuthn sections 5.1.3 and 6.5.1.
        """
        if _ES256 not in [each["alg"] for each in options["pubKeyCredParams"]]:
            raise ValueError("the site takes no ES256")
        self._rp_id, self._handle = options["rp"]["id"], options["user"]["id"]
        about_key = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + self._cose()
        data = self._data(_PRESENT | _VERIFIED | _HAS_KEY) + about_key
        attested = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59" + len(data).to_bytes(2, "big") + data
        client_data = self._client_data("webauthn.create", options)
        return self._credential({"clientDataJSON": _text(client_data), "attestationObject": _text(attested)})

    def use(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.get`, as its `toJSON` does.

        See: WebAuthn sections 5.1.4 and 6.3.3.
        """
        self._uses += 1
        data, client_data = self._data(_PRESENT | _VERIFIED), self._client_data("webauthn.get", options)
        signature = self._key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        answer = {"authenticatorData": _text(data), "signature": _text(signature), "userHandle": self._handle}
        return self._credential({"clientDataJSON": _text(client_data), **answer})

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self._rp_id.encode()).digest() + bytes([flags]) + self._uses.to_bytes(4, "big")

    def _cose(self) -> bytes:
        """Write the public key as WebAuthn has it: a map of kind, algorithm, curve and both coordinates (RFC 9052)."""
        point = self._key.public_key().public_numbers()
        x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = _text(self._id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
