"""Every mail of ours: a line for each paragraph, which any screen wraps by itself, and short lines on the wire."""

from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

import coatcheck
from coatcheck.http.pages import mail_text
from coatcheck.settings import Settings
from coatcheck.settings.read import read_settings
from tests.mail.test_smtp import mailer, server

__all__ = ["server"]

SOURCE = Path(coatcheck.__file__).parent
LETTERS = sorted(f"{path.parent.parent.name}/{path.name}" for path in SOURCE.glob("*/mails/*.txt"))
URL = "https://auth.example.org"
FILLED: dict[str, Any] = {
    "link": "https://auth.example.org/verify-email?token=" + "x" * 43,
    "call_off_link": "https://auth.example.org/recover/factors/call-off?token=" + "y" * 43,
    "code": "1234 5678",
    "device": "Firefox on Linux",
    "due": "4 March, 10:00 UTC",
    "expires": "11 March, 10:00 UTC",
    "what": "An authenticator app was set up",
    "more": "Make backup codes too, for the day your phone is lost.",
}


def settings() -> Settings:
    overrides = {"site": {"name": "The Reading Room of Świętokrzyskie"}, "database": {"url": "sqlite:///a.db"}}
    return read_settings(None, {}, {**overrides, "secret": {"master_key": "k" * 43}})


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize(
    "more",
    [
        {"left": 0, "has_passwords": True, "unlinked": 0, "api_keys": 0, "lifted": False, "by_owner": True},
        {"left": 2, "has_passwords": False, "unlinked": 1, "api_keys": 3, "lifted": True, "by_owner": False},
    ],
    ids=["little", "much"],
)
def test_a_line_for_each_paragraph(letter: str, more: dict[str, int]) -> None:
    text = mail_text(settings(), letter, to="ann@example.org", base_url=URL, **{**FILLED, **more}).text
    paragraphs = text.removesuffix("\n").split("\n\n")
    assert len(paragraphs) > 1
    for paragraph in paragraphs:
        assert paragraph == paragraph.strip() != ""
        assert "\n" not in paragraph, "wrapped by us: ragged where the screen is narrower"
        assert "  " not in paragraph
        assert len(paragraph.encode()) < 998


async def test_no_long_line_on_the_wire(server: Controller) -> None:
    sent = mail_text(settings(), "recovery/factors_wait.txt", to="ann@example.org", base_url=URL, **FILLED)
    assert max(map(len, sent.text.splitlines())) > 130
    await mailer(server).send(sent)
    [came] = server.handler.received
    assert max(map(len, came.as_bytes().splitlines())) <= 78
    assert came.get_content().replace("\r\n", "\n") == sent.text
