"""Calendar files (RFC 5545) of the due times of a person."""

from datetime import datetime, timedelta
from typing import Final

from icalendar import Calendar, Event
from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.schemas.student.assignments import Moment, MyAssignment
from api.services.student.assignments import list_my_assignments

REFRESH_INTERVAL: Final = timedelta(hours=1)
PRODUCT_ID: Final = "-//Grader//Due times//EN"


def build_calendar(session: Session, owner: Principal, *, public_url: str, now: datetime) -> bytes:
    """Return the due times of *owner* as an iCalendar file (RFC 5545).

    They are those of the page "My courses", with the extensions of the owner.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT_ID)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", "Grader")
    calendar.add("x-wr-calname", "Grader")
    calendar.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
    for assignment in list_my_assignments(session, owner, course=None, state=None, now=now):
        due = assignment.times.due
        if due is not None and not assignment.excused:
            event = _build_event(assignment, due, public_url=public_url, now=now)
            calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _build_event(assignment: MyAssignment, due: Moment, *, public_url: str, now: datetime) -> Event:
    """Return the event at the due time; its UID stays, so programs move it with the due time."""
    url = f"{public_url}/assignments/{assignment.id}"
    event = Event()
    event.add("uid", f"due-{assignment.id}@grader")
    event.add("dtstamp", now)
    event.add("dtstart", due.at)
    event.add("summary", f"{assignment.title} is due")
    lines = [assignment.course_title, f"Due {due.text}."]
    closes = assignment.times.closes
    if closes is not None and closes.at > due.at:
        lines.append(f"Late work until {closes.text}.")
    event.add("description", "\n".join([*lines, url]))
    event.add("url", url)
    event.add("transp", "TRANSPARENT")
    return event
