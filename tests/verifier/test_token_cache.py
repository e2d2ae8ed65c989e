"""Tokens that were checked lately: few, for as long as they count, and none that nobody signed."""

import threading

from coatcheck.verifier.claims import ANY_KEY, StatusPlace
from coatcheck.verifier.token_cache import LONGEST_KEPT, CheckedToken, TokenCache
from tests.verifier.tokens import NOW, principal

PLACE = StatusPlace(7, 41)


def checked(number: int = 0, good_until: int = NOW + 1000, cnf: str | None = None) -> CheckedToken:
    return CheckedToken(principal(session=f"ses_{number}", cnf=cnf), PLACE, good_until)


def test_what_was_put_in_is_given_for_the_same_text_alone() -> None:
    cache = TokenCache()
    one = checked()
    cache.put("a.b.c", one)
    assert cache.get("".join(["a.b", ".c"]), NOW) is one
    assert [cache.get(text, NOW) for text in ("a.b.d", "a.b.c ", "A.b.c", "a.b.", "")] == [None] * 5


def test_a_token_counts_until_it_runs_out() -> None:
    cache = TokenCache()
    cache.put("a.b.c", checked(good_until=NOW + 1000))
    assert cache.get("a.b.c", NOW + 999)
    assert cache.get("a.b.c", NOW + 1000) is None


def test_a_bound_token_needs_its_key_proven_each_time() -> None:
    cache = TokenCache()
    cache.put("a.b.c", checked(cnf="thumbprint"))
    assert cache.get("a.b.c", NOW, "thumbprint")
    assert cache.get("a.b.c", NOW) is None
    assert cache.get("a.b.c", NOW, "another") is None
    assert cache.get("a.b.c", NOW, ANY_KEY)
    cache.put("d.e.f", checked())
    assert cache.get("d.e.f", NOW, "thumbprint") is None, "a proof belongs to no token that is bound to none"
    assert cache.get("d.e.f", NOW, ANY_KEY)


def test_there_are_never_more_than_there_is_room_for() -> None:
    cache = TokenCache(room=10)
    for number in range(100):
        cache.put(f"token {number}", checked(number))
        assert len(cache) <= 10
        assert cache.get(f"token {number}", NOW) == checked(number)
    assert cache.get("token 0", NOW) is None
    assert all(cache.get(f"token {number}", NOW) for number in range(95, 100))


def test_a_token_longer_than_any_of_ours_is_not_kept() -> None:
    cache = TokenCache()
    cache.put("x" * LONGEST_KEPT, checked())
    assert len(cache) == 1
    cache.put("x" * (LONGEST_KEPT + 1), checked())
    assert len(cache) == 1


def test_clear_forgets_all() -> None:
    cache = TokenCache(room=10)
    for number in range(20):
        cache.put(str(number), checked())
    cache.clear()
    assert len(cache) == 0
    assert cache.get("19", NOW) is None


def test_several_threads_may_use_it() -> None:
    cache = TokenCache(room=50)
    wrong: list[object] = []

    def use(name: int) -> None:
        try:
            for number in range(3000):
                text = f"{name} {number % 70}"
                cache.put(text, checked(name * 1000 + number % 70))
                found = cache.get(text, NOW)
                if found is not None and found.principal.session != f"ses_{name * 1000 + number % 70}":
                    wrong.append(found)
        except Exception as error:  # noqa: BLE001
            wrong.append(error)

    threads = [threading.Thread(target=use, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_principal_is_not_shown_with_its_address() -> None:
    kept = CheckedToken(principal(email="ann@example.org"), PLACE, NOW)
    assert "ann@" not in repr(kept)
