"""A domain is a connection's own by the record in the DNS, or by the operator's word, and for one connection alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from coatcheck.admin.prove_domain import forget_domain, prove_domain
from coatcheck.audit.show import show
from coatcheck.errors import BadInput, Conflict, NotFound
from coatcheck.secret import KeyRing
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.domains.proof import TxtLookup, is_published, record_name, record_text
from coatcheck.upstream.domains.proven import connection_for, with_proven_domains
from tests.site import VISIT, Site, open_site
from tests.upstream.tables import KNOWN

ACME = {**KNOWN, "entry": "oidc", "issuer": "https://id.acme.example", "email_domains": ["acme.example"]}
OTHER = {**KNOWN, "entry": "oidc", "issuer": "https://id.other.example", "email_domains": ["other.example"]}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site with two connections."""
    async with open_site(
        f"sqlite:///{tmp_path / 'app.db'}", tmp_path, providers={"acme": ACME, "other": OTHER}
    ) as made:
        yield made


def dns(records: dict[str, list[str]]) -> TxtLookup:
    """Answer as the DNS would."""

    async def look_up(name: str) -> list[str]:
        return records.get(name, [])

    return look_up


async def prove(site: Site, *, look_up: TxtLookup | None = None, **more: Any) -> None:
    """Prove the domain of acme."""
    asked = {"provider": "acme", "domain": "acme.example", **more}
    await prove_domain(site.desk, VISIT, look_up=look_up, actor="operator", **asked)


async def events(site: Site) -> list[Any]:
    """List what was recorded of domains."""
    return [(each.event, each.details) for each in await show(site.desk) if each.event.startswith("domain.")]


async def test_a_record_in_the_dns_proves_a_domain(site: Site) -> None:
    acme = site.desk.keep(Providers).get("acme")
    assert (await with_proven_domains(site.desk, acme)).domains == ()
    assert await connection_for(site.desk, "acme.example") is None
    published = {"_coatcheck.acme.example": ["v=spf1 -all", record_text(site.desk.key_ring, "acme", "acme.example")]}
    await prove(site, look_up=dns(published))
    assert (await with_proven_domains(site.desk, acme)).domains == ("acme.example",)
    assert await connection_for(site.desk, "acme.example") == replace(acme, domains=("acme.example",))
    assert await connection_for(site.desk, "other.example") is None
    [(event, details)] = await events(site)
    assert event == "domain.proven"
    assert "dns" in str(details)


@pytest.mark.parametrize(
    "provider_of_record", ["other", "nobody"], ids=["a record made for another connection", "a record of nobody's"]
)
async def test_another_record_proves_nothing(site: Site, provider_of_record: str) -> None:
    wrong = record_text(site.desk.key_ring, provider_of_record, "acme.example")
    with pytest.raises(BadInput) as refused:
        await prove(site, look_up=dns({"_coatcheck.acme.example": [wrong]}))
    assert record_text(site.desk.key_ring, "acme", "acme.example") in refused.value.fields["domain"]
    assert "but 1 other" in refused.value.fields["domain"]
    assert await connection_for(site.desk, "acme.example") is None
    assert await events(site) == []


async def test_a_dns_that_does_not_answer_proves_nothing(site: Site) -> None:
    async def away(name: str) -> list[str]:
        raise OSError("LifetimeTimeout")

    with pytest.raises(BadInput) as refused:
        await prove(site, look_up=away)
    assert "does not answer for _coatcheck.acme.example (LifetimeTimeout)" in refused.value.fields["domain"]


async def test_the_operators_word_proves_it_and_is_recorded(site: Site) -> None:
    await prove(site)
    assert await connection_for(site.desk, "acme.example") is not None
    [(event, details)] = await events(site)
    assert (event, "hand" in str(details)) == ("domain.proven", True)


async def test_only_a_domain_of_its_settings_is_proven(site: Site) -> None:
    with pytest.raises(BadInput) as refused:
        await prove(site, domain="other.example")
    assert refused.value.fields == {"domain": "providers.acme.email_domains does not name other.example."}
    with pytest.raises(NotFound):
        await prove(site, provider="nobody")


async def test_of_many_that_prove_one_domain_at_once_one_connection_gets_it(site: Site) -> None:
    """The settings refuse two; the workers of before and after a change of settings do not know of each other."""
    acme = site.desk.keep(Providers).get("acme")
    site.desk.keep(Providers).use([acme, replace(acme, name="renamed")])
    tries = [prove(site, provider=name) for name in ("acme", "renamed") * 10]
    done = await asyncio.gather(*tries, return_exceptions=True)
    refused = [each for each in done if each is not None]
    assert len(refused) == 10
    assert {type(each) for each in refused} == {Conflict}
    assert len({str(details["provider"]) for _, details in await events(site)}) == 1


async def test_a_domain_is_forgotten(site: Site) -> None:
    await prove(site)
    await forget_domain(site.desk, VISIT, domain="acme.example", actor="operator")
    assert await connection_for(site.desk, "acme.example") is None
    assert [event for event, _ in await events(site)] == ["domain.forgotten", "domain.proven"]
    with pytest.raises(NotFound):
        await forget_domain(site.desk, VISIT, domain="acme.example", actor="operator")


async def test_a_domain_that_left_the_settings_counts_no_more(site: Site) -> None:
    await prove(site)
    acme = site.desk.keep(Providers).get("acme")
    site.desk.keep(Providers).use([replace(acme, domains=())])
    assert await connection_for(site.desk, "acme.example") is None


async def test_a_domain_of_one_connection_counts_for_no_other_of_its_settings(site: Site) -> None:
    await prove(site)
    acme = site.desk.keep(Providers).get("acme")
    site.desk.keep(Providers).use([replace(acme, name="renamed")])
    assert await connection_for(site.desk, "acme.example") is None
    assert (await with_proven_domains(site.desk, site.desk.keep(Providers).get("renamed"))).domains == ()


def test_a_record_outlives_the_master_key_that_made_it() -> None:
    old, new = b"o" * 32, b"n" * 32
    text = record_text(KeyRing((old,)), "acme", "acme.example")
    assert is_published(KeyRing((new, old)), "acme", "acme.example", [f" {text} "])
    assert not is_published(KeyRing((new,)), "acme", "acme.example", [text])
    assert record_name("acme.example") == "_coatcheck.acme.example"
