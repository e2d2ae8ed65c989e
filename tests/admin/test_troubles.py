"""What an operator reads of failed sign-ins: newest first, by provider or by the id on the person's page."""

from msgspec import structs
from msgspec.structs import replace

from coatcheck.admin.troubles import list_troubles
from coatcheck.audit.refused import refused
from coatcheck.login.note_failure import note_failure
from coatcheck.upstream.trouble import WORDS, UpstreamFailed
from tests.site import VISIT, Site


async def test_each_says_what_it_means_and_what_to_do(site: Site) -> None:
    first, second = (structs.replace(VISIT, request_id=f"req_{each}") for each in "ab")
    await note_failure(site.desk, first, UpstreamFailed("code_refused", "it said: no"), provider="github")
    await note_failure(site.desk, second, UpstreamFailed("provider_away", "no answer"), provider="google")

    newest, oldest = await list_troubles(site.desk)
    assert (newest.provider, newest.trouble, newest.trace) == ("google", "provider_away", "no answer")
    assert (oldest.means, oldest.fix) == (WORDS["code_refused"].operator, WORDS["code_refused"].fix)
    assert oldest.address == VISIT.address
    assert [each.request for each in await list_troubles(site.desk, provider="github")] == ["req_a"]
    assert await list_troubles(site.desk, request="req_b") == [newest]
    assert await list_troubles(site.desk, request="req_c") == []
    assert await list_troubles(site.desk, limit=1) == [newest]


async def test_what_it_does_not_know_is_shown_as_it_stands(site: Site) -> None:
    """A trail outlives the version that wrote it."""
    await refused(site.desk, VISIT, "upstream.failed", details={"trouble": "phase_of_the_moon", "because": "full"})
    [told] = await list_troubles(site.desk)
    assert (told.trouble, told.trace, told.fix) == ("phase_of_the_moon", "full", "Read the trace.")
    assert told == replace(told, provider="")
