"""The life of a key: published → signing → retired → gone, and the times that make each step safe.

    made_at ── lead ──> signs_from ── rotate_every ──> retires_at ── longest token + leeway ──> gone_at
    in the JWKS         signs; the key before          checks what it       removed, private
                        it retires                     has signed           part and all

- *Lead*: twice `keys.jwks_max_age`, so that a verifier that missed one refresh has the key all the same, and two
  minutes, in which each of our processes reads the table again.
- *Longest token*: nothing that we sign counts for longer; whoever signs keeps to it.
- *Leeway*: the largest difference between two clocks that anybody accepts.
"""

from datetime import timedelta
from typing import ClassVar, Final, Literal, TypeAlias

from coatcheck.clock import Instant, millis
from coatcheck.secret import Veiled
from coatcheck.settings import KeySettings

READ_EVERY: Final = timedelta(minutes=1)
LONGEST_TOKEN: Final = timedelta(hours=1)
LEEWAY: Final = timedelta(minutes=5)

State: TypeAlias = Literal["published", "signing", "retired", "gone"]


class KeyRow(Veiled, frozen=True, kw_only=True):
    """Hold one key as the database keeps it.

    Args:
        kid: names it in tokens; random, and no secret.
        number: counts keys; no two have one.
        algorithm: the one that it may be used with.
        private: sealed for this kid.
        made_at: since when it is published.
        signs_from: from when on it signs.
        retires_at: from when on the next one signs, or None until that is known.
        gone_at: when nothing that it has signed can count any more, or None until that is known.
    """

    veils: ClassVar = frozenset({"private"})

    kid: str
    number: int
    algorithm: str
    private: bytes
    made_at: Instant
    signs_from: Instant
    retires_at: Instant | None = None
    gone_at: Instant | None = None

    def state(self, now: Instant) -> State:
        """Tell where in its life it is."""
        if self.gone_at is not None and now >= self.gone_at:
            return "gone"
        if self.retires_at is not None and now >= self.retires_at:
            return "retired"
        return "signing" if now >= self.signs_from else "published"


def lead(settings: KeySettings) -> timedelta:
    """Give how long a key is published before it signs."""
    return 2 * settings.jwks_max_age + 2 * READ_EVERY


def gone_after(retires_at: Instant) -> Instant:
    """Give the moment when the last token of a key has run out everywhere."""
    return retires_at + millis(LONGEST_TOKEN + LEEWAY)


def is_due(newest: KeyRow, settings: KeySettings, now: Instant) -> bool:
    """Tell whether the next key has to be published now: in time, or as another algorithm was set."""
    if newest.signs_from > now:
        return False
    ends_at = newest.signs_from + millis(settings.rotate_every - lead(settings))
    return now >= ends_at or newest.algorithm != settings.algorithm
