"""The key that a sign-in's tokens are bound to: proven where it begins; further steps go by the continuation."""

from msgspec.structs import replace

from coatcheck.desk import Desk
from coatcheck.errors import BadInput
from coatcheck.login.sign_in import AskedFor
from coatcheck.storage.database import Writing
from coatcheck.tokens.proof import prove_key, use_proof
from coatcheck.visit import Visit


def bind(desk: Desk, visit: Visit, asked_for: AskedFor) -> AskedFor:
    """Ask for tokens that are bound to the key which the request proves; nothing changes where it proves none.

    Raises:
        BadInput: what is asked for cannot be bound.
        ProofRefused: the proof is not good, or not for this call.
        ProofNonceNeeded: it has no nonce of ours, or an old one.
    """
    if visit.asked.dpop is not None and asked_for.present != "tokens":
        raise BadInput({"present": "A proof of possession is for tokens in the answer alone."})
    proof = prove_key(desk, visit)
    return asked_for if proof is None else replace(asked_for, jkt=proof.jkt, proof=proof)


async def with_proof_used(tx: Writing, asked_for: AskedFor) -> AskedFor:
    """Use the proof that came with this call, if one did; the key alone is kept for what follows.

    Raises:
        ProofRefused: it came before.
    """
    if asked_for.proof is None:
        return asked_for
    await use_proof(tx, asked_for.proof)
    return replace(asked_for, proof=None)
