"""``jse-connector-as-service VERB``: a verb as the service would run it, with its user, sandbox and credentials.

Credentials are the unit's: systemd gives them to its processes and to nobody else. So root asks systemd to run the
verb as a unit of its own (systemd-run), made of the real one, drop-ins included. Nothing of root's is left in the state
directory. Source: ux page, check 4; systemd-run(1), systemd.exec(5).
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector import units

_VERBS: Final = frozenset({"run", "tick"})
_BUS: Final = Path("/run/dbus/system_bus_socket")
_SPECIFIER: Final = re.compile(r"%.")
_NAME: Final = re.compile(r"[A-Za-z0-9:_.-]+", re.ASCII)
_PREFIXES: Final = "@-:+!|"
"""Of a command in a unit; see systemd.service(5)."""

_NOT_TAKEN: Final = re.compile(
    # How a service lives: a verb is run once, and tells nobody of it.
    r"Type|NotifyAccess|Exec\w+|Restart\w*|Timeout\w+|Watchdog\w+|RuntimeMaxSec|SuccessExitStatus|OOMPolicy"
    r"|PIDFile|BusName|GuessMainPID|RemainAfterExit|FileDescriptorStore\w+|NonBlocking|Sockets"
    # It speaks with whoever called it.
    r"|Standard(?:Input|Output|Error)\w*|TTY\w*|Syslog\w*"
    # What ends with a unit would end under the service's hands.
    r"|RuntimeDirectory\w*"
)


class Refused(Exception):
    """It cannot be done here; the text says why, and what can."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a unit says: how the program is called, up to and including its options, and each setting in its order."""

    program: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]


def read_unit(text: str, instance: str = "") -> Service:
    """Read what ``systemctl cat`` shows: the unit, then its drop-ins. Raises Refused without a usable ExecStart.

    ``instance``: what ``%i`` means in it; the unit that is made of it has none.
    """
    program: tuple[str, ...] = ()
    settings = []
    for name, written in _service_lines(text):
        value = _SPECIFIER.sub(lambda found: instance if found[0] in {"%i", "%I"} else found[0], written)
        if name == "ExecStart":
            program = tuple(shlex.split(value.lstrip(_PREFIXES))) if value else ()
        elif not _NOT_TAKEN.fullmatch(name):
            settings.append((name, value))
    verb = next((place for place, word in enumerate(program) if word in _VERBS), None)
    if verb is None:
        raise Refused("the unit has no ExecStart with the verb run; correct it, or its drop-in, first")
    # Its options count for every verb, and stand before it.
    return Service(program=(*program[:verb], *program[verb + 1 :]), settings=tuple(settings))


def _service_lines(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in _joined(text.splitlines()):
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped
        elif section == "[Service]" and stripped and stripped[0] not in "#;":
            name, equals, value = stripped.partition("=")
            if equals:
                yield name.strip(), value.strip()


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Join lines that a backslash continues; comments in between are none of the value (systemd.syntax(7))."""
    whole = ""
    for line in lines:
        if whole and line.lstrip().startswith(("#", ";")):
            continue
        whole += line
        if whole.endswith("\\"):
            whole = whole[:-1] + " "
            continue
        yield whole
        whole = ""
    if whole:
        yield whole


def command(service: Service, arguments: Sequence[str], *, terminal: bool, number: int) -> list[str]:
    """Return the call of systemd-run. ``number`` tells two calls at once apart."""
    how = ["--quiet", "--collect", "--wait", "--service-type=exec", f"--unit=jse-connector-verb-{number}"]
    how.append("--pty" if terminal else "--pipe")
    how.append(f"--description=jse-connector {arguments[0]}, as the service")
    how += [f"--property={name}={value}" for name, value in service.settings]
    # What the unit says has its variables already as systemd wants them; what a person says means itself.
    return ["systemd-run", *how, "--", *service.program, *(one.replace("$", "$$") for one in arguments)]


def _startable(unit: str, service: Service) -> None:
    if absent := _missing_credentials(service):
        names = ", ".join(absent)
        raise Refused(f"{unit} names credentials whose files are not there, and nothing starts so: {names}")


def _missing_credentials(service: Service) -> list[str]:
    """Name each credential whose file is not there: systemd would end with 243 then, and not say a word.

    Not those that are looked for in several places, nor one that has a default; see systemd.exec(5).
    """
    wanted: dict[str, str] = {}
    for name, value in service.settings:
        credential, _, place = value.partition(":")
        if name in {"LoadCredential", "LoadCredentialEncrypted"}:
            # An empty one does away with all before it.
            wanted = {**wanted, credential: place} if value else {}
    defaults = {
        value.partition(":")[0] for name, value in service.settings if name.startswith("SetCredential")
    }
    return [
        f"{credential} ({place})"
        for credential, place in wanted.items()
        if place.startswith("/")
        and "%" not in place
        and credential not in defaults
        and not Path(place).exists()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a verb as the service; its output and its exit status are the verb's own. 1: not possible here, 2: usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    wanted = ""
    if len(given) > 1 and given[0] == "--instance":
        wanted, given = given[1], given[2:]
    if not given or given[0] in {"-h", "--help"}:
        print(
            "Usage: jse-connector-as-service [--instance NAME] VERB [OPTIONS]\n\n"
            f"Run a verb of jse-connector with the user, the sandbox and the credentials of {units.SERVICE}, or of\n"
            "jse-connector@NAME.service; without a name, of the first of several that run.\n\n"
            "Example: jse-connector-as-service doctor"
        )
        sys.exit(0 if given else 2)
    try:
        _possible()
        unit = _instance(wanted) if wanted else _unit()
        service = read_unit(_shown(unit), instance_of(unit))
        _startable(unit, service)
    except Refused as error:
        print(f"jse-connector-as-service: {error}", file=sys.stderr)
        sys.exit(1)
    terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout))
    called = command(service, given, terminal=terminal, number=os.getpid())
    sys.stdout.flush()
    os.environ.setdefault("SYSTEMD_TINT_BACKGROUND", "0")  # the terminal stays as it is
    os.execvp(called[0], called)  # noqa: S606 - its own arguments, no shell


def _possible() -> None:
    if not units.RUNS.is_dir() or shutil.which("systemd-run") is None:
        raise Refused(
            "systemd does not run here, so nobody has the unit's credentials; with secrets as {file: …}: "
            "runuser -u jse-connector -- jse-connector VERB"
        )
    if not _BUS.exists():
        raise Refused("systemd-run needs the system's message bus: apt install dbus")
    if os.geteuid() != 0:
        raise Refused(
            "systemd gives the unit's credentials to root alone: sudo jse-connector-as-service VERB"
        )


def _instance(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refused(f'no instance is called "{name}"')
    return f"jse-connector@{name}.service"


def instance_of(unit: str) -> str:
    """Return ``b`` of ``jse-connector@b.service``; empty for a unit that is none of several."""
    return unit.removesuffix(".service").partition("@")[2]


def _unit() -> str:
    """Where rounds are made by the timer, or by one of several services, that unit has the credentials."""
    first = units.at_work()[0]
    return units.TICK if first == units.TIMER else first


def _shown(unit: str) -> str:
    shown = subprocess.run(  # noqa: S603 - a fixed call
        ["systemctl", "cat", "--no-pager", unit],  # noqa: S607 - where systemd has its own tools
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if shown.returncode:
        raise Refused(f"there is no {unit} here: {shown.stderr.strip()}")
    return shown.stdout
