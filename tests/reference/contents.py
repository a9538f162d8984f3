"""The contents of a long page, from its own headings."""

from __future__ import annotations

import re

from tests.reference.markdown import slug
from tests.reference.source import ROOT


def contents(path: str) -> str:
    """One line with a link to each heading of the second level."""
    text = re.sub(r"```.*?```", "", (ROOT / path).read_text("utf-8"), flags=re.DOTALL)
    return (
        " ·\n".join(f"[{heading}](#{slug(heading)})" for heading in re.findall(r"(?m)^## (.*)$", text)) + "\n"
    )
