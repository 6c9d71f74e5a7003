"""Tests of launches whose claims have odd values: each gets a page, and none breaks the service."""

import pytest
from lti_platform import DIALECTS, LtiPlatform, rsa_key
from pages import Browser
from world import World
from written_tokens import sign_as_written

from api.services.lti.protocol.public_http import PlatformHttp

ONE_DATABASE = True
ODD = {
    "half of a surrogate pair": "\ud800",
    "the character zero": "a\0b",
    "a long text": "x" * 5_000,
    "a text that turns others": "\u202e\u2066abc",
    "NaN": float("nan"),
    "infinity": float("inf"),
    "a large number": 10**400,
    "a negative number": -1,
    "true": True,
    "a list": [[["a"]], 5],
    "an object": {"id": {"id": "\ud800"}, "title": 5},
    "nothing": "",
}
CLAIMS = (
    *("sub", "iat", "exp", "aud", "azp", "iss", "nonce", "name", "email", "deployment_id"),
    *("context", "resource_link", "roles", "custom", "endpoint", "target_link_uri", "version"),
)


@pytest.fixture(scope="module")
def platform(shared_database_url):
    world = World(shared_database_url)
    platform = LtiPlatform(DIALECTS["moodle"], now=int(world.clock().timestamp()))
    world.service.lti.http = PlatformHttp(platform.transport)
    platform.register(world, vouches_email=True)
    yield world, platform
    world.close()


def signed(claims):
    return sign_as_written(claims, rsa_key("platform-key-1"), "platform-key-1")


@pytest.mark.parametrize("sub", ["a\0b", "\ud800"])
def test_invalid_user_ids_are_rejected_instead_of_normalized(platform, sub):
    world, fake = platform
    page = fake.launch(Browser(world), fake.teacher, sign=signed, sub=sub)
    assert (page.status, "unusable id" in page.text) == (403, True)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("claim", CLAIMS)
def test_malformed_claims_get_a_page_instead_of_a_crash(platform, claim, odd):
    world, fake = platform
    for value in (odd, [odd], {"id": odd, "title": odd, "scope": odd, "lineitems": odd}):
        browser = Browser(world)
        world.clock.advance(seconds=1)
        fake.now = int(world.clock().timestamp())
        page = fake.launch(browser, fake.teacher, sign=signed, **{claim: value})
        assert page.status in {200, 303, 403}, page.text
        if page.status == 303:
            page = browser.follow(page)
            assert page.status == 200, page.text
            tokens = page.all("input", name="token")
            if tokens:
                form = {"token": tokens[0]["value"], "choice": "new"}
                assert browser.post("/lti/link", form).status in {303, 403, 409}
