"""The HTTP of a permit: what the doctor asks of it from outside, by the header `Coatcheck-Permit` alone."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from coatcheck.doctor.end_permit import end_permit
from coatcheck.doctor.mails_of_permit import mails_of_permit
from coatcheck.gate.request import desk_of, visit_of
from coatcheck.http.api import problems

api = APIRouter(prefix="/api/doctor", tags=["doctor"])


@api.get("/permit", responses=problems(404))
async def show_permit(request: Request) -> Response:
    """Tell how many mails were written to the permit's account within the hour, and how many still wait to be sent."""
    return JSONResponse({"mails": await mails_of_permit(desk_of(request), secret=visit_of(request).permit)})


@api.delete("/permit", status_code=204, responses=problems(404))
async def end(request: Request) -> Response:
    """End the permit: its account and all that hangs on it is removed at once."""
    visit = visit_of(request)
    await end_permit(desk_of(request), visit, secret=visit.permit)
    return Response(status_code=204)
