"""How many requests one request with one signatory costs, counted at both servers, beside the least it could.

Counted from the moment the pair is dropped to its closed end, on a connector that is warm: the owner file made,
the contract confirmed, the server's capabilities asked, all by an earlier request.

The overview of the folder tells of many requests at once: what is written there is counted apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from connector.overview.files import AT_MOST_EVERY
from connector.sandbox.dms.world import Request
from connector.sidecar.names import OVERVIEW_NAME
from tests import documents
from tests.worlds import ROOT, Mode, Stage

GOAL = 3
"""So many requests may be spent beyond the least."""
DISCOVERY = "discovery"
POLLS = "polls before the end"
OVERVIEW = "overview of the folder"
NOT_COUNTED = frozenset({DISCOVERY, POLLS, OVERVIEW})

SIDECAR, PDF = "sidecar GET", "PDF GET"
CREATE, UPLOAD, SIGNATORY, SEND = "create", "upload", "signatory", "send"
MARKER, FOUND_SIGNED, SIGNED = "marker", "status read that finds it signed", "signed GET"
DELIVERY, SHOWN, LOOK = "delivery", "status write per state shown", "GET before each status overwrite"
RECHECK, BASE, READ_BACK = "re-check before the mark", "base GET", "read-back"
VERSIONS, NAMED, TAGGED = "versions look", "name per version that is spared", "tag per state shown"
CLOSING, OTHER = "closing", "anything else"
LINKS = "public links to the request, to its PDF, and to the folders above"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One request as a server counted it, and what it was for."""

    server: str
    method: str
    what: str
    status: int
    bucket: str

    @property
    def counted(self) -> bool:
        """False for what goes on whether or not there is a request."""
        return self.bucket not in NOT_COUNTED


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Every request of one whole signature, and the least there could be."""

    mode: Mode
    lines: tuple[Line, ...]
    least: Mapping[str, int]

    @property
    def spent(self) -> Counter[str]:
        """Counted requests by bucket."""
        return Counter(line.bucket for line in self.lines if line.counted)

    @property
    def overview(self) -> Counter[str]:
        """Requests for the overview of the folder, by method."""
        return Counter(line.method for line in self.lines if line.bucket == OVERVIEW)

    @property
    def total(self) -> int:
        """All counted requests."""
        return self.spent.total()

    @property
    def minimum(self) -> int:
        """The least, in sum."""
        return sum(self.least.values())

    @property
    def excess(self) -> int:
        """What could be saved, or is spent for safety beyond the list."""
        return self.total - self.minimum


def least_of(mode: Mode, states_shown: int) -> dict[str, int]:
    """What one signature takes at least: everything once, and once again for each state shown."""
    chunked = mode == "nextcloud"
    return {
        SIDECAR: 1,
        PDF: 1,
        CREATE: 1,
        UPLOAD: 1,
        SIGNATORY: 1,
        MARKER: 1,
        SEND: 1,
        FOUND_SIGNED: 1,
        SIGNED: 1,
        DELIVERY: 3 if chunked else 1,
        SHOWN: states_shown,
        RECHECK: 1,
        BASE: 1,
        READ_BACK: 1,
        VERSIONS: 1 if chunked else 0,
        # The original's and that of what was delivered.
        NAMED: 2 if chunked else 0,
        LINKS: 3 if chunked else 0,
        LOOK: states_shown - 1,
        # One hung for each of two states, the first taken off between.
        TAGGED: 3 if chunked else 0,
        CLOSING: 1,
    }


def measure(directory: Path, mode: Mode) -> Cost:
    """Sign one letter on a warm connector and account for every request it made."""
    with Stage(directory, mode) as stage:
        _one_signature(stage, "premier", pages=2)
        dms, platform = len(stage.dms.requests), len(stage.platform.requests)
        _one_signature(stage, "lettre", pages=4)
        shown = {
            str(data["first_line"]).split(" –")[0]
            for _, name, data in stage.parts.journal.events(stage.record())
            if name == "reported"
        }
        lines = (
            *_dms_lines(list(stage.dms.requests[dms:])),
            *_platform_lines([(r.method, r.operation, r.status) for r in stage.platform.requests[platform:]]),
        )
    return Cost(mode=mode, lines=lines, least=least_of(mode, len(shown)))


def _one_signature(stage: Stage, name: str, *, pages: int) -> None:
    stage.drop(name, pdf=documents.letter(pages))
    stage.run()
    # Time enough for the overview to be written whenever it has something new to say.
    stage.clock.advance(AT_MOST_EVERY.total_seconds())
    stage.run()
    stage.sign()
    stage.run()
    stage.clock.advance(AT_MOST_EVERY.total_seconds())
    stage.run()
    if not (stage.first_line(name).startswith("SIGNÉ –") and stage.record(name).closed):
        raise RuntimeError(f"{name} did not come back: {stage.first_line(name)}")


def _dms_lines(requests: list[Request]) -> list[Line]:
    """Sort what the DMS counted. What a GET of the PDF is for depends on when it comes."""
    marked = next(number for number, one in enumerate(requests) if one.path.endswith(".sent"))
    delivering = [number for number, one in enumerate(requests) if _delivers(one)]
    lines = []
    for number, one in enumerate(requests):
        if one.path.endswith("/.signature/owner"):
            # The look right before the marker belongs to the request; the others go with the listings.
            bucket = RECHECK if number == marked - 1 else DISCOVERY
        elif number == marked - 2 and one.method == "PROPFIND":
            # The listing that shows PDF and sidecar once more, right before the look at the owner.
            bucket = RECHECK
        elif one.path.endswith(".pdf") and one.method == "GET" and number > marked:
            bucket = _around_delivery(number, delivering)
        else:
            bucket = _bucket(one)
        what = one.path.split(f"/{ROOT}/", 1)[-1] if f"/{ROOT}/" in one.path else one.path
        lines.append(
            Line(server="dms", method=one.method, what=what or "/", status=one.status, bucket=bucket)
        )
    return lines


def _delivers(request: Request) -> bool:
    if "/dav/uploads/" in request.path:
        return True
    return request.path.endswith(".pdf") and request.method in {"PUT", "MOVE", "COPY", "DELETE"}


def _around_delivery(number: int, delivering: list[int]) -> str:
    return READ_BACK if number > delivering[-1] else BASE


def _bucket(request: Request) -> str:
    path, method = request.path, request.method
    if unquote(path).endswith("/" + OVERVIEW_NAME):
        return OVERVIEW
    if _delivers(request):
        return DELIVERY
    if "/dav/versions/" in path:
        return NAMED if method == "PROPPATCH" else VERSIONS
    if "/apps/files_sharing/" in path:
        return LINKS
    if "/dav/systemtags-relations/" in path:
        return TAGGED
    if path.endswith(f"/{ROOT}/"):
        return DISCOVERY
    if path.endswith(".signature.txt"):
        return SHOWN if method == "PUT" else LOOK
    if path.endswith(".done"):
        return CLOSING
    if path.endswith(".sent"):
        return MARKER if method == "PUT" else READ_BACK
    if method == "PROPFIND" and path.endswith((".pdf", ".sign.yaml")):
        return RECHECK
    if method == "GET" and path.endswith(".sign.yaml"):
        return SIDECAR
    if method == "GET" and path.endswith(".pdf"):
        return PDF
    return OTHER


def _platform_lines(requests: list[tuple[str, str, int]]) -> list[Line]:
    """Sort what the platform counted. Only the last status read before the download is the one that counts."""
    fetched = next(number for number, (_, operation, _) in enumerate(requests) if operation == "download")
    asked = [number for number, (_, operation, _) in enumerate(requests) if operation == "status"]
    signed = max((number for number in asked if number < fetched), default=-1)
    buckets = {
        "create": CREATE,
        "upload": UPLOAD,
        "signatory": SIGNATORY,
        "send": SEND,
        "download": SIGNED,
        "status": POLLS,
    }
    return [
        Line(
            server="platform",
            method=method,
            what=operation,
            status=status,
            bucket=FOUND_SIGNED if number == signed else buckets.get(operation, OTHER),
        )
        for number, (method, operation, status) in enumerate(requests)
    ]
