"""Several processes on one journal: what is the matter with one of them is told once, and not ended by the others."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.errors import Fenced
from connector.lifecycle import State
from connector.report.alarms import alarm_mail
from connector.steps.alarms import raise_alarm, standing
from connector.steps.telling import tell
from tests import documents
from tests.firms import Firms, Member, durable_url


class Hosts(Firms):
    """Each host has a password file of its own."""

    host = "one"

    @property
    def config_text(self) -> str:
        return super().config_text.replace(str(self.password_of("")), str(self.password_of(self.host)))

    def password_of(self, host: str) -> Path:
        return self.directory / f"password{host and '-'}{host}"


@pytest.fixture
def url() -> Iterator[str]:
    with durable_url() as found:
        yield found


def shared_by_two(firms: Firms) -> tuple[Member, Member]:
    one = firms.join("one")
    one.turn()
    firms.settle(2)
    two = firms.join("two")
    firms.settle(3)
    assert sorted(firms.holders().values()) == ["one", "two"]
    return one, two


def look(firms: Firms, *members: Member, times: int = 6) -> None:
    """Let each look at its side every quarter of a minute, and one of them tell."""
    for _ in range(times):
        firms.clock.advance(15)
        for member in members:
            member.work()
            tell(member.parts)


def on_two_hosts(firms: Hosts) -> tuple[Member, Member]:
    """One at work, and another that has just joined it from a host with a password file of its own."""
    for host in ("one", "two"):
        firms.password_of(host).write_text(firms.ground.password)
        firms.password_of(host).chmod(0o600)
    one = firms.join("one")
    one.turn()
    firms.settle(2)
    firms.host = "two"
    return one, firms.join("two")


def of_which_one_has_the_new_password(firms: Hosts) -> tuple[Member, Member]:
    """Two hosts at work, and a password renewed on the server and on the first of them alone."""
    one, two = on_two_hosts(firms)
    firms.settle(3)
    firms.dms.accounts.passwords[firms.ground.user] = "another one"
    firms.password_of("one").write_text("another one")
    look(firms, one, two)
    return one, two


def told(firms: Firms, subject: str, cause: str) -> list[bool]:
    """When an alarm began (True) and ended, in that order."""
    with firms.journal() as journal:
        news = journal.news(0, limit=100_000)
    return [
        bool(one.data["on"]) for one in news if one.name == "alarm" and one.subject == f"{subject} {cause}"
    ]


def test_a_password_that_one_host_alone_has_is_no_end_of_what_the_other_tells(
    tmp_path: Path, url: str
) -> None:
    """``connect`` writes an app password on one host. Where the other one has the old one still, its folders rest: that
    stands, with whose it is, until the file is carried there; it is not ended and begun anew at every pass."""
    with Hosts(tmp_path, url) as firms:
        one, two = of_which_one_has_the_new_password(firms)
        assert not one.memories["dms"].problem
        assert two.memories["dms"].problem
        began = told(firms, "server:dms", "login_refused")
        assert began[-1], "one of them cannot work there"
        assert len(began) <= 3, "the first one found its new password after a refusal, too"
        assert [one.parts.made["dms"]().get("401", 0), two.parts.made["dms"]().get("401", 0)] <= [1, 1]
        data = standing(one.parts, "server:dms", "login_refused")
        assert data is not None
        zone = one.parts.report.zone
        body = alarm_mail("server:dms", "login_refused", data, zone).body
        assert f"It is so for connector {two.parts.machine.removeprefix('machine:')};" in body
        firms.password_of("two").write_text("another one")
        look(firms, one, two, times=3)
        assert told(firms, "server:dms", "login_refused") == [*began, False]
        firms.drop("a", documents.letter(text="a"), folder="Annecy")
        firms.drop("b", documents.letter(text="b"), folder="Brest")
        firms.settle(5)
        assert firms.spent() == {"Annecy": 1, "Brest": 1}


def test_a_second_password_that_is_wrong_is_tried_once_by_all_of_them(tmp_path: Path, url: str) -> None:
    """The alarm of the first one stands, and names that one alone: what was refused since is everybody's to know."""
    with Firms(tmp_path, url) as firms:
        one, two = shared_by_two(firms)
        firms.dms.accounts.passwords[firms.ground.user] = "another one"
        look(firms, one, two, times=3)
        (tmp_path / "password").write_text("wrong, too")
        look(firms, one, two)
        refused = [member.parts.made["dms"]().get("401", 0) for member in (one, two)]
        assert sum(refused) == 2
        assert told(firms, "server:dms", "login_refused") == [True]


def test_what_a_process_told_that_is_gone_is_ended_by_who_took_over(tmp_path: Path, url: str) -> None:
    """Nobody else could."""
    with Hosts(tmp_path, url) as firms:
        one, two = of_which_one_has_the_new_password(firms)
        assert told(firms, "server:dms", "login_refused")[-1]
        two.kill()
        firms.forget(two)
        one.turn()
        look(firms, one, times=2)
        assert not told(firms, "server:dms", "login_refused")[-1]


def test_a_clock_that_is_wrong_on_one_host_is_told_until_it_is_right(tmp_path: Path, url: str) -> None:
    """The clock of the other one, which looks at the same server, agrees all the while."""
    with Firms(tmp_path, url) as firms:
        right: Any = firms.clock
        ahead = [200.0]

        class Wrong:
            def __getattr__(self, name: str) -> Any:
                return getattr(right, name)

            def now(self) -> datetime:
                now: datetime = right.now()
                return now + timedelta(seconds=ahead[0])

        one = firms.join("one")
        one.turn()
        firms.settle(2)
        firms.clock = Wrong()  # type: ignore[assignment]  # what the next one reads its time from
        two = firms.join("two")
        firms.clock = right
        firms.settle(3)
        look(firms, one, two)
        assert told(firms, "server:dms", "clock") == [True]
        ahead[0] = 0.0
        look(firms, one, two, times=2)
        assert told(firms, "server:dms", "clock") == [True, False]


def test_a_full_disk_of_one_of_two_hosts_whose_services_have_one_name(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``jse-connector.service`` on each. What the one cannot keep is told for as long as that lasts, and not fetched
    again and again; the other one goes on, and does not end it."""
    with Firms(tmp_path, url) as firms:
        members = []
        for host in ("signing-1", "signing-2"):
            monkeypatch.setattr(socket, "gethostname", lambda host=host: host)
            members.append(firms.join("jse-connector", host=host))
            firms.settle(3)
        full, other = members
        assert [one.parts.machine for one in members] == [
            "machine:jse-connector@signing-1",
            "machine:jse-connector@signing-2",
        ]
        assert sorted(firms.holders().values()) == ["signing-1", "signing-2"]
        for name in firms.firms:
            firms.drop("lettre", documents.letter(text=name), folder=name.title())
        firms.settle(5)
        spool = full.state.directory / "spool"
        shutil.rmtree(spool)
        spool.write_text("not mounted")
        firms.sign()
        look(firms, full, other, times=10)
        assert told(firms, full.parts.machine, "no_room") == [True]
        assert told(firms, other.parts.machine, "no_room") == []
        states = {record.folder: record.state for record in firms.records()}
        assert [states[folder] for folder in (*full.folders, *other.folders)] == [
            State.SEALING,
            State.DELIVERED,
        ]
        spool.unlink()
        spool.mkdir()
        look(firms, full, other, times=6)
        assert told(firms, full.parts.machine, "no_room") == [True, False]
        assert {record.state for record in firms.records()} == {State.DELIVERED}


def test_what_a_connector_told_whose_host_is_called_otherwise_now(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container has another name at each start, and its state directory goes along. Nobody else could end it."""
    with Firms(tmp_path, url) as firms:
        monkeypatch.setattr(socket, "gethostname", lambda: "before")
        former = firms.join("one")
        subject = former.parts.machine
        assert raise_alarm(former.parts, subject, "no_room", "no room")
        assert raise_alarm(former.parts, subject + "-hand", "no_room", "another one's")
        former.leave()
        monkeypatch.setattr(socket, "gethostname", lambda: "after")
        firms.join("one")
        assert told(firms, subject, "no_room") == [True, False]
        assert told(firms, subject + "-hand", "no_room") == [True]


def test_who_cannot_read_a_secret_of_what_it_took_gives_it_back(tmp_path: Path, url: str) -> None:
    """It begins anew, which waits for the secret; it does not end for good, with all that it had."""
    with Hosts(tmp_path, url) as firms:
        one, two = on_two_hosts(firms)
        firms.password_of("two").unlink()
        one.turn()
        two.turn()
        one.turn()
        with pytest.raises(Fenced, match="what was taken cannot be worked with here"):
            two.turn()
