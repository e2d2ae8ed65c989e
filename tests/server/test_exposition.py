"""What Prometheus scrapes: every request is counted once, under names that no visitor chooses."""

from prometheus_client.parser import text_string_to_metric_families

from coatcheck.server.exposition import exposition
from tests.bad_input.raw import ask
from tests.site import Site


async def test_what_was_counted_is_shown(site: Site) -> None:
    for path in ("/api/session", "/api/session", "/sign-in/visitors-own-words"):
        await ask(site.auth.app, "GET", path)
    await ask(site.auth.app, "POST", "/visitors-own-words")
    exposed = exposition(site.desk).decode()
    samples = [each for family in text_string_to_metric_families(exposed) for each in family.samples]
    shown = {
        (each.name, *(each.labels[label] for label in sorted(each.labels) if label != "worker")): each.value
        for each in samples
    }
    assert shown["coatcheck_requests_total", "GET", "api", "401"] == 2
    assert shown["coatcheck_requests_total", "GET", "sign-in", "404"] == 1
    assert shown["coatcheck_requests_total", "POST", "other", "404"] == 1
    assert shown["coatcheck_request_seconds_count",] == shown["coatcheck_request_seconds_bucket", "+Inf"] == 4
    assert shown["coatcheck_cached_principals",] == shown["coatcheck_hashes_waiting",] == 0
    assert shown["coatcheck_log_fresh_seconds",] >= 0
    assert "visitors-own-words" not in exposed
