"""How misbehaviour looks on the wire: answers given instead of the true one, and true ones spoilt."""

from __future__ import annotations

import itertools
import re
from fnmatch import fnmatchcase
from urllib.parse import unquote

from lxml import etree

from connector.sandbox.dms.messages import REASONS, Answer
from connector.sandbox.dms.misbehaviour import Kind, Rule

LOGIN_PAGE = (
    b'<!DOCTYPE html>\n<html lang="fr"><head><title>Connexion</title></head><body>'
    b'<h1>Connexion</h1><form method="post" action="/index.php/login">'
    b'<input name="user"><input name="password" type="password"><button>Se connecter</button>'
    b"</form></body></html>\n"
)
_ETAGS = ("etag", "oc-etag")
_MOVES = itertools.count(1)
HTML = [("Content-Type", "text/html; charset=UTF-8")]


def instead(rules: dict[Kind, Rule]) -> Answer | None:
    """Return the answer that a rule puts in the place of the true one, without effect; else None."""
    if "status" in rules:
        rule = rules["status"]
        return Answer(rule.status or 500, rule.body.encode(), list(rule.headers.items()))
    if "html" in rules:
        return Answer(200, LOGIN_PAGE, list(HTML))
    if "redirect" in rules:
        rule = rules["redirect"]
        return Answer(rule.status or 302, b"", [("Location", rule.location), *HTML])
    return None


def distorted(answer: Answer, rules: dict[Kind, Rule]) -> Answer:
    """Spoil a true answer: weak, missing or wrong ETags, errors inside a 207."""
    if "weak_etag" in rules:
        _each_etag(answer, lambda value: f'W/"{value}"')
    if "no_etag" in rules:
        _each_etag(answer, lambda value: "")
    if "no_date" in rules:
        _without_dates(answer)
    if "old_etag" in rules:
        answer.headers = [
            (key, '"former"' if key.lower() in _ETAGS else value) for key, value in answer.headers
        ]
    if "moving_etag" in rules:
        moved = next(_MOVES)
        _each_etag(answer, lambda value: f'"{value}{moved}"')
    if "propstat_error" in rules and answer.status == 207:
        _refuse_inside(answer, rules["propstat_error"])
    return answer


def _without_dates(answer: Answer) -> None:
    answer.headers = [(key, value) for key, value in answer.headers if key.lower() != "last-modified"]
    if answer.status != 207:
        return
    root = etree.fromstring(answer.body)
    for element in list(root.iter("{DAV:}getlastmodified")):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    answer.body = etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _each_etag(answer: Answer, change: object) -> None:
    assert callable(change)
    headers = []
    for key, value in answer.headers:
        if key.lower() in _ETAGS:
            value = change(value.strip('"'))
        if value:
            headers.append((key, value))
    answer.headers = headers
    if answer.status != 207:
        return
    root = etree.fromstring(answer.body)
    for element in list(root.iter("{DAV:}getetag")):
        changed = change((element.text or "").strip('"'))
        parent = element.getparent()
        if changed:
            element.text = changed
        elif parent is not None:
            parent.remove(element)
    answer.body = etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _refuse_inside(answer: Answer, rule: Rule) -> None:
    status = rule.status or 403
    root = etree.fromstring(answer.body)
    for response in root.iter("{DAV:}response"):
        href = unquote(response.findtext("{DAV:}href") or "").rstrip("/")
        if not (fnmatchcase(href, rule.resource) or fnmatchcase(href.rpartition("/")[2], rule.resource)):
            continue
        for element in response.iter("{DAV:}status"):
            element.text = re.sub(r"\d{3} .*", f"{status} {REASONS.get(status, 'Error')}", element.text or "")
        for prop in response.iter("{DAV:}prop"):
            for value in prop:
                value.text = None
                value[:] = []
    answer.body = etree.tostring(root, xml_declaration=True, encoding="utf-8")
