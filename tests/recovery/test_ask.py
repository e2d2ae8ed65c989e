"""Asking for recovery: one answer and one work for every address, and a mail only to an account's own."""

from tests.site import Site


async def test_nobody_is_told_whether_an_address_is_known(site: Site) -> None:
    await site.person()
    answers = [
        await site.browser().post("/api/recover", json={"email": email})
        for email in ("ann@example.org", "nobody@example.org")
    ]
    assert answers[0].content == answers[1].content
    assert await site.mails("nobody@example.org") == []
