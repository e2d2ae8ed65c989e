"""A software authenticator: it makes keys and signs with them as a device does, put together from Yubico's `fido2`.

It shares nothing with what checks it: keys by `cryptography`, CBOR and the data of the protocol by `fido2`.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData
from msgspec import Struct

Options: TypeAlias = dict[str, Any]
Answer: TypeAlias = dict[str, Any]
FLAG = AuthenticatorData.FLAG
AAGUID = bytes.fromhex("00112233445566778899aabbccddeeff")
ALGORITHMS: dict[int, type[CoseKey]] = {-7: ES256, -8: EdDSA, -257: RS256}
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def private_key(algorithm: int) -> PrivateKey:
    """Make a key."""
    if algorithm == -8:
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == -257:
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


def sign(key: PrivateKey, data: bytes) -> bytes:
    """Sign as the key's algorithm says."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), SHA256())
    return key.sign(data, ec.ECDSA(SHA256()))


class Key(Struct):
    """Hold one key that a device made."""

    id: bytes
    private: PrivateKey
    rp_id: str
    user_handle: bytes
    count: int = 0


@dataclass
class Maker:
    """Vouch for devices: a root, and a certificate under it that signs what they make."""

    root_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.root = self._certificate("Keys Root", self.root_key, "Keys Root", is_root=True)
        self.certificate = self._certificate("Key of keys", self.key, "Keys Root", is_root=False)

    @property
    def pem(self) -> bytes:
        """The root, as a site trusts it."""
        return self.root.public_bytes(Encoding.PEM)

    def _certificate(
        self, name: str, key: ec.EllipticCurvePrivateKey, issuer: str, *, is_root: bool
    ) -> x509.Certificate:
        def named(words: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, words)])

        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(named(issuer), named(name), key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        builder = builder.add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        return builder.sign(self.root_key, SHA256())


class Device(Struct):
    """Make keys and use them.

    Args:
        origin: what the browser says that the page's is.
        verifies: whether it makes sure who holds it, by a PIN or a finger.
        syncs: whether its keys may be on several devices, and are.
        counts: whether it counts the uses of its keys.
        rp_id: what it binds keys to in place of what it is asked, as a forged one would.
        maker: who vouches for it where that is asked for.
        is_u2f: whether it vouches as the keys of before did, which signs no flags.
    """

    origin: str = "https://auth.example.org"
    verifies: bool = True
    syncs: bool = False
    counts: bool = True
    algorithm: int = -7
    rp_id: str | None = None
    maker: Maker | None = None
    is_u2f: bool = False
    client_data: dict[str, Any] = {}
    keys: list[Key] = []

    def make(self, options: Options, key_id: bytes | None = None) -> Answer:
        """Answer `navigator.credentials.create`, as `toJSON` spells it; under another key's id where one is given."""
        offered = [each["alg"] for each in options["pubKeyCredParams"]]
        assert self.algorithm in offered, "the site takes no such keys"
        key = Key(
            id=key_id or secrets.token_bytes(32),
            private=private_key(self.algorithm),
            rp_id=self.rp_id or options["rp"]["id"],
            user_handle=websafe_decode(options["user"]["id"]),
        )
        public = ALGORITHMS[self.algorithm].from_cryptography_key(key.private.public_key())
        aaguid = bytes(16) if self.is_u2f else AAGUID
        data = AttestedCredentialData.create(Aaguid(aaguid), key.id, public)
        auth_data = self._auth_data(key, data)
        client_data = self._client_data("webauthn.create", options["challenge"])
        fmt, statement = self._statement(options, auth_data, client_data, key)
        self.keys.append(key)
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "attestationObject": websafe_encode(AttestationObject.create(fmt, auth_data, statement)),
            "transports": ["internal", "hybrid"],
        }
        return _credential(key.id, response)

    def use(self, options: Options, key: Key | None = None) -> Answer:
        """Answer `navigator.credentials.get`: by the key that is given, or one that is allowed, or the newest."""
        allowed = [websafe_decode(each["id"]) for each in options["allowCredentials"]]
        fitting = [each for each in self.keys if not allowed or each.id in allowed]
        key = key or fitting[-1]
        key.count += 1 if self.counts else 0
        auth_data = self._auth_data(key)
        client_data = self._client_data("webauthn.get", options["challenge"])
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(auth_data),
            "signature": websafe_encode(sign(key.private, auth_data + client_data.hash)),
            "userHandle": websafe_encode(key.user_handle),
        }
        return _credential(key.id, response)

    def _auth_data(self, key: Key, data: bytes = b"") -> AuthenticatorData:
        flags = FLAG.UP
        flags |= FLAG.UV if self.verifies else FLAG(0)
        flags |= FLAG.BE | FLAG.BS if self.syncs else FLAG(0)
        flags |= FLAG.AT if data else FLAG(0)
        rp_id = (self.rp_id or key.rp_id).encode()
        made: AuthenticatorData = AuthenticatorData.create(hashlib.sha256(rp_id).digest(), flags, key.count, data)
        return made

    def _client_data(self, kind: str, challenge: str) -> CollectedClientData:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, **self.client_data}
        return CollectedClientData.create(**said)

    def _statement(
        self, options: Options, auth_data: AuthenticatorData, client_data: CollectedClientData, key: Key
    ) -> tuple[str, dict[str, Any]]:
        if options["attestation"] == "none" or self.maker is None:
            return "none", {}
        certificate = self.maker.certificate.public_bytes(Encoding.DER)
        if self.is_u2f:
            point = key.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            signed = b"\0" + auth_data.rp_id_hash + client_data.hash + key.id + point
            return "fido-u2f", {"sig": sign(self.maker.key, signed), "x5c": [certificate]}
        signature = sign(self.maker.key, auth_data + client_data.hash)
        return "packed", {"alg": -7, "sig": signature, "x5c": [certificate]}


def _credential(key_id: bytes, response: dict[str, Any]) -> Answer:
    name = websafe_encode(key_id)
    return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
