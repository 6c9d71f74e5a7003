"""Invalid input for login, account, request and practice forms, and for site accounts."""

from wrong_forms.form import WrongForm

FORMS = {
    "login": WrongForm(
        "/login",
        "The e-mail address or the password is incorrect",
        {"email": "nobody@example.edu", "password": "three other words"},
        wrong="password",
        who=None,
        status=401,
    ),
    "invitation": WrongForm(
        "/welcome",
        "not the same",
        {"secret": "gr_inv_x", "password": "three other words", "again": "three otter words"},
        wrong="again",
        who=None,
    ),
    "own name": WrongForm("/account", "Name", {"name": ""}, to="/me", wrong="name", who="student"),
    "own password": WrongForm(
        "/account",
        "New password is not the same both times",
        {"current": "three words of mine", "new": "four other words", "again": "four otter words"},
        to="/me/password",
        wrong="new",
        who="student",
    ),
    "code of a program": WrongForm(
        "/device",
        "A code has eight letters",
        {"code": "BDFK-XTRA"},
        wrong="code",
        who="student",
    ),
    "token": WrongForm(
        "/account",
        "Days until it expires",
        {"name": "laptop", "days": "1000"},
        to="/me/tokens",
        wrong="days",
        who="student",
    ),
    "token for nothing": WrongForm(
        "/account",
        "Tick at least one",
        {"name": "laptop", "scopes": ""},
        to="/me/tokens",
        wrong="scopes",
        who="student",
    ),
    "request": WrongForm(
        "/submissions/{asked}",
        "Your reason",
        {"text": ""},
        to="/submissions/{asked}/parts/cells/request",
        wrong="text",
        who="classmate",
    ),
    "practice with nothing": WrongForm("{over}/practice", "Enter an answer first", who="student"),
    "account": WrongForm(
        "/users/{user}", "E-mail", {"email": "at home"}, wrong="email", who="admin"
    ),
    "new account": WrongForm(
        "/users/new",
        "E-mail",
        {"name": "Bo Example", "email": "at home"},
        wrong="email",
        who="admin",
    ),
    "name typed for an administrator": WrongForm(
        "/users/{user}/administrator",
        "name",
        {"confirm": "Somebody else"},
        wrong="confirm",
        who="admin",
    ),
    "name typed to erase": WrongForm(
        "/users/{user}/erase", "name", {"confirm": "Somebody else"}, wrong="confirm", who="admin"
    ),
}
