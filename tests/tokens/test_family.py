"""What presenting one token of a family comes to, by which token it is and when it comes."""

import pytest
from msgspec.structs import replace

from coatcheck.secret import hash_secret
from coatcheck.tokens.family import GRACE_MS, MOST_RECENT, Family, judge, remembered

NOW = 1_800_000_000_000
CURRENT, FORMER, OLDER, OLD = (hash_secret(name) for name in ("current", "former", "older", "old"))


def recent(*replaced: tuple[bytes, int]) -> bytes:
    return b"".join(digest[:8] + at.to_bytes(8, "big") for digest, at in replaced)


FAMILY = Family(
    session="ses_1",
    family_hash=hash_secret("family"),
    current_hash=CURRENT,
    former_hash=FORMER,
    replaced_at=NOW,
    recent=recent((OLDER, NOW - 4000), (FORMER, NOW)),
)


@pytest.mark.parametrize(
    ("presented", "later", "verdict"),
    [
        (CURRENT, 0, "rotate"),
        (CURRENT, 10**9, "rotate"),
        (FORMER, 0, "repeat"),
        (FORMER, GRACE_MS, "repeat"),
        (FORMER, -5000, "repeat"),  # the clock of another worker
        (FORMER, GRACE_MS + 1, "replayed"),
        (OLDER, 0, "superseded"),
        (OLDER, GRACE_MS - 4000, "superseded"),
        (OLDER, GRACE_MS - 3999, "replayed"),
        (OLD, 0, "replayed"),
    ],
)
def test_verdicts(presented: bytes, later: int, verdict: str) -> None:
    assert judge(FAMILY, presented, NOW + later) == verdict


def test_one_that_is_bound_to_a_key() -> None:
    bound = replace(FAMILY, cnf_jkt="thumbprint")
    for presented in (CURRENT, FORMER, OLDER, OLD):
        assert judge(bound, presented, NOW) == "unproven"
        assert judge(bound, presented, NOW, proven_key="another") == "unproven"
    proven = {name: judge(bound, digest, NOW + 10**9, proven_key="thumbprint") for name, digest in DIGESTS.items()}
    assert proven == {"current": "rotate", "former": "repeat", "older": "replayed"}
    assert judge(FAMILY, FORMER, NOW + 10**9, proven_key="thumbprint") == "replayed", "any key proves nothing of it"


DIGESTS = {"current": CURRENT, "former": FORMER, "older": OLDER}


def test_a_new_family_has_replaced_none() -> None:
    new = Family(session="ses_1", family_hash=hash_secret("family"), current_hash=CURRENT)
    assert judge(new, CURRENT, NOW) == "rotate"
    assert judge(new, FORMER, NOW) == "replayed"


def test_what_was_replaced_is_remembered_for_as_long_as_it_matters() -> None:
    assert remembered(FAMILY, NOW + 1) == FAMILY.recent + recent((CURRENT, NOW + 1))
    assert remembered(FAMILY, NOW + GRACE_MS - 3999) == recent((FORMER, NOW), (CURRENT, NOW + GRACE_MS - 3999))
    assert remembered(FAMILY, NOW + 10**9) == recent((CURRENT, NOW + 10**9))


def test_a_flood_of_refreshes_is_bounded() -> None:
    family = FAMILY
    for number in range(3 * MOST_RECENT):
        digest = hash_secret(f"token {number}")
        family = replace(family, recent=remembered(family, NOW), former_hash=family.current_hash, current_hash=digest)
    assert len(family.recent) == 16 * (MOST_RECENT + 1)
    assert judge(family, hash_secret(f"token {3 * MOST_RECENT - 50}"), NOW) == "superseded"


def test_it_hides_what_it_holds() -> None:
    assert "\\x" not in repr(FAMILY)
