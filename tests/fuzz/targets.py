"""One target a parser: what goes in, how it is read, and what it may come to."""

from __future__ import annotations

import contextlib
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from connector import marks
from connector.cli.contacts_file import NoPeople, read_people
from connector.config.reader import read_config
from connector.errors import DocumentError, InvalidResponse, RemoteError
from connector.isolated_pdf import IsolatedPdf
from connector.isolation import IsolatedPool, Limits
from connector.jesignexpert import login, tokens
from connector.jesignexpert.answers import find_cause, is_html, read_json, retry_after, said
from connector.jesignexpert.contract import Contract
from connector.jesignexpert.exchange import Answer, http_date
from connector.jesignexpert.status import WrongForm, read_status
from connector.pdf.facts import problems_of
from connector.ports import Href, TransactionId
from connector.report import block
from connector.sidecar.codes import CODES
from connector.sidecar.corrected import corrected
from connector.sidecar.reading import (
    read_orders,
    read_whole,
    read_wish,
    unknown_order,
    unread_order,
    without_orders,
)
from connector.signatory_list import table
from connector.signatory_list.rows import read_rows
from connector.text_yaml import YamlError, decode, load, plain
from connector.webdav import headers, locking
from connector.webdav.answers import CREATE, judge
from connector.webdav.hrefs import ServerRoot, path_of
from connector.webdav.listings import to_listing, to_tree
from connector.webdav.multistatus import resources
from connector.webdav.nextcloud import label_status, to_versions
from tests.fuzz import examples
from tests.fuzz.mutations import anything, damaged, odd_json, odd_xml, repacked

MOST_CPU_S = 20.0
"""Processor time of one example; a hundred times what any needs."""
CONTRACT, NOW, T = Contract(), datetime(2026, 11, 26, tzinfo=UTC), TransactionId("t-1")
ROOT = ServerRoot.of("http://dms.example/dav/")


@dataclass(frozen=True)
class Target:
    """``read`` returns the name of an outcome; whatever it raises is a defect."""

    name: str
    inputs: Callable[[], st.SearchStrategy[Any]]
    read: Callable[[Any], str]
    weight: int = 1
    """So many times fewer examples: it runs in a worker, or takes long otherwise."""


class Hang(BaseException):
    """An example took too much processor time. No parser's own ``except`` may swallow it."""


@contextmanager
def bounded() -> Iterator[None]:
    def late(_number: int, _frame: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, MOST_CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def run(target: Target, most: int, *, derandomize: bool = False, number: int | None = None) -> Counter[str]:
    """Run ``most`` examples of a target; count the outcomes. Raises what a defect raised, with its example.

    ``derandomize``: the same ones on every run; ``number`` begins another series.
    """
    outcomes: Counter[str] = Counter()

    @settings(
        max_examples=max(1, most // target.weight),
        deadline=None,
        derandomize=derandomize,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
    )
    @given(target.inputs())
    def each(content: Any) -> None:
        with bounded():
            outcomes[target.read(content)] += 1

    (each if number is None or derandomize else seed(number)(each))()
    return outcomes


def small(value: object, content: bytes) -> None:
    """What comes out is not out of all proportion to what went in, and can be written down."""
    text = repr(value)
    assert len(text) <= 200_000 + 60 * len(content)
    text.encode("utf-8", "backslashreplace")


# ---------------------------------------------------------------------------------------- of people


def _yaml(content: bytes) -> str:
    try:
        node = load(decode(content).text)
    except YamlError as error:
        small(error.values, content)
        return error.code
    if node is not None:
        small(plain(node), content)
    return type(node).__name__


def _request(content: bytes, *, above: bool = False) -> str:
    reading = read_whole(content, settings=above, pdf_name="Lettre.pdf")
    small(reading, content)
    for problem in reading.problems:
        assert problem.code in CODES or problem.code.startswith("yaml_")
        for value in problem.values.values():
            str(value).encode()
    small((read_orders(content), read_wish(content), unknown_order(content), unread_order(content)), content)
    without_orders(content)
    cured = corrected(content, reading.problems)
    if cured is not None:
        assert not read_whole(cured).problems
    return reading.problems[0].code if reading.problems else "request" if reading.request else "nothing"


def _list(content: bytes, kind: str) -> str:
    found = table._csv(content) if kind == "csv" else table._workbook(content)
    small(found, content)
    found.model_dump_json()
    if found.problem:
        assert found.problem in CODES
        return found.problem
    reading = read_rows(found, "_signataires.xlsx")
    small(reading, content)
    problems = [*reading.problems, *(one for row in reading.rows for one in row.problems)]
    assert {problem.code for problem in problems} <= set(CODES)
    return problems[0].code if problems else "rows"


def _config(content: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.yaml")
        path.write_bytes(content)
        reading = read_config(path)
    small(reading.problems, content)
    assert reading.config is not None or reading.problems
    return "config" if reading.config is not None else "problems"


def _people(content: bytes) -> str:
    try:
        found = read_people(content)
    except NoPeople as error:
        return str(error).split(":")[0].split(";")[0][:40]
    for line in range(min(len(found), 50)):
        small(found.people(line), content)
    return "people"


# --------------------------------------------------------------------------------------- of servers


def _listing(content: bytes) -> str:
    pieces = [content[at : at + 100] for at in range(0, len(content), 100)]
    try:
        found = list(resources(pieces, max_bytes=10_000_000))
    except InvalidResponse as error:
        return str(error).split(":")[0][-60:]
    small(found, content)
    for read in (
        lambda: to_listing(iter(found), ROOT, Href("/"), levels=1, date=NOW),
        lambda: list(to_tree(iter(found), ROOT, Href("/"), date=NOW).finish().entries()),
        lambda: to_versions(iter(found), "/dav", NOW),
        lambda: label_status(iter(found)),
    ):
        with contextlib.suppress(InvalidResponse):
            small(read(), content)
    return "resources"


def _locks(content: bytes) -> str:
    outcome = []
    for read in (locking._activelocks, locking._user_locks):
        for date in (None, NOW, headers.read_date("Fri, 31 Dec 2999 23:59:59 GMT")):
            try:
                small(read(content, date), content)
                outcome.append("locks")
            except InvalidResponse as error:
                outcome.append(str(error))
    return outcome[0]


def _header(content: bytes) -> str:
    text = content.decode("latin-1")
    found = (
        headers.read_date(text), headers.read_stamp(text), headers.read_etag(text), headers.read_size(text),
        headers.read_retry_after({"Retry-After": text, "Date": text}), http_date(text),
        retry_after(Answer(503, {"retry-after": text}), NOW),
    )  # fmt: skip
    small(found, content)
    etag = found[2][0]
    if etag is not None:
        etag.encode("latin-1")
        assert "\n" not in etag
    names = ("date", "stamp", "etag", "size", "wait", "http", "after")
    return " ".join(name for name, one in zip(names, found, strict=True) if one)


def _page(content: bytes) -> str:
    response = requests.Response()
    for response.status_code in (200, 202, 302, 400, 412, 500):
        response.headers["Location"] = content[:200].decode("latin-1")
        response.url = "http://dms.example/dav/a.pdf"
        try:
            judge(response, CREATE, content)
        except RemoteError as error:
            str(error).encode()
            outcome = str(error)
    return outcome[-40:]


def _href(content: bytes) -> str:
    try:
        path = path_of(content.decode("utf-8", "replace"))
    except InvalidResponse as error:
        return str(error)[-40:]
    assert ".." not in path.split("/")
    return "below" if ROOT.href(path) else "elsewhere"


def _answer(content: bytes) -> str:
    answer = Answer(409, {"content-type": "application/json"}, content)
    small((said(answer), find_cause(answer, CONTRACT), is_html(answer)), content)
    assert len(said(answer)) <= 500
    value = read_json(content)
    login._read_tokens(value)
    try:
        found = read_status(value, T, CONTRACT)
    except WrongForm as error:
        str(error).encode()
        return str(error)[-50:]
    small(found, content)
    for text in (
        found.word,
        *(text for one in found.signatories for text in (one.email, one.name, one.word)),
    ):
        text.encode()
    return "status"


# ---------------------------------------------------------------------------------------- of our own


def _marker(content: bytes) -> str:
    reading, mark = marks.read(content, examples.SEALER)
    assert (mark is not None) >= (reading is marks.Reading.WHOLE)
    if reading is marks.Reading.WHOLE:
        assert content in examples.markers(), "nothing that was changed is whole"
    return reading.value


def _status(content: bytes) -> str:
    found = block.read_status(content, examples.KEY)
    small(found, content)
    return type(found).__name__


def _tokens(content: bytes) -> str:
    found = tokens.from_bytes(content)
    small(found, content)
    return "none" if found is None else "tokens"


# ---------------------------------------------------------------------------------- PDF and pictures


@contextmanager
def _worker() -> Iterator[IsolatedPdf]:
    with IsolatedPool(
        Limits(memory_bytes=512 * 1024 * 1024, cpu_s=5, wall_s=60), maximum=1, uses=1000
    ) as pool:
        yield IsolatedPdf(pool)


class _Workers:
    """One worker for all examples, started with the first."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        self._pdf: IsolatedPdf | None = None

    def __call__(self) -> IsolatedPdf:
        if self._pdf is None:
            self._pdf = self._open.enter_context(_worker())
        return self._pdf

    def close(self) -> None:
        self._open.close()
        self._pdf = None


WORKERS = _Workers()


def _refused(error: DocumentError, kind: str = "") -> str:
    assert error.code in CODES
    assert error.code.startswith(kind)
    return error.code


def _read_pdf(content: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lettre.pdf")
        path.write_bytes(content)
        try:
            facts = WORKERS().facts(path)
        except DocumentError as error:
            return _refused(error)
        problems = problems_of(facts)
        if not problems:
            WORKERS().preview([(path, "lettre.pdf", [])], Path(folder, "o.pdf"), {}, "Aperçu")
        return problems[0].code if problems else "pdf"


def _verify(content: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lettre.pdf")
        path.write_bytes(content)
        try:
            verdict = WORKERS().verify_signed(path)
        except DocumentError as error:
            return _refused(error)
        small(verdict, content)
        return f"{len(verdict.signatures)} signatures"


def _image(content: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path, made = Path(folder, "photo.jpg"), Path(folder, "photo.pdf")
        path.write_bytes(content)
        try:
            WORKERS().image_to_pdf(path, made)
        except DocumentError as error:
            refused = _refused(error, "image_")
        else:
            assert problems_of(WORKERS().facts(made)) == []
            return "pdf"
        assert not made.exists()
        return refused


TARGETS: tuple[Target, ...] = (
    Target("yaml", lambda: anything(examples.SIDECARS + examples.SETTINGS), _yaml),
    Target("sidecar", lambda: anything(examples.SIDECARS), _request),
    Target("settings", lambda: anything(examples.SETTINGS), lambda content: _request(content, above=True)),
    Target("list csv", lambda: anything(examples.TABLES_CSV), lambda content: _list(content, "csv")),
    Target(
        "list xlsx",
        lambda: st.one_of(repacked(examples.TABLES_XLSX), damaged(examples.TABLES_XLSX)),
        lambda content: _list(content, "xlsx"),
        weight=4,
    ),
    Target("config", lambda: anything(examples.CONFIGS), _config, weight=4),
    Target("people", lambda: anything(examples.PEOPLE), _people),
    Target(
        "multistatus",
        lambda: st.one_of(odd_xml(examples.MULTISTATUS), anything(examples.MULTISTATUS)),
        _listing,
    ),
    Target("locks", lambda: st.one_of(odd_xml(examples.LOCKS), anything(examples.LOCKS)), _locks),
    Target("dav answers", lambda: anything(examples.PAGES), _page),
    Target("headers", lambda: anything(examples.DATES), _header),
    Target("hrefs", lambda: anything(examples.HREFS[:-1]), _href),
    Target(
        "platform json",
        lambda: st.one_of(
            odd_json(examples.STATUS_ANSWERS),
            odd_json(examples.OTHER_ANSWERS),
            anything([b'{"id": "t-1", "status": "draft", "signatories": [{"order": 1}]}']),
        ),
        _answer,
    ),
    Target("markers", lambda: anything(examples.markers()), _marker),
    Target("status blocks", lambda: anything(examples.statuses()), _status),
    Target("tokens", lambda: anything(examples.tokens()), _tokens),
    Target("pdf", lambda: damaged(examples.pdfs()), _read_pdf, weight=20),
    Target("signed pdf", lambda: damaged(examples.signed()), _verify, weight=20),
    Target("images", lambda: damaged(examples.images()), _image, weight=20),
)
