"""Which passwords are taken: NIST SP 800-63B-4 section 3.1.1.2, ASVS 6.2."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.passwords.common_passwords import is_common
from coatcheck.passwords.rules import MOST_RAW_CHARACTERS, UnusablePassword, check, prepare
from coatcheck.settings.passwords import PasswordSettings

SETTINGS = PasswordSettings(context_words=("Wardrobe Works",))
CONTEXT = ("ann.lee@tailors.example", "annlee77", "Coatcheck")
TYPEABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)


def codes(password: str, *, has_second_factor: bool = False, settings: PasswordSettings = SETTINGS) -> list[str]:
    found = check(password, settings=settings, context=CONTEXT, has_second_factor=has_second_factor)
    return [complaint.code for complaint in found]


@given(TYPEABLE)
def test_preparing_twice_changes_nothing_more(raw: str) -> None:
    assert prepare(prepare(raw)) == prepare(raw)


@given(TYPEABLE)
def test_all_spellings_of_a_text_are_one_password(raw: str) -> None:
    assert prepare(unicodedata.normalize("NFD", raw)) == prepare(unicodedata.normalize("NFC", raw))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_ascii_is_kept_as_it_was_typed(raw: str) -> None:
    assert prepare(raw) == raw


@pytest.mark.parametrize("raw", ["  spaces are kept  ", "Capitals Too", "tab\tand ﬁ ligature", "🧥🧥"])
def test_nothing_is_trimmed_folded_or_replaced(raw: str) -> None:
    assert prepare(raw) == raw


@pytest.mark.parametrize("raw", ["with\0nul", "half \ud83d pair", "\udfff"])
def test_broken_text_is_refused(raw: str) -> None:
    with pytest.raises(UnusablePassword) as refused:
        prepare(raw)
    assert refused.value.complaint.code == "broken_text"
    assert raw not in str(refused.value)


def test_an_endless_run_of_accents_is_refused_unread() -> None:
    assert len(prepare("́̀" * (MOST_RAW_CHARACTERS // 2))) == MOST_RAW_CHARACTERS
    with pytest.raises(UnusablePassword) as refused:
        prepare("́̀" * MOST_RAW_CHARACTERS)
    assert refused.value.complaint.code == "too_long"


def test_fifteen_characters_alone_and_eight_with_a_second_factor() -> None:
    assert codes("k7 wq-xv m2 pz") == ["too_short"]
    assert codes("k7 wq-xv m2 pzt") == []
    assert codes("k7wqxvm", has_second_factor=True) == ["too_short"]
    assert codes("k7wqxvmz", has_second_factor=True) == []


def test_length_is_counted_in_characters_not_bytes() -> None:
    assert codes("ключ под ковром") == []
    assert codes("🧥🎩🧤👞👒") == ["too_short"]


def test_a_passphrase_of_any_script_may_be_long_and_not_endless() -> None:
    phrase = "шёлк и бархат, сукно и лён, " * 10
    assert len(phrase.encode()) <= SETTINGS.max_length
    assert codes(prepare(phrase[:64])) == []
    assert codes("é" * 513) == ["too_long"]


@pytest.mark.parametrize(
    "password",
    ["lowercase only words", "ALLCAPITALSWITHOUTEND", "83910274650182736", "!?-_$%&/()=+*#'~", "mysterious umbrella"],
)
def test_no_kind_of_character_is_demanded(password: str) -> None:
    assert codes(password) == []


@pytest.mark.parametrize("password", ["momsanaladventure", "q1w2e3r4t5y6u7i8", "Q1W2E3R4T5Y6U7I8", "zxcvbnm123456789"])
def test_a_common_long_password_is_refused(password: str) -> None:
    assert "common" in codes(password)


@pytest.mark.parametrize("password", ["password", "Sunshine", "trustno1", "P@ssw0rd", "iloveyou"])
def test_a_common_short_password_is_refused_beside_a_second_factor(password: str) -> None:
    assert "common" in codes(password, has_second_factor=True)


def test_the_list_holds_the_3000_that_asvs_asks_for_at_either_length() -> None:
    assert is_common("mailcreated5240")
    assert not is_common("password\npassword1")
    assert not is_common("")
    assert not is_common("assword")


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaa",
        "🧥" * 15,
        "abcabcabcabcabc",
        "abcabcabcabcab",
        "ab-ab-ab-ab-ab-ab",
        "password password",
        "Password-PASSWORD",
        "sunshinesunshine",
        "123456789012345",
        "987654321098765",
        "abcdefghijklmno",
        "zyxwvutsrqponml",
        "qwertyuiopasdfgh",
        "poiuytrewqlkjhgf",
        "abcdefgh12345678",
        "aaaaaaaabbbbbbbb",
        "1qaz2wsx3edc4rfv",
    ],
)
def test_a_pattern_is_refused(password: str) -> None:
    assert "pattern" in codes(password, has_second_factor=True)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "correcthorsecorrecthorse",
        "the the the end of it",
        "abcd and 1234 and me",
        "rhythm & 9876 drums",
    ],
)
def test_words_are_no_pattern(password: str) -> None:
    assert codes(password) == []


@pytest.mark.parametrize(
    "password",
    [
        "coatcheck2026!!!",
        "C0at-Ch3ck-C0at-Ch3ck",
        "annlee77annlee77!",
        "tailors.example!",
        "ann.lee@tailors.example",
        "2026WardrobeWorks",
        "wardrobe-w0rks-ann",
    ],
)
def test_a_password_made_mostly_of_known_names_is_refused(password: str) -> None:
    assert "context" in codes(password)


@pytest.mark.parametrize("password", ["coatcheck horse battery", "my tailors drink green tea", "annual report of bees"])
def test_a_name_may_be_a_part(password: str) -> None:
    assert codes(password) == []


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=15, max_size=300))
def test_every_password_gets_an_answer(raw: str) -> None:
    assert set(codes(prepare(raw))) <= {"too_short", "too_long", "common", "pattern", "context"}
