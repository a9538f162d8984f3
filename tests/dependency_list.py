"""Writes ``docs/dependencies.md`` from what is installed: ``python -m tests.dependency_list [--dates]``.

Versions and licences are those of the installed metadata, and must be those of ``constraints.txt``; what each is for
stands here. A day of release is not among a package's metadata: with ``--dates`` the packages that have none yet in the
page are asked of the index that pip uses.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "dependencies.md"
PROJECT = "jse-connector"

FOR: Mapping[str, str] = {
    "webdavclient3": "all traffic with the DMS, through one subclass",
    "requests": "the session below it: redirects, cookies, proxies refused there",
    "urllib3": "the connections below that session; unpacks in bounded pieces from 2.6 on",
    "lxml": "WebDAV's XML, without entities and network",
    "watchdog": "wake-ups of local folders; never the truth",
    "httpx": "all traffic with Jesignexpert",
    "pypdf": "facts of a PDF, drawing into the preview (in a worker)",
    "pyyaml": "YAML, through the text-only loader",
    "apscheduler": "the clock of the passes",
    "pydantic": "configuration, requests, records",
    "sqlalchemy": "the journal",
    "psycopg": "the journal in PostgreSQL: the extra `postgresql`",
    "cryptography": "what connectors share in it is encrypted: the same extra; certificates elsewhere",
    "pyhanko": "what comes back: signatures, intact or not (in a worker)",
    "pypdfium2": "where text and ink stand on a page (in a worker)",
    "phonenumbers": "mobiles",
    "email-validator": "addresses",
    "idna": "domains with accents",
    "reportlab": "drawing the preview (in a worker)",
    "pillow": "images to PDF (in a worker)",
    "pi-heif": "photos of phones (in a worker)",
    "openpyxl": "lists in Excel (in a worker)",
    "stamina": "repeating reads",
    "typer": "the command line",
    "rich": "progress and tables at a terminal",
    "tzdata": "time zones",
    "holidays": "French public holidays: nothing leaves, nobody is reminded",
    "prometheus-client": "the exposition of metrics",
}
"""Direct dependencies → what they are for."""


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str
    needed_by: tuple[str, ...]


def licence(found: Distribution) -> str:
    """As the package says it: an SPDX expression, a short text, or its classifiers."""
    meta = found.metadata
    said = str(meta.get("License-Expression") or "").strip()
    if said:
        return said
    classified = [
        line.rpartition(" :: ")[2].replace(" License", "")
        for line in meta.get_all("Classifier") or []
        if line.startswith("License ::")
    ]
    if classified:
        return ", ".join(sorted(set(classified)))
    text = str(meta.get("License") or "").strip().splitlines()
    return text[0] if text and len(text[0]) < 60 else "not stated"


def wanted_by(name: str, extras: Iterable[str] = ()) -> list[Requirement]:
    """What a package wants on this platform, with the extras that are asked for; the project by its own file."""
    if name == PROJECT:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        optional = project["optional-dependencies"]["postgresql"]
        return [Requirement(each) for each in (*project["dependencies"], *optional)]
    environments = [{"extra": extra} for extra in (*extras, "")]
    found = map(Requirement, distribution(name).requires or [])
    return [
        each
        for each in found
        if each.marker is None or any(each.marker.evaluate(environment) for environment in environments)
    ]


def installed() -> list[Package]:
    """Every package that the service is made of, by name: the direct ones and what they bring along."""
    needed: dict[str, set[str]] = {}
    waiting = [(PROJECT, each) for each in wanted_by(PROJECT)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        parent, requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        needed.setdefault(name, set()).add(parent)
        key = name, frozenset(requirement.extras)
        if key not in seen:
            seen.add(key)
            waiting += [(name, each) for each in wanted_by(name, requirement.extras)]
    return [
        Package(
            name=name,
            version=distribution(name).version,
            licence=licence(distribution(name)),
            needed_by=tuple(sorted(parents)),
        )
        for name, parents in sorted(needed.items())
    ]


def constrained() -> dict[str, str]:
    """Name → version of ``constraints.txt``."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {canonicalize_name(name): version.strip() for name, version in pairs}


def known_dates() -> dict[tuple[str, str], str]:
    """(name, version) → day of release, of the page as it stands."""
    if not PAGE.exists():
        return {}
    rows = re.findall(
        r"^\| ([\w.-]+) \| ([\w.+!-]+) \| (\d{4}-\d{2}-\d{2}) \|", PAGE.read_text("utf-8"), re.MULTILINE
    )
    return {(name, version): day for name, version, day in rows}


def asked_date(package: Package) -> str:
    """Ask the index for the day of a release, as pip would look for it; a pip older than 24 does not tell it."""
    told = subprocess.run(
        [sys.executable, "-c", _ASK, package.name, package.version],
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        print(f"{package.name}: {told.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    return told.stdout.strip() or "unknown"


_ASK = """
import sys
from pip._internal.cli.main_parser import parse_command
from pip._internal.commands import create_command
command = create_command("download")
options, _ = command.parse_args(["x"])
with command.main_context():
    session = command.get_default_session(options)
    finder = command._build_package_finder(options, session)
    days = [
        str(found.link.upload_time)[:10]
        for found in finder.find_all_candidates(sys.argv[1])
        if str(found.version) == sys.argv[2] and found.link.upload_time
    ]
print(min(days, default=""))
"""


def page(packages: Iterable[Package], dates: Mapping[tuple[str, str], str]) -> str:
    """The whole page."""
    packages = list(packages)
    direct = [each for each in packages if PROJECT in each.needed_by]
    others = [each for each in packages if PROJECT not in each.needed_by]

    def rows(chosen: Iterable[Package], last: Mapping[str, str]) -> str:
        return "\n".join(
            f"| {each.name} | {each.version} | {dates.get((each.name, each.version), 'unknown')} | {each.licence} "
            f"| {last[each.name]} |"
            for each in chosen
        )

    needed = {each.name: ", ".join(each.needed_by) for each in others}
    return (
        _HEAD.format(direct=len(direct), others=len(others))
        + "\n| package | version | released | licence | for |\n|---|---|---|---|---|\n"
        + rows(direct, FOR)
        + "\n\n## What they bring along\n\n| package | version | released | licence | wanted by |\n"
        + "|---|---|---|---|---|\n"
        + rows(others, needed)
        + "\n"
        + _FOOT
    )


_HEAD = """# Dependencies

What the service runs on: {direct} libraries of its own choice, {others} that those bring along. Versions are the ones
that the tests run with (`constraints.txt`); an installation takes newer ones within the bounds of `pyproject.toml`.
**psycopg** is an extra (`postgresql`): a journal in SQLite needs nothing of it.
Licences as each package states them. What is brought along is that of Python 3.11 on Linux. Written by
`python -m tests.dependency_list`; `tests/unit/test_dependencies.py` fails when it differs from what is installed.

## Chosen
"""

_FOOT = """
## Licences

The project is under Apache-2.0. Three of the above ask more than attribution. **certifi** (MPL-2.0): files that are
changed stay under it; we change none. **pi-heif**: its wheels carry libheif and libde265 (LGPL-3.0) as shared libraries
of their own; they are used unchanged and may be exchanged, which is what that licence asks. **psycopg** and
**psycopg-binary** (LGPL-3.0) are libraries of their own, too, imported unchanged and exchangeable. Whoever ships
this program together with them must pass their licence and the way to their source on. Nothing under GPL or AGPL is
imported; a licence that is none of those named in the test's list fails the test.

## Auditing them

Known vulnerabilities are looked up in a database that needs the network, so no check of this repository does it, and
none fails because of somebody else's night. On any machine that reaches PyPI:

```console
python -m pip install pip-audit
python -m pip_audit --requirement constraints.txt --no-deps --disable-pip
```

Do it before a release, and weekly by a timer of your own; a finding is answered by raising the version in
`constraints.txt`, a run of `make test`, and a release. What it finds in the test tools (wsgidav, starlette …) concerns
the sandbox, which listens on loopback only. Releases that matter most are those of **pypdf**, **Pillow**, **lxml**,
**pypdfium2** and **pi-heif**: they read what strangers send. All but lxml run in limited workers, all under the
unit's filters ([threat-model.md](threat-model.md)).

To renew all: see the head of `constraints.txt`, then `python -m tests.dependency_list --dates`.
"""


def main(arguments: list[str]) -> int:
    """Write the page."""
    packages, dates = installed(), known_dates()
    if "--dates" in arguments:
        for each in packages:
            if dates.get((each.name, each.version)) is None:
                dates[each.name, each.version] = asked_date(each)
    PAGE.write_text(page(packages, dates), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
