"""Settings of passwords: how they are hashed, how many at once, and which ones are taken."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

_OWASP_MINIMUM: Final = ((47104, 1), (19456, 2), (12288, 3), (9216, 4), (7168, 5))
_CEILING_KIB: Final = 256 * 1024
_HIGHEST_MAX_LENGTH: Final = 4096


class PasswordSettings(Struct, frozen=True, kw_only=True):
    """Say how passwords are kept and which ones are taken.

    See: NIST SP 800-63B-4 section 3.1.1; OWASP Password Storage Cheat Sheet; ASVS 6.2, 11.4.2.
    """

    enabled: bool = True
    """Whether accounts may have passwords at all; off removes every password page and call.

    Where it is off, a passkey whose device cannot make sure who holds it signs nobody in. Whose only passkey is such
    a one needs `coatcheck account reset-factors`, and `sign_in.email_codes` to come in by and add another."""

    argon2_memory_kib: int = 19456
    """Memory of one argon2id hash in KiB (19 MiB is OWASP's current minimum for two passes)."""

    argon2_time: int = 2
    """Passes of argon2id over its memory."""

    argon2_parallelism: int = 1
    """Lanes of one argon2id hash; more than one takes cores away from other sign-ins."""

    pool_memory_mib: int | None = None
    """MiB that all hashes running in one worker may use at once; unset, a quarter of the worker's share of memory."""

    queue_limit: int = 128
    """How many hashes may wait for a place; above it sign-ins get 503 with `Retry-After`."""

    min_length: int = 15
    """Fewest characters (code points after NFC) of a password that is the only factor."""

    min_length_with_second_factor: int = 8
    """Fewest characters of a password that is always used together with a second factor."""

    max_length: int = 1024
    """Most bytes of a password (UTF-8 after NFC): room for any passphrase, and too little to keep a hash busy with."""

    context_words: tuple[str, ...] = ()
    """Further words no password may mostly consist of (ASVS 6.1.2): names of the organisation, its products, its teams.
    The site's name and the person's own email address and username always count."""

    breached_check: bool = False
    """Whether new passwords are looked up in a list of leaked ones on the network; five digits of a hash leave."""

    breached_url: str = "https://api.pwnedpasswords.com/range/"
    """Where ranges of leaked hashes are asked for; the five digits are added at its end."""

    breached_timeout: timedelta = timedelta(seconds=2)
    """How long such a look-up may take; after that the password counts as not checked and is taken."""

    def least_length(self, *, has_second_factor: bool) -> int:
        """Give the fewest characters of a new password."""
        return self.min_length_with_second_factor if has_second_factor else self.min_length

    def __post_init__(self) -> None:
        self._check_hashing()
        self._check_lengths()
        self._check_words()
        self._check_breached()

    def _check_hashing(self) -> None:
        if not 1 <= self.argon2_parallelism <= 16:
            raise ValueError("passwords.argon2_parallelism must be between 1 and 16; 1 suits most servers")
        if not 1 <= self.argon2_time <= 64:
            raise ValueError("passwords.argon2_time must be between 1 and 64; OWASP's minimum is 2 with 19456 KiB")
        if self.argon2_memory_kib > _CEILING_KIB:
            raise ValueError(f"passwords.argon2_memory_kib must be at most {_CEILING_KIB} (256 MiB)")
        if not any(self.argon2_memory_kib >= kib and self.argon2_time >= time for kib, time in _OWASP_MINIMUM):
            pairs = ", ".join(f"{kib} with argon2_time {time}" for kib, time in _OWASP_MINIMUM)
            raise ValueError(f"passwords.argon2_memory_kib is below OWASP's minimum; set at least one of {pairs}")
        if self.pool_memory_mib is not None and self.pool_memory_mib * 1024 < self.argon2_memory_kib:
            raise ValueError("passwords.pool_memory_mib must hold at least one hash of argon2_memory_kib, or be unset")
        if self.queue_limit < 1:
            raise ValueError("passwords.queue_limit must be at least 1; 128 is a few seconds of waiting")

    def _check_lengths(self) -> None:
        for name in ("min_length", "min_length_with_second_factor"):
            if not 8 <= getattr(self, name) <= 64:
                raise ValueError(f"passwords.{name} must be between 8 (ASVS 6.2.1) and 64 (ASVS 6.2.9)")
        if self.min_length_with_second_factor > self.min_length:
            raise ValueError("passwords.min_length_with_second_factor must not be above passwords.min_length")
        if not 256 <= self.max_length <= _HIGHEST_MAX_LENGTH:
            raise ValueError(
                f"passwords.max_length must be between 256 bytes (64 characters of any script, ASVS 6.2.9) "
                f"and {_HIGHEST_MAX_LENGTH}"
            )

    def _check_words(self) -> None:
        for word in self.context_words:
            if sum(map(str.isalnum, word)) < 4:
                raise ValueError(f"passwords.context_words: {word!r} needs at least 4 letters or digits; leave it out")

    def _check_breached(self) -> None:
        url = urlsplit(self.breached_url)
        if url.scheme != "https" and (url.scheme, url.hostname) != ("http", "127.0.0.1"):
            raise ValueError("passwords.breached_url must start with https:// (or http://127.0.0.1 in tests)")
        if not timedelta(milliseconds=100) <= self.breached_timeout <= timedelta(seconds=10):
            raise ValueError("passwords.breached_timeout must be between 0.1 and 10 seconds")
