"""People who act on the embedded Jesignexpert as they would: by its mails, its SMS and its pages' own forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx


class PersonStuckError(Exception):
    """A person cannot go on; the text holds what the page says, in French."""


@dataclass
class Form:
    """One form of a page: where it goes and what it holds. ``button`` is what its button reads."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    button: str = ""


class Page(HTMLParser):
    """A page as a person reads it: its forms, links, pictures and text."""

    def __init__(self, url: str, html: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.pictures: list[str] = []
        self._words: list[str] = []
        self._open: list[str] = []
        self._link = ""
        self._select = ""
        self.feed(html)

    @property
    def text(self) -> str:
        """Return the visible text, one line per piece."""
        return "\n".join(self._words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of forms, their fields, links and pictures."""
        values = {name: value or "" for name, value in attrs}
        if tag not in ("meta", "input", "img", "br"):
            self._open.append(tag)
        if tag == "form":
            self.forms.append(Form(urljoin(self.url, values.get("action", "")), values.get("method", "get")))
        elif tag == "a":
            self._link = urljoin(self.url, values.get("href", ""))
        elif tag == "img":
            self.pictures.append(urljoin(self.url, values.get("src", "")))
        elif self.forms and "form" in self._open:
            self._field(tag, values)

    def _field(self, tag: str, values: Mapping[str, str]) -> None:
        form, name = self.forms[-1], values.get("name", "")
        if tag == "select":
            self._select = name
            form.choices[name] = []
        elif tag == "option":
            form.choices[self._select].append(values.get("value", ""))
            form.values.setdefault(self._select, values.get("value", ""))
        elif tag == "textarea":
            form.texts.append(name)
        elif tag == "input" and values.get("type") == "checkbox":
            form.boxes[name] = values.get("value", "on")
        elif tag == "input" and values.get("type") == "hidden":
            form.values[name] = values.get("value", "")
        elif tag == "input":
            form.texts.append(name)

    def handle_endtag(self, tag: str) -> None:
        """Leave a tag."""
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "a":
            self._link = ""

    def handle_data(self, data: str) -> None:
        """Take note of words, links' names and buttons' names."""
        words = " ".join(data.split())
        if not words or "style" in self._open or "title" in self._open:
            return
        self._words.append(words)
        if self._link:
            self.links[words] = self._link
        if "button" in self._open and self.forms:
            self.forms[-1].button = words

    def form(self, button: str = "") -> Form:
        """Return the form whose button reads ``button`` (any: the last). Raises PersonStuckError."""
        found = [form for form in self.forms if not button or form.button == button]
        if not found:
            raise PersonStuckError(self.text)
        return found[-1]


class Person:
    """Somebody with an e-mail address. A context manager; ``close`` it otherwise.

    ``platform_url`` is the platform's address; links of mails are opened there, whatever host they name.
    """

    def __init__(self, email: str, platform_url: str) -> None:
        self.email = email
        self._base = platform_url
        self._client = httpx.Client(timeout=30, follow_redirects=True, trust_env=False)

    def close(self) -> None:
        """Close the person's browser."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def messages(self) -> list[dict[str, Any]]:
        """Return the visible outbox, oldest first, as ``/sandbox/outbox.json`` gives it."""
        answer = self._client.get(urljoin(self._base, "/sandbox/outbox.json"))
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def open_mail(self) -> Page:
        """Open the newest invitation's link and look at every page of the document.

        Raises PersonStuckError: no such mail.
        """
        mine = [
            item for item in self.messages() if item["to"] == self.email and item["purpose"] == "invitation"
        ]
        if not mine:
            raise PersonStuckError(f"Aucune invitation pour {self.email}.")
        page = self._open(mine[-1]["link"])
        for picture in page.pictures:
            self._client.get(picture).raise_for_status()
        return page

    def sign(self, *, code: str = "") -> str:
        """Read, accept, take the code of the SMS (or ``code``), press « Signer »; return what the page then says.

        Raises PersonStuckError with the page's text when it offers no such form, or refuses.
        """
        page = self.open_mail()
        transaction = self._invitation()["transaction"]
        form = page.form()
        if form.boxes:
            page = self._press(form, form.boxes)
            form = page.form("Signer")
        received = [
            item for item in self.messages() if item["kind"] == "sms" and item["transaction"] == transaction
        ]
        if not received and not code:
            raise PersonStuckError(f"Aucun SMS pour {self.email}.")
        return self._press(form, {form.texts[0]: code or received[-1]["code"]}).text

    def refuse(self, reason: str) -> str:
        """Follow « Refuser de signer », give ``reason``; return what the page then says."""
        page = self.open_mail()
        link = page.links.get("Refuser de signer")
        if link is None:
            raise PersonStuckError(page.text)
        form = self._open(link).form("Refuser de signer")
        return self._press(form, {form.texts[0]: reason}).text

    def download(self) -> list[bytes]:
        """Return the signed documents by the newest download mail. Raises PersonStuckError."""
        mine = [item for item in self.messages() if item["to"] == self.email and item["purpose"] == "signed"]
        if not mine:
            raise PersonStuckError(f"Aucun document signé pour {self.email}.")
        page = self._open(mine[-1]["link"])
        return [self._client.get(link).raise_for_status().content for link in page.links.values()]

    def log_in(self, login_url: str, office: str) -> str:
        """Log in on the page of ``connect`` and pick ``office``; return what the page then says."""
        form = self._open(login_url).form("Se connecter")
        answers = dict.fromkeys(form.texts, self.email)
        for name, offered in form.choices.items():
            if office not in offered:
                raise PersonStuckError(f"Le cabinet « {office} » n'est pas dans la liste : {offered}.")
            answers[name] = office
        return self._press(form, answers).text

    def _invitation(self) -> dict[str, Any]:
        mine = [
            item for item in self.messages() if item["to"] == self.email and item["purpose"] == "invitation"
        ]
        if not mine:
            raise PersonStuckError(f"Aucune invitation pour {self.email}.")
        return mine[-1]

    def _open(self, link: str) -> Page:
        parts = urlsplit(link)
        answer = self._client.get(
            urljoin(self._base, parts.path + (f"?{parts.query}" if parts.query else ""))
        )
        return self._read(answer)

    def _press(self, form: Form, answers: Mapping[str, str]) -> Page:
        if form.method.lower() != "post":
            raise PersonStuckError(f"Ce formulaire ne s'envoie pas par POST : {form.action}")
        return self._read(self._client.post(form.action, data={**form.values, **answers}))

    @staticmethod
    def _read(answer: httpx.Response) -> Page:
        page = Page(str(answer.url), answer.text)
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise PersonStuckError(page.text)
        return page
