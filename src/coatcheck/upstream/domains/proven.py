"""Which connection speaks for an email domain: the one that the settings name, once the domain is proven for it."""

from typing import TypeVar

from msgspec.structs import replace

from coatcheck.desk import Desk
from coatcheck.upstream.configured import AnyProvider, Providers
from coatcheck.upstream.domains import records

_Connection = TypeVar("_Connection", bound=AnyProvider)


async def with_proven_domains(desk: Desk, provider: _Connection) -> _Connection:
    """Give a provider as it may be believed now: of the domains that its settings name those proven for it are left.

    Its word about anybody is read by this one alone.
    """
    if not provider.domains:
        return provider
    async with desk.database.reading() as db:
        proven = await records.proven(db)
    own = tuple(each for each in provider.domains if proven.get(each) == provider.name)
    return replace(provider, domains=own)


async def connection_for(desk: Desk, domain: str) -> AnyProvider | None:
    """Give the connection by which the people of a proven domain sign in, or None.

    Args:
        domain: in lower case, without the `@`.
    """
    named = desk.keep(Providers).for_email(domain)
    if named is None:
        return None
    provider = await with_proven_domains(desk, named)
    return provider if domain in provider.domains else None
