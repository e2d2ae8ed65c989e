"""Let a connection speak for an email domain, once its owner showed that it is theirs; and take that back."""

from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, Conflict, NotFound
from coatcheck.upstream.configured import Providers, table_of
from coatcheck.upstream.domains import records
from coatcheck.upstream.domains.proof import TxtLookup, is_published, record_name, record_text
from coatcheck.visit import Visit


async def prove_domain(
    desk: Desk, visit: Visit, *, provider: str, domain: str, look_up: TxtLookup | None, actor: str
) -> None:
    """Count an email domain as the connection's own.

    Args:
        domain: one that the settings of the connection name.
        look_up: asks the DNS for the record; None where the operator vouches for the domain instead.

    Raises:
        NotFound: the settings name no such provider.
        BadInput: its settings do not name the domain, or the record is not published.
        Conflict: the domain is proven for another provider; `forget_domain` takes that back.

    See: RFC 8552 (underscored names); ASVS 6.8.2.
    """
    connection = desk.keep(Providers).get(provider)
    if domain not in connection.domains:
        raise BadInput({"domain": f"{table_of(connection)}.email_domains does not name {domain}."})
    if look_up is not None:
        await _check_published(desk, provider, domain, look_up)
    details = {"provider": provider, "domain": domain, "by": "hand" if look_up is None else "dns"}
    async with desk.database.writing() as tx:
        if not await records.add(tx, domain, provider, desk.now()):
            _check_own(await records.holder(tx, domain), provider, domain)
        await record(tx, desk, visit, "domain.proven", actor=actor, details=details)


async def forget_domain(desk: Desk, visit: Visit, *, domain: str, actor: str) -> None:
    """Count an email domain as nobody's own any more: its people are not sent to the connection, nor its word taken.

    Raises:
        NotFound: it is not proven.
    """
    async with desk.database.writing() as tx:
        provider = await records.remove(tx, domain)
        if provider is None:
            raise NotFound(f"{domain} is proven for no provider")
        details = {"provider": provider, "domain": domain}
        await record(tx, desk, visit, "domain.forgotten", actor=actor, details=details)


async def _check_published(desk: Desk, provider: str, domain: str, look_up: TxtLookup) -> None:
    name, text = record_name(domain), record_text(desk.key_ring, provider, domain)
    try:
        found = await look_up(name)
    except OSError as error:
        raise BadInput({"domain": f"The DNS does not answer for {name} ({error}). Try again later."}) from None
    if not is_published(desk.key_ring, provider, domain, found):
        others = f", but {len(found)} other{'s' if len(found) > 1 else ''}" if found else ""
        raise BadInput({"domain": f"There is no TXT record at {name} with {text}{others}. It may take some minutes."})


def _check_own(holder: str | None, provider: str, domain: str) -> None:
    if holder != provider:
        raise Conflict(f"{domain} is proven for {holder}; `coatcheck provider forget-domain {domain}` takes that back")
