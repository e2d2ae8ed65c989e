"""Check a token by what `Authorization` presents: alone, or with the proof of the key that it is bound to."""

from coatcheck.desk import Desk
from coatcheck.gate.bearer import check_token
from coatcheck.verifier.bearer import Credential
from coatcheck.verifier.proofs import Proofs, about_bound_token
from coatcheck.verifier.token_cache import CheckedToken
from coatcheck.visit import Asked


class ProofsHere(Proofs):
    """Keep the proofs that came to this process with tokens."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.clock)


async def check_credential(
    desk: Desk, credential: Credential, asked: Asked, *, url: str, issuer: str, audience: str | None
) -> CheckedToken:
    """Check an access token of ours, and its proof where one came.

    Args:
        credential: what the request presents.
        asked: the request.
        url: as it was addressed, at a name that is ours.
        issuer: as whom we issued the token.
        audience: whom it must be meant for; None where whoever asks judges that.

    Raises:
        TokenRefused: the token does not count, or is bound to another key than was proven or to none.
        ProofRefused: the proof does not count, or came before.
        DatabaseAway: nothing in memory counts, and the database cannot be reached.

    See: RFC 9449 section 7.
    """
    if credential.proof is None:
        return await check_token(desk, credential.token, issuer=issuer, audience=audience)
    proofs = desk.keep(ProofsHere)
    with about_bound_token():
        proven = proofs.check(credential, asked, url)
        checked = await check_token(desk, credential.token, issuer=issuer, audience=audience, proven_key=proven.jkt)
        proofs.spend(proven, credential, asked)
        return checked
