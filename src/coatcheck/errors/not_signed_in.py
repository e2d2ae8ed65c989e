"""Errors that say: whoever asks is not known, as nothing was presented, or nothing that counts."""

from coatcheck.errors.root import CoatcheckError


class NotSignedIn(CoatcheckError):
    """Refuse a request that presents no credential."""

    code = "not_signed_in"
    status = 401
    says = "Sign in first."


class SessionEnded(NotSignedIn):
    """Refuse a credential whose session has ended: the one code on which a client signs out."""

    code = "session_ended"
    says = "This session has ended. Sign in again."


class TokenRefused(NotSignedIn):
    """Refuse a token: forged, run out, revoked, or meant for another use. Why is for the log (RFC 6750).

    Args:
        renew: whether its session is known to live on, as after it moved, so that there may be another token.
        with_proof: whether it came with a proof of possession, so that the challenge speaks of that scheme.
    """

    code = "invalid_token"
    says = "This token cannot be used here. Get another one."

    def __init__(self, because: str = "", *, renew: bool = False, with_proof: bool = False) -> None:
        super().__init__(because)
        self.renew = renew
        self.with_proof = with_proof


class ApiKeyRefused(NotSignedIn):
    """Refuse an API key: unknown, mistyped, run out, revoked, or of an owner who may not act. Why is for the log."""

    code = "invalid_api_key"
    says = "This API key does not count. It may have run out or been revoked."


class ProofRefused(NotSignedIn):
    """Refuse a proof that a key is held: forged, of another request, too old, or seen before (RFC 9449).

    The token that came with it may be good. Why is for the log.
    """

    code = "invalid_dpop_proof"
    says = "The proof of possession cannot be used. Make a new one for this request."


class ProofNonceNeeded(ProofRefused):
    """Ask for a proof that holds a nonce of ours, as it travels in the header `DPoP-Nonce` (RFC 9449 section 8).

    Args:
        nonce: the one to put into the next proof.
        because: whether there was none, or another one, for the log.
    """

    code = "use_dpop_nonce"
    says = "The proof of possession needs the nonce that comes with this answer."

    def __init__(self, nonce: str, because: str = "") -> None:
        super().__init__(because)
        self.nonce = nonce


class InvalidCredentials(NotSignedIn):
    """Refuse a sign-in without telling which part was wrong."""

    code = "invalid_credentials"
    says = "That name and password do not match an account."


class InvalidCode(InvalidCredentials):
    """Refuse a wrong answer to a further step of a sign-in; it may be answered again, a few times.

    Args:
        tries_left: how often; at 0 the sign-in starts again.
        because: which factor, for the log.
    """

    code = "invalid_code"
    says = "That is not right. Try again."

    def __init__(self, tries_left: int, because: str = "") -> None:
        super().__init__(because)
        self.tries_left = tries_left


class PasskeyUnknown(InvalidCredentials):
    """Refuse a passkey that is not kept here any more: its device may forget it (WebAuthn section 5.1.10)."""

    code = "passkey_unknown"
    says = "This passkey is not known here any more. Sign in another way."
