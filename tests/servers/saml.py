"""Debian's simplesamlphp as an organisation's SAML identity provider, with a configuration written for each start."""

import signal
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.servers.programs import SAML_PAGES, Program
from tests.servers.server import HOST, WebServer

NAME_IDS: Final = {
    "persistent": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "email": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "transient": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
}
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SALT: Final = "what persistent names are made of"
FOLDERS: Final = ("cert", "config", "data", "logs", "metadata", "temporary")

_SETTINGS: Final[dict[str, Any]] = {
    "admin.checkforupdates": False,
    "attributenamemapdir": "/etc/simplesamlphp/attributemap/",
    "auth.adminpassword": SALT,
    "authproc.idp": [],
    "authproc.sp": [],
    "debug": {"saml": False, "backtraces": True, "validatexml": False},
    "enable.saml20-idp": True,
    "errorreporting": False,
    "language.available": ["en"],
    "language.cookie.secure": False,
    "language.default": "en",
    "logging.handler": "errorlog",
    "metadata.sign.enable": False,
    "metadata.sources": [{"type": "flatfile"}],
    "module.enable": {"core": True, "exampleauth": True, "saml": True},
    "production": True,
    "secretsalt": SALT,
    "session.cookie.samesite": "Lax",
    "session.cookie.secure": False,  # it is asked over plain HTTP
    "showerrors": True,
    "store.type": "phpsession",
    "technicalcontact_email": "na@example.org",
    "technicalcontact_name": "Test",
    "theme.use": "default",
    "timezone": "UTC",
    "trusted.url.domains": None,
}


@dataclass(frozen=True)
class Pair:
    """A private key and a certificate of it that it has signed itself."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def made(cls, name: str, *, valid_from: timedelta = timedelta(hours=-1), lives: timedelta = timedelta(2)) -> Self:
        """Make one, valid from a time that is told from now."""
        key = rsa.generate_private_key(65537, 2048)
        who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        begins = datetime.now(UTC) + valid_from
        unsigned = x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        valid = unsigned.not_valid_before(begins).not_valid_after(begins + lives)
        return cls(key, valid.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def private_pem(self) -> str:
        """The key, PKCS #8."""
        as_is = serialization.NoEncryption()
        der = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, as_is)
        return der.decode()

    @property
    def base64(self) -> str:
        """The certificate as metadata hold it."""
        return b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the organisation has set up for one service provider, which is us.

    Args:
        entity_id: what we are called.
        acs: where its answers are posted to.
        certificate: ours, base64 of DER: requests are checked by it, assertions encrypted for it; empty for neither.
        name_id: what kind of name people get.
        signs: what of an answer is signed.
        encrypts: whether assertions are encrypted (AES-128-CBC; it knows no other).
        demands_signed_requests: whether our requests must be signed.
    """

    entity_id: str
    acs: str
    certificate: str = ""
    name_id: Literal["persistent", "email", "transient"] = "persistent"
    signs: Sequence[Literal["response", "assertion"]] = ("response", "assertion")
    encrypts: bool = False
    demands_signed_requests: bool = False

    def described(self) -> dict[str, Any]:
        """Give it as simplesamlphp's `saml20-sp-remote` has it."""
        keys = {"certData": self.certificate} if self.certificate else {}
        return keys | {
            "AssertionConsumerService": [{"Binding": POST, "Location": self.acs, "index": 0}],
            "NameIDFormat": NAME_IDS[self.name_id],
            "assertion.encryption": self.encrypts,
            "saml20.sign.assertion": "assertion" in self.signs,
            "saml20.sign.response": "response" in self.signs,
            "simplesaml.attributes": True,
            "validate.authnrequest": self.demands_signed_requests,
        }


class SamlServer(WebServer):
    """A SAML identity provider. Names of people that persist are made of `SALT`: they outlive a restart.

    Its errors are pages with status 200.

    Args:
        program: PHP.
        wanted: the service providers that it knows.
        people: attributes of those who can sign in, each a list, by name: `uid` and `email` are needed. The password
            of each is "secret".
        pair: what it signs with; one of its own by default.
    """

    name = "saml"
    stopped_by = signal.SIGTERM
    killed_by = signal.SIGKILL

    def __init__(
        self,
        program: Program,
        *wanted: Wanted,
        people: Mapping[str, Mapping[str, Sequence[str]]],
        pair: Pair | None = None,
    ) -> None:
        self._wanted = wanted
        self._people = people
        self.pair = pair or Pair.made("idp.example.org")
        super().__init__(program)

    @property
    def entity_id(self) -> str:
        """What it is called."""
        return f"{self.url}/idp"

    @property
    def metadata(self) -> str:
        """Where its metadata are."""
        return f"{self.url}/saml2/idp/metadata.php"

    @property
    def sign_in(self) -> str:
        """Where requests go (HTTP-Redirect)."""
        return f"{self.url}/saml2/idp/SSOService.php"

    def prepare(self) -> None:
        """Make its folders, its key, and what does not depend on its port."""
        for name in FOLDERS:
            self._write(f"{name}/.made", "")
            if self.place.who:
                (self.place.path / name).chmod(0o777)  # it runs as somebody else, and writes logs and sessions there
        self._write("cert/idp.pem", self.pair.private_pem)
        self._write("cert/idp.crt", self.pair.pem)
        sources: dict[str, Any] = {
            "admin": ["core:AdminPassword"],
            "people": {0: "exampleauth:UserPass", **{f"{name}:secret": has for name, has in self._people.items()}},
        }
        self._write("config/authsources.php", f"<?php\n$config = {php(sources)};\n")
        known = [f"$metadata[{php(each.entity_id)}] = {php(each.described())};\n" for each in self._wanted]
        self._write("metadata/saml20-sp-remote.php", f"<?php\n{''.join(known)}")

    def command(self) -> list[str]:
        """Write what names the port, and return the server's arguments."""
        self._write("config/config.php", f"<?php\n$config = {php(self._settings())};\n")
        self._write("metadata/saml20-idp-hosted.php", f"<?php\n$metadata[{php(self.entity_id)}] = {php(HOSTED)};\n")
        told = {"opcache.enable_cli": 1, "display_errors": 0, "session.save_path": self.place.path / "temporary"}
        options = [word for name, value in told.items() for word in ("-d", f"{name}={value}")]
        return [*options, "-S", f"{HOST}:{self.port}", "-t", str(SAML_PAGES)]

    def environment(self) -> dict[str, str]:
        """Name the folder of its configuration."""
        return {"SIMPLESAMLPHP_CONFIG_DIR": str(self.place.path / "config")}

    def _settings(self) -> dict[str, Any]:
        folder = str(self.place.path)
        return _SETTINGS | {
            "baseurlpath": f"{self.url}/",
            "certdir": f"{folder}/cert/",
            "datadir": f"{folder}/data/",
            "loggingdir": f"{folder}/logs/",
            "metadatadir": f"{folder}/metadata/",
            "session.phpsession.savepath": f"{folder}/temporary",
            "tempdir": f"{folder}/temporary",
        }

    def _write(self, name: str, text: str) -> None:
        path = self.place.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


HOSTED: Final[dict[str, Any]] = {
    "host": "__DEFAULT__",
    "auth": "people",
    "privatekey": "idp.pem",
    "certificate": "idp.crt",
    "signature.algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "authproc": {
        1: {"class": "saml:PersistentNameID", "attribute": "uid"},
        2: {"class": "saml:AttributeNameID", "attribute": "email", "Format": NAME_IDS["email"]},
        3: {"class": "saml:TransientNameID"},
    },
}


def php(value: object) -> str:
    """Write a value as PHP."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        case Mapping():
            return "[" + ", ".join(f"{php(name)} => {php(each)}" for name, each in value.items()) + "]"
        case Sequence():
            return "[" + ", ".join(php(each) for each in value) + "]"
    raise TypeError(f"PHP has no {value!r}")
