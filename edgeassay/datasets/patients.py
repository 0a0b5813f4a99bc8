"""Who a patient is in a table: the column that says so, and ids that are written in two ways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from edgeassay.datasets.identity import check_patients, same_text
from edgeassay.datasets.labels import says_nothing
from edgeassay.datasets.table import Table
from edgeassay.errors import DataError, some

# A person's word, and what may follow it where the column says who it is.
PERSON: Final = r"(?:patient(?:s|en)?|pat|pt|subjects?|subj|sub|participants?|persons?)"
ID: Final = (
    r"(?:ids?|no|nr|num|numbers?|nummer|names?|keys?|codes?|u?uid|identifiers?|pseudonyms?|hash)"
)
COLUMN: Final = re.compile(
    rf"(?:{PERSON}{ID}|id{PERSON}|patients?|subjects?|participants?|persons?"
    r"|pid|mrn)"
)
# What may group a person's images, and often does.
GROUPING: Final = re.compile(
    rf"(?:{PERSON}|case|study|exam|examination|visit|session|series|accession|anon|group|client|lesion|scan"
    rf"|case|record|studyinstance)?{ID}?"
)
FEW: Final = 4  # values: so many groups are those of a study, and no people
MANY: Final = 5  # images a value: where a column has fewer on average, its values are no categories
# What is known of a person beside who it is.
ATTRIBUTE: Final = re.compile(
    r".*(?:age|sex|gender|race|ethnicity|weight|height|size|bmi|position|orientation|birth|date"
    r"|dob|years?|months?|group|split|count|type|status|class|history)\w*"
)


def _compact(name: str) -> str:
    """A column's name in lower case, letters and digits alone."""
    return re.sub(r"[\W_]", "", same_text(name))


def names_patients(column: str) -> bool:
    """Whether a column of this name says whose image each is, such as `Patient ID`."""
    return COLUMN.fullmatch(_compact(column)) is not None


def patient_column(header: Sequence[str], where: str) -> str | None:
    """The column that says whose image each is; None where none does. DataError where several could
    be meant, or one that could be meant has a name that doesn't tell.
    """
    found = [name for name in header if names_patients(name)]
    if not found:
        found = [name for name in header if _may_name_patients(name)]
        if found:
            raise DataError(
                f"{where} has a column {found[0]!r}, and it isn't clear whether it says whose image"
                " each is; call it 'patient' if it does, else remove it"
            )
        return None
    if len(found) > 1:
        raise DataError(
            f"{where} has the columns {some([repr(name) for name in found])}, and each could say"
            " whose image each is; leave one of them"
        )
    return found[0]


def _may_name_patients(column: str) -> bool:
    compact = _compact(column)
    about = re.search(r"patient|subject|participant", compact) is not None
    return about and ATTRIBUTE.fullmatch(compact) is None


def could_be_patients(column: str, values: Sequence[str]) -> bool:
    """Whether a column may say whose image each is, though its name doesn't: images share values,
    and its name is a case's or a study's, or there are many values.
    """
    different, compact = len(set(values)), _compact(column)
    if different == len(values):
        return False
    if GROUPING.fullmatch(compact) is not None:
        return different > FEW
    if ATTRIBUTE.fullmatch(compact) is not None:
        return False
    numbers = all(re.fullmatch(r"-?\d*\.\d+(e-?\d+)?", value.strip()) for value in values)
    return different * MANY >= len(values) and not numbers


def patients_of(table: Table, column: str) -> list[str]:
    """Each row's patient; blanks around an id make no other patient of it.

    DataError where a cell says nothing, or ids are the same but for case, blanks, leading zeros
    or a trailing `.0`: one patient would count as two.
    """
    stripped = {name: name.strip() for name in set(table.columns[column])}
    patients = [stripped[name] for name in table.columns[column]]
    if "" in stripped.values():
        raise DataError(f"{table.at(patients.index(''))}: column {column!r} is empty; fill it in")
    nobody = next((row for row, name in enumerate(patients) if says_nothing(name)), None)
    if nobody is not None:
        raise DataError(
            f"{table.at(nobody)}: column {column!r} is {patients[nobody]!r}, which names nobody:"
            " all such images would be one patient's; write whose image it is, or remove the row"
        )
    check_patients(table, column, patients)
    return patients
