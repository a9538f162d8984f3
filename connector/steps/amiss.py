"""What is wrong with where a request lies and with what its files are called, whatever it says. Reads nothing."""

from __future__ import annotations

from connector.errors import Problem
from connector.sidecar import names
from connector.steps.asked import Asked
from connector.steps.case import Case


def of_place(case: Case) -> list[Problem]:
    """Filed away among finished requests, or one too many: of requests for a PDF, or of PDFs of its name."""
    problems = []
    if names.is_filed(case.pair.sidecar.href.removeprefix(case.settings.root)):
        problems.append(Problem(code="filed_away", values={"folder": names.DONE_FOLDER}))
    if case.pair.rivals:
        both = sorted(entry.name for entry in (case.pair.sidecar, *case.pair.rivals))
        problems.append(Problem(code="two_sidecars", values={"names": ", ".join(both)}))
    if len(case.pair.documents) > 1:
        found = ", ".join(sorted(entry.name for entry in case.pair.documents))
        problems.append(Problem(code="pdf_name_ambiguous", values={"names": found}))
    return problems


def of_names(case: Case, asked: Asked) -> list[Problem]:
    """Documents whose names Nextcloud writes nothing to, though it lists them: made by another way, or long ago."""
    if not case.parts.folders[case.settings.server].capabilities().chunked_upload:
        return []
    return [
        Problem(code="pdf_name_too_long", values={"document": entry.name if rank else ""})
        for rank, entry in enumerate(asked.gathered.documents)
        if names.is_too_long(entry.name)
    ]
