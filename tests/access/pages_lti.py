"""Permissions of the pages of LTI; what a launch may do is in tests/api/test_lti_launches.py."""

from scene import Scene

from access import Route
from api.core.ids import new_id
from api.db.models import LtiContext, LtiDeployment, LtiLink, LtiPlatform

FORM = "application/x-www-form-urlencoded"
SENT = {"media": FORM, "headers": {"Sec-Fetch-Site": "same-origin"}}
MAKES = {"scope": "admin", "site": True, **SENT}
PLATFORM = (
    "name=Moodle&issuer=https%3A%2F%2Fnew.example&client_id=c"
    "&authorization_url=https%3A%2F%2Fnew.example%2Fauth"
    "&token_url=https%3A%2F%2Fnew.example%2Ftoken&jwks_url=https%3A%2F%2Fnew.example%2Fjwks"
)

ROUTES = {
    # These need the message of a platform, a cookie or a secret.
    ("GET", "/lti/login"): Route("anyone", called=False),
    ("POST", "/lti/login"): Route("anyone", called=False),
    ("POST", "/lti/launch"): Route("anyone", called=False),
    ("GET", "/lti/enter"): Route("anyone", called=False),
    ("POST", "/lti/enter"): Route("anyone", called=False),
    ("GET", "/lti/link"): Route("anyone", called=False),
    ("POST", "/lti/link"): Route("anyone", called=False),
    ("GET", "/lti/deep-link"): Route("anyone", called=False),
    ("POST", "/lti/deep-link"): Route("anyone", called=False),
    ("GET", "/lti/register/{registration}"): Route("anyone", called=False),
    ("POST", "/lti/register/{registration}"): Route("anyone", called=False),
    ("GET", "/lti/connect"): Route("person", site=True, called=False),
    ("POST", "/lti/connect"): Route("person", site=True, called=False, **SENT),
    ("GET", "/lti/jwks"): Route("anyone"),
    ("GET", "/lti/config.json"): Route("anyone"),
    ("GET", "/lti/platforms"): Route("admin", site=True),
    ("GET", "/lti/platforms/new"): Route("admin", site=True),
    ("POST", "/lti/platforms/new"): Route("admin", ok=303, body=PLATFORM, **MAKES),
    ("POST", "/lti/platforms/link"): Route(
        "admin", body="name=Moodle&origin=https%3A%2F%2Flms.example", **MAKES
    ),
    ("POST", "/lti/platforms/keys/rotate"): Route("admin", ok=303, body="x=1", **MAKES),
    ("POST", "/lti/platforms/{platform}/deployments"): Route(
        "admin", ok=303, body="deployment=2", **MAKES
    ),
    ("POST", "/lti/platforms/{platform}/disable"): Route("admin", ok=303, body="x=1", **MAKES),
    ("POST", "/lti/platforms/{platform}/enable"): Route("admin", ok=303, body="x=1", **MAKES),
    ("GET", "/courses/{course}/lti"): Route("instructor"),
    ("POST", "/courses/{course}/lti/sync"): Route(
        "instructor", scope="manage", ok=303, body="x=1", **SENT
    ),
    ("POST", "/courses/{course}/lti/roster"): Route(
        "instructor",
        scope="manage",
        ok=303,
        body=lambda scene: f"context={scene.places['here']['lti_context']}",
        **SENT,
    ),
    ("POST", "/courses/{course}/lti/scores"): Route(
        "instructor",
        scope="manage",
        ok=303,
        body=lambda scene: f"assignment={scene.posed.assignment}",
        **SENT,
    ),
    ("POST", "/courses/{course}/lti/links"): Route(
        "instructor",
        scope="manage",
        ok=303,
        body=lambda scene: f"link={scene.places['here']['lti_link']}&assignment=",
        **SENT,
    ),
}


def furnish(scene: Scene) -> None:
    """Add a platform with a context and a link in each course."""
    now = scene.world.clock()
    platform, deployment = new_id(), new_id()
    urls = {
        name: f"https://lms.example/{name}"
        for name in ("authorization_url", "token_url", "jwks_url")
    }
    links, contexts = {}, {}
    with scene.world.session() as session:
        session.add(
            LtiPlatform(
                id=platform,
                name="Lms",
                issuer="https://lms.example",
                client_id="grader",
                created_at=now,
                origins=["https://lms.example"],
                **urls,
            )
        )
        session.flush()
        session.add(
            LtiDeployment(id=deployment, platform_id=platform, deployment_id="1", created_at=now)
        )
        session.flush()
        for place, course in (("here", scene.course), ("elsewhere", scene.other)):
            context, links[place] = new_id(), new_id()
            contexts[place] = context
            session.add(
                LtiContext(
                    id=context,
                    deployment_id=deployment,
                    context_id=place,
                    course_id=course,
                    connected_at=now,
                    line_items_url="https://lms.example/items",
                    memberships_url="https://lms.example/members",
                    scopes=[],
                    created_at=now,
                )
            )
            session.flush()
            session.add(LtiLink(id=links[place], context_id=context, link_id="1", created_at=now))
    scene.put("platform", here=platform, elsewhere=platform)
    scene.put("registration", here="none", elsewhere="none")
    scene.put("lti_link", **links)
    scene.put("lti_context", **contexts)
