"""Attack 110: CVE-2021-30185, Indico: the `Host` header poisons the link in a recovery mail.

The attacker asks for the victim's recovery with `Host: evil.example`; the victim follows the mailed link and hands over
its token. Here links come from `server.public_url` alone; another host is refused before anything is done, and no
forwarding header has a say.
"""

import pytest

from tests.site import ORIGIN, PASSWORD, Site

FORGED = (
    "evil.example", "auth.example.org.evil.example", "auth.example.org:8443", "evil.example:443",
    "auth.example.org@evil.example", "[::1]", "localhost", "",
)  # fmt: skip
HEADERS = (
    "x-forwarded-host", "forwarded", "x-host", "x-forwarded-server", "x-original-host", "x-http-host-override",
    "x-forwarded-proto", "x-forwarded-prefix", "x-original-url", "x-rewrite-url", "referer", "origin",
)  # fmt: skip


@pytest.mark.parametrize("host", FORGED)
async def test_another_host_is_refused_and_nothing_is_mailed(site: Site, host: str) -> None:
    await site.person()
    attacker = site.browser(headers={"host": host})
    answers = [
        await attacker.post("/api/recover", json={"email": "ann@example.org"}),
        await attacker.post("/api/sign-up", json={"email": "new@example.org", "password": PASSWORD}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_host")
    assert await site.mails() == []


async def test_no_header_has_a_say_in_a_mailed_link(site: Site) -> None:
    await site.person()
    owner = await site.signed_in()
    forged = dict.fromkeys(HEADERS, "evil.example") | {"forwarded": "host=evil.example", "origin": ORIGIN}
    for browser in (site.browser(headers=forged), owner):
        browser.headers.update(forged)
    attacker = site.browser(headers=forged)
    await attacker.post("/api/recover", json={"email": "ann@example.org"})
    await attacker.post("/api/sign-up", json={"email": "new@example.org", "password": PASSWORD})
    await attacker.post("/api/sign-up", json={"email": "ann@example.org", "password": PASSWORD})
    await owner.post("/api/account/email", json={"password": PASSWORD, "new_email": "other@example.org"})
    mails = await site.mails()
    assert len(mails) == 4
    for mail in mails:
        links = [word for word in mail.text.split() if "://" in word]
        assert links, mail.text
        assert all(link.startswith(f"{ORIGIN}/") for link in links), links
        assert "evil" not in mail.text + mail.subject + mail.to
