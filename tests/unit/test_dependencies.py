"""The list of dependencies says what is installed, constrained and allowed."""

from __future__ import annotations

import re
import sys

import pytest
from packaging.utils import canonicalize_name

from tests.dependency_list import FOR, PAGE, PROJECT, constrained, installed, known_dates, page, wanted_by

PERMISSIVE = re.compile(
    r"(?i)\b(?:mit|mit-cmu|apache|bsd|isc|hpnd|psf|python software foundation|unlicense|zlib|mpl|mozilla)\b"
)
WEAK_COPYLEFT = {
    "pi-heif": "shared libraries in its wheel, unchanged: the page says what that asks",
    **dict.fromkeys(("psycopg", "psycopg-binary"), "libraries of their own, unchanged: the same"),
}
COPYLEFT = re.compile(r"(?i)\b(?:a?gpl|lgpl|gnu)")


def test_the_page_is_what_is_installed() -> None:
    """Run ``python -m tests.dependency_list --dates`` after a change of the wanted packages."""
    if sys.version_info[:2] != (3, 11) or sys.platform != "linux":
        pytest.skip("packages bring others along elsewhere")
    assert PAGE.read_text(encoding="utf-8") == page(installed(), known_dates())


def test_what_is_installed_is_what_is_constrained() -> None:
    exact = constrained()
    assert {each.name: exact.get(each.name) for each in installed()} == {
        each.name: each.version for each in installed()
    }


def test_each_has_its_day_and_its_purpose() -> None:
    dates = known_dates()
    assert [each.name for each in installed() if (each.name, each.version) not in dates] == []
    assert {each.name for each in installed() if PROJECT in each.needed_by} == FOR.keys()


def test_each_licence_is_one_that_goes_with_ours() -> None:
    """pypdfium2 ships PDFium under its own permissive licences; certifi's MPL covers its own files."""
    for each in installed():
        if each.name in WEAK_COPYLEFT:
            continue
        assert PERMISSIVE.search(each.licence), (each.name, each.licence)
        assert not COPYLEFT.search(each.licence), (each.name, each.licence)


def test_what_is_constrained_fits_together() -> None:
    """A fresh set-up resolves: each version is one that those who want the package take."""
    versions = constrained()
    waiting, seen = [PROJECT], set[str]()
    strangers = []
    while waiting:
        parent = waiting.pop()
        if parent in seen:
            continue
        seen.add(parent)
        for wanted in wanted_by(parent):
            name = canonicalize_name(wanted.name)
            if name not in versions or not wanted.specifier.contains(versions[name], prereleases=True):
                strangers.append(f"{parent} wants {wanted}; constrained: {versions.get(name)}")
            waiting.append(name)
    assert strangers == []
