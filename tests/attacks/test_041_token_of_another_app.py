"""Attack 41: CVE-2024-47077, authentik: introspection did not tie a token to who asks: app A's token passes at app B.

Here a token is active only for a service that is its audience by registration. What a service may *call* is kept apart
from what it *is*: one that may call the other is not taken in by a token for the other.
"""

from tests.clients.machines import MAIL, NOTES, machine
from tests.site import Site


async def test_a_token_for_one_is_dead_at_the_other(site: Site) -> None:
    caller = await machine(site, "caller", calls=[NOTES, MAIL])
    notes, mail = await machine(site, "notes", calls=[MAIL], serves=[NOTES]), await machine(site, "mail", serves=[MAIL])
    for_notes, for_mail = await caller.token(audience=NOTES), await caller.token(audience=MAIL)
    assert [await notes.counts(for_notes), await mail.counts(for_mail)] == [True, True]
    assert await notes.told(for_mail) == {"active": False}, "notes may call mail, and is not mail"
    assert await mail.told(for_notes) == {"active": False}


async def test_who_asked_first_changes_nothing(site: Site) -> None:
    caller = await machine(site, "caller", calls=[NOTES])
    notes, mail = await machine(site, "notes", serves=[NOTES]), await machine(site, "mail", serves=[MAIL])
    token = await caller.token(audience=NOTES)
    answers = [await each.counts(token) for each in (mail, notes, mail, notes)]
    assert answers == [False, True, False, True]


async def test_what_is_asked_along_with_it_changes_nothing(site: Site) -> None:
    caller, mail = await machine(site, "caller", calls=[NOTES]), await machine(site, "mail", serves=[MAIL])
    token = await caller.token(audience=NOTES)
    for form in ({"audience": NOTES}, {"resource": NOTES}, {"client_id": mail.id, "aud": NOTES}):
        answer = await mail.ask("/oauth/introspect", token=token, **form)
        assert answer.json() == {"active": False}
