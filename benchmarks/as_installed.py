"""Start a program without what only the tests and the sandbox need, as where the service alone is installed.

``python -m benchmarks.as_installed HIDDEN MODULE ARGUMENTS``; HIDDEN: names of libraries that cannot be imported, with
commas between. Some libraries load what else they find: httpx a command line where there is click, httpcore another
event loop where there is trio, 9 MB for nothing.
"""

from __future__ import annotations

import re
import runpy
import sys

_NAME = "jse-connector"


def hidden() -> list[str]:
    """Return the names of all libraries here that ``jse-connector`` does not require, itself or by another."""
    from importlib.metadata import PackageNotFoundError, packages_distributions, requires

    needed: set[str] = set()
    ahead = [_NAME]
    while ahead:
        name = ahead.pop()
        if name in needed:
            continue
        needed.add(name)
        try:
            found = requires(name) or []
        except PackageNotFoundError:  # of another system, or of another Python
            continue
        ahead += [_plain(re.split(r"[^A-Za-z0-9._-]", one)[0]) for one in found if "extra ==" not in one]
    return sorted(
        library
        for library, by in packages_distributions().items()
        if not needed & {_plain(one) for one in by} and library.isidentifier()
    )


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    # What stands for None there cannot be imported (Python's language reference, 5.3.1).
    sys.modules.update(dict.fromkeys(sys.argv[1].split(",")))  # type: ignore[arg-type]
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
