"""A service on Django. Run it with `python -m examples.django_app.app runserver --noreload 8400`."""

import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, JsonResponse
from django.urls import path

from coatcheck.integrations.django import current_user, require
from examples.verifier import verifier

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost"],
    MIDDLEWARE=["coatcheck.integrations.django.AuthenticationMiddleware"],
    COATCHECK_AUTHENTICATOR=verifier,
)


def notes(request: HttpRequest) -> JsonResponse:
    """List the notes of whoever asks; deleting them takes more."""
    return clear(request) if request.method == "DELETE" else JsonResponse(_notes_of(request))


@require(permission="notes:delete")
def clear(request: HttpRequest) -> JsonResponse:
    """Delete all notes."""
    return JsonResponse(_notes_of(request))


def _notes_of(request: HttpRequest) -> dict[str, object]:
    return {"notes": [], "of": current_user(request).subject}


urlpatterns = [path("notes", notes)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
