"""Link an identity at a provider to an account: the one place that does, and its owner is told."""

from msgspec.structs import replace

from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.login.notice import notice
from coatcheck.login.sign_in import SignIn
from coatcheck.secret import new_id
from coatcheck.storage.database import Writing
from coatcheck.upstream import records, vault
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.records import LinkedIdentity
from coatcheck.visit import Visit


class CannotLink(Exception):
    """Say that an identity cannot be linked any more as it was asked for."""


async def link_as_asked(tx: Writing, desk: Desk, visit: Visit, account: Account, sign_in: SignIn) -> None:
    """Link the identity that a complete sign-in was begun by; the door calls this in its own transaction.

    The caller holds the account's row.

    Raises:
        CannotLink: it was linked meanwhile, or the account has another address by now.
    """
    if sign_in.linking is None:
        return
    if account.email != sign_in.linking.email:
        raise CannotLink("the account has another address than the identity by now")
    tokens = vault.opened(desk, sign_in.linking_tokens, place=f"linking:{sign_in.id}")
    try:
        linked = await link(tx, desk, account, replace(sign_in.linking, tokens=tokens))
    except records.Taken:
        raise CannotLink("the identity was linked meanwhile") from None
    await record_linked(tx, desk, visit, account, linked)


async def record_linked(tx: Writing, desk: Desk, visit: Visit, account: Account, linked: LinkedIdentity) -> None:
    """Record that an identity was linked, and tell the account's owner."""
    details = {"provider": linked.provider, "identity": linked.id}
    await record(tx, desk, visit, "identity.linked", account=account.id, details=details)
    shown = f" ({linked.email})" if linked.email else ""
    title = desk.keep(Providers).title_of(linked.provider)
    await notice(tx, desk, visit, account, f"A way to sign in was linked to your account: {title}{shown}")


async def link(tx: Writing, desk: Desk, account: Account, identity: Identity) -> LinkedIdentity:
    """Link an identity to an account, whose row the caller holds.

    Raises:
        records.Taken: it is linked already; the transaction cannot go on.
    """
    linked = LinkedIdentity(
        id=new_id("idn_"),
        account=account.id,
        provider=identity.provider,
        issuer=identity.issuer,
        subject=identity.subject,
        email=identity.email,
        name=identity.name,
        linked_at=desk.now(),
        last_used_at=None,
    )
    await records.add(tx, linked, identity.key)
    if identity.tokens is not None:
        await vault.store(tx, desk, linked.id, identity.tokens)
    return linked
