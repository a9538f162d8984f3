"""The embedded Jesignexpert, over a real loopback port, with a client written here on purpose.

The production client must not be used: a wrong path or HMAC order that both share would never be found.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject, NumberObject
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

import connector.sandbox
from connector.sandbox.clock import SandboxClock
from connector.sandbox.people import Person, PersonStuckError
from connector.sandbox.platform import Authority, PlatformWorld, serve_platform
from connector.sandbox.platform.errors import PersonError

SIMULATOR = "SIMULATEUR – sans valeur juridique – non affilié à ECMA"
DAY = 86_400.0
MARIE = "marie.dupont@example.fr"
JEAN = "jean.martin@example.fr"


def a_pdf(pages: int = 1, size: tuple[float, float] = (595, 842), rotate: int = 0) -> bytes:
    result = io.BytesIO()
    canvas = Canvas(result, pagesize=size)
    for number in range(pages):
        canvas.setPageRotation(rotate)
        canvas.drawString(80, 300, f"Lettre de mission, page {number + 1}")
        canvas.showPage()
    canvas.save()
    return result.getvalue()


LETTER = a_pdf(2)


def a_box(order: int = 1, x: int = 50, y: int = 700, page: int = -1) -> dict[str, Any]:
    return {"order": order, "positionX": x, "positionY": y, "page": page, "withoutLogo": True}


def a_transaction(**changes: Any) -> dict[str, Any]:
    body = {
        "object": "Lettre de mission",
        "message": "Merci de signer cette lettre.",
        "mailSender": "Cabinet Exemple",
        "mailSubject": "Votre lettre de mission",
        "notification": "ALL",
        "locked": True,
        "invitationMode": "sequential",
        "signatureRequirementMode": "ALL",
        "isHandwrittenSignatureActive": False,
        "confidentiality": [],
    }
    return {key: value for key, value in {**body, **changes}.items() if value is not ...}


def a_signatory(email: str = MARIE, **changes: Any) -> dict[str, Any]:
    names = {MARIE: "Marie Dupont", JEAN: "Jean Martin"}
    phones = {MARIE: "+33612345678", JEAN: "33687654321"}
    body = {
        "email": email,
        "name": names.get(email, "Hélène Le Bœuf"),
        "level": 1,
        "positions": [],
        "phone": phones.get(email, "+33600000000"),
    }
    return {key: value for key, value in {**body, **changes}.items() if value is not ...}


@dataclass
class Editor:
    """A minimal editor, strictly after API page sections 1 to 3."""

    world: PlatformWorld
    client: httpx.Client
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.client.request(method, f"/editor/sandbox/{path}", headers=self.headers, **more)

    def ok(self, method: str, path: str, **more: Any) -> httpx.Response:
        answer = self.call(method, path, **more)
        assert answer.status_code == 200, answer.text
        return answer

    def create(self, **changes: Any) -> str:
        return str(self.ok("POST", "transaction", json=a_transaction(**changes)).json()["id"])

    def upload(
        self, transaction: str, boxes: list[dict[str, Any]], order: int = 1, pdf: bytes = LETTER
    ) -> httpx.Response:
        return self.call(
            "PUT",
            f"transaction/{transaction}/uploadFile/{order}",
            files={"file": ("lettre de l'été.pdf", pdf, "application/pdf")},
            data={"SignFields": json.dumps(boxes)},
        )

    def prepare(self, *emails: str, pdf: bytes = LETTER, **changes: Any) -> str:
        """Everything up to, not including, ``send``; one box each, on the last page."""
        transaction = self.create(**changes)
        boxes = [a_box(rank + 1, y=700 - 60 * rank) for rank in range(len(emails))]
        assert self.upload(transaction, boxes, pdf=pdf).status_code == 200
        for email in emails:
            self.ok("POST", f"transaction/{transaction}/signatory", json=a_signatory(email))
        return transaction

    def launch(self, *emails: str, **changes: Any) -> str:
        transaction = self.prepare(*emails, **changes)
        self.ok("POST", f"transaction/{transaction}/send")
        return transaction

    def signed(self, *emails: str, **changes: Any) -> str:
        transaction = self.launch(*emails, **changes)
        for email in emails:
            self.world.person_signs(transaction, email)
        return transaction

    def status(self, transaction: str) -> str:
        return str(self.ok("GET", f"transaction/{transaction}").json()["status"])

    def download(self, transaction: str, order: int = 1) -> httpx.Response:
        return self.call("GET", f"transaction/{transaction}/downloadFile/{order}")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def serve(world: PlatformWorld) -> Iterator[Editor]:
    with serve_platform(world) as running, httpx.Client(base_url=running.url, trust_env=False) as client:
        tokens = world.office_tokens()
        headers = {"JSE-EDITOR-TOKEN-OFFICE": tokens["office"], "JSE-EDITOR-TOKEN-USER": tokens["user"]}
        yield Editor(world, client, headers)


@pytest.fixture
def editor(tmp_path: Path, authority: Authority) -> Iterator[Editor]:
    yield from serve(PlatformWorld(tmp_path, clock=SandboxClock(), authority=authority))


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Editor]:
    """One server for all the bad requests: none of them may change anything."""
    world = PlatformWorld(tmp_path_factory.mktemp("strict"), clock=SandboxClock(), authority=authority)
    yield from serve(world)


def checked(authority: Authority, pdf: bytes) -> list[Any]:
    roots = list(load_certs_from_pemder_data(authority.root_pem))
    found = []
    for signature in PdfFileReader(io.BytesIO(pdf)).embedded_signatures:
        context = ValidationContext(trust_roots=roots, allow_fetching=False)
        found.append(validate_pdf_signature(signature, signer_validation_context=context))
    return found


def triple(
    now: float, shortcut: str = "sandbox", secret: str = "sandbox-secret", id_request: str = ""
) -> tuple[str, str, str]:
    chosen = id_request or secrets.token_hex(15)
    ts = str(int(now * 1000))
    message = f"{shortcut}||{chosen}||{ts}"
    return chosen, hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest(), ts


# -- authentication ----------------------------------------------------------------------------------------


def test_published_vector(tmp_path: Path, authority: Authority) -> None:
    """The published HMAC vector is accepted at its own time, and not with one digit changed."""
    at = 1544783760.0

    class Then(SandboxClock):
        def timestamp(self) -> float:
            return at

    world = PlatformWorld(tmp_path, clock=Then(), authority=authority, shortcut="shortcut", secret="secret")
    good = "db2070ed2c1348f4c697797f840cb85ce07769bec64f178e61314312155210e5"
    for given, status in ((good, 200), (good[:-1] + "6", 400)):
        path = f"editor/shortcut/token/officeAndUser/auth/FCmWsIqOv8hqXBR78OHKoJSaH9Aoc0/{given}"
        for editor in serve(world):
            answer = editor.client.post(f"{path}?ts=1544783760000", json={"generate_hmac": True})
            assert answer.status_code == status
            if status == 400:
                assert answer.json()["details"] == "Le hmac est incorrect"


def test_connect(editor: Editor) -> None:
    """A person logs in on the page, and only then does the same triple fetch tokens that hold."""
    id_request, digest, ts = triple(editor.world.clock.timestamp())
    body = {"generate_hmac": True}
    path = f"token/officeAndUser/auth/{id_request}/{digest}?ts={ts}"
    url = editor.ok("POST", path, json=body).json()["url"]
    fetch = f"token/officeAndUser/fetch/{id_request}/{digest}?ts={ts}"
    assert editor.call("GET", fetch).status_code == 404
    with Person("claire.expert@cabinet.example", editor.world.url) as person:
        said = person.log_in(url, "Cabinet Exemple")
    assert "Connexion réussie" in said
    assert SIMULATOR in said
    tokens = editor.ok("GET", fetch).json()
    assert editor.ok("GET", fetch).json() == tokens
    assert tokens["office"]["name"] == "Cabinet Exemple"
    assert tokens["user"]["firstName"] == "Claire"
    editor.headers = {
        "JSE-EDITOR-TOKEN-OFFICE": tokens["office"]["token"],
        "JSE-EDITOR-TOKEN-USER": tokens["user"]["token"],
    }
    editor.ok("GET", "token/validateCheck")
    editor.world.clock.advance(301)
    assert editor.call("GET", fetch).json()["details"] == "Le hmac est incorrect"
    editor.world.clock.advance(5 * DAY)
    assert editor.call("GET", "token/validateCheck").status_code == 403
    del editor.headers["JSE-EDITOR-TOKEN-USER"]
    editor.ok("GET", "token/validateCheck")


@pytest.mark.parametrize(
    ("drift", "shortcut", "secret"),
    [
        (310, "sandbox", "sandbox-secret"),
        (-310, "sandbox", "sandbox-secret"),
        (0, "other", "sandbox-secret"),
        (0, "sandbox", "other"),
    ],
)
def test_wrong_triples(strict: Editor, drift: float, shortcut: str, secret: str) -> None:
    """A wrong clock, shortcut or secret is told as the published 400."""
    id_request, digest, ts = triple(strict.world.clock.timestamp() + drift, shortcut, secret)
    path = f"editor/{shortcut}/token/officeAndUser/auth/{id_request}/{digest}?ts={ts}"
    answer = strict.client.post(path, json={"generate_hmac": True})
    assert (answer.status_code, answer.json()["details"]) == (400, "Le hmac est incorrect")


def test_account_rows(editor: Editor) -> None:
    """Tokens, right, credit, maintenance and rate limit each answer in their own way."""
    world = editor.world
    ready = editor.prepare(MARIE)
    world.credit = 0
    assert editor.call("POST", f"transaction/{ready}/send").status_code == 402
    assert world.transaction(ready).sends == 0
    world.credit = 5
    world.switch(right=False)
    refused = editor.call("POST", f"transaction/{ready}/send")
    assert refused.status_code == 403
    assert "droit" in refused.json()["details"]
    editor.ok("GET", "token/validateCheck")
    world.switch(right=True, maintenance=True)
    closed = editor.call("GET", f"transaction/{ready}")
    assert closed.status_code == 503
    assert closed.headers["content-type"].startswith("text/html")
    world.switch(maintenance=False, rate_limit=0)
    limited = editor.call("GET", f"transaction/{ready}")
    assert limited.status_code == 429
    assert int(limited.headers["Retry-After"]) > 0
    world.switch(rate_limit=None)
    world.revoke_tokens()
    assert "jetons" in editor.call("GET", f"transaction/{ready}").json()["details"]


# -- the whole way -----------------------------------------------------------------------------------------


def test_two_signatories_in_turn(editor: Editor, authority: Authority, tmp_path: Path) -> None:
    """Two people sign in turn through the pages; two intact signatures by two certificates come back."""
    world = editor.world
    transaction = editor.prepare(MARIE, JEAN)
    assert world.outbox() == []
    assert world.credit == 1000
    editor.ok("POST", f"transaction/{transaction}/send")
    assert world.credit == 999
    assert [message.to for message in world.outbox()] == [MARIE]
    assert world.outbox()[0].sender == "Cabinet Exemple"
    assert world.outbox()[0].subject == "Votre lettre de mission"
    assert editor.download(transaction).status_code == 409
    with Person(MARIE, world.url) as marie:
        page = marie.open_mail()
        assert len(page.pictures) == 2
        assert page.text.rstrip().endswith(
            "J'ai lu et j'accepte le document ci-dessus\nRecevoir le code par SMS"
        )
        assert "Signature enregistrée" in marie.sign()
    body = editor.ok("GET", f"transaction/{transaction}").json()
    assert body["status"] == "started"
    assert [person["status"] for person in body["signatories"]] == ["signed", "ready"]
    with Person(JEAN, world.url) as jean:
        assert "Signature enregistrée" in jean.sign()
        signed = editor.download(transaction)
        assert jean.download() == [signed.content]
    assert signed.headers["content-type"] == "application/pdf"
    results = checked(authority, signed.content)
    assert [result.bottom_line for result in results] == [True, True]
    names = [result.signing_cert.subject.native["common_name"] for result in results]
    assert names == ["Marie Dupont", "Jean Martin"]
    assert len({result.signing_cert.serial_number for result in results}) == 2
    attestation = editor.ok("GET", f"transaction/{transaction}/attestation").content
    assert SIMULATOR in PdfReader(io.BytesIO(attestation)).pages[0].extract_text()
    names_of_files = sorted(file.name for file in (tmp_path / "boite-d-envoi").glob("*.txt"))
    assert names_of_files[0] == f"0001 e-mail {MARIE} - Consulter les documents et signer.txt"
    assert names_of_files[1] == "0002 SMS +33612345678 - Code de signature.txt"
    for file in (tmp_path / "boite-d-envoi").glob("*.txt"):
        assert SIMULATOR in file.read_text("utf-8")
    view = world.transaction(transaction)
    assert (view.sends, view.mails, view.sms, view.credits) == (1, 4, 2, 1)


def test_parallel_boxes_everywhere(editor: Editor, authority: Authority) -> None:
    """In parallel mode all are mailed at once; several boxes, several documents and none at all stay valid."""
    transaction = editor.create(invitationMode="parallel")
    assert editor.upload(transaction, [a_box(1, page=1), a_box(1, y=100), a_box(2, x=300)]).status_code == 200
    assert editor.upload(transaction, [a_box(2, 0, 0, 1)], order=2).status_code == 200
    for email in (MARIE, JEAN):
        editor.ok("POST", f"transaction/{transaction}/signatory", json=a_signatory(email))
    editor.ok("POST", f"transaction/{transaction}/send")
    assert [message.to for message in editor.world.outbox()] == [MARIE, JEAN]
    editor.world.person_signs(transaction, JEAN)
    editor.world.person_signs(transaction, MARIE)
    for order, count in ((1, 3), (2, 2)):
        results = checked(authority, editor.download(transaction, order).content)
        assert [result.bottom_line for result in results] == [True] * count


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_place_of_the_stamp(editor: Editor, rotation: int) -> None:
    """A box counts from the top left of the page as seen, whatever its rotation."""
    # reportlab swaps the sides of a page that it turns by 90 or 270 degrees: seen, all four are A4 upright.
    transaction = editor.create()
    boxes = [a_box(x=30, y=40, page=1)]
    assert editor.upload(transaction, boxes, pdf=a_pdf(rotate=rotation)).status_code == 200
    editor.ok("POST", f"transaction/{transaction}/signatory", json=a_signatory())
    editor.ok("POST", f"transaction/{transaction}/send")
    editor.world.person_signs(transaction, MARIE)
    page = PdfReader(io.BytesIO(editor.download(transaction).content)).pages[0]
    rectangle = [round(float(value)) for value in page["/Annots"][0]["/Rect"]]
    expected = {
        0: [30, 752, 230, 802],
        90: [40, 30, 90, 230],
        180: [365, 40, 565, 90],
        270: [752, 365, 802, 565],
    }
    assert rectangle == expected[rotation]


@pytest.mark.parametrize(
    ("media", "crop"),
    [
        ([0, 0, 595, 842], [-50, -50, 700, 900]),
        ([595, 842, 0, 0], None),
        ([-100, -100, 695, 942], [595, 842, 0, 0]),
    ],
)
def test_place_on_a_page_with_odd_boxes(editor: Editor, media: list[int], crop: list[int] | None) -> None:
    """What is seen of it is A4: corners in any order, and no more than MediaBox and CropBox have in common."""
    writer = PdfWriter(clone_from=io.BytesIO(a_pdf()))
    for name, box in (("/MediaBox", media), ("/CropBox", crop)):
        if box is not None:
            writer.pages[0][NameObject(name)] = ArrayObject(map(NumberObject, box))
    changed = io.BytesIO()
    writer.write(changed)
    transaction = editor.create()
    boxes = [a_box(x=30, y=40, page=1)]
    assert editor.upload(transaction, boxes, pdf=changed.getvalue()).status_code == 200
    editor.ok("POST", f"transaction/{transaction}/signatory", json=a_signatory())
    editor.ok("POST", f"transaction/{transaction}/send")
    editor.world.person_signs(transaction, MARIE)
    page = PdfReader(io.BytesIO(editor.download(transaction).content)).pages[0]
    assert [round(float(value)) for value in page["/Annots"][0]["/Rect"]] == [30, 752, 230, 802]


def test_second_send(editor: Editor) -> None:
    """A second send succeeds: it mails again, costs again, and is counted."""
    transaction = editor.launch(MARIE, JEAN, invitationMode="parallel")
    editor.ok("POST", f"transaction/{transaction}/send")
    view = editor.world.transaction(transaction)
    assert (view.sends, view.credits, view.mails) == (2, 2, 4)
    assert editor.world.credit == 998
    assert editor.status(transaction) == "started"


def test_second_send_after_the_end(editor: Editor) -> None:
    """Even on an ended collecte a second send costs and mails; on a draft cancelled unsent it is refused."""
    done, unsent = editor.signed(MARIE), editor.prepare(MARIE)
    editor.ok("POST", f"transaction/{done}/send")
    assert editor.world.transaction(done).credits == 2
    assert editor.status(done) == "completed"
    editor.ok("POST", f"transaction/{unsent}/cancel")
    assert editor.call("POST", f"transaction/{unsent}/send").status_code == 409


def test_uncommon_name(editor: Editor, authority: Authority) -> None:
    """A long name with letters that the stamp's font lacks signs all the same, without any box."""
    transaction = editor.create()
    assert editor.upload(transaction, []).status_code == 200
    name = "Łukasz Żółć de la Très Longue et Très Ancienne Maison de Saint-Œuvre-les-Bains"
    editor.ok("POST", f"transaction/{transaction}/signatory", json=a_signatory(name=name))
    editor.ok("POST", f"transaction/{transaction}/send")
    editor.world.person_signs(transaction, MARIE)
    assert [one.bottom_line for one in checked(authority, editor.download(transaction).content)] == [True]


def test_codes(editor: Editor) -> None:
    """A wrong code is refused, three make it worthless, and the newest one signs."""
    transaction = editor.launch(MARIE)
    with Person(MARIE, editor.world.url) as marie:
        for words in ("pas le bon", "pas le bon", "nouveau code"):
            with pytest.raises(PersonStuckError, match=words):
                marie.sign(code="no")
        assert editor.world.transaction(transaction).sms == 2
        marie.sign()
    assert editor.status(transaction) == "completed"


def test_out_of_turn(editor: Editor) -> None:
    """The link of somebody whose turn has not come says so and offers nothing to press."""
    transaction = editor.launch(MARIE, JEAN)
    link = editor.world.transaction(transaction).signatories[1].link
    page = editor.client.get(link).text
    assert "pas encore votre tour" in page
    assert "<form" not in page
    answer = editor.client.post(f"{link}/signer", data={"code": "1"}, follow_redirects=True)
    assert "pas encore votre tour" in answer.text
    assert 'lang="fr"' in page


def test_refusal(editor: Editor) -> None:
    """A refusal with its reason ends the collecte for all, and no document is given."""
    transaction = editor.launch(MARIE, JEAN)
    editor.world.person_signs(transaction, MARIE)
    with Person(JEAN, editor.world.url) as jean:
        assert "Refus enregistré" in jean.refuse("Les honoraires sont faux.")
        with pytest.raises(PersonStuckError, match="a refusé"):
            jean.sign()
    body = editor.ok("GET", f"transaction/{transaction}").json()
    assert body["status"] == "refused"
    assert body["signatories"][1]["refusalReason"] == "Les honoraires sont faux."
    assert editor.download(transaction).status_code == 404


def test_expiry_and_erasure(editor: Editor) -> None:
    """A collecte lapses after 15 days; a month after its end transaction and documents are gone."""
    lapsed, done, draft = editor.launch(MARIE), editor.signed(MARIE), editor.prepare(MARIE)
    link = editor.world.transaction(done).signatories[0].link
    assert editor.client.get(f"{link}/telechargement/1.pdf").status_code == 200
    editor.world.clock.advance(15 * DAY - 60)
    refresh(editor)
    assert editor.status(lapsed) == "started"
    assert editor.client.get(f"{link}/telechargement/1.pdf").status_code == 404
    editor.world.clock.advance(120)
    assert editor.status(lapsed) == "expired"
    with pytest.raises(PersonError, match="délai"):
        editor.world.person_signs(lapsed, MARIE)
    assert editor.download(done).status_code == 200
    editor.world.clock.advance(15 * DAY)
    refresh(editor)
    assert editor.call("GET", f"transaction/{done}").status_code == 404
    assert editor.download(done).status_code == 404
    assert editor.call("GET", f"transaction/{draft}").status_code == 404
    assert editor.status(lapsed) == "expired"
    assert editor.world.transaction(done).sends == 1


def refresh(editor: Editor) -> None:
    """A new user token: those of before are older than five days."""
    editor.headers["JSE-EDITOR-TOKEN-USER"] = editor.world.office_tokens()["user"]


def test_cancel_and_remind(editor: Editor) -> None:
    """A reminder goes to whoever's turn it is, once an hour; after a cancellation nobody can sign."""
    transaction = editor.launch(MARIE, JEAN)
    editor.ok("POST", f"transaction/{transaction}/remind")
    assert [message.to for message in editor.world.outbox()] == [MARIE, MARIE]
    assert editor.call("POST", f"transaction/{transaction}/remind").status_code == 409
    editor.world.clock.advance(3601)
    editor.ok("POST", f"transaction/{transaction}/remind")
    editor.ok("POST", f"transaction/{transaction}/cancel")
    assert editor.status(transaction) == "canceled"
    with Person(MARIE, editor.world.url) as marie, pytest.raises(PersonStuckError, match="annulé"):
        marie.sign()
    assert editor.call("POST", f"transaction/{transaction}/cancel").status_code == 409
    assert editor.call("POST", f"transaction/{transaction}/remind").status_code == 409


def test_draft_and_the_site(editor: Editor) -> None:
    """A draft is left to a person, who may send, cancel or delete it on the site itself."""
    transaction = editor.prepare(MARIE)
    editor.ok("POST", f"transaction/{transaction}/draft")
    assert editor.status(transaction) == "draft"
    assert (
        editor.call("POST", f"transaction/{transaction}/signatory", json=a_signatory(JEAN)).status_code == 409
    )
    editor.world.site(transaction, "send")
    assert editor.status(transaction) == "started"
    editor.world.site(transaction, "cancel")
    assert editor.status(transaction) == "canceled"
    editor.world.site(transaction, "delete")
    assert editor.call("GET", f"transaction/{transaction}").status_code == 404


def test_restart(tmp_path: Path, authority: Authority) -> None:
    """A new world on the same directory goes on: tokens, half-signed documents, outbox, credit, certificates."""
    world = PlatformWorld(tmp_path, clock=SandboxClock(), authority=authority)
    headers: dict[str, str] = {}
    for editor in serve(world):
        transaction = editor.launch(MARIE, JEAN)
        world.person_signs(transaction, MARIE)
        headers = editor.headers
    again = PlatformWorld(tmp_path, clock=SandboxClock(), authority=authority)
    assert again.credit == 999
    assert again.outbox() == world.outbox()
    for editor in serve(again):
        editor.headers = headers
        with Person(JEAN, again.url) as jean:
            jean.sign()
        results = checked(authority, editor.download(transaction).content)
        assert [result.bottom_line for result in results] == [True, True]


def test_shared_and_own_authority(tmp_path: Path) -> None:
    """An authority of the world's own is kept on disk: the same person keeps the same certificate."""
    first = PlatformWorld(tmp_path, clock=SandboxClock()).authority
    second = PlatformWorld(tmp_path, clock=SandboxClock()).authority
    assert first.root_pem == second.root_pem
    one, other = first.signer("Marie Dupont", MARIE), second.signer("Marie Dupont", MARIE)
    assert one.signing_cert.serial_number == other.signing_cert.serial_number


# -- strictness --------------------------------------------------------------------------------------------

BAD_TRANSACTIONS = {
    "object too long": {"object": "x" * 46},
    "object empty": {"object": " "},
    "object missing": {"object": ...},
    "message too long": {"message": "x" * 4001},
    "sender too long": {"mailSender": "x" * 101},
    "subject too long": {"mailSubject": "x" * 101},
    "notification unknown": {"notification": "SOME"},
    "mode missing": {"invitationMode": ...},
    "mode unknown": {"invitationMode": "serial"},
    "requirement missing": {"signatureRequirementMode": ...},
    "locked not boolean": {"locked": "true"},
    "confidentiality not e-mails": {"confidentiality": ["x"]},
    "unknown member": {"expiresIn": 15},
    "null": {"message": None},
}

BAD_SIGNATORIES = {
    "level 0": {"level": 0},
    "level 4": {"level": 4},
    "level text": {"level": "1"},
    "level boolean": {"level": True},
    "positions": {"positions": [{"page": 1}]},
    "positions missing": {"positions": ...},
    "e-mail": {"email": "marie"},
    "national phone": {"phone": "0612345678"},
    "phone with spaces": {"phone": "+33 6 12 34 56 78"},
    "unknown member": {"rank": 1},
    "name empty": {"name": ""},
}

BAD_BOXES = {
    "x too far": [a_box(x=386)],
    "y too far": [a_box(y=793)],
    "negative": [a_box(x=-1)],
    "page 0": [a_box(page=0)],
    "page missing": [a_box(page=3)],
    "overlap": [a_box(), a_box(2, x=249, y=749)],
    "overlap by last": [a_box(page=2), a_box(2, page=-1)],
    "order 0": [a_box(0)],
    "float": [{**a_box(), "positionX": 50.0}],
    "text": [{**a_box(), "order": "1"}],
    "boolean": [{**a_box(), "withoutLogo": 1}],
    "sixth member": [{**a_box(), "level": 1}],
    "missing member": [{key: value for key, value in a_box().items() if key != "withoutLogo"}],
    "not a list": {"order": 1},
    "not objects": [1],
}


@pytest.mark.parametrize("case", BAD_TRANSACTIONS)
def test_bad_transaction(strict: Editor, case: str) -> None:
    """A transaction with a wrong, missing or unknown member is refused in French."""
    answer = strict.call("POST", "transaction", json=a_transaction(**BAD_TRANSACTIONS[case]))
    assert answer.status_code == 400, case
    assert set(answer.json()) == {"message", "details"}


@pytest.mark.parametrize("case", BAD_SIGNATORIES)
def test_bad_signatory(strict: Editor, case: str) -> None:
    """A signatory with a wrong, missing or unknown member is refused and not added."""
    transaction = strict.prepare(MARIE)
    answer = strict.call(
        "POST",
        f"transaction/{transaction}/signatory",
        json=a_signatory(**{"email": JEAN, **BAD_SIGNATORIES[case]}),
    )
    assert answer.status_code == 400, case
    assert len(strict.world.transaction(transaction).signatories) == 1


@pytest.mark.parametrize("case", BAD_BOXES)
def test_bad_boxes(strict: Editor, case: str) -> None:
    """Boxes out of range, overlapping, on a missing page or of another form are refused."""
    answer = strict.upload(strict.create(), BAD_BOXES[case])  # type: ignore[arg-type]
    assert answer.status_code == 400, case
    assert "SignFields" in answer.json()["details"]


def a_heavy_pdf(size: int) -> bytes:
    """A readable PDF of exactly ``size`` bytes."""
    result = io.BytesIO()
    writer = PdfWriter(clone_from=io.BytesIO(LETTER))
    writer.add_attachment("annexe.bin", bytes(size - 10_000))
    writer.write(result)
    missing = size - len(result.getvalue())
    writer = PdfWriter(clone_from=io.BytesIO(LETTER))
    writer.add_attachment("annexe.bin", bytes(size - 10_000 + missing))
    result = io.BytesIO()
    writer.write(result)
    assert len(result.getvalue()) == size
    return result.getvalue()


def an_encrypted_pdf() -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(LETTER))
    writer.encrypt("secret", algorithm="AES-256")
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()


def a_form() -> bytes:
    result = io.BytesIO()
    canvas = Canvas(result)
    canvas.acroForm.textfield(name="nom")
    canvas.showPage()
    canvas.save()
    return result.getvalue()


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda: b"", 400),
        (lambda: b"Bonjour", 400),
        (lambda: LETTER[:200], 400),
        (an_encrypted_pdf, 400),
        (a_form, 400),
        (lambda: a_heavy_pdf(10_000_000), 413),
        (lambda: a_heavy_pdf(9_999_999), 200),
    ],
    ids=["empty", "text", "torn", "encrypted", "form", "10 MB", "just under 10 MB"],
)
def test_documents(strict: Editor, make: Any, status: int) -> None:
    """Only a readable, plain PDF of strictly less than 10 MB is taken."""
    assert strict.upload(strict.create(), [a_box()], pdf=make()).status_code == status


def test_small_page(strict: Editor) -> None:
    """A box that leaves a page smaller than A4 is refused."""
    assert strict.upload(strict.create(), [a_box(x=300, y=0)], pdf=a_pdf(2, A5)).status_code == 400


def test_multipart_form(strict: Editor) -> None:
    """The upload's body is multipart with exactly ``file`` (a PDF with a name) and ``SignFields``."""
    path = f"transaction/{strict.create()}/uploadFile/1"
    boxes = {"SignFields": json.dumps([a_box()])}
    good = ("lettre.pdf", LETTER, "application/pdf")
    for files, data in (
        ({"document": good}, boxes),
        ({"file": good}, {}),
        ({"file": good}, {**boxes, "name": "x"}),
        ({"file": ("lettre.pdf", LETTER, "application/octet-stream")}, boxes),
        ({"file": good, "SignFields": ("x.json", b"[]", "application/json")}, {}),
    ):
        assert strict.call("PUT", path, files=files, data=data).status_code == 400
    assert strict.call("PUT", path, content=LETTER).status_code == 400
    wrong = {"content-type": "multipart/form-data"}
    headers = {**strict.headers, **wrong}
    assert strict.client.put(f"/editor/sandbox/{path}", content=b"x", headers=headers).status_code == 400


def test_order_of_calls(strict: Editor) -> None:
    """Create, documents in rank order, signatories, send: anything else is 409."""
    transaction = strict.create()
    path = f"transaction/{transaction}"
    assert strict.call("POST", f"{path}/signatory", json=a_signatory()).status_code == 409
    assert strict.call("POST", f"{path}/send").status_code == 409
    assert strict.upload(transaction, [a_box(2)], order=2).status_code == 409
    assert strict.upload(transaction, [a_box(2)]).status_code == 200
    assert strict.upload(transaction, [a_box(2)]).status_code == 409
    strict.ok("POST", f"{path}/signatory", json=a_signatory())
    assert strict.upload(transaction, [], order=2).status_code == 409
    missing = strict.call("POST", f"{path}/send")
    assert (missing.status_code, "signataire 2" in missing.json()["details"]) == (400, True)
    strict.ok("POST", f"{path}/signatory", json=a_signatory(JEAN))
    assert strict.call("POST", f"{path}/send", json={}).status_code == 400
    strict.ok("POST", f"{path}/send")
    assert strict.call("POST", f"{path}/signatory", json=a_signatory(MARIE)).status_code == 409
    assert strict.upload(transaction, [], order=2).status_code == 409
    assert strict.call("POST", f"{path}/draft").status_code == 409


def test_other_refusals(strict: Editor) -> None:
    """Bad JSON, wrong methods, unknown paths, missing tokens and other offices are each refused."""
    assert strict.call("POST", "transaction", content=b"{}").status_code == 400
    twice = b'{"object": "a", "object": "b"}'
    headers = {**strict.headers, "content-type": "application/json"}
    assert (
        strict.client.post("/editor/sandbox/transaction", content=twice, headers=headers).status_code == 400
    )
    assert strict.call("DELETE", "transaction").status_code == 405
    assert strict.call("GET", "transactions").status_code == 404
    assert strict.call("GET", "transaction/none").status_code == 404
    assert strict.client.get("/editor/sandbox/token/validateCheck").status_code == 403
    assert strict.client.get("/editor/other/token/validateCheck", headers=strict.headers).status_code == 400
    id_request, digest, ts = triple(strict.world.clock.timestamp())
    path = f"token/officeAndUser/auth/{id_request}/{digest}?ts={ts}"
    assert strict.call("POST", path, json={"generate_hmac": False}).status_code == 400
    assert strict.call("POST", path, json={}).status_code == 400
    assert strict.call("POST", path, json={"generate_hmac": True, "success_url": "x"}).status_code == 400
    id_request, digest, ts = triple(strict.world.clock.timestamp(), id_request="short")
    path = f"token/officeAndUser/auth/{id_request}/{digest}?ts={ts}"
    assert strict.call("POST", path, json={"generate_hmac": True}).status_code == 400


def test_other_office(tmp_path: Path, authority: Authority) -> None:
    """A transaction of another office does not exist for this one."""
    world = PlatformWorld(
        tmp_path,
        clock=SandboxClock(),
        authority=authority,
        offices={"Lyon": "token-lyon", "Paris": "token-paris"},
    )
    for editor in serve(world):
        transaction = editor.prepare(MARIE)
        editor.headers = {"JSE-EDITOR-TOKEN-OFFICE": "token-paris"}
        assert editor.call("GET", f"transaction/{transaction}").status_code == 404
        editor.headers["JSE-EDITOR-TOKEN-OFFICE"] = "token-lyon"
        editor.ok("GET", f"transaction/{transaction}")


# -- misbehaviour ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "sends"), [("lost_answer", 1), ("cut_before", 0)])
def test_cut_connection(editor: Editor, kind: str, sends: int) -> None:
    """The connection is really cut: after the effect for a lost answer, before any for a cut."""
    transaction = editor.prepare(MARIE)
    editor.world.misbehave(operation="send", kind=kind)
    with pytest.raises(httpx.TransportError):
        editor.call("POST", f"transaction/{transaction}/send")
    assert editor.world.transaction(transaction).sends == sends
    assert editor.world.requests[-1].status == 0
    editor.ok("GET", f"transaction/{transaction}")


def test_cut_upload(editor: Editor) -> None:
    """A connection cut while a large document comes in leaves no document."""
    transaction = editor.create()
    editor.world.misbehave(operation="upload", kind="cut_before")
    with pytest.raises(httpx.TransportError):
        editor.upload(transaction, [a_box()], pdf=LETTER + b"\n" * 5_000_000)
    assert editor.world.transaction(transaction).documents == ()


def test_late_effect(editor: Editor) -> None:
    """A send may take effect long after its connection was cut; until then the status says draft."""
    transaction = editor.prepare(MARIE)
    editor.world.misbehave(operation="send", kind="late_effect", seconds=600)
    with pytest.raises(httpx.TransportError):
        editor.call("POST", f"transaction/{transaction}/send")
    editor.world.clock.advance(590)
    assert editor.status(transaction) == "draft"
    assert editor.world.outbox() == []
    editor.world.clock.advance(20)
    assert editor.status(transaction) == "started"
    assert editor.world.transaction(transaction).sends == 1


def test_status_lag(editor: Editor) -> None:
    """After a send that took effect, the status may go on saying draft for a while."""
    editor.world.misbehave(operation="send", kind="status_lag", seconds=60)
    transaction = editor.launch(MARIE)
    body = editor.ok("GET", f"transaction/{transaction}").json()
    assert (body["status"], body["signatories"][0]["status"], body["expiresAt"]) == ("draft", "waiting", None)
    assert len(editor.world.outbox()) == 1
    editor.world.clock.advance(61)
    assert editor.status(transaction) == "started"


def test_told_answers(editor: Editor) -> None:
    """Statuses, HTML, torn bodies, 404s and unknown words are given as told, as often as told."""
    world, transaction = editor.world, editor.launch(MARIE)
    path = f"transaction/{transaction}"
    world.misbehave(
        operation="status", kind="status", status=502, body="non", content_type="text/plain", times=2
    )
    assert [editor.call("GET", path).status_code for _ in range(3)] == [502, 502, 200]
    world.misbehave(operation="*", kind="status", status=429, headers={"Retry-After": "7"}, body="{}")
    assert editor.call("GET", path).headers["retry-after"] == "7"
    world.misbehave(operation="status", kind="html")
    page = editor.ok("GET", path)
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>" in page.text
    world.misbehave(operation="status", kind="truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        editor.call("GET", path)
    world.misbehave(operation="status", kind="gone")
    assert editor.call("GET", path).status_code == 404
    world.misbehave(operation="status", kind="unknown_word", word="transmogrified", skip=1)
    assert [editor.status(transaction) for _ in range(3)] == ["started", "transmogrified", "started"]
    world.misbehave(operation="status", kind="gone", times=None)
    assert [editor.call("GET", path).status_code for _ in range(3)] == [404] * 3
    world.behave()
    editor.ok("GET", path)
    world.misbehave(operation="send", kind="status", status=500, effect=True)
    assert editor.call("POST", f"{path}/send").status_code == 500
    assert world.transaction(transaction).sends == 2
    world.switch(words={"started": "En cours"})
    assert editor.status(transaction) == "En cours"


def test_latency(editor: Editor) -> None:
    """A slow answer is slow, and right."""
    editor.world.misbehave(operation="validate", kind="latency", seconds=0.3)
    began = time.monotonic()
    editor.ok("GET", "token/validateCheck")
    assert time.monotonic() - began >= 0.3


def test_sealing(editor: Editor) -> None:
    """After the last signature a download may answer 409 for a while, by rule or by switch."""
    transaction = editor.signed(MARIE)
    editor.world.misbehave(operation="download", kind="sealing", seconds=120)
    assert editor.download(transaction).status_code == 409
    assert editor.download(transaction).status_code == 409
    editor.world.clock.advance(121)
    assert editor.download(transaction).status_code == 200
    editor.world.switch(sealing_s=600, sealing_word="signed by all")
    other = editor.signed(MARIE)
    assert editor.status(other) == "signed by all"
    editor.world.clock.advance(601)
    assert editor.status(other) == "completed"
    assert editor.download(other).status_code == 200


def test_wrong_documents(editor: Editor, authority: Authority) -> None:
    """Each wrong document is wrong in just its own way, and the right one comes afterwards."""
    transaction = editor.signed(MARIE, JEAN)
    right = editor.download(transaction).content

    def wrong(variant: str) -> bytes:
        editor.world.misbehave(operation="download", kind="wrong_document", variant=variant)
        answer = editor.download(transaction)
        assert answer.status_code == 200
        return answer.content

    other = wrong("other_document")
    assert [result.bottom_line for result in checked(authority, other)] == [True]
    assert "quelqu'un d'autre" in PdfReader(io.BytesIO(other)).pages[0].extract_text()
    assert wrong("unsigned") == LETTER
    assert wrong("truncated") == right[: len(right) // 2]
    assert wrong("html").startswith(b"<!doctype html>")
    assert wrong("empty") == b""
    extra = wrong("extra_page")
    assert [result.bottom_line for result in checked(authority, extra)] == [True, True]
    assert len(PdfReader(io.BytesIO(extra)).pages) == 3
    missing = checked(authority, wrong("one_signature_missing"))
    assert [result.signing_cert.subject.native["common_name"] for result in missing] == ["Marie Dupont"]
    assert missing[0].bottom_line
    broken = wrong("broken_signature")
    assert [result.intact for result in checked(authority, broken)] == [False, False]
    assert editor.download(transaction).content == right


def test_unknown_misbehaviour(tmp_path: Path, authority: Authority) -> None:
    """A mistyped rule or switch is refused, so that no test passes for want of a fault."""
    world = PlatformWorld(tmp_path, clock=SandboxClock(), authority=authority)
    for rule in (
        {"operation": "sends", "kind": "gone"},
        {"operation": "send", "kind": "goner"},
        {"operation": "send", "kind": "sealing"},
        {"operation": "download", "kind": "wrong_document", "variant": "blue"},
    ):
        with pytest.raises(ValueError, match=r"unknown|means nothing|needs variant"):
            world.misbehave(**rule)
    with pytest.raises(ValueError, match="unknown switch"):
        world.switch(credits=3)


# -- control and process -----------------------------------------------------------------------------------


def test_control(editor: Editor, tmp_path: Path) -> None:
    """The control routes do what the Python calls do, and are never counted."""
    transaction = editor.launch(MARIE)
    counted = len(editor.world.requests)
    client = editor.client
    assert client.post("/sandbox/clock", json={"advance_s": 60}).json()["clock_offset_s"] == 60
    order = {"operation": "status", "kind": "gone", "times": None}
    assert client.post("/sandbox/misbehave", json=order).status_code == 200
    assert editor.call("GET", f"transaction/{transaction}").status_code == 404
    assert client.post("/sandbox/behave").status_code == 200
    assert client.post("/sandbox/account", json={"credit": 3}).status_code == 200
    assert client.post("/sandbox/account", json={"money": 3}).status_code == 400
    assert client.post("/sandbox/nothing", json={}).status_code == 400
    assert (
        client.post("/sandbox/site", json={"transaction": transaction, "action": "cancel"}).status_code == 200
    )
    state = client.get("/sandbox/state").json()
    assert state["account"]["credit"] == 3
    assert state["transactions"][0]["status"] == "canceled"
    message = client.get("/sandbox/outbox.json").json()[0]
    listing = client.get("/sandbox/outbox").text
    assert message["link"] in listing
    assert SIMULATOR in listing
    assert message["link"] in client.get("/sandbox/outbox/1.txt").text
    assert client.get("/sandbox/outbox/9.txt").status_code == 404
    assert "/sandbox/outbox" in client.get("/").text
    documented = client.get("/v2/api-docs").json()["paths"]
    assert "/editor/{shortcut}/transaction/{id}/uploadFile/{order}" in documented
    assert not any("?P" in path for path in documented)
    assert client.get("/swagger-ui.html").status_code == 200
    assert len(editor.world.requests) == counted + 1
    lines = (tmp_path / "requests.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == counted + 1
    upload = json.loads(lines[1])
    assert (upload["operation"], upload["status"]) == ("upload", 200)
    assert upload["bytes_in"] > len(LETTER)


def test_process(tmp_path: Path) -> None:
    """As a process it writes its address to a file, serves, and ends cleanly on SIGTERM."""
    port_file = tmp_path / "url"
    command = [sys.executable, "-m", "connector.sandbox.platform", "--dir", str(tmp_path / "state")]
    root = Path(connector.sandbox.__file__).parents[2]
    process = subprocess.Popen([*command, "--port-file", str(port_file)], cwd=root)
    try:
        give_up = time.monotonic() + 20
        while not port_file.exists() and process.poll() is None and time.monotonic() < give_up:
            time.sleep(0.05)
        url = port_file.read_text("utf-8").strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
        assert SIMULATOR in httpx.get(url, trust_env=False).text
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
