"""``jse-connector-as-service``: what of the unit is taken, drop-ins included, and what is said where it cannot be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connector import units
from connector.cli import as_service

UNITS = Path(__file__).parents[2] / "systemd"
DROP_IN = """
# /etc/systemd/system/jse-connector.service.d/override.conf
[Unit]
Description=ours
[Service]
LoadCredential=dms-lyon:/etc/jse-connector/credentials/dms-lyon
ReadWritePaths=/srv/journal \\
  # on another disk
  /srv/other
ExecStart=
ExecStart=-/opt/pipx/bin/jse-connector --debug run --config "/srv/our config.yaml"
Environment=A=1
Environment=
RuntimeDirectory=jse
WatchdogSec=5
[Install]
Alias=x.service
"""


def test_the_unit_and_its_drop_ins() -> None:
    """Settings in their order, so that one that is emptied is; the program of the last ExecStart with its options;
    nothing of how a service lives."""
    text = (UNITS / units.SERVICE).read_text() + DROP_IN
    service = as_service.read_unit(text)
    assert service.program == ("/opt/pipx/bin/jse-connector", "--debug", "--config", "/srv/our config.yaml")
    names = [name for name, _ in service.settings]
    assert ("LoadCredential", "dms-lyon:/etc/jse-connector/credentials/dms-lyon") in service.settings
    assert [value.split() for name, value in service.settings if name == "ReadWritePaths"] == [
        ["/srv/journal", "/srv/other"]
    ]
    assert [value for name, value in service.settings if name == "Environment"] == ["A=1", ""]
    assert {"User", "StateDirectory", "ProtectSystem", "CapabilityBoundingSet", "SystemCallFilter"} <= set(
        names
    )
    assert names.count("SystemCallFilter") == 3
    assert not {"Type", "ExecStart", "ExecReload", "WatchdogSec", "Restart", "RestartSec", "NotifyAccess",
                "RestartPreventExitStatus", "TimeoutStartSec", "OOMPolicy", "RuntimeDirectory", "Description",
                "Alias", "WantedBy", "Conflicts"} & set(names)  # fmt: skip


def test_one_of_several() -> None:
    """Made of the template, by the name that is meant: the verb has that one's state directory and credentials."""
    text = (UNITS / "jse-connector@.service").read_text()
    text += "\n[Service]\nLoadCredential=db:/etc/%I/db\nEnvironment=PERCENT=%%i\n"
    settings = as_service.read_unit(text, as_service.instance_of("jse-connector@b-2.service")).settings
    assert ("StateDirectory", "jse-connector@b-2") in settings
    assert ("LoadCredential", "db:/etc/b-2/db") in settings
    assert ("Environment", "PERCENT=%%i") in settings
    assert not [name for name, _ in settings if name.startswith("Syslog")]
    assert as_service.instance_of(units.SERVICE) == ""


@pytest.mark.parametrize(
    ("enabled", "listed", "asked", "unit"),
    [
        ((), "", [], "jse-connector.service"),
        (("jse-connector-tick.timer",), "", [], "jse-connector-tick.service"),
        (
            ("jse-connector.service",),
            "jse-connector@a.service loaded active x\n",
            [],
            "jse-connector.service",
        ),
        (
            (),
            "jse-connector@b.service loaded x\njse-connector@a.service loaded x\n",
            [],
            "jse-connector@a.service",
        ),
        ((), "jse-connector@a.service loaded x\n", ["--instance", "c"], "jse-connector@c.service"),
    ],
)
def test_which_unit_is_meant(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    enabled: tuple[str, ...],
    listed: str,
    asked: list[str],
    unit: str,
) -> None:
    """The one whose credentials a verb has: what is enabled here, one of several where only those are, or as named."""
    tool = tmp_path / "systemctl"
    tool.write_text(
        f"""#!/bin/sh
case "$1" in
is-enabled) case " {" ".join(enabled)} " in *" $3 "*) exit 0 ;; esac; exit 1 ;;
is-active) exit 1 ;;
list-units) printf '%s' '{listed}' ;;
cat) cat "{UNITS}/$(echo "$3" | sed 's/@.*[.]service/@.service/')"; echo "$3" >"{tmp_path}/meant" ;;
esac
"""
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(as_service, "_possible", lambda: None)
    called: list[list[str]] = []
    monkeypatch.setattr(as_service.os, "execvp", lambda _program, arguments: called.append(arguments))
    as_service.main([*asked, "doctor"])
    assert (tmp_path / "meant").read_text().strip() == unit
    assert called[0][-1] == "doctor"
    directory = unit.removesuffix(".service").removesuffix("-tick")
    assert f"--property=StateDirectory={directory}" in called[0]


def test_a_credential_whose_file_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named: systemd would end without a word (243). What it finds elsewhere, or does without, is its matter."""
    (tmp_path / "there").write_text("x")
    gone, there = tmp_path / "gone", tmp_path / "there"
    lines = f"""
[Service]
LoadCredential=before:{gone}
LoadCredential=
LoadCredential=first:{there}
LoadCredential=second:{gone}
LoadCredentialEncrypted=third:{gone}.cred
LoadCredential=replaced:{gone}
LoadCredential=replaced:{there}
LoadCredential=store
LoadCredential=default:{gone}
SetCredential=default:x
LoadCredential=specified:/run/%H/gone
"""
    unit = (UNITS / units.SERVICE).read_text() + lines
    monkeypatch.setattr(as_service, "_possible", lambda: None)
    monkeypatch.setattr(as_service, "_unit", lambda: units.SERVICE)
    monkeypatch.setattr(as_service, "_shown", lambda _unit: unit)
    monkeypatch.setattr(as_service.os, "execvp", lambda *_: pytest.fail("systemd would not say a word"))
    with pytest.raises(SystemExit) as ended:
        as_service.main(["check-config"])
    assert ended.value.code == 1
    assert capsys.readouterr().err.endswith(f"so: second ({gone}), third ({gone}.cred)\n")


def test_a_name_that_none_can_have(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(as_service, "_possible", lambda: None)
    with pytest.raises(SystemExit):
        as_service.main(["--instance", "../x", "doctor"])
    assert 'no instance is called "../x"' in capsys.readouterr().err


def test_the_call() -> None:
    """Each setting is one argument, whatever stands in it; the verb's own arguments come last, and arrive unchanged."""
    service = as_service.read_unit((UNITS / units.TICK).read_text())
    called = as_service.command(service, ["doctor", "--report", "a b.txt"], terminal=False, number=7)
    assert called[0] == "systemd-run"
    assert called[called.index("--") + 1 :] == ["/usr/bin/jse-connector", "doctor", "--report", "a b.txt"]
    # systemd puts variables in there; « $$ » is a plain one (systemd.service(5)).
    called_so = as_service.command(service, ["show", "/Prix ${HOME}/5 $.pdf"], terminal=False, number=7)
    assert called_so[-1] == "/Prix $${HOME}/5 $$.pdf"
    assert "--pipe" in called
    assert "--pty" not in called
    assert "--unit=jse-connector-verb-7" in called
    assert "--property=User=jse-connector" in called
    assert "--property=CapabilityBoundingSet=" in called
    assert "--pty" in as_service.command(service, ["status"], terminal=True, number=7)


def test_a_unit_without_the_verb() -> None:
    with pytest.raises(as_service.Refused, match="ExecStart"):
        as_service.read_unit("[Service]\nExecStart=/bin/true\n")


def test_without_systemd(tmp_path: Path) -> None:
    """One line that says what does work; without a verb, how it is called."""
    program = [sys.executable, "-c", "import sys; from pathlib import Path; from connector import units; "
               "from connector.cli import as_service; "
               f"units.RUNS = Path({str(tmp_path)!r}) / 'none'; as_service.main(sys.argv[1:])"]  # fmt: skip
    done = subprocess.run([*program, "doctor"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "runuser -u jse-connector" in done.stderr
    assert subprocess.run(program, capture_output=True, text=True, check=False).returncode == 2


def test_without_a_message_bus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Debian without recommended packages has none: the line that does away with it, not systemd-run's."""
    monkeypatch.setattr(units, "RUNS", tmp_path)
    monkeypatch.setattr(as_service, "_BUS", tmp_path / "none")
    monkeypatch.setattr(as_service.shutil, "which", lambda _name: "/usr/bin/systemd-run")
    with pytest.raises(SystemExit) as ended:
        as_service.main(["doctor"])
    assert ended.value.code == 1
    assert "apt install dbus" in capsys.readouterr().err
