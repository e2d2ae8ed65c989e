"""Explain why somebody may do something, or may not: by which rules, and who made them true."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from coatcheck.access import records
from coatcheck.access.assignment import Assignment
from coatcheck.access.decide import Decision, Kind, Roles, Rule, Subject, decide
from coatcheck.access.names import parse_permission
from coatcheck.accounts.account import Account
from coatcheck.clock import rfc3339
from coatcheck.desk import Desk
from coatcheck.errors import BadInput


class ExplainedAccess(Struct, frozen=True):
    """Hold a decision and what it was made about.

    Args:
        scopes: what the credential that is thought of may use; None: all.
        allowing: the roles that allow it, whoever holds them.
    """

    account: Account
    permission: str
    scopes: tuple[str, ...] | None
    decision: Decision
    allowing: tuple[str, ...]

    @property
    def title(self) -> str:
        """What was decided, in a few words."""
        return f"{self.permission} is {'allowed' if self.decision.allowed else 'denied'}"

    @property
    def sentences(self) -> list[str]:
        """What speaks against it, or has to be said beside the roles, in sentences."""
        said = [self._says(rule.kind) for rule in self.decision.because if rule.assignment is None]
        return [*said, *self._would_do()]

    @property
    def ways(self) -> list[Rule]:
        """The rules that go by a role that was given."""
        return [rule for rule in self.decision.because if rule.assignment is not None]

    def words(self) -> dict[str, Any]:
        """Give it in the words of the API."""
        return {
            "account": self.account.id,
            "permission": self.permission,
            "scopes": None if self.scopes is None else list(self.scopes),
            "allowed": self.decision.allowed,
            "because": [_words(rule) for rule in self.decision.because],
            "roles_that_allow": list(self.allowing),
        }

    def _says(self, kind: Kind) -> str:
        if kind == "not_active":
            return f"The account is {self.account.status}, so nobody is signed in to it."
        if kind == "out_of_scope":
            return "It is not among the scopes of the credential, which may use no more than these."
        return "No role that this account holds allows it."

    def _would_do(self) -> list[str]:
        if any(rule.kind == "allows" for rule in self.decision.because):
            return []
        if not self.allowing:
            return ["No role allows it, whoever holds one."]
        return [f"It would be allowed by {' or '.join(self.allowing)}."]


async def explain_access(
    desk: Desk, account: Account, *, permission: str, scopes: Iterable[str] | None = None
) -> ExplainedAccess:
    """Decide whether an account may do something, from what is stored now, and say by which rules.

    Args:
        scopes: what a credential of it may use, such as an API key's; None: all, as a session.

    Raises:
        BadInput: the permission, or a scope, is none.
        DatabaseAway: the database cannot be reached.
    """
    asked = parse_permission(permission)
    usable = None if scopes is None else tuple(dict.fromkeys(map(_scope, scopes)))
    async with desk.database.snapshot() as db:
        roles = Roles(dict(await records.list_roles(db)), await records.parents_of_all(db))
        held = await records.assignments_of(db, account.id)
    subject = Subject(tuple(held), account.is_active, None if usable is None else frozenset(usable))
    decision = decide(roles, subject, asked, desk.now())
    return ExplainedAccess(account, asked, usable, decision, tuple(roles.allowing(asked)))


def until_of(assignment: Assignment) -> str | None:
    """Give when a role that somebody holds ends, as the API writes it; None: never."""
    return None if assignment.expires_at is None else rfc3339(assignment.expires_at)


def _scope(raw: str) -> str:
    try:
        return parse_permission(raw)
    except BadInput as problem:
        raise BadInput({"scope": " ".join(problem.fields.values())}) from None


def _words(rule: Rule) -> dict[str, Any]:
    held = rule.assignment
    if held is None:
        return {"rule": rule.kind}
    given = {"granted_by": held.granted_by, "granted_at": rfc3339(held.granted_at), "until": until_of(held)}
    return {"rule": rule.kind, "path": list(rule.path), **given}
