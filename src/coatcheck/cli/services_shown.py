"""What `coatcheck service list` shows of a service, in words for people and for programs."""

from typing import Any, Final

from coatcheck.admin.feed_readers import Standing
from coatcheck.cli.showing import ago, moment
from coatcheck.clients.registration import Registration
from coatcheck.clock import Instant, rfc3339

COLUMNS: Final = (
    "Service",
    "Name",
    "Status",
    "May",
    "Credential",
    "Works until",
    "Revocations applied",
    "Heard from",
)


def rows_of(service: Registration, heard: Standing | None, now: Instant) -> list[tuple[str, ...]]:
    """Give the rows of a service, one for each credential.

    Args:
        heard: where it stands with the feed, if it follows it.
    """
    about = (service.id, service.name, service.status, ", ".join(service.permissions) or "-")
    feed = (_applied(heard), "never" if heard is None else ago(heard.heard_at, now))
    credentials = [(f"{each.id} ({each.kind})", moment(each.expires_at)) for each in service.working(now)]
    first, *others = credentials or [("-", "-")]
    return [(*about, *first, *feed), *(("", "", "", "", *each, "", "") for each in others)]


def words_of(service: Registration, heard: Standing | None) -> dict[str, Any]:
    """Give a service as programs read it."""
    return {
        "id": service.id,
        "name": service.name,
        "status": service.status,
        "created_at": rfc3339(service.created_at),
        "permissions": service.permissions,
        "audiences": service.calls,
        "serves": service.serves,
        "credentials": [
            {
                "id": each.id,
                "kind": each.kind,
                "created_at": rfc3339(each.created_at),
                "expires_at": rfc3339(each.expires_at),
            }
            for each in service.credentials
        ],
        "feed": heard and {"heard_at": rfc3339(heard.heard_at), "events_behind": heard.behind},
    }


def _applied(heard: Standing | None) -> str:
    if heard is None:
        return "-"
    if heard.behind is None:
        return "has to start over"
    return f"{heard.behind} event{'' if heard.behind == 1 else 's'} behind" if heard.behind else "all"
