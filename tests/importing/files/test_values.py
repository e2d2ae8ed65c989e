"""Values of rows: lenient where sources differ, and never quoted when they are refused."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coatcheck.importing.account import BadRow, ImportedAccount, ImportedIdentity
from coatcheck.importing.files import values
from coatcheck.importing.files.found import Found
from coatcheck.importing.files.values import Quiet, Unfit
from coatcheck.passwords.schemes import UnknownHash


class Form(Quiet):
    """A form as sources have them."""

    secret: str
    count: int = 0


@pytest.mark.parametrize("text", ["true", "T", " 1 ", "YES"])
def test_yes_is_read(text: str) -> None:
    assert values.flag(text, name="locked")


@pytest.mark.parametrize("text", ["false", "F", "0", "no", ""])
def test_no_is_read(text: str) -> None:
    assert not values.flag(text, name="locked")


def test_what_is_neither_is_refused_by_name() -> None:
    with pytest.raises(Unfit, match="locked is neither true nor false"):
        values.flag("perhaps", name="locked")


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "2026-01-31 12:00:00+00", "2026-01-31T12:00:00.000Z"]
)
def test_a_moment_is_read(text: str) -> None:
    assert values.moment(text, name="created_at") == 1769860800000


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-31T12:00:00", "1769860800000"])
def test_what_is_no_moment_with_its_offset_is_refused(text: str) -> None:
    with pytest.raises(Unfit, match="created_at"):
        values.moment(text, name="created_at")


@given(st.binary(max_size=40))
def test_base64_of_both_alphabets_is_read(raw: bytes) -> None:
    for text in (base64.b64encode(raw), base64.urlsafe_b64encode(raw), base64.b64encode(raw).rstrip(b"=")):
        assert values.from_base64(text.decode(), name="x") == raw


@given(st.binary(min_size=1, max_size=40))
def test_base32_is_read_as_people_type_it(raw: bytes) -> None:
    text = base64.b32encode(raw).decode()
    spaced = " ".join(text[start : start + 4] for start in range(0, len(text), 4)).lower()
    assert values.from_base32(text, name="x") == values.from_base32(spaced, name="x") == raw


@pytest.mark.parametrize("text", ["", "=", "1", "ÄÄÄÄ", "A", "not base32!"])
def test_what_is_no_base32_is_refused(text: str) -> None:
    with pytest.raises(Unfit, match="totp_secret") as refused:
        values.from_base32(text, name="totp_secret")
    assert len(text) < 4 or text not in str(refused.value)


def made(found: dict[str, Any]) -> ImportedAccount:
    """Make an account as a source does."""
    form = values.form(found, Form)
    if form.secret == "unfit":
        raise Unfit("it is deleted there")
    if form.secret == "hash":
        raise UnknownHash("the stored hash is of no scheme we read")
    return ImportedAccount(external_id=str(form.count), username=form.secret)


def test_a_row_becomes_an_account() -> None:
    row = values.read_row(Found("line 1", {"secret": "ann", "count": "7"}), made)
    assert row == ImportedAccount(external_id="7", username="ann")


@pytest.mark.parametrize(
    ("found", "because"),
    [
        ({"id": "x7", "secret": "unfit"}, "it is deleted there"),
        ({"id": "x7", "secret": "hash"}, "the stored hash is of no scheme we read"),
        ({"id": "x7", "secret": 5}, "it has an unexpected form: Expected `str`, got `int` - at `$.secret`"),
        ({"id": "x7", "secret": "NUL \0"}, "it holds the character NUL"),
        ({"id": "x7", "secret": "\udcff"}, "it holds bytes that are not UTF-8"),
    ],
    ids=["unfit", "hash", "form", "nul", "surrogate"],
)
def test_or_it_says_where_and_why(found: dict[str, Any], because: str) -> None:
    assert values.read_row(Found("line 1", found), made, "uid", "id") == BadRow("line 1, x7", because)


def test_a_row_that_was_bad_stays_it() -> None:
    assert values.read_row(BadRow("line 1", "it is no JSON object"), made) == BadRow("line 1", "it is no JSON object")


def test_a_text_within_a_link_is_looked_at_too() -> None:
    link = ImportedIdentity(provider="google", subject="1\0")
    with pytest.raises(Unfit, match="NUL"):
        values.refuse_unwritable(ImportedAccount(external_id="1", identities=(link,)))


def test_forms_and_rows_print_nothing() -> None:
    assert "sesame" not in repr(Form(secret="sesame")) + repr(Found("line 1", {"secret": "sesame"}))


@given(st.text(st.sampled_from('\0\\u0"'), max_size=12))
def test_only_nul_is_taken_for_it(text: str) -> None:
    account = ImportedAccount(external_id=text)
    if "\0" in text:
        with pytest.raises(Unfit):
            values.refuse_unwritable(account)
    else:
        values.refuse_unwritable(account)
