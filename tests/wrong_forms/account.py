"""Forms of everybody: the way in, one's account, requests and practice; accounts of the site."""

from wrong_forms.form import WrongForm

FORMS = {
    "log-in": WrongForm(
        "/login",
        "/login",
        "The e-mail address or the password is not right",
        {"email": "nobody@example.edu", "password": "three other words"},
        wrong="password",
        who=None,
        status=401,
    ),
    "invitation": WrongForm(
        "/welcome",
        "/welcome",
        "not the same",
        {"secret": "gr_inv_x", "password": "three other words", "again": "three otter words"},
        wrong="again",
        who=None,
    ),
    "own name": WrongForm("/account", "/me", "Name", {"name": ""}, wrong="name", who="student"),
    "own password": WrongForm(
        "/account",
        "/me/password",
        "New password is not the same both times",
        {"current": "three words of mine", "new": "four other words", "again": "four otter words"},
        wrong="new",
        who="student",
    ),
    "token": WrongForm(
        "/account",
        "/me/tokens",
        "Days until it expires",
        {"name": "laptop", "days": "1000"},
        wrong="days",
        who="student",
    ),
    "token for nothing": WrongForm(
        "/account",
        "/me/tokens",
        "Tick at least one",
        {"name": "laptop", "scopes": ""},
        wrong="scopes",
        who="student",
    ),
    "request": WrongForm(
        "/submissions/{asked}",
        "/submissions/{asked}/parts/cells/request",
        "Your reason",
        {"text": ""},
        wrong="text",
        who="classmate",
    ),
    "practice with nothing": WrongForm(
        "{over}/practice", "{over}/practice", "Answer a part, then check", who="student"
    ),
    "account": WrongForm(
        "/users/{user}", "/users/{user}", "E-mail", {"email": "at home"}, "email", who="admin"
    ),
    "name typed to erase": WrongForm(
        "/users/{user}/erase",
        "/users/{user}/erase",
        "name",
        {"confirm": "Somebody else"},
        wrong="confirm",
        who="admin",
    ),
}
