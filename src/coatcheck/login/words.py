"""What the calls of signing in take and give, in JSON."""

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, RootModel, StringConstraints

from coatcheck.http.api import Answer, Body, Handle, Identifier, Token, Typed
from coatcheck.login.sign_in import AskedFor
from coatcheck.sessions.session import Presented

Audience: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Code: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class SignInBody(Body):
    """Begin to sign in, at best with the first proof."""

    identifier: Identifier | None = None
    password: Typed | None = None
    remember_me: bool = False
    present: Presented = "cookie"
    audience: Audience | None = None
    trust_device: bool = False

    def asked_for(self) -> AskedFor:
        """Give how the session is asked for."""
        return AskedFor(
            remember_me=self.remember_me,
            present=self.present,
            audience=self.audience,
            trust_device=self.trust_device,
        )


class StepUpBody(Body):
    """Begin to prove again that it is you."""

    acr: Literal["aal1", "aal2", "aal3", "phr"] = "aal1"


class PasswordProof(Body):
    """Go on with a sign-in by a password."""

    continuation: Handle
    password: Typed


class StartBody(Body):
    """Start a factor of a sign-in that was begun."""

    continuation: Handle


class CollectBody(Body):
    """Fetch the answer of a sign-in that went through a provider."""

    verifier: Annotated[str, StringConstraints(min_length=43, max_length=128, pattern=r"^[A-Za-z0-9._~-]+$")]


class CodeProof(Body):
    """Go on with a sign-in by a code."""

    continuation: Handle
    code: Code


class TotpOffer(Answer):
    """Hold what brings a key into an authenticator app: to type, as an address, and as a picture of it."""

    secret: str
    url: str
    qr_svg: str


class SessionWords(Answer):
    """Describe a session."""

    id: str
    expires_at: str
    ends_at: str
    auth_time: str
    acr: str
    amr: list[str]


class AccountWords(Answer):
    """Describe an account to its owner."""

    id: str
    email: str | None
    username: str | None


class AdmittedAnswer(Answer):
    """Say that a session was opened; its cookie is set."""

    status: Literal["admitted"]
    session: SessionWords
    account: AccountWords


class TokensAnswer(Answer):
    """Give the tokens of a session; where they are in cookies, only how long the access token counts."""

    status: Literal["admitted"]
    token_type: Literal["Bearer", "DPoP"] | None = None
    access_token: str | None = None
    expires_in: int
    refresh_token: str | None = None
    storage_share: str | None = None
    offline_scopes: list[str] | None = None
    session: SessionWords
    account: AccountWords


class RefreshBody(Body):
    """Ask for the next tokens; the refresh token may be in its cookie instead."""

    refresh_token: Token | None = None
    audience: Audience | None = None


class RevokeBody(Body):
    """Give back a token: the session that it presents ends."""

    token: Token | None = None


class CodeMailedAnswer(Answer):
    """Say that a mail may be on its way; the same for every identifier."""

    status: Literal["accepted"]
    expires_at: str


class MoreNeededAnswer(Answer):
    """Say what would bring the sign-in further."""

    status: Literal["more_needed"]
    sign_in: str
    continuation: str
    options: list[str]
    expires_at: str


class Outcome(RootModel[AdmittedAnswer | TokensAnswer | MoreNeededAnswer]):
    """Say how far a step brought a sign-in."""

    model_config = ConfigDict(defer_build=True)
