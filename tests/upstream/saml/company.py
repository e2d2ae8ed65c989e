"""An identity provider of our own: it signs, with the right key, whatever a test puts into its answer."""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from lxml import etree
from markupsafe import Markup
from msgspec import Struct, field
from msgspec.structs import replace
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.signer import SignatureReference, XMLSigner

from coatcheck.clock import rfc3339
from coatcheck.upstream.saml.answer import Answer, Expected, Refused, RefusedThere
from coatcheck.upstream.saml.connection import SamlConnection, acs_of, entity_id_of
from coatcheck.upstream.saml.names import BEARER, EXC_C14N, NAME_ID_FORMATS, PREFIXES, SUCCESS
from coatcheck.upstream.saml.read import read_answer

NOW = 1_800_000_000_000
BASE_URL = "https://auth.example.org"
IDP = "https://idp.acme.example/saml"
SSO = "https://idp.acme.example/sso"
ACS, ENTITY_ID = acs_of(BASE_URL, "acme"), entity_id_of(BASE_URL, "acme")
REQUEST = "_" + "ab" * 32
PASSWORD_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
MFA_CONTEXT = "https://refeds.org/profile/mfa"

Change: TypeAlias = Callable[[Any], None]
"""Changes an answer before it is signed."""

_RESPONSE = Markup(
    """\
<samlp:Response xmlns:samlp="{samlp}" xmlns:saml="{saml}" ID="_response" Version="2.0" IssueInstant="{at}"\
 Destination="{acs}" InResponseTo="{request}">
  <saml:Issuer>{idp}</saml:Issuer>
  <samlp:Status><samlp:StatusCode Value="{success}"/></samlp:Status>
  <saml:Assertion ID="{assertion}" Version="2.0" IssueInstant="{at}">
    <saml:Issuer>{idp}</saml:Issuer>
    <saml:Subject>
      <saml:NameID Format="{format}">{name_id}</saml:NameID>
      <saml:SubjectConfirmation Method="{bearer}">
        <saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{acs}" InResponseTo="{request}"/>
      </saml:SubjectConfirmation>
    </saml:Subject>
    <saml:Conditions NotBefore="{start}" NotOnOrAfter="{end}">
      <saml:AudienceRestriction><saml:Audience>{entity_id}</saml:Audience></saml:AudienceRestriction>
    </saml:Conditions>
    <saml:AuthnStatement AuthnInstant="{at}" SessionIndex="_session">
      <saml:AuthnContext><saml:AuthnContextClassRef>{context}</saml:AuthnContextClassRef></saml:AuthnContext>
    </saml:AuthnStatement>
    <saml:AttributeStatement>{attributes}</saml:AttributeStatement>
  </saml:Assertion>
</samlp:Response>"""
)
_ATTRIBUTE = Markup('<saml:Attribute Name="{name}">{values}</saml:Attribute>')
_VALUE = Markup("<saml:AttributeValue>{}</saml:AttributeValue>")


@lru_cache
def rsa_key(name: str = "idp", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Give a key by a name; the same each time."""
    return rsa.generate_private_key(65537, bits)


@lru_cache
def ec_key(curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    """Give a key on a curve; the same each time."""
    return ec.generate_private_key(curve())


@lru_cache
def certificate_of(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, expired: bool = False, name: str = "idp.acme.example"
) -> x509.Certificate:
    """Give a certificate that a key signed for itself."""
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.fromtimestamp(NOW / 1000, UTC) - timedelta(days=400)
    builder = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin)
    return builder.not_valid_after(begin + timedelta(days=30 if expired else 3650)).sign(key, SHA256())


def connection(**changed: Any) -> SamlConnection:
    """Give a connection to this identity provider."""
    usual: dict[str, Any] = {
        "name": "acme",
        "title": "Acme",
        "idp_entity_id": IDP,
        "sso_address": SSO,
        "pinned": (certificate_of(rsa_key()),),
        "email_attribute": "email",
        "name_attribute": "displayName",
        "groups_attribute": "groups",
        "domains": ("acme.example",),
        "trusts_email": True,
        "roles": {"Acme Admins": "admin"},
        "second_factor": (MFA_CONTEXT,),
    }
    return SamlConnection(**{**usual, **changed})


def expected(**changed: Any) -> Expected:
    """Give what our side expects of an answer to `REQUEST`."""
    usual = {"connection": connection(), "acs": ACS, "entity_id": ENTITY_ID, "request": REQUEST, "now": NOW}
    return Expected(**{**usual, **changed})


class Signer(XMLSigner):
    """Sign as identity providers do: the prefixes that count are named where they count."""

    def check_deprecated_methods(self) -> None:
        """Let a test sign by SHA-1."""

    def _build_transforms_for_reference(self, *, transforms_node: Any, reference: Any, **more: Any) -> None:
        super()._build_transforms_for_reference(transforms_node=transforms_node, reference=reference, **more)
        if reference.inclusive_ns_prefixes:
            prefixes = " ".join(reference.inclusive_ns_prefixes)
            etree.SubElement(transforms_node[-1], f"{{{EXC_C14N}}}InclusiveNamespaces", PrefixList=prefixes)


class Idp(Struct, frozen=True, kw_only=True):
    """Answer as an identity provider does.

    Args:
        signs: which elements it signs, the inner one first.
        change: what is done to the answer before it is signed.
        seal: what is done with a signed assertion before the Response is signed.
    """

    request: str = REQUEST
    acs: str = ACS
    entity_id: str = ENTITY_ID
    idp: str = IDP
    assertion: str = "_assertion"
    name_id: str = "8f3c-ada"
    format: str = NAME_ID_FORMATS["persistent"]
    context: str = PASSWORD_CONTEXT
    attributes: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "email": ("Ada@acme.example",),
            "displayName": ("Ada Byron",),
            "groups": ("Acme Admins", "Everybody"),
        }
    )
    now: int = NOW
    signs: tuple[str, ...] = ("Assertion",)
    key: Any = field(default_factory=rsa_key)
    method: SignatureMethod = SignatureMethod.RSA_SHA256
    digest: DigestAlgorithm = DigestAlgorithm.SHA256
    inclusive: tuple[str, ...] = ()
    change: Change | None = None
    seal: Change | None = None

    def tree(self) -> Any:
        """Give the answer as it is, unsigned."""
        words = {
            **PREFIXES,
            **{name: getattr(self, name) for name in ("request", "acs", "entity_id", "idp", "assertion", "name_id")},
            "format": self.format,
            "context": self.context,
            "success": SUCCESS,
            "bearer": BEARER,
            "at": rfc3339(self.now),
            "start": rfc3339(self.now - 300_000),
            "end": rfc3339(self.now + 300_000),
            "attributes": Markup("").join(
                _ATTRIBUTE.format(name=name, values=Markup("").join(_VALUE.format(value) for value in values))
                for name, values in self.attributes.items()
            ),
        }
        return etree.fromstring(_RESPONSE.format(**words))

    def signed(self) -> Any:
        """Give the answer as it goes out."""
        root = self.tree()
        if self.change is not None:
            self.change(root)
        if "Assertion" in self.signs:
            for each in root.findall("saml:Assertion", PREFIXES):
                root.replace(each, self.sign(each))
        if self.seal is not None:
            self.seal(root)
        return self.sign(root) if "Response" in self.signs else root

    def sign(self, element: Any) -> Any:
        """Sign an element by its ID."""
        signer = Signer(
            c14n_algorithm=EXC_C14N,
            signature_algorithm=self.method,
            digest_algorithm=self.digest,
        )
        certificate = [certificate_of(self.key)]
        return signer.sign(
            element,
            key=self.key,
            cert=certificate,
            reference_uri=[SignatureReference(URI=f"#{element.get('ID')}", inclusive_ns_prefixes=list(self.inclusive))],
            id_attribute="ID",
        )

    def posted(self) -> str:
        """Give the answer as the browser posts it."""
        return packed(self.signed())

    def but(self, **changed: Any) -> "Idp":
        """Give another that differs in this."""
        return replace(self, **changed)


def packed(answer: Any) -> str:
    """Write an answer, an element or its bytes, as the field `SAMLResponse`."""
    raw = answer if isinstance(answer, bytes) else etree.tostring(answer)
    return base64.b64encode(raw).decode()


def outcome(answer: Any, wanted: Expected | None = None) -> Answer | str:
    """Give what our side makes of an answer: what it says, or which check refused it."""
    posted = answer if isinstance(answer, str) else packed(answer)
    try:
        return read_answer(posted, wanted or expected())
    except Refused as refused:
        return str(refused)
    except RefusedThere as refused:
        return f"there: {refused}"


def find(root: Any, path: str) -> Any:
    """Give the first element on a path such as `saml:Assertion/saml:Issuer`."""
    found = root.find(path, PREFIXES)
    assert found is not None, path
    return found


def put(path: str, attribute: str, value: str | None) -> Change:
    """Set an attribute of an element, or take it away."""

    def change(root: Any) -> None:
        element = find(root, path) if path else root
        if value is None:
            del element.attrib[attribute]
        else:
            element.set(attribute, value)

    return change


def write(path: str, text: str) -> Change:
    """Set an element's text."""

    def change(root: Any) -> None:
        find(root, path).text = text

    return change


def drop(path: str) -> Change:
    """Take an element away."""

    def change(root: Any) -> None:
        element = find(root, path)
        element.getparent().remove(element)

    return change


def double(path: str) -> Change:
    """Put an element there twice."""

    def change(root: Any) -> None:
        element = find(root, path)
        element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))

    return change
