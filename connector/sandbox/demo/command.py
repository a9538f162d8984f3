"""The demo's command line: what is asked, the two ways to run, and how a failure is told."""

from __future__ import annotations

import argparse
import importlib.util
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import httpx

from connector.sandbox.demo.letter import FOLDER, NAME
from connector.sandbox.demo.place import taken
from connector.sandbox.demo.processes import Children
from connector.sandbox.demo.stage import Stage, staged
from connector.sandbox.demo.story import drop, example, own, played
from connector.sandbox.demo.voice import DemoFailed, Voice

HOW = "The demo needs the extra sandbox; from a checkout:  pipx install --force './jse-connector[sandbox]'"
# What the embedded servers are made of; they would say so only in their logs.
_EXTRA = ("cheroot", "python_multipart", "starlette", "uvicorn", "wsgidav")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return 0 when done (or ended by Ctrl-C while it stayed up), 1 on failure, 2 on usage."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if (asked.pdf is None) != (asked.sidecar is None):
        parser.error("give both a PDF and its request, or neither")
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        parser.error(f"{', '.join(missing)}: not installed. {HOW}")
    # A service manager or a CI ends it like Ctrl-C does: children first. A shell starts what it puts into the
    # background with SIGINT ignored, so both are set.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    voice = Voice()
    try:
        with taken(asked.dir, fresh=asked.auto) as place, Children(place.logs) as children:
            try:
                with staged(place, voice, children) as stage:
                    _play(stage, asked) if asked.auto else _stay(stage, asked)
            except (DemoFailed, httpx.HTTPError) as error:
                voice.plain(f"\n{children.tails()}\n\nFAILED: {error}")
                return 1
    except DemoFailed as error:
        voice.plain(f"FAILED: {error}")
        return 1
    except KeyboardInterrupt:
        voice.plain("\nended; every process of the demo is stopped")
        return 1 if asked.auto else 0
    return 0


def _play(stage: Stage, asked: argparse.Namespace) -> None:
    if asked.pdf is not None:
        played(stage, own(asked.pdf, asked.sidecar), signatories=None)
    else:
        played(stage, example(), signatories=2)
    where = stage.place.files / FOLDER
    stage.voice.plain(f"\nDone in {stage.voice.seconds:.0f} s. The folder is left to look at: {where}")


def _stay(stage: Stage, asked: argparse.Namespace) -> None:
    if asked.pdf is not None:
        drop(stage, own(asked.pdf, asked.sidecar))
    stage.voice.plain(
        _GUIDE.format(
            folder=stage.place.files / FOLDER, example=stage.place.example, name=NAME, outbox=stage.outbox_url
        )
    )
    shown: dict[str, str] = {}
    while True:
        for message in stage.new_messages():
            subject = message["subject"] or f"code {message['code']}"
            stage.voice.say("outbox", f"to {message['to']}: « {subject} »\n{message['link']}".rstrip())
        for name, line in stage.folder.statuses(FOLDER).items():
            if shown.get(name) != line:
                stage.voice.say("the folder", f"{name} reads:\n{line}")
                shown[name] = line
        stage.children.check()
        time.sleep(1)


_GUIDE = """
Everything runs. Nothing leaves this machine, nothing signed here is worth anything.

  The shared folder, as the accountant finds it    {folder}
  The mails and SMS of the signatories, to click   {outbox}

To try:
  1. Copy both files of {example}
     into the shared folder ({name}.pdf and {name}.sign.yaml), or bring your own.
  2. Within seconds {name}.signature.txt says how it stands.
  3. Open the outbox in a browser, follow the link of the first mail, tick the box,
     type the code of the SMS (in the same outbox), press « Signer »; then the second.
  4. {name}.pdf becomes its own signed version.

Ctrl-C ends everything.
"""


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jse-connector demo",
        description="Try everything on this machine: no account, no network, no cost.",
    )
    parser.add_argument("--auto", action="store_true", help="play one letter to its end, prove it, and end")
    parser.add_argument(
        "--dir", type=Path, default=Path("demo"), help="where it keeps everything (default: demo)"
    )
    parser.add_argument("pdf", nargs="?", type=Path, help="your own document instead of the example")
    parser.add_argument("sidecar", nargs="?", type=Path, help="the request for it, as NAME.sign.yaml")
    return parser
