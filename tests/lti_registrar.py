"""Registration of a learning platform in tests: its endpoints, its link, and its values."""

import json
import re

import httpx2
from lti_platform import TOOL

__all__ = [
    "ENDPOINT_NAMES",
    "QUERY",
    "REGISTRATION",
    "Registrar",
    "copy_values",
    "registration_link",
]

REGISTRATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
ENDPOINT_NAMES = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")


class Registrar:
    """The registration endpoints of a platform; *reply* replaces its last reply."""

    def __init__(self, host="https://lms.example", *, deployment="5", reply=None, metadata=None):
        self.host, self.deployment, self.reply = host, deployment, reply
        self.metadata = metadata or {}
        self.registrations = []

    def serve(self, request):
        # Canvas returns its metadata only to the holder of the token.
        assert request.headers["Authorization"] == "Bearer secret token"
        if request.method == "GET":
            urls = {name: f"{self.host}/{name}" for name in ENDPOINT_NAMES}
            return httpx2.Response(200, json={"issuer": self.host} | urls | self.metadata)
        self.registrations.append(json.loads(request.content))
        if self.reply is not None:
            return self.reply
        extra = {"deployment_id": self.deployment} if self.deployment else {}
        return httpx2.Response(201, json={"client_id": "new-client", REGISTRATION: extra})


def registration_link(admin, origin="https://lms.example/"):
    page = admin.get("/lti/platforms")
    page = admin.send(page.one("form", action="/lti/platforms/link"), name="Lms", origin=origin)
    assert page.status == 200, page.text
    [link] = re.findall(rf"{TOOL}(/lti/register/[\w-]+)", page.text)
    return link


QUERY = {
    "openid_configuration": "https://lms.example/openid",
    "registration_token": "secret token",
}


def copy_values(platform, **changes):
    """Return the fields of the form as an administrator copies them."""
    values = platform.values()
    names = ("name", "issuer", "client_id", "authorization_url", "token_url", "jwks_url", "origin")
    fields = {name: getattr(values, name) for name in names}
    return fields | {"deployments": "\n".join(values.deployments)} | changes
