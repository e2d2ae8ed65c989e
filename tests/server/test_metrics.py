"""Metrics: each worker's samples say whose they are, so that what several answered adds up."""

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.attacks.workers import another_worker
from tests.site import Site


async def scraped(site: Site) -> list[Sample]:
    """Scrape one worker from its own machine."""
    monitoring = httpx.ASGITransport(site.auth.app, client=("127.0.0.1", 50_000))
    async with httpx.AsyncClient(transport=monitoring, base_url="http://localhost:8400") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    return [each for family in text_string_to_metric_families(answer.text) for each in family.samples]


async def test_each_sample_says_whose_it_is(site: Site) -> None:
    await site.browser().get("/sign-in")
    samples = await scraped(site)
    assert {each.labels.get("worker") for each in samples} == {site.desk.worker}
    names = {each.name.removesuffix("_total").removesuffix("_bucket") for each in samples}
    assert {
        "coatcheck_requests",
        "coatcheck_request_seconds",
        "coatcheck_cached_principals",
        "coatcheck_hashes_waiting",
        "coatcheck_log_fresh_seconds",
    } <= names


async def test_what_two_workers_answered_adds_up(site: Site) -> None:
    """Scraped by turns over one address, as behind a shared socket: no series of one is gone on by the other."""
    async with another_worker(site) as other:
        for worker, times in ((site, 3), (other, 5)):
            for _ in range(times):
                await worker.browser().get("/sign-in")
        last = {
            (each.name, *sorted(each.labels.items())): each.value
            for worker in (site, other, site, other)
            for each in await scraped(worker)
        }
    answered = [
        value
        for (name, *labels), value in last.items()
        if name == "coatcheck_requests_total" and ("room", "sign-in") in labels
    ]
    assert sorted(answered) == [3, 5]
