"""The text of a key: told by its prefix, and a slip in it by its checksum."""

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from coatcheck.api_keys.key_text import adds_up, has_form, hint_of, is_opaque, new_key
from coatcheck.secret import Secret
from tests.api_keys.making import changed

LETTERS = string.ascii_letters + string.digits + "_-."


def test_reads_as_it_should() -> None:
    key = new_key("cck")
    assert re.fullmatch(r"cck_[\w-]{32}[0-9a-z]{6}", key.reveal())
    assert repr(key) == "Secret(…)"
    assert has_form(key.reveal())
    assert adds_up(key.reveal())
    assert is_opaque(key.reveal())
    assert new_key("cck") != key


def test_another_prefix_is_one_too() -> None:
    assert all(has_form(text) and adds_up(text) for text in (new_key("acme").reveal(), new_key("k2").reveal()))


def test_is_recognised_by_its_first_letters() -> None:
    key = new_key("cck")
    assert key.reveal().startswith(hint_of(key))
    assert len(hint_of(key)) == len("cck_") + 4
    assert len(hint_of(Secret("abcdefghijklmnop_" + "x" * 38))) <= 24, "what the column holds"


def test_every_slip_of_one_letter_is_seen() -> None:
    text = new_key("cck").reveal()
    assert not any(adds_up(changed(text, at)) for at in range(len(text)))


def test_two_letters_in_the_wrong_order_are_seen() -> None:
    text = new_key("cck").reveal()
    swapped = [text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(4, len(text) - 1)]
    assert not any(adds_up(each) for each in swapped if each != text)


@given(st.text(LETTERS, max_size=60))
def test_nothing_else_has_its_form(text: str) -> None:
    assert not has_form(text) or re.fullmatch(r"[a-z][a-z0-9]{1,15}_[\w-]{38}", text)


def test_what_is_cut_off_or_added_to_has_not() -> None:
    text = new_key("cck").reveal()
    for other in (text[:-1], text + "a", text + "=", text.upper(), text[1:], f" {text}", text + "\n", ""):
        assert not (has_form(other) and adds_up(other)), other
