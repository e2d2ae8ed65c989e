"""Attack 112: CVE-2019-19844, Django: a reset for `mike@example.org` is sent to that name with a dotless i.

Unicode case folding makes the two equal, they are different mailboxes, and the mail went to the address that was
typed. Here the part before the `@` is ASCII or refused, only ASCII letters change case, a domain is compared in its
ASCII form, and mail goes to the stored address.
"""

import pytest

from coatcheck.accounts.identifiers import NotAnIdentifier, parse_email, parse_identifier
from tests.attacks.census import row_counts
from tests.site import PASSWORD, Site, sign_in

STORED = "mike.sk@example.org"
LOOKALIKES = (
    "mıke.sk@example.org",  # dotless i
    "mİke.sk@example.org",  # I with a dot, which lowers to two characters
    "mi\u212ae.sk@example.org",  # the Kelvin sign, which lowers to k
    "mike.ſk@example.org",  # long s, which folds to s
    "ｍike.sk@example.org",  # full-width m
    "mike.s\u00adk@example.org",  # soft hyphen
    "mike.sk\u200b@example.org",  # zero-width space
    "mike.sk@example.org\u0000",
    "mike.sk@example.org\n",
    "mike.sk@exam\u200bple.org\n",
    "mike.sk@evil.example@example.org",
    "mike.sk@example.org,mallory@evil.example",
    "mike.sk@example.org\r\nBcc: mallory@evil.example",
)
SAME_MAILBOX = ("Mike.SK@Example.ORG", " mike.sk@example.org ", "mike.sk@ｅxample.org")


@pytest.mark.parametrize("typed", LOOKALIKES, ids=ascii)
def test_a_lookalike_is_no_address(typed: str) -> None:
    with pytest.raises(NotAnIdentifier):
        parse_email(typed)
    assert parse_identifier(typed) is None


async def test_a_lookalike_is_mailed_nothing_and_lets_nobody_in(site: Site) -> None:
    await site.person(STORED)
    before = (await row_counts(site))["recovery_links"]
    for typed in LOOKALIKES[:6]:
        assert (await site.browser().post("/api/recover", json={"email": typed})).status_code == 422, typed
    assert (await sign_in(site.browser(), LOOKALIKES[0], PASSWORD)).status_code == 401
    assert await site.mails() == []
    assert (await row_counts(site))["recovery_links"] == before


async def test_mail_goes_to_the_stored_address(site: Site) -> None:
    await site.person(STORED)
    for typed in SAME_MAILBOX:
        assert (await site.browser().post("/api/recover", json={"email": typed})).status_code == 202
    assert [mail.to for mail in await site.mails()] == [STORED] * 3


async def test_one_mailbox_is_one_account(site: Site) -> None:
    """`Ann@` and `ann@` are one person everywhere: nobody gets a second account for a mailbox."""
    await site.person(STORED)
    for typed in SAME_MAILBOX:
        assert (await sign_in(site.browser(), typed, PASSWORD)).status_code == 200
        await site.browser().post("/api/sign-up", json={"email": typed, "password": "five green kettles whistle"})
    assert {mail.subject for mail in await site.mails()} == {"You already have an account at Coatcheck"}
