"""Every setting has its words and its line in docs/settings.md."""

import pytest
from msgspec.structs import fields

from tools.make_settings_doc import PAGE, page, sections, words_of

SECTIONS = sections()


@pytest.mark.parametrize("section", SECTIONS)
def test_every_field_has_words_under_it(section: str) -> None:
    words = words_of(SECTIONS[section])
    assert [each.name for each in fields(SECTIONS[section]) if not words.get(each.name)] == []


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python tools/make_settings_doc.py`"


def test_the_page_names_every_setting_and_its_variable() -> None:
    text = PAGE.read_text("utf-8")
    for section, kind in SECTIONS.items():
        for each in fields(kind):
            assert f"### `{section}.{each.name}`" in text
            assert f"`COATCHECK_{section.upper().replace('.', '__')}__{each.name.upper()}`" in text
