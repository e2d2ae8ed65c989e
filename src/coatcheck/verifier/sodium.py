"""Ed25519 by libsodium: can be imported only where PyNaCl is installed."""

from collections.abc import Callable

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError


def by_sodium(public: bytes) -> Callable[[bytes, bytes], bool]:
    """Give libsodium's check of a signature (first) over the signed bytes (second).

    Args:
        public: the key's 32 bytes.
    """

    def verify(signature: bytes, signed: bytes) -> bool:
        try:
            crypto_sign_open(signature + signed, public)
        except BadSignatureError:
            return False
        return True

    return verify
