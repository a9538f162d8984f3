"""What the real parts are made with, from the administrator's file."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from connector.cli.wiring import State, sealer
from connector.cli.wiring_settings import EXAMPLE_DOMAINS, timing_of, watched
from connector.config import load_config
from connector.errors import JournalFull
from connector.models import models
from connector.policy import problems_of
from connector.sidecar.names import MODELS_FOLDER
from connector.sidecar.reading import read_sidecar
from connector.steps.check import settings_digest
from connector.steps.parts import FolderSettings

FILE = """\
config_version: 1
servers: {{cloud: {{url: https://cloud.lyon.example/dav, user: u, password: {{env: P}}}}}}
platform: {{url: '{url}', shortcut: s, secret: {{env: S}}}}
accounts: {{lyon: {{sender: Cabinet, owner: o@lyon.example}}}}
folders: {{letters: {{server: cloud, path: /Lettres/, account: lyon}}}}
policy: {{refuse_domains: [spam.example], levels: [simple, advanced], drop_folder: allow, remember_contacts: 0d,
  reminders: {{first_after: 3d, every: 4d, at_most: 2}}}}
"""


def folder(url: str = "https://jesignexpert.example/") -> FolderSettings:
    return watched(load_config(FILE.format(url=url)))["letters"]


def test_the_policy_reaches_the_folder() -> None:
    """Days are whole for the people who read them; nothing to remember is no memory."""
    found = folder()
    assert (found.levels, found.drop_allowed, found.remember_contacts) == (("simple", "advanced"), True, None)
    assert found.reminders is not None
    assert (found.reminders.first, found.reminders.every, found.reminders.maximum) == (3, 4, 2)


@pytest.mark.parametrize("domain", EXAMPLE_DOMAINS)
def test_a_model_that_was_never_filled_in_asks_nobody(domain: str) -> None:
    """The people of the guide and of the models are refused on a real platform, never on this very machine."""
    request = read_sidecar(f"signataires: Marie Dupont <marie.dupont@{domain}> 06 12 34 56 78".encode())
    for url, codes in (("https://jesignexpert.example/", ["domain_refused"]), ("http://127.0.0.1:8080/", [])):
        settings = folder(url)
        found = problems_of(request, refuse_domains=settings.refuse_domains, same_phone_refused=True)
        assert [problem.code for problem in found] == codes, (MODELS_FOLDER, url)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_model_that_is_half_filled_in_sends_no_code_to_a_stranger(language: Literal["fr", "en"]) -> None:
    """Saved with the client's address before the mobile was put in: each one that the models name is refused."""
    texts = [text for name, text in models(language).items() if name.endswith((".txt", ".yaml"))]
    phones = {
        phone for text in texts for phone in re.findall(r"0[67](?: [0-9]{2}){4}", text.decode("utf-8-sig"))
    }
    assert len(phones) == 4
    for phone in phones:
        request = read_sidecar(f"signataires: Jean Durand <jean@durand.fr> {phone}".encode())
        for url, codes in (
            ("https://jesignexpert.example/", ["phone_dummy"]),
            ("http://127.0.0.1:8080/", []),
        ):
            settings = folder(url)
            found = problems_of(
                request,
                refuse_domains=settings.refuse_domains,
                refuse_phones=settings.refuse_phones,
                same_phone_refused=True,
            )
            assert [problem.code for problem in found] == codes, (phone, url)


def test_a_request_is_never_asked_about_more_often_later_on() -> None:
    """What is written for the first hour; then 10 and 30 minutes, unless it is longer than those."""
    file = FILE.format(url="https://sign.lyon.example/")
    timings = [
        timing_of(load_config(f"{file}polling: {{platform: {every}}}\n")) for every in ("2min", "20min", "2h")
    ]
    found = [(each.follow_first_hour, each.follow_first_day, each.follow_later) for each in timings]
    assert [[length.total_seconds() / 60 for length in each] for each in found] == [
        [2, 10, 30],
        [20, 20, 30],
        [120, 120, 120],
    ]


def test_a_full_disk_at_a_first_start_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made once, the seal and the name, is made as soon as there is room: no failed start."""
    state = State(directory=tmp_path)
    state.make()

    def full(*_arguments: object, **_more: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", full)
        with pytest.raises(JournalFull, match="can be neither read nor made: No space left"):
            sealer(load_config(FILE.format(url="https://sign.lyon.example/")), state)
    assert (tmp_path / "keys").is_dir()


def test_a_mobile_that_is_refused_from_now_on_is_seen_by_what_waits() -> None:
    """A verdict of before is not what a request leaves by that waits for its turn."""
    settings = folder("https://jesignexpert.example/")
    assert settings.refuse_phones
    before = replace(settings, refuse_phones=())
    assert settings_digest(before, ()) != settings_digest(settings, ())
