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
    r"|faults/test_crash_matrix\.py::test_crash_matrix\[\w+-[1-7]\]"
    r"|faults/test_crash_matrix\.py::test_several_on_their_way_home\[plain"
    r"|faults/test_several\.py::test_each_write_of_each_document_broken_once\["
    r"|faults/test_forty_letters\.py::test_(?:a_list_prepares_forty_letters|second_mechanism|third_mechanism)"
    r"|faults/test_strays\.py::test_nothing_is_lost_on_the_way\[plain"
    r"|faults/test_fence\.py::test_(?:a_pair_is_copied|a_request_that_is_out|the_journal|nobody|one_f)"
    r"|faults/test_fence\.py::.*\[plain"
    r"|faults/test_who_asks\.py::test_(?:a_link|a_question|many_requests|where_links|what_has_left)"
    r"|faults/test_who_asks\.py::.*\[plain"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them by what they are called."""
    for item in items:
        if LONG.search(item.nodeid):
            item.add_marker(pytest.mark.long)
