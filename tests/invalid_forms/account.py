"""Invalid input for login, account, request and practice forms, and for site accounts."""

from invalid_forms.form import InvalidForm

FORMS = {
    "login": InvalidForm(
        "/login",
        "The e-mail address or the password is incorrect",
        {"email": "nobody@example.edu", "password": "three other words"},
        invalid_field="password",
        user=None,
        status=401,
    ),
    "invitation": InvalidForm(
        "/welcome",
        "not the same",
        {"secret": "gr_inv_x", "password": "three other words", "again": "three otter words"},
        invalid_field="again",
        user=None,
    ),
    "name of the account": InvalidForm(
        "/account", "Name", {"name": ""}, action="/me", invalid_field="name", user="student"
    ),
    "password of the account": InvalidForm(
        "/account",
        "New password is not the same both times",
        {"current": "three words of mine", "new": "four other words", "again": "four otter words"},
        action="/me/password",
        invalid_field="new",
        user="student",
    ),
    "device code": InvalidForm(
        "/device",
        "A code has eight letters",
        {"code": "BDFK-XTRA"},
        invalid_field="code",
        user="student",
    ),
    "token": InvalidForm(
        "/account",
        "Days until it expires",
        {"name": "laptop", "days": "1000"},
        action="/me/tokens",
        invalid_field="days",
        user="student",
    ),
    "token without scopes": InvalidForm(
        "/account",
        "Tick at least one",
        {"name": "laptop", "scopes": ""},
        action="/me/tokens",
        invalid_field="scopes",
        user="student",
    ),
    "regrade request": InvalidForm(
        "/submissions/{regradable_submission}",
        "Your reason",
        {"text": ""},
        action="/submissions/{regradable_submission}/parts/cells/request",
        invalid_field="text",
        user="classmate",
    ),
    "empty practice answer": InvalidForm(
        "{closed_problem}/practice", "Enter an answer first", user="student"
    ),
    "account": InvalidForm(
        "/users/{user}", "E-mail", {"email": "at home"}, invalid_field="email", user="admin"
    ),
    "new account": InvalidForm(
        "/users/new",
        "E-mail",
        {"name": "Bo Example", "email": "at home"},
        invalid_field="email",
        user="admin",
    ),
    "confirmation of an administrator": InvalidForm(
        "/users/{user}/administrator",
        "name",
        {"confirm": "Somebody else"},
        invalid_field="confirm",
        user="admin",
    ),
    "confirmation of an erasure": InvalidForm(
        "/users/{user}/erase",
        "name",
        {"confirm": "Somebody else"},
        invalid_field="confirm",
        user="admin",
    ),
}
