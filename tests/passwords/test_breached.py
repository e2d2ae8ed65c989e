"""The look-up of leaked passwords, against a list on this machine."""

import hashlib
from datetime import timedelta

import pytest

from coatcheck.passwords.breached import BreachedPasswords
from coatcheck.passwords.lookup import Lookup
from coatcheck.settings.passwords import PasswordSettings
from coatcheck.testing.breached_passwords import FakeBreachedPasswords

LEAKED = "correct horse battery staple"


def settings(fake: FakeBreachedPasswords, timeout: timedelta = timedelta(seconds=2)) -> PasswordSettings:
    return PasswordSettings(breached_check=True, breached_url=fake.url, breached_timeout=timeout)


async def test_a_leaked_password_is_found() -> None:
    async with FakeBreachedPasswords([LEAKED]) as fake:
        assert await BreachedPasswords(settings(fake)).look_up(LEAKED) is Lookup.LEAKED
        assert await BreachedPasswords(settings(fake)).look_up(LEAKED + "!") is Lookup.NOT_LEAKED


async def test_five_digits_leave_and_no_more() -> None:
    digest = hashlib.sha1(LEAKED.encode(), usedforsecurity=False).hexdigest().upper()
    async with FakeBreachedPasswords([LEAKED]) as fake:
        await BreachedPasswords(settings(fake)).look_up(LEAKED)
        (request,) = fake.requests
    assert request.startswith(f"GET /range/{digest[:5]} HTTP/1.1\r\n")
    assert "add-padding: true" in request.lower()
    assert digest[5:10] not in request.upper()


async def test_a_padding_line_is_no_leak() -> None:
    digest = hashlib.sha1(LEAKED.encode(), usedforsecurity=False).hexdigest().upper()
    async with FakeBreachedPasswords(body=f"{digest[5:]}:0") as fake:
        assert await BreachedPasswords(settings(fake)).look_up(LEAKED) is Lookup.NOT_LEAKED


@pytest.mark.parametrize("status", [302, 404, 429, 503])
async def test_a_list_that_refuses_stops_nobody(status: int) -> None:
    async with FakeBreachedPasswords([LEAKED], status=status) as fake:
        assert await BreachedPasswords(settings(fake)).look_up(LEAKED) is Lookup.NOT_CHECKED


@pytest.mark.parametrize("body", ["", "<html>captive portal</html>", "é", "A" * 35 + ":many", "A" * 2_000_000])
async def test_an_answer_that_is_no_range_counts_as_not_checked(body: str) -> None:
    async with FakeBreachedPasswords(body=body) as fake:
        assert await BreachedPasswords(settings(fake)).look_up(LEAKED) is Lookup.NOT_CHECKED


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    lines = "\r\n".join(f"{number:035X}:1" for number in range(40_000))
    async with FakeBreachedPasswords(body=lines) as fake:
        assert await BreachedPasswords(settings(fake)).look_up(LEAKED) is Lookup.NOT_CHECKED


async def test_a_list_that_never_answers_is_given_up() -> None:
    async with FakeBreachedPasswords([LEAKED], silent=True) as fake:
        breached = BreachedPasswords(settings(fake, timeout=timedelta(milliseconds=100)))
        assert await breached.look_up(LEAKED) is Lookup.NOT_CHECKED
        assert len(fake.requests) == 1


async def test_a_list_that_is_not_there_stops_nobody() -> None:
    async with FakeBreachedPasswords([LEAKED]) as fake:
        gone = settings(fake)
    assert await BreachedPasswords(gone).look_up(LEAKED) is Lookup.NOT_CHECKED


async def test_nothing_is_asked_unless_it_was_set() -> None:
    async with FakeBreachedPasswords([LEAKED]) as fake:
        off = PasswordSettings(breached_url=fake.url)
        assert await BreachedPasswords(off).look_up(LEAKED) is Lookup.NOT_CHECKED
        assert fake.requests == []
