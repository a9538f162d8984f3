"""Real files and answers, of which the mutations are made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from connector import marks
from connector.marks import Sealer
from connector.report.block import seal_status
from tests import bombs, documents, pictures
from tests.fakes.dav_server import entry, multistatus
from tests.spreadsheets import csv_text, person, workbook

ROOT = Path(__file__).parents[2]
KEY = b"0123456789abcdef"

_PERSON = "Marie Dupont <marie.dupont@cabinet.fr> 06 12 34 56 78"
SIDECARS = (
    *(path.read_bytes() for path in sorted((ROOT / "connector" / "models").rglob("*.sign.yaml.txt"))),
    f"signataires: {_PERSON}\n".encode(),
    f"""objet: Lettre de mission
message: |
  Bonjour,
  voici la lettre.
ordre: l'un après l'autre
signataires:
  - prénom: Marie
    nom: Dupont
    email: marie.dupont@cabinet.fr
    téléphone: '+33 6 12 34 56 78'
    signature: page 2, en bas à droite
  - {_PERSON}
annexes: [Annexe 1.pdf, 'Annexe 2.pdf']
envoi: non
rappels: tous les 3 jours
action: recommencer 2
""".encode(),
    f"signataires: {_PERSON}\r\naction: annuler\r\n".encode("cp1252"),
    "signers:\n- {name: Marie Dupont, email: a@b.fr, phone: 0612345678}\nsubject: x\n".encode("utf-16"),
    f"signataires: {_PERSON}\n\nCordialement,\nJean\n".encode(),
)
SETTINGS = tuple(
    path.read_bytes() for path in sorted((ROOT / "connector" / "models").rglob("_signature.yaml.txt"))
)
CONFIGS = ((ROOT / "config.example.yaml").read_bytes(),)
TABLES_CSV = (
    csv_text([person(1), person(2)]).encode("utf-8-sig"),
    csv_text([person(3)], delimiter=",").encode("cp1252"),
    b"sep=;\r\n" + csv_text([person(n) for n in range(5)]).encode(),
    "signataire\te-mail\r\nMarie Dupont\tmarie@cabinet.fr\r\n".encode("utf-16"),
)
TABLES_XLSX = (workbook([person(1), person(2)]), workbook([(*person(3)[:4], 612345678)], above=[("Liste",)]))

_TIMES = "<d:getlastmodified>Thu, 26 Nov 2026 10:00:00 GMT</d:getlastmodified><d:getetag>&quot;abc&quot;</d:getetag>"
_FILE = entry("/dav/a%20b.pdf", props=f"{_TIMES}<d:getcontentlength>123</d:getcontentlength>")
MULTISTATUS = (
    multistatus(entry("/dav/", folder=True, props=_TIMES), _FILE, entry("/dav/c/", folder=True)),
    multistatus(entry("http://x/dav/", folder=True), _FILE, _FILE)
    .replace(b"d:", b"D:")
    .replace(b":d=", b":D="),
    multistatus(
        entry("/dav/", folder=True),
        "<d:response><d:href>/dav/x</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>",
        entry("/dav/123", status="HTTP/1.1 403 Forbidden"),
    ),
)
LOCKS = (
    b'<?xml version="1.0"?><d:prop xmlns:d="DAV:"><d:lockdiscovery><d:activelock><d:owner>me</d:owner>'
    b"<d:timeout>Second-3600</d:timeout><d:locktoken><d:href>opaquelocktoken:1</d:href></d:locktoken>"
    b"</d:activelock></d:lockdiscovery></d:prop>",
    b'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:response><d:propstat>'
    b"<d:prop><nc:lock>1</nc:lock><nc:lock-owner>anna</nc:lock-owner><nc:lock-owner-type>0</nc:lock-owner-type>"
    b"<nc:lock-time>1764151200</nc:lock-time><nc:lock-timeout>1800</nc:lock-timeout></d:prop></d:propstat>"
    b"</d:response></d:multistatus>",
)
DATES = (
    b"Sun, 06 Nov 1994 08:49:37 GMT",
    b"Sunday, 06-Nov-94 08:49:37 GMT",
    b"Sun Nov  6 08:49:37 1994",
    b"Fri, 31 Dec 9999 23:59:59 -2359",
    b'W/"5f3-gzip"',
    b'"abc"',
    b"120",
)
PAGES = (
    b"<!DOCTYPE html><html><body>Please log in</body></html>",
    b"<!-- a --> <html></html>",
    b'<d:error xmlns:d="DAV:" xmlns:s="x"><s:exception>Sabre\\DAV\\Exception\\Locked</s:exception></d:error>',
    b'{"error":"Strict Cookie has not been found"}',
)  # fmt: skip
HREFS = (b"/dav/a%20b.pdf", b"http://x:80/dav/c/", b"/dav/%C3%A9%ff/..%2f/x", b"//dav//a", b"/dav/a=3D%", b"")

STATUS_ANSWERS: tuple[Any, ...] = (
    {
        "id": "t-1",
        "status": "in_progress",
        "createdAt": "2026-11-26T10:00:00Z",
        "expiresAt": 1764151200000,
        "signatories": [
            {"order": 1, "email": "a@b.fr", "name": "Marie", "status": "signed", "signedAt": "2026-11-26T10:00:00Z"},
            {"order": 2, "email": "c@d.fr", "name": "Paul", "status": "refused", "reason": "Non.\nVraiment."},
        ],
    },
    {"id": 5, "status": "Signé", "signatories": []},
)  # fmt: skip
OTHER_ANSWERS: tuple[Any, ...] = (
    {"message": "Plus de crédit", "details": "solde 0", "error": "x", "status": 402},
    {"office": {"token": "T", "name": "C"}, "user": {"token": "U", "rights": ["a"], "expirationDate": "2026-12-01"}},
    {"valid": True},
    [{"field": "email", "message": "must be valid"}],
)  # fmt: skip

_AT = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
SEALER = Sealer(KEY)


@cache
def markers() -> tuple[bytes, ...]:
    """One marker of each kind."""
    sent = marks.Sent(
        kind="send", key="k" * 64, ref="7F3K2Q", transaction="t-1", account="lyon", folder="f", connector="c",
        journal="j", nonce="n", carried="x", ask="1", documents=(("document", "a" * 64),), people=("p" * 64,),
        place="h" * 64, document="d" * 64, made_at=_AT,
    )  # fmt: skip
    done = marks.Done(key="k" * 64, transaction="t-1", state="delivered", ended_at=_AT, connector="c")
    owner = marks.Owner(connector="c", since=_AT)
    return tuple(marks.write(one, SEALER) for one in (sent, done, owner))


@cache
def statuses() -> tuple[bytes, ...]:
    """A status as it is written, whole and as an editor leaves it."""
    sealed = seal_status(
        "EN COURS\r\n\r\nBonjour.\r\n", ref="7F3K2Q", transaction="t-1", connector="c", place="/a", pdf_sha256="a" * 64,
        seal_key=KEY,
    )  # fmt: skip
    return (sealed, sealed.replace(b"\r\n", b"\n"), sealed + b"note\n")


def tokens() -> tuple[bytes, ...]:
    """What the token store keeps."""
    return (
        json.dumps(
            {"office": "T", "office_name": "C", "user": "U", "rights": ["a"], "expires_at": None}
        ).encode(),
    )


PEOPLE = (
    "e-mail;prénom;nom;téléphone\r\nmarie@cabinet.fr;Marie;Dupont;0612345678\r\n".encode("utf-8-sig"),
    b"signataire\nMarie Dupont <a@b.fr> 06 12 34 56 78\n",
)


@cache
def pdfs() -> tuple[bytes, ...]:
    """Letters of several makes, and two that turn in circles."""
    return (
        documents.letter(1),
        documents.saved_incrementally(documents.letter(1)),
        documents.with_attachment(),
        documents.with_note(documents.letter(1)),
        bombs.circular_names(),
        bombs.circular_object_stream(),
    )


@cache
def signed() -> tuple[bytes, ...]:
    """Letters that came back signed, and one that did not."""
    return (documents.letter(1), documents.signed(documents.letter(1)), documents.signed_at(_AT))


@cache
def images() -> tuple[bytes, ...]:
    """One of each format, small."""
    return (
        pictures.upright(6, "JPEG"),
        pictures.upright(3, "PNG"),
        pictures.upright(5, "TIFF"),
        pictures.saved(pictures.quadrants(), "JPEG", progressive=True),
        pictures.scan("1", 50, 2),
        pictures.animation(),
        pictures.HEIC,
    )
