"""What a proof was made for and what was asked: one target or two, whichever way they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.verifier.target_uri import is_same_target

ASKED = "https://notes.example.org/api/notes"


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        (ASKED, ASKED),
        (ASKED, ASKED + "?page=2&back=https://x.example/#?"),
        (ASKED, ASKED + "?a=\\"),
        (ASKED + "?page=2", ASKED),
        (ASKED + "#top", ASKED + "?page=3"),
        (ASKED + "?#?", ASKED),
        ("HTTPS://Notes.EXAMPLE.org/api/notes", ASKED),
        ("https://notes.example.org:443/api/notes", ASKED),
        ("https://notes.example.org:/api/notes", ASKED),
        (ASKED, "https://notes.example.org:443/api/notes"),
        ("http://localhost:80/a", "http://localhost/a"),
        ("http://localhost:8400/a", "http://LOCALHOST:8400/a?b"),
        ("https://notes.example.org", "https://notes.example.org/"),
        ("https://notes.example.org?a", "https://notes.example.org:443/"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
        ("https://a.example/%7Eanna/%c3%a9", "https://a.example/~anna/%C3%A9"),
        ("https://a.example/a%2fb", "https://a.example/a%2Fb"),
        ("wss://a.example/live", "https://a.example/live"),
        ("ws://localhost:80/live", "http://localhost/live"),
        ("https://a.example/(a)[b]@c:d;e=f,g|h'!$&*+", "https://a.example/(a)[b]@c:d;e=f,g|h'!$&*+"),
    ],
)
def test_one_target_in_two_spellings(said: str, asked: str) -> None:
    assert is_same_target(said, asked)
    assert is_same_target(asked, said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "/api/notes",
        "//notes.example.org/api/notes",
        "notes.example.org/api/notes",
        "http://notes.example.org/api/notes",
        "http://notes.example.org:443/api/notes",
        "https://notes.example.org:80/api/notes",
        "https://notes.example.org:4430/api/notes",
        "https://notes.example.org:99999999443/api/notes",
        "https://notes.example.org:-443/api/notes",
        "https://notes.example.org:4\u0664\u0663/api/notes",
        "https://notes.example.org./api/notes",
        "https://evil.example/api/notes",
        "https://evil.example/https://notes.example.org/api/notes",
        "https://evil.example?https://notes.example.org/api/notes",
        "https://evil.example#@notes.example.org/api/notes",
        "https://evil.example\\@notes.example.org/api/notes",
        "https://notes.example.org@evil.example/api/notes",
        "https://notes.example.org:443@evil.example/api/notes",
        "https://user@notes.example.org/api/notes",
        "https://:@notes.example.org/api/notes",
        "https://notes.example.org.evil.example/api/notes",
        "https://notes.example.org\\.evil.example/api/notes",
        "https://notes.example.or\u0261/api/notes",
        "https://note\u017f.example.org/api/notes",
        "https://notes\u3002example.org/api/notes",
        "https://notes%2Eexample.org/api/notes",
        "https:/notes.example.org/api/notes",
        "https:///notes.example.org/api/notes",
        "https:\\\\notes.example.org\\api\\notes",
        "https://notes.example.org\\api\\notes",
        "https://notes.example.org/api\\notes",
        "https://notes.example.org//api/notes",
        "https://notes.example.org/api/notes/",
        "https://notes.example.org/api/Notes",
        "https://notes.example.org/api",
        "https://notes.example.org/",
        "https://notes.example.org",
        "https://notes.example.org/api/x/../notes",
        "https://notes.example.org/api/./notes",
        "https://notes.example.org/api/%2e/notes",
        "https://notes.example.org/api%2Fnotes",
        "https://notes.example.org/api%252Fnotes",
        "https://notes.example.org/api/notes%",
        "https://notes.example.org/api/notes%0",
        "https://notes.example.org/api/notes%zz",
        "https://notes.example.org/api/notes%3Fpage",
        "https://notes.example.org/api/notes%23",
        "https://notes.example.org/api/notes;a",
        " https://notes.example.org/api/notes",
        "https://notes.example.org/api/notes ",
        "https://notes.example.org/api/notes\n",
        "https://notes.example.org/api/notes\0",
        "https://notes.example.org/api/\u00e9",
        "ftp://notes.example.org/api/notes",
        "file:///api/notes",
        "javascript://notes.example.org/api/notes",
        "https://[notes.example.org]/api/notes",
    ],
)
def test_anything_else_is_another_target(said: str) -> None:
    assert not is_same_target(said, ASKED)
    assert not is_same_target(ASKED, said)


@pytest.mark.parametrize(
    "odd", ["https://a.example/a b", "https://a.example/\u00e9", "https://a.example/%", "https://a@b/", ""]
)
def test_what_is_no_address_is_not_even_itself(odd: str) -> None:
    assert not is_same_target(odd, odd)


def test_a_letter_that_only_looks_alike_is_another() -> None:
    assert not is_same_target("https://boo\u212a.example/", "https://book.example/"), (
        "the sign of Kelvin in small is a k"
    )


@given(st.text(max_size=60), st.integers(0, len(ASKED)), st.integers(0, len(ASKED)))
def test_what_is_put_in_or_taken_out_makes_it_another(text: str, start: int, end: int) -> None:
    said = ASKED[: min(start, end)] + text + ASKED[max(start, end) :]
    bare = said.partition("#")[0].partition("?")[0]
    if is_same_target(said, ASKED):
        host, slash, path = bare.partition("://")[2].partition("/")
        assert host.lower().removesuffix("443").removesuffix(":") == "notes.example.org"
        assert slash + path == "/api/notes" or "%" in path
    else:
        assert bare != ASKED
