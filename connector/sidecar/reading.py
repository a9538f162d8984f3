"""The door of this room: the bytes of a sidecar → a request, or every reason why not. Pure: no network, no clock.

::

    bytes → text (encodings) → certain repairs → tree (YAML, texts only) → request, with the line of each problem

:func:`read_sidecar` and :func:`read_whole` judge; :func:`read_orders` and :func:`read_wish` only look for one line,
and :func:`without_orders` leaves it out, for a request that has left and whose file a person goes on editing. Codes
and their values: ``sidecar.codes``, and ``text_yaml`` for those beginning with ``yaml_``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from connector.errors import Problem, RequestRejected
from connector.sidecar import cures, slips, words
from connector.sidecar.fields import MAX_PROBLEMS, Notes, shown, unquoted
from connector.sidecar.grammar import read_action, read_request
from connector.sidecar.model import Action, SignatureRequest, Wish
from connector.sidecar.order_lines import meant_as_orders, to_the_edge
from connector.sidecar.origin import born_of
from connector.sidecar.repair import fold_blanks, repair, split_lines
from connector.text_yaml import Mapping, Scalar, YamlError, decode, is_no_text, load

MAX_BYTES: Final = 256_000
"""A request is a few lines and a firm's settings some hundreds; beyond this it is another file by this name."""

_HTML: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype|html|head|body|meta)\b", re.I | re.S
)
_MAIL_END: Final = re.compile(
    r"--|(?:bien )?cordialement|(?:bien )?(?:amicalement|sincèrement)|bien à (?:vous|toi)|salutations\b.*|best regards"
    r"|kind regards|envoyé (?:de|depuis) mon .*|sent from my .*",
    re.IGNORECASE,
)
_ACTION_LINE: Final = re.compile(r"(\w{2,12}) ?: *(.*)")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read of a file, and every problem met, in the order of the lines.

    With problems the request lacks what they are about; it is None when nothing at all could be read. It may still
    be completed (``sidecar.inherit``), so that what is missing elsewhere is told at the same time.
    """

    request: SignatureRequest | None
    problems: tuple[Problem, ...] = ()


def read_sidecar(data: bytes, *, settings: bool = False, pdf_name: str | None = None) -> SignatureRequest:
    """Read a request, or a folder's settings (``settings=True``: no order may stand there).

    ``pdf_name`` is the name of the request's own PDF: ``documents`` may name it. What is missing (signatories,
    e-mails, names, mobiles) is taken from elsewhere or told by ``sidecar.inherit``; accounts, lengths of texts,
    domains, pages, and a mobile or e-mail that two share are judged later, where policy and PDF are known.

    Raises:
        RequestRejected: with every problem found, in the order of the lines. Nothing else, for any bytes.
    """
    reading = read_whole(data, settings=settings, pdf_name=pdf_name)
    if reading.problems or reading.request is None:
        raise RequestRejected(reading.problems)
    return reading.request


def read_whole(data: bytes, *, settings: bool = False, pdf_name: str | None = None) -> Reading:
    """As :func:`read_sidecar`, with whatever could be read beside the problems. Never raises."""
    if len(data) > MAX_BYTES:
        values = {"size_mb": _megabytes(len(data)), "limit_mb": _megabytes(MAX_BYTES)}
        return Reading(request=None, problems=(Problem(code="sidecar_too_large", values=values),))
    if is_no_text(data):
        return Reading(request=None, problems=(Problem(code="sidecar_not_text"),))
    text = decode(data).text
    if is_web_page(text):
        return Reading(request=None, problems=(Problem(code="sidecar_html"),))
    born = None if settings else born_of(text)
    notes = Notes(raw=tuple(split_lines(text)))
    text = _without_mail_end(text, notes)
    request = None
    try:
        node = load(repair(text), max_bytes=4 * MAX_BYTES)
    except YamlError as error:
        slip = slips.behind(error.code, error.line, _as_seen(text))
        notes.problems.append(slip or _problem(error, notes.raw))
    else:
        if node is None and not settings and born is None:
            notes.say("sidecar_empty", None)
        elif settings and not text.strip():
            # Half saved, most likely: nothing of it would be inherited, and a partner would not be asked.
            notes.say("settings_empty", None)
        else:
            request = read_request(node, notes, settings=settings, pdf_name=pdf_name, born=born)
    problems = sorted(notes.problems[:MAX_PROBLEMS], key=lambda problem: problem.line or 0)
    return Reading(request=request, problems=tuple(problems))


def is_web_page(text: str) -> bool:
    """Tell a page of the web, as a browser or a login saves it."""
    return bool(_HTML.match(text[:4096]))


def read_orders(data: bytes) -> Action | None:
    """Return the order that stands in a sidecar, even when everything else in it is broken. Never raises.

    Of several lines the last counts: people add below what was obeyed before, and what was obeyed is not obeyed
    again. An unknown order is none.
    """
    found = [read_action(value, line) for value, line in _values_of(data, "action")]
    known = [action for action in found if action is not None]
    return known[-1] if known else None


def unknown_order(data: bytes) -> str:
    """Return what stands after the last ``action`` of a sidecar where that is no order; ``""`` else. Never raises."""
    found = [value for value, line in _values_of(data, "action") if value.strip()]
    return shown(found[-1]) if found and read_action(found[-1]) is None else ""


def unread_order(data: bytes) -> str:
    """Return the line that was meant as an order and is read as none, or that keeps the file from being read.

    ``""`` when there is none below the last ``action`` that was read: of several lines the last counts. Never raises.
    """
    number = _unread_line(data)
    return shown(split_lines(decode(data).text)[number - 1]) if number else ""


def mail_end_above(data: bytes) -> str:
    """Return the mail's end below which :func:`unread_order` stands, cut off with it; ``""`` else. Never raises."""
    number = _unread_line(data)
    notes = Notes()
    _without_mail_end(decode(data).text if number else "", notes)
    above = [found for found in notes.problems if found.line is not None and found.line < number]
    return str(above[0].values["written"]) if above else ""


def without_orders(data: bytes) -> bytes:
    """Return a sidecar without its ``action`` lines, those that are read and those that were meant as one.

    Whatever stands in them, the request itself is another matter.
    """
    text = decode(data).text
    wanted = {"action": words.REQUEST_KEYS["action"]}
    meant = set(meant_as_orders(_as_seen(text)))
    kept = []
    for number, line in enumerate(split_lines(text), start=1):
        match = _ACTION_LINE.fullmatch(fold_blanks(line).rstrip())
        kept.append("" if number in meant or (match and words.find(match[1], wanted)) else line)
    return "\n".join(kept).encode("utf-8", "surrogateescape")


def read_wish(data: bytes) -> Wish | None:
    """Return what ``envoi`` says in a sidecar or settings file, however broken the rest; None when nothing clear.

    Two lines that say different things say nothing.
    """
    found = {words.find(value, words.WISHES) for value, _ in _values_of(data, "send")}
    wish = found.pop() if len(found) == 1 else None
    return Wish(wish) if wish else None


def _unread_line(data: bytes) -> int:
    if len(data) > MAX_BYTES:
        return 0
    text = decode(data).text
    last = max((line for _, line in _values_of(data, "action")), default=0)
    meant = [number for number in meant_as_orders(_as_seen(text)) if number > last]
    if not meant:
        try:
            load(repair(_without_mail_end(text, Notes())), max_bytes=4 * MAX_BYTES)
        except YamlError as error:
            meant = [error.line] if error.line is not None and error.line > last else []
    return meant[-1] if meant and meant[-1] <= len(split_lines(text)) else 0


def _values_of(data: bytes, name: str) -> list[tuple[str, int]]:
    """Return what stands after one top-level key, with its lines: from the tree, else line by line."""
    if len(data) > MAX_BYTES:
        return []
    text = decode(data).text
    wanted = {name: words.REQUEST_KEYS[name]}
    try:
        node = load(repair(_without_mail_end(text, Notes())), max_bytes=4 * MAX_BYTES)
    except YamlError:
        node = None
    if isinstance(node, Mapping):
        pairs = ((key, value) for key, value in node.items if words.find(key.text, wanted))
        return [(unquoted(value.text), key.line) for key, value in pairs if isinstance(value, Scalar)]
    found = []
    # Only lines at the edge: what is indented may be part of a message's text.
    for number, line in enumerate(to_the_edge(_as_seen(text)), start=1):
        match = _ACTION_LINE.fullmatch(line.rstrip())
        if match and words.find(match[1], wanted):
            value = re.sub(r"(?<! ) +#.*", "", match[2]).strip()
            found.append((unquoted(value.strip("\"'")), number))
    return found


def _as_seen(text: str) -> list[str]:
    return fold_blanks(text).replace("\t", "  ").split("\n")


def _without_mail_end(text: str, notes: Notes) -> str:
    """Cut off a mail's signature pasted below, and say so; the lines above keep their numbers."""
    lines = fold_blanks(text).split("\n")
    for number, line in enumerate(lines):
        if _MAIL_END.fullmatch(line.rstrip(" ,.!")) or line.rstrip() == "--":
            notes.say("mail_signature", number + 1, written=shown(line))
            return "\n".join(lines[:number])
    return text


def _problem(error: YamlError, raw: tuple[str, ...]) -> Problem:
    key = error.values.get("key", "")
    cure = None
    if error.code == "yaml_duplicate_key":
        if words.find(key, words.SIGNATORY_KEYS):
            # Two people one below the other, without a dash before each: the commonest way to write a key twice.
            return Problem(code="two_people_no_dash", line=error.line, values={"key": shown(key)})
        cure = cures.struck_twin(raw, error.line or 0, int(error.values["first_line"]))
    values = {name: shown(value) for name, value in error.values.items()}
    return Problem(code=error.code, line=error.line, values=values, cure=cure)


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f}"


__all__ = [
    "MAX_BYTES",
    "Reading",
    "mail_end_above",
    "read_orders",
    "read_sidecar",
    "read_whole",
    "read_wish",
    "unknown_order",
    "unread_order",
    "without_orders",
]
