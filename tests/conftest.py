"""Which tests are ``long``: ``make test`` leaves them out, ``make test-long`` runs them.

Each repeats, on a second kind of server or at further points, a promise that the others hold already; together they
would keep a check on two cores from ending in its quarter of an hour.
"""

from __future__ import annotations

import re
from typing import Final

import pytest

LONG: Final = re.compile(
    r"faults/test_ten_mistakes\.py::.*\[(?:apache|nginx|sabre)"
    r"|faults/test_crash_matrix\.py::test_crash_matrix\["
    r"|faults/test_residuals\.py::test_(?:2_interrupted_and_then_touched\[\w+-journal lost|7_\w+\[plain)"
    r"|system/test_killed\.py::test_(?:killed_at_every|killed_before|killed_at_its|sigterm_while)"
    r"|faults/test_several\.py::test_each_write_of_each_document_broken_once\["
    r"|faults/test_forty_letters\.py::test_(?:a_list_prepares_forty_letters|second_mechanism|third_mechanism)"
    r"|faults/test_strays\.py::test_nothing_is_lost_on_the_way\[plain"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them by what they are called."""
    for item in items:
        if LONG.search(item.nodeid):
            item.add_marker(pytest.mark.long)
