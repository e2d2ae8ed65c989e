"""What the notes' API refuses, as problem documents, like those of Coatcheck beside it (RFC 9457)."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Problem(Exception):
    """Refuse a request.

    Args:
        code: the stable name of what is wrong.
        title: the same in words for a person.
        retry_after: seconds after which it is worth another try; None where it is not.
        more: what else the document says.
    """

    def __init__(self, status: int, code: str, title: str, *, retry_after: int | None = None, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.retry_after = retry_after
        self.document = {"type": f"urn:notes:{code}", "code": code, "status": status, "title": title, **more}


async def answer_problem(request: Request, problem: Exception) -> Response:
    """Answer with what was refused; the app makes this its handler of problems."""
    if not isinstance(problem, Problem):
        raise problem
    headers = {"cache-control": "no-store"}
    if problem.retry_after is not None:
        headers["retry-after"] = str(problem.retry_after)
    return JSONResponse(problem.document, problem.status, headers, media_type="application/problem+json")
