"""Texts of messages: one template per kind, from which text, HTML and digests are made.

The first line of a template is the subject, the rest are paragraphs. A paragraph that is an address
of the service becomes a link in HTML. No subject contains a score, because mail programs show it on
locked screens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from api.services.outbox.kinds import KIND_RULES, MessageKind

TEMPLATES: Final[Mapping[MessageKind, str]] = {
    "password_reset": """\
A new password for Grader

Hello {{ name }},

you, or somebody who knows your e-mail address, requested a new password. Set it here:

{{ link }}

The link works once, until {{ until }}. It logs you out everywhere and ends your tokens.

If you did not request it, ignore this message. Your password does not change.
""",
    "invitation": """\
{{ course or "Grader" }}: your invitation

Hello {{ name }},

you {% if course %}are in the course {{ course }}{% else %}have an account{% endif %}. \
Set your password here, and log in:

{{ link }}

The link works once, until {{ until }}. You log in with this e-mail address.
""",
    "results_released": """\
{{ course }}: results of {{ assignment }}

Hello {{ name }},

the results of {{ assignment }} were released on {{ since }}:

{{ link }}
""",
    "request_answered": """\
{{ course }}: your regrade request for {{ assignment }}

Hello {{ name }},

your regrade request for {{ assignment }} was answered on {{ since }}:

{{ link }}
""",
    "due_soon": """\
{{ course }}: {{ assignment }} is due soon

Hello {{ name }},

{{ assignment }} is due on {{ due }}, and you have not submitted anything yet:

{{ link }}
""",
    "work_waiting": """\
{{ course }}: answers to grade

Hello {{ name }},

{{ course }} has {{ works }} to grade and {{ requests }} to answer:

{{ link }}
""",
}
OPT_OUT_TEMPLATE: Final = """\
You get this message when {{ reason }}. You can choose which messages you get:

{{ preferences }}
"""
TEST_SUBJECT: Final = "Test message from Grader"
TEST_TEXT: Final = """\
This is a test message.

It shows that Grader can send e-mail with its settings.
"""
HTML_PAGE: Final = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body>
{paragraphs}
</body></html>
"""


def _to_single_line(value: Any) -> Any:
    """Return a text as one line, so that a name cannot add a paragraph or a header."""
    return " ".join(value.split()) if isinstance(value, str) else value


_ENVIRONMENT: Final = Environment(
    autoescape=False,  # noqa: S701  # the text is plain; `to_html` escapes all of it
    undefined=StrictUndefined,
    finalize=_to_single_line,
    keep_trailing_newline=True,
)
_TEMPLATES: Final = {kind: _ENVIRONMENT.from_string(text) for kind, text in TEMPLATES.items()}
_OPT_OUT_TEMPLATE: Final = _ENVIRONMENT.from_string(OPT_OUT_TEMPLATE)


@dataclass(frozen=True, slots=True)
class MessageText:
    """Subject and plain text of a message; *content* is the text without greeting and footer."""

    subject: str
    text: str
    content: str = ""

    def to_html(self, public_url: str) -> str:
        """Return the text as HTML, in which the addresses below *public_url* are links."""
        paragraphs = [one for one in self.text.split("\n\n") if one.strip()]
        return HTML_PAGE.format(
            title=escape(self.subject),
            paragraphs="\n".join(_to_paragraph(one.strip(), public_url) for one in paragraphs),
        )


def _to_paragraph(text: str, public_url: str) -> str:
    escaped = escape(text)
    if text.startswith(f"{public_url}/") and " " not in text:
        return f'<p><a href="{escaped}">{escaped}</a></p>'
    return f"<p>{escaped}</p>"


def render_message(
    kind: MessageKind, variables: Mapping[str, str], *, public_url: str
) -> MessageText:
    """Return the message of *kind*; an optional one ends with the address of its preferences."""
    rule = KIND_RULES[kind]
    subject, _, text = _TEMPLATES[kind].render(variables).partition("\n\n")
    content = text.partition("\n\n")[2].strip()
    if rule.optional:
        preferences = _get_preferences_url(public_url)
        values = {"reason": rule.description, "preferences": preferences}
        text += "\n" + _OPT_OUT_TEMPLATE.render(values)
    return MessageText(subject, text, content[:1].upper() + content[1:])


def render_digest(messages: Sequence[MessageText], name: str, *, public_url: str) -> MessageText:
    """Return *messages* as one, for a recipient with this *name*."""
    paragraphs = [
        f"Hello {_to_single_line(name)},",
        *(message.content for message in messages),
        "You can choose which messages you get:",
        _get_preferences_url(public_url),
    ]
    return MessageText(f"Grader: {len(messages)} messages", "\n\n".join(paragraphs) + "\n")


def _get_preferences_url(public_url: str) -> str:
    return f"{public_url}/me/mail"
