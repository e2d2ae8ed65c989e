"""Attack 19: CVE-2026-27840, Zitadel: an opaque token that is cut off is still valid.

Here what is presented is compared whole: by its digest, in memory as in the database. A key that is cut off, added to
or changed by one character is another key, which nobody has; the checksum says so before anything is looked up.
"""

import pytest

from coatcheck.errors import NotSignedIn
from coatcheck.visit import Asked
from tests.api_keys.making import authenticated, changed, editor, key_of, made_up
from tests.clients.machines import machine
from tests.site import Site


def forms_of(text: str) -> list[str]:
    """Give what is nearly the key."""
    cut = [text[:length] for length in range(1, len(text))]
    added = [text + more for more in ("a", "=", "==", ".", "/", "~", "-", "0" * 10)]
    slips = [changed(text, at) for at in range(len(text))]
    cased = [text.upper(), text.lower(), text.swapcase()]
    # With a checksum of their own, so that nothing but the key itself tells.
    right = [made_up(text[:-6][:length]) for length in range(5, len(text) - 6)] + [made_up(text[:-6] + "a")]
    return [each for each in (*cut, *added, *slips, *cased, *right) if each != text]


@pytest.mark.parametrize("is_known", [True, False])
async def test_only_the_whole_key_counts(site: Site, is_known: bool) -> None:
    text = (await key_of(site, (await editor(site)).id, "notes:read")).secret.reveal()
    if is_known:
        await authenticated(site, text)
    for other in forms_of(text):
        with pytest.raises(NotSignedIn):
            await authenticated(site, other)
    assert (await authenticated(site, text)).permissions == {"notes:read"}


async def test_nor_two_of_them(site: Site) -> None:
    text = (await key_of(site, (await editor(site)).id)).secret.reveal()
    for header in (f"Bearer {text} {text}", f"Bearer {text}, Bearer {text}", f"Bearer {text},", f"Bearer\t{text}"):
        with pytest.raises(NotSignedIn):
            await site.auth.authenticate(Asked(authorization=header))


async def test_nor_a_part_at_introspection(site: Site) -> None:
    service = await machine(site)
    text = (await key_of(site, (await editor(site)).id)).secret.reveal()
    for other in (text[:-1], text[:-6], text + "a", made_up(text[:35]), changed(text, 10)):
        assert await service.told(other) == {"active": False}
