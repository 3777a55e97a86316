"""Static files: WhiteNoise finds them, and they are sent whole."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class Files(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, but a file is read before it is sent.

    Its own answer is a plain iterator, which Django under ASGI reads to the end anyway, with a warning.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """Return the file in one piece."""
        found = static_file.get_response(request.method, request.META)
        answer = HttpResponse(status=int(found.status))
        answer.headers.pop("Content-Type", None)
        for name, value in found.headers:
            answer.headers[name] = value
        if found.file is not None:
            with found.file as file:
                answer.content = file.read()
        return answer
