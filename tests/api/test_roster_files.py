"""Tests of student lists from other systems: who is read, who is not, on which line."""

import io
import re
import zipfile

import pytest

from api.services.enrolment.roster_files import Roster, read_roster
from api.services.enrolment.roster_rows import RosterRow

# As `lib/gradebook_exporter.rb` of Canvas writes it: the row of marks, the row of points with four
# blanks in front, names as "Last, First", sections as a sentence, a test student at the end.
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,HW1 (4711),Quizzes Current Score,Final Score
,,,,,Manual Posting,,
    Points Possible,,,,,10.00,(read only),(read only)
"Lovelace, Ada",101,00815,ada@example.edu,CS1 and Research and Methods,9.50,95.00,95.00
"Åström, Märta",102,00816,mastrom,Research and Methods,EX,,
"Park, Jr., Min",103,00817,mpark,"A1, B2, and CS1",N/A,,
"Curie, Marie",104,00818,mcurie,B2,-,,
"Student, Test",105,,b1946ac92492d2347c6235b4d2611184,CS1,,,
"""


def names(roster: Roster) -> list[str]:
    return [row.name for row in roster.rows]


def said(roster: Roster) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in roster.problems]


def test_canvas_gradebook_is_read_with_skipped_rows_and_columns():
    roster = read_roster(CANVAS)
    assert roster.format == "canvas gradebook"
    assert names(roster) == ["Ada Lovelace", "Märta Åström", "Park, Jr., Min", "Marie Curie"]
    first = roster.rows[0]
    assert (first.email, first.student_number, first.lms_id) == ("ada@example.edu", "00815", "101")
    assert (roster.rows[1].email, roster.rows[1].login) == ("", "mastrom")
    assert [row.line for row in roster.skipped] == [2, 3, 8]
    assert roster.problems == ()
    assert roster.ignored_columns == ("HW1 (4711)", "Quizzes Current Score", "Final Score")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["A and B"], [["A and B"]]),
        (["A and B", "A and B"], [["A and B"], ["A and B"]]),
        (["A and B", "A"], [["A", "B"], ["A"]]),
        (["A, B, and C", "B"], [["A", "B", "C"], ["B"]]),
        (["Mon, 9:00 and A", "Mon, 9:00"], [["Mon, 9:00", "A"], ["Mon, 9:00"]]),
        (
            ["A and Research and Methods", "Research and Methods"],
            [["A", "Research and Methods"], ["Research and Methods"]],
        ),
        (["", "A"], [[], ["A"]]),
        (["A" + ", A" * 21, "A"], [["A" + ", A" * 21], ["A"]]),
    ],
)
def test_canvas_section_lists_split_around_names_seen_in_other_rows(cells, expected):
    rows = "".join(f'Ada {at},{at},ada{at},"{cell}"\n' for at, cell in enumerate(cells))
    roster = read_roster(f"Student,ID,SIS Login ID,Section\n{rows}")
    assert [list(row.sections) for row in roster.rows] == expected


OTHERS = {
    "canvas with two name columns": (
        (
            "LastName,FirstName,ID,SIS Login ID,Section,HW1 (1)\n"
            "    Points Possible,,,,,10\n"
            "Lovelace,Ada,101,ada,CS1,9\n"
        ),
        "canvas gradebook",
        RosterRow(
            3, "Ada Lovelace", family_name="Lovelace", login="ada", sections=("CS1",), lms_id="101"
        ),
    ),
    "canvas people": (
        (
            "Name,Login ID,SIS ID,Section,Role,Last Activity\n"
            "Ada Lovelace,ada@Example.edu,00815,CS1,Student,never\n"
            "Alan Turing,alan,00001,CS1,Teacher,never\n"
        ),
        "canvas people",
        RosterRow(
            2,
            "Ada Lovelace",
            email="ada@example.edu",
            student_number="00815",
            login="ada@Example.edu",
            sections=("CS1",),
        ),
    ),
    "canvas new analytics": (
        (
            "Student Name,Student ID,Student SIS ID,Email,Section Name\n"
            "Ada Lovelace,101,00815,ADA@example.edu,CS1\n"
        ),
        "canvas people",
        RosterRow(
            2,
            "Ada Lovelace",
            email="ada@example.edu",
            student_number="00815",
            sections=("CS1",),
            lms_id="101",
        ),
    ),
    "moodle participants": (
        (
            '"First name","Last name","ID number","Email address",Groups,Roles\n'
            'Ada,Lovelace,00815,ada@example.edu,"Mon, Tue",Student\n'
            "Alan,Turing,,alan@example.edu,,Non-editing teacher\n"
        ),
        "moodle",
        RosterRow(
            2,
            "Ada Lovelace",
            family_name="Lovelace",
            email="ada@example.edu",
            student_number="00815",
            sections=("Mon", "Tue"),
        ),
    ),
    "moodle grades": (
        (
            "First name,Surname,ID number,Institution,Department,Email address,"
            "Quiz: One (Real),Course total,Last downloaded from this course\n"
            "Ada,Lovelace,00815,,,ada@example.edu,10.00,10.00,1795820340\n"
        ),
        "moodle",
        RosterRow(
            2,
            "Ada Lovelace",
            family_name="Lovelace",
            email="ada@example.edu",
            student_number="00815",
        ),
    ),
    "moodle worksheet": (
        (
            "Identifier,Full name,Email address,Status,Grade,Online text\n"
            f"Participant 123,Ada Lovelace,ada@example.edu,Submitted,,{'long ' * 200}\n"
        ),
        "moodle",
        RosterRow(2, "Ada Lovelace", email="ada@example.edu", lms_id="123"),
    ),
    "moodle in german": (
        (
            "Vorname;Nachname;ID-Nummer;E-Mail-Adresse;Gruppen\r\n"
            "Ada;Lovelace;00815;ada@example.edu;Mo\r\n"
        ),
        "moodle",
        RosterRow(
            2,
            "Ada Lovelace",
            family_name="Lovelace",
            email="ada@example.edu",
            student_number="00815",
            sections=("Mo",),
        ),
    ),
    "gradescope roster": (
        (
            "First Name,Last Name,SID,Email,Role,Section\n"
            "Ada,Lovelace,00815,ada@example.edu,Student,CS1\n"
            "Alan,Turing,,alan@example.edu,TA,\n"
        ),
        "gradescope",
        RosterRow(
            2,
            "Ada Lovelace",
            family_name="Lovelace",
            email="ada@example.edu",
            student_number="00815",
            sections=("CS1",),
        ),
    ),
    "gradescope grades": (
        (
            "First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status,Submission ID,"
            "Submission Time,Lateness (H:M:S),View Count,Submission Count\n"
            "Ada,Lovelace,00815,ada@example.edu,CS1;CS2,9.0,10.0,Graded,1,x,00:00:00,1,1\n"
        ),
        "gradescope",
        RosterRow(
            2,
            "Ada Lovelace",
            family_name="Lovelace",
            email="ada@example.edu",
            student_number="00815",
            sections=("CS1", "CS2"),
        ),
    ),
    "plain": (
        "\n\nname,email\n\nAda Lovelace,ada@example.edu\n,\n",
        "plain",
        RosterRow(5, "Ada Lovelace", email="ada@example.edu"),
    ),
}


@pytest.mark.parametrize(("text", "kind", "row"), OTHERS.values(), ids=OTHERS)
def test_roster_formats_are_detected_by_header(text, kind, row):
    roster = read_roster(text)
    assert (roster.format, roster.rows, roster.problems) == (kind, (row,), ())


PLAIN = "name,email\nÅda Lovelace,ada@example.edu\n"


@pytest.mark.parametrize(
    "given",
    [
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        "\ufeff" + PLAIN,
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        "sep=;\n" + PLAIN.replace(",", ";"),
        PLAIN.replace("Åda Lovelace", '"Lovelace, Åda"'),
        PLAIN.replace("Åda Lovelace", "A\u030ada\u00a0 Lovelace"),
        PLAIN.replace("Åda Lovelace", '"Åda\nLovelace"'),
        PLAIN.replace("ada@", " ADA@").replace(".edu", ".EDU\u200b "),
        PLAIN.replace("name", "Full_Name").replace("email", "E-Mail *"),
        PLAIN.replace("name,email", "email address;name;;").replace(
            "Åda Lovelace,ada@example.edu", "ada@example.edu;Åda Lovelace;;"
        ),
        PLAIN.replace("name", "First Name,Surname").replace("Åda ", "Åda,"),
        PLAIN.replace("ada@example.edu", '"=""ada@example.edu"""'),
    ],
)
def test_roster_reads_same_student_from_every_file_variant(given):
    roster = read_roster(given)
    assert roster.problems == ()
    assert [(row.name, row.email) for row in roster.rows] == [("Åda Lovelace", "ada@example.edu")]


HEAD = "name,email,student number\n"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",ada@example.edu,1", "the row has no name"),
        ("Ada,,1", "the row has no e-mail"),
        ("Ada,ada,1", "not an address"),
        ("Ada,ada@,1", "not an address"),
        ("Ada,ada@example..edu,1", "not an address"),
        ("Ada,Ada <ada@example.edu>,1", "not an address"),
        ("Ada,ada@example.edu;b@example.edu,1", "not an address"),
        (f"Ada,{'a' * 65}@example.edu,1", "not an address"),
        (f"Ada,a@{'b' * 260},1", "not an address"),
        ("Lovelace, Ada,ada@example.edu,1", "4 cells, the header 3; put a name with a comma"),
        (f"{'A' * 301},ada@example.edu,1", "301 characters; at most 300"),
        ("Ada\u202egpj,ada@example.edu,1", "hidden character U[+]202E"),
        ("Ada\x07,ada@example.edu,1", "hidden character U[+]0007"),
        ("Ada,ada@example.edu,1.23E+07", "rounded the student number to 1.23E[+]07"),
        ('Ada,ada@example.edu,"1,23E+07"', "rounded"),
        ("Ada,BOB@Example.edu,9", "the e-mail bob@example.edu is on line 2 and on line 3. Keep"),
        ("Ada,ada@example.edu,7", "the student number 7 is on line 2 and on line 3. Keep"),
    ],
)
def test_invalid_roster_row_is_reported_and_others_are_read(row, problem):
    roster = read_roster(f"{HEAD}Bob,bob@example.edu,7\n{row}\nEve,eve@example.edu,8\n")
    assert names(roster) == ["Bob", "Eve"]
    ((line, what),) = said(roster)
    assert line == 3
    assert re.search(problem, what)


def test_name_suffix_is_not_a_given_name():
    roster = read_roster('name,email\n"Martin King, Jr.",m@example.edu\n')
    assert [(row.name, row.family_name) for row in roster.rows] == [("Martin King, Jr.", "")]


def test_overlong_combined_name_is_reported():
    roster = read_roster(f"first name,last name,email\n{'A' * 150},{'B' * 150},a@example.edu\n")
    assert said(roster) == [(2, "the name has 301 characters; at most 300 are read")]


def test_roster_row_without_identifier_is_reported():
    roster = read_roster("name,student number,login\nAda,1,\nAlan,,\n")
    assert names(roster) == ["Ada"]
    assert said(roster) == [(3, "the row does not identify the student; add an e-mail address")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12345.0", "12345"), ("00042", "00042"), ('"=""00042"""', "00042"), ("A-1.0", "A-1.0")],
)
def test_student_number_is_text_without_spreadsheet_artifacts(text, expected):
    (row,) = read_roster(f"{HEAD}Ada,ada@example.edu,{text}\n").rows
    assert row.student_number == expected


BIG = "a,b\n" * 1_300_000


def packed(name):
    """Return a ZIP archive with one file, as in spreadsheets and archives."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(
            name, "application/vnd.oasis.opendocument.spreadsheet" * (name == "mimetype")
        )
    return whole.getvalue()


@pytest.mark.parametrize(
    ("given", "line", "problem"),
    [
        ("", 1, "the file is empty"),
        (b"\xef\xbb\xbf\r\n\r\n", 1, "the file is empty"),
        ("sep=;", 1, "the file is empty"),
        ("Ada,ada@example.edu\n", 1, "an address and is not a header"),
        ("email\nada@example.edu\n", 1, "no column contains names"),
        ("\nname,grade\nAda,1\n", 2, "no column identifies the students"),
        ("name,email,E-Mail\nAda,a@example.edu,b@example.edu\n", 1, None),
        ("name,email,Email\nAda,a@example.edu,b@example.edu\n", 1, "two columns 'email'"),
        ('name,email\nBob,b@example.edu\n"Ada,a@example.edu\nEve,e@example.edu\n', 3, "its quotes"),
        ('name,email\n"Ada"x,a@example.edu\n', 2, "its quotes"),
        ("name,email\nÅda,a@example.edu\n".encode("latin-1"), 1, "not UTF-8"),
        (b"PK\x03\x04name,email", 1, "a zip archive"),
        ("name,email\n\0", 1, "not text"),
        ("name,email\n\ud800", 1, "not UTF-8"),
        (b"\xff\xfea", 1, "not UTF-8"),
        (packed("xl/workbook.xml"), 1, "an Excel workbook (.xlsx); save the table as CSV UTF-8"),
        (packed("Index/Tables.iwa"), 1, "a Numbers spreadsheet"),
        (packed("mimetype"), 1, "an OpenDocument spreadsheet"),
        (packed("roster.csv"), 1, "a zip archive; unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 1, "an old Excel workbook"),
        (BIG, 1, "over 5 MB"),
        (BIG.encode(), 1, "over 5 MB"),
        (HEAD + "Ada,a@example.edu,1\n" * 20_001, 20_002, "over 20,000 rows"),
    ],
)
def test_unusable_roster_file_reports_reason(given, line, problem):
    roster = read_roster(given)
    if problem is None:
        assert (names(roster), roster.ignored_columns) == (["Ada"], ("E-Mail",))
        return
    assert (roster.format, roster.rows) == ("", ())
    ((where, what),) = said(roster)
    assert where == line
    assert problem in what


def test_roster_reports_at_most_101_problems():
    roster = read_roster("name,email\n" + "Ada,x\n" * 20_000)
    assert len(roster.problems) == 101
    assert said(roster)[-1] == (102, "19900 more rows from here on")
    assert roster.rows == ()


def test_escaped_formula_in_roster_is_unescaped():
    (row,) = read_roster("name,email\n'=Ada,ada@example.edu\n").rows
    assert row.name == "=Ada"


def test_roster_of_twenty_thousand_students_is_read():
    rows = "".join(f"S {at},s{at}@example.edu\n" for at in range(20_000))
    roster = read_roster(f"name,email\n{rows}")
    assert (len(roster.rows), roster.problems) == (20_000, ())
