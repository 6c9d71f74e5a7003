"""Page of the Python client: how a notebook installs it from this service, and its wheel."""

from typing import Final

from fastapi import Request, Response

from api.core.error_codes import ERROR_CODES
from api.core.errors import NotFound
from api.http.response_memory import SharedResponse
from api.pages.docs import REVALIDATED_HEADERS
from api.pages.layout.templating import render_response
from api.pages.router import PageRouter
from api.services.files.client_wheel import load_client_wheel
from api.state import AppState

router = PageRouter()
CLIENT_PATH: Final = "/client"
WHEEL_MEDIA_TYPE: Final = "application/zip"


@router.get(CLIENT_PATH)
def client_page(request: Request) -> Response:
    """Return the page for students, on which pip finds the wheel (``--find-links``)."""
    service: AppState = request.app.state.service
    wheel, address = load_client_wheel(), service.settings.public_url
    variables = {"wheel": wheel, "address": address, "index": f"{address}{CLIENT_PATH}"}
    return render_response("student/client.html", variables)


@router.get(f"{CLIENT_PATH}/{{file}}")
def download_client(file: str) -> Response:
    """Return the wheel, whose name has the version of the client.

    Raises `NotFound` for another name, such as that of another version.
    """
    wheel = load_client_wheel()
    if file != wheel.name:
        raise NotFound(ERROR_CODES["not_found"].meaning)
    return SharedResponse(wheel.content, media_type=WHEEL_MEDIA_TYPE, headers=REVALIDATED_HEADERS)
