"""Which tests are ``long``: ``make test`` leaves them out, ``make test-long`` runs them.

Each repeats, on a second kind of server, at further points or in further cases, a promise that the others hold already;
together they would keep a check on two cores from ending in its quarter of an hour.
"""

from __future__ import annotations

import gc
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from connector.logs import RedactingFormatter
from tests import postgres

LONG: Final = re.compile(
    r"faults/test_ten_mistakes\.py::.*\[(?:apache|nginx|sabre)"
    r"|faults/test_crash_matrix\.py::test_crash_matrix\["
    r"|faults/test_residuals\.py::test_(?:2_interrupted_and_then_touched\[\w+-journal lost|7_\w+\[plain)"
    r"|system/test_private\.py::test_what_root_makes"
    r"|system/test_killed\.py::test_(?:killed_at_every|killed_before|killed_at_its|sigterm_while)"
    r"|faults/test_several\.py::test_each_write_of_each_document_broken_once\["
    r"|faults/test_delivery\.py::test_an_original_of_an_earlier_time\w+\[(?:503-False|423-True)"
    r"|faults/test_forty_letters\.py::test_(?:a_list_prepares_forty_letters|\w+_mechanism)"
    r"|faults/test_several\.py::test_(?:one_that_is_|people_change_)\w+\[plain"
    r"|faults/test_lists\.py::test_two_hundred_at_once"
    r"|faults/test_tidy\.py::test_what_is_finished_\w+\[plain"
    r"|unit/test_fleet\.py::test_a_finished_request_of_an_account_that_another_process_has"
    r"|faults/test_crash_matrix\.py::test_a_few_of_the_other_stories\[beside-nextcloud"
    r"|faults/test_once\.py::test_the_journal_lost_at_every_moment\[plain"
    r"|faults/test_acts_files\.py::test_the_journal_lost_after_an_act\[plain"
    r"|faults/test_strays\.py::test_a_cell_while_the_machine_forgets\[plain"
    r"|system/test_soak\.py::\w+\[plain"
    r"|system/test_cli\.py::test_(?:a_dry_run_tells_of_lists|whoever_signed|killed_while_it_prepares|resolve_a)"
    r"|system/test_demo\.py::test_the_demo_ends"  # the check's last step is the demo itself
    r"|system/test_nothing_told\.py::.*\[all day\]"
    r"|system/test_confined\.py::test_the_demo_under_it"
    r"|faults/test_forgotten\.py::test_after_a_time"
    r"|adversary/test_runs\.py::test_(?:one_deviation|up_to_four)"
    r"|adversary/test_machine\.py::test_at_length"
    r"|adversary/test_tree\.py::test_(?:ends_that_were_known|what(?:ever)?_is_cut)"
    r"|faults/test_strays\.py::test_nothing_is_lost_on_the_way\[plain"
    r"|faults/test_leave\.py::.*\[plain"
    r"|unit/test_fleet\.py::test_(?:\w+\[plain|a_lost_journal|a_copy_in_the_folder|what_a_process_knew)"
    r"|unit/test_fleet_daemons\.py"
    r"|unit/test_move_journal\.py::test_killed_at_each_step\[(?:all|a few-back)"
    r"|system/test_package\.py::test_in_an_empty_root"
    r"|unit/test_parser_bounds\.py::test_the_worst_request_is_read\[(?:orders|keys that|people|an endless quote)"
    r"|faults/test_forgery\.py::test_(?:what_stands|ends_|documents_that|owners_|a_registry|statuses_|a_status_|names_)"
    r"|faults/test_forgery\.py::test_(?:a_former|a_crowd|two_documents|a_marker_of_a_folder|a_marker_of_another_folder\[True)"
    r"|faults/test_forgery\.py::test_(?:(?:what_only|another_requests)\w+\[plain|an_old_status\w+\[nextcloud)"
    r"|faults/test_vanished\.py::test_(?:a_day_later|a_folder_of_many|what_was|a_disk_that_is_not_mounted\[plain)"
    r"|faults/test_month\.py::test_(?:a_month_without_the_platform|erased_before)"
    r"|faults/test_pauses_counted\.py::test_an_hour"
    r"|faults/test_journal_lost\.py::test_(?:damage_that|the_last_commits|rebuild|lost_after|no_room|what_was_held|a_name)"
    r"|faults/test_journal_lost\.py::test_what_a_person_had\w+\[.*nextcloud"  # by their file ids they are known there
    r"|faults/test_spool_full\.py::test_other_bytes"
    r"|faults/test_suspicions\.py::"
    r"|faults/test_another_host\.py::test_(?:a_preview|no_copy|one_full|the_original)"
    r"|faults/test_limits\.py::test_(?:an_account|more_processes)"
    r"|system/test_journal_full\.py::test_(?:no_room|a_damaged)"
    r"|system/test_reload\.py::test_changes_under"
    r"|faults/test_fence\.py::test_(?:a_pair_is_copied|a_request_that_is_out|the_journal|nobody|one_f)"
    r"|faults/test_fence\.py::.*\[plain"
    r"|faults/test_who_asks\.py::test_(?:a_link|a_question|many_requests|where_links|what_has_left)"
    r"|faults/test_who_asks\.py::.*\[plain"
    r"|faults/test_told\.py::test_(?:refused_for_good|what_is_over|a_second_mail|an_end_that|what_is_marked)"
    r"|faults/test_connected_again\.py::test_(?:one_link|a_page|a_stranger\w+\[o@)"
    r"|faults/test_ordered\.py::test_(?:killed_at_cancel\[commit|(?:unlock|cancel_of_a_request_that_is_out)\[plain)"
    r"|faults/test_ordered\.py::test_(?:pause_of_a_folder_or_a_server\[server|killed_at_cancel\[platform.*-before)"
    r"|system/test_acting\.py::test_cancel_where_no"
    r"|faults/test_failed_over\.py::test_it_waits"
    r"|fleet/test_fleet\.py::"
    r"|faults/test_elsewhere\.py::test_kept"
    r"|unit/test_move_journal\.py::test_killed_as_it_is_started"
    r"|unit/test_fleet\.py::test_mails_and_calls"
    r"|adversary/test_tree\.py::test_an_end_that_was_known"
    # What no server has a hand in, and acts whose like test_acts_files has.
    r"|faults/test_(?:drop|lists|overview|people_asks|asking_broken|bad_input)\.py::.*\[(?:\w+-)?plain"
    r"|faults/test_strays\.py::test_a_cell\[plain"
    # What is tried on the other kind as well; how it comes home there: test_delivery, test_once, the crash matrix.
    r"|faults/test_(?:acts_files|ten_mistakes|stuck|second_look|seams|missing|taken_away)\.py::.*\[(?:.*-)?plain"
    r"|faults/test_(?:read_only|escape|around|other_server|settings|orders|documents_asked)\.py::.*\[(?:.*-)?plain"
    r"|faults/test_residuals\.py::test_[1256]_\w+\[(?:.*-)?plain"
    r"|faults/test_once\.py::test_(?:journal_and_registry_lost_of_what_(?:can|is_)|a_|names|two_)\w+\[(?:.*-)?plain"
    r"|faults/test_delivery\.py::test_(?:a_|an_|away|refused|what_(?:came|is_not_as))\w+\[(?:.*-)?plain"
    # A few of a kind are enough in a check.
    r"|unit/test_placement_stamped\.py::test_ink\w+\[.*-(?:top_left-scaled_to_a4|bottom_left-page_points)"
    r"|unit/test_sidecar_order_lines\.py::test_lists_of_orders_without_end_cost_little\[(?:- (?:actoin|-)|action)"
    r"|faults/test_crash_matrix\.py::test_a_few_\w+\[(?:.*-)?plain"
    r"|adversary/test_runs\.py::test_(?:killed_while|a_second_machine|every_name)\w+\[plain"
    r"|corpus/test_corpus\.py::test_(?:damaged_copies|what_once_broke_a_library\[(?:pikepdf|pi_heif|pyhanko))"
)

CASES: Final = re.compile(
    r"system/|faults/test_(?!crash_matrix|delivery|once|way|acts_files|strays|found_signed)"
)
"""Where one promise is tried in several cases, the first of them is in the check."""

WORLDS: Final = frozenset({"renamed anew", "taken back", "folder deleted", "out of sight"})
"""Worlds of ``test_acts_files`` and ``test_strays``, each lived once for all its cells, that are left to a night."""


REAL_CLOCK: Final = re.compile(
    r"system/|fleet/|unit/test_(?:doctor_verb|models|backups|calibrate)\.py"
    r"|faults/test_(?:journal_lost|forgotten|ordered|leave|elsewhere)\.py"
)
"""Tests in which a stage's servers meet verbs or processes that read the machine's own clock."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them by what they are called."""
    tried: set[str] = set()
    for item in items:
        promise = item.nodeid.partition("[")[0]
        is_left = LONG.search(item.nodeid) or not WORLDS.isdisjoint(_world_of(item))
        if is_left or (promise in tried and CASES.search(promise)):
            item.add_marker(pytest.mark.long)
        else:
            tried.add(promise)


def _world_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the kind of server and the name of the world that a test looks at, where it is one of several."""
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return ()
    params = item.callspec.params
    found = params.get("world", params.get("walked"))
    return found if isinstance(found, tuple) else ()


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Look for no garbage while tests are gathered: half a million objects come, and none of them goes."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Search seldom for garbage in all that was gathered, which stays to the end: that took a tenth of a run.

    It is not frozen (``gc.freeze``): Hypothesis, which may be loaded later, looks for who refers to what with ``gc``.
    """
    gc.set_threshold(20_000, 50, 100)
    gc.enable()


def pytest_sessionfinish() -> None:
    """End what every test of this process has shared."""
    postgres.end_shared()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """Give the URL of an empty journal in PostgreSQL."""
    with postgres.journal_url() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a journal to be: the same test on SQLite and on PostgreSQL."""
    if request.param == "postgresql":
        with postgres.journal_url() as url:
            yield url
    else:
        yield f"sqlite:///{tmp_path / 'journal.sqlite'}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what a journal promises on both databases; what is about SQLite's file (``path``) on that alone."""
    if "database_url" in metafunc.fixturenames:
        both = ["sqlite"] if "path" in metafunc.fixturenames else ["sqlite", "postgresql"]
        metafunc.parametrize("database_url", both, indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let no test of an hour or two run into midnight, whenever it is run; but where real processes tell the time.

    Before every fixture: stages that a whole module uses begin as those of its tests do.
    """
    if (worlds := sys.modules.get("tests.worlds")) is not None:
        worlds.Stage.by_day = not REAL_CLOCK.search(item.nodeid)


@pytest.fixture(autouse=True)
def no_log_outlives_its_test() -> Iterator[None]:
    """Take away where a verb that was called here has logged to: that stream ends with its test."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    ours = [
        one for one in root.handlers if isinstance(one.formatter, RedactingFormatter) and one not in before
    ]
    for handler in ours:
        root.removeHandler(handler)
    if ours:
        root.setLevel(level)
