"""A form that waits for a step-up: sealed, for one session, ten minutes, once; and never one with a secret in it."""

import asyncio
from datetime import timedelta

import pytest

from coatcheck.errors import CoatcheckError, FormGone
from coatcheck.login.kept_form import LARGEST, MOST, keep_form, look_at_form, take_form
from coatcheck.verifier import Principal
from tests.attacks.census import what_is_kept
from tests.site import Site

ANN, BEN = (Principal(subject=f"acc_{name}", session=f"ses_{name}") for name in ("ann", "ben"))
SECRET = (
    "password", "new_password", "Passwd", "user[pwd]", "client_secret", "otp", "passphrase", "passcode",
    "user_pin", "userPin", "pin-code", "cardCVV", "cvc", "card[csc]", "pass",
)  # fmt: skip
FIELDS = [("text", "two\r\nlines"), ("tag", "a"), ("tag", "b"), ("csrf_token", "x"), ("empty", " ")]


async def kept(site: Site, fields: list[tuple[str, str]] | None = None) -> str:
    handle = await keep_form(site.desk, ANN, place="/notes?more=1", pairs=fields or FIELDS)
    assert handle is not None
    return handle


async def test_is_given_as_it_was(site: Site) -> None:
    handle = await kept(site)
    form = await look_at_form(site.desk, ANN, handle)
    assert (form.place, list(form.pairs), form.is_ours) == ("/notes?more=1", FIELDS, False)
    assert form.shown == (("text", "two\r\nlines"), ("tag", "a"), ("tag", "b")), "no token, nothing empty"
    assert await take_form(site.desk, ANN, handle, pairs=FIELDS) == "/notes?more=1"


async def test_looking_spends_nothing_and_sending_does(site: Site) -> None:
    handle = await kept(site)
    for _ in range(3):
        await look_at_form(site.desk, ANN, handle)
    await take_form(site.desk, ANN, handle, pairs=FIELDS)
    with pytest.raises(FormGone):
        await look_at_form(site.desk, ANN, handle)
    with pytest.raises(FormGone):
        await take_form(site.desk, ANN, handle, pairs=FIELDS)


async def test_is_for_its_session_alone_and_nobody_spends_anothers(site: Site) -> None:
    handle = await kept(site)
    for other in (BEN, Principal(subject=ANN.subject, session="ses_another"), Principal(subject=ANN.subject)):
        with pytest.raises(FormGone):
            await look_at_form(site.desk, other, handle)
        with pytest.raises(FormGone):
            await take_form(site.desk, other, handle, pairs=FIELDS)
    assert await take_form(site.desk, ANN, handle, pairs=FIELDS)


async def test_ten_minutes(site: Site) -> None:
    handle = await kept(site)
    site.clock.advance(timedelta(minutes=10) - timedelta(milliseconds=1))
    await look_at_form(site.desk, ANN, handle)
    site.clock.advance(timedelta(milliseconds=1))
    with pytest.raises(FormGone):
        await look_at_form(site.desk, ANN, handle)


async def test_other_fields_are_not_passed_on(site: Site) -> None:
    handle = await kept(site)
    with pytest.raises(FormGone):
        await take_form(site.desk, ANN, handle, pairs=[*FIELDS, ("to", "mallory")])
    with pytest.raises(FormGone):
        await take_form(site.desk, ANN, handle, pairs=FIELDS)


async def test_line_ends_and_our_own_token_are_no_difference(site: Site) -> None:
    handle = await kept(site, [("text", "two\nlines"), ("form_token", "old")])
    assert (await look_at_form(site.desk, ANN, handle)).is_ours
    assert await take_form(site.desk, ANN, handle, pairs=[("text", "two\r\nlines"), ("form_token", "new")])


@pytest.mark.parametrize("name", SECRET)
async def test_a_form_with_a_secret_is_not_kept(site: Site, name: str) -> None:
    assert await keep_form(site.desk, ANN, place="/", pairs=[("text", "a"), (name, "x")]) is None


@pytest.mark.parametrize("name", ["spinner", "pinned", "passenger", "compass", "opinion"])
async def test_a_form_that_only_sounds_like_one_is_kept(site: Site, name: str) -> None:
    assert await keep_form(site.desk, ANN, place="/", pairs=[(name, "x")]) is not None


async def test_sizes(site: Site) -> None:
    assert await keep_form(site.desk, ANN, place="/", pairs=[("a", "x" * (LARGEST - 3))])
    assert await keep_form(site.desk, ANN, place="/", pairs=[("a", "x" * (LARGEST - 2))]) is None


async def test_a_session_fills_no_store(site: Site) -> None:
    handles = [await keep_form(site.desk, ANN, place="/", pairs=FIELDS) for _ in range(MOST + 3)]
    assert handles[MOST:] == [None] * 3
    assert all(handles[:MOST])
    assert await keep_form(site.desk, BEN, place="/", pairs=FIELDS)
    site.clock.advance(timedelta(minutes=10))
    assert await keep_form(site.desk, ANN, place="/", pairs=FIELDS)


async def test_who_has_no_session_keeps_none(site: Site) -> None:
    assert await keep_form(site.desk, Principal(subject="svc_reports"), place="/", pairs=FIELDS) is None


async def test_what_is_kept_cannot_be_read_in_the_store(site: Site) -> None:
    handle = await kept(site, [("text", "my dearest note")])
    rows = str(await what_is_kept(site, "ephemeral"))
    assert "dearest" not in rows
    assert handle not in rows


async def test_sent_fifty_times_at_once_it_goes_once(every_site: Site) -> None:
    handle = await kept(every_site)

    async def send() -> str:
        try:
            return await take_form(every_site.desk, ANN, handle, pairs=FIELDS)
        except CoatcheckError as refused:
            return refused.code

    outcomes = await asyncio.gather(*(send() for _ in range(50)))
    assert sorted(outcomes) == ["/notes?more=1", *["form_gone"] * 49]
