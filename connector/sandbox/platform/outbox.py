"""The visible outbox: every e-mail and SMS as one text file that a person can read."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

from connector.sandbox.platform.model import SIMULATOR, Message, french_date

_UNFIT = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')


class Outbox:
    """Messages under ``directory``: one ``.txt`` each, and ``messages.jsonl`` to start again from."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._index = directory / "messages.jsonl"
        self._messages: list[Message] = []
        if self._index.exists():
            lines = self._index.read_text("utf-8").splitlines()
            self._messages = [Message(**json.loads(line)) for line in lines]

    def all(self) -> list[Message]:
        """Return every message, oldest first."""
        return list(self._messages)

    def email(
        self,
        purpose: str,
        label: str,
        *,
        to: str,
        sender: str,
        subject: str,
        text: str,
        link: str,
        at: float,
        about: str,
    ) -> None:
        """Put one e-mail in the outbox; ``label`` names its file, ``about`` is the transaction."""
        number = len(self._messages) + 1
        body = f"{text}\n\n{link}\n\n{SIMULATOR}\n"
        file = f"{number:04d} e-mail {to} - {label}"
        self._keep(Message(number, "mail", purpose, to, sender, subject, body, link, "", at, about, file))

    def sms(self, *, to: str, text: str, code: str, at: float, about: str) -> None:
        """Put one SMS with a code in the outbox."""
        number = len(self._messages) + 1
        body = f"{text}\n{SIMULATOR}\n"
        file = f"{number:04d} SMS {to} - Code de signature"
        self._keep(Message(number, "sms", "code", to, "SIMULATEUR", "", body, "", code, at, about, file))

    def _keep(self, message: Message) -> None:
        # 120 characters: a name that every file system and archive takes.
        stem = _UNFIT.sub(" ", message.file)[:120].rstrip(" .")
        message = dataclasses.replace(message, file=f"{stem}.txt")
        head = [f"De : {message.sender}", f"À : {message.to}", f"Date : {french_date(message.at)}"]
        if message.subject:
            head.append(f"Objet : {message.subject}")
        text = "\n".join(head) + "\n\n" + message.text
        (self._directory / message.file).write_text(text, "utf-8")
        with self._index.open("a", encoding="utf-8") as index:
            index.write(json.dumps(dataclasses.asdict(message), ensure_ascii=False) + "\n")
        self._messages.append(message)
