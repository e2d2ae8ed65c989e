"""What all JSON calls share: strict bodies, and problem documents in the OpenAPI document."""

from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, StringConstraints


class Body(BaseModel):
    """Read a JSON body strictly: known fields alone, no conversion between types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterable[tuple[str | None, object]]:
        """Show no value: bodies carry passwords and tokens."""
        return ()


class Answer(BaseModel):
    """Describe a JSON answer: to the OpenAPI document alone, so that no validator is built at the start."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Problem(Answer):
    """Describe a problem document (RFC 9457)."""

    type: str
    code: str
    status: int
    title: str
    fields: dict[str, str] | None = None
    request_id: str | None = None


Identifier: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=254)]
Typed: TypeAlias = Annotated[str, StringConstraints(max_length=4096)]
Token: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Handle: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=64)]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problem documents that a call answers with, beside those every call may.

    By content and not by `model`: for each model of each status, FastAPI would build a validator that nothing uses.
    """
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    everywhere = (400, 403, 413, 415, 422, 429, 503)
    return {
        status: {"content": content, "description": "A problem document"} for status in sorted({*everywhere, *statuses})
    }
