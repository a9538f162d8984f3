"""Several processes on one journal: who works where, and that each letter is sent once whatever becomes of them."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import jsonschema
import pytest

from connector.changing import Retired
from connector.cli import former, holding, operate, wiring
from connector.cli.common import Settings
from connector.cli.status import verdict
from connector.cli.status_schema import status_schema
from connector.cli.status_text import lines
from connector.config import load_config
from connector.errors import ConfigurationError, Fenced, JournalAway, JournalError
from connector.fence import now
from connector.journal.leases import Leases
from connector.journal.store import STRANGE_MARKERS
from connector.lifecycle import State
from connector.ports import Href, TransactionId
from connector.shared_out import Holding
from connector.steps.alarms import end_alarm, raise_alarm, standing
from connector.steps.telling import tell
from tests import documents
from tests.firms import Firms, durable_url
from tests.worlds import Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])


@pytest.fixture
def firms(tmp_path: Path) -> Iterator[Firms]:
    with durable_url() as url, Firms(tmp_path, url) as stage:
        yield stage


def shared_by_two(firms: Firms) -> None:
    firms.join("one").turn()
    firms.settle(2)
    firms.join("two")
    firms.settle(3)
    assert sorted(firms.holders().values()) == ["one", "two"]


def of(firms: Firms, folder: str) -> int:
    """Number of the member that works in a folder."""
    return next(number for number, member in enumerate(firms.members) if folder in member.folders)


def test_two_processes_share_two_firms_and_take_over_from_each_other(firms: Firms) -> None:
    """One takes all; a second one its half; the first dies while letters are out, and the second goes on with them."""
    one = firms.join("one")
    one.turn()
    assert one.folders == {"annecy", "brest"}
    firms.settle(2)
    two = firms.join("two")
    firms.settle(3)
    assert sorted(firms.holders().values()) == ["one", "two"]
    assert one.folders | two.folders == {"annecy", "brest"}
    assert not one.folders & two.folders
    firms.drop("lettre-a", folder="Annecy")
    firms.drop("lettre-b", folder="Brest")
    firms.settle(4)
    assert firms.spent() == {"Annecy": 1, "Brest": 1}
    one.kill()
    two.turn()
    assert len(two.folders) == 1, "its lease is not over"
    firms.person.write(f".jse-connector/registry/{'0' * 64}.sent", b"nobody's")
    firms.forget(one)
    firms.sign()
    firms.settle(6)
    assert two.folders == {"annecy", "brest"}
    with firms.journal() as journal:
        strange = [journal.last_account_event(f"folder:{name}", STRANGE_MARKERS) for name in firms.firms]
    assert {"count": 1} in strange, "the registry is taken in before anything of it goes on"
    assert {record.state for record in firms.records()} == {State.DELIVERED}
    assert firms.spent() == {"Annecy": 1, "Brest": 1}
    assert firms.first_line("lettre-a", folder="Annecy").startswith("SIGNÉ")
    # A third one comes, and the one that is left ends: nothing is waited for.
    three = firms.join("three")
    firms.settle(3)
    assert len(three.folders) == 1
    two.leave()
    three.turn()
    assert three.folders == {"annecy", "brest"}
    firms.drop("lettre-c", folder="Annecy")
    firms.settle(4)
    assert firms.spent() == {"Annecy": 2, "Brest": 1}


@MODES
def test_who_wakes_late_makes_no_effect_and_no_fact(tmp_path: Path, mode: Mode) -> None:
    """Frozen in the middle of its work, relieved, woken with all it knew: nothing of it happens twice, or at all."""
    with durable_url() as url, Firms(tmp_path, url, mode) as firms:
        shared_by_two(firms)
        late = firms.members[of(firms, "annecy")]
        other = firms.members[1 - of(firms, "annecy")]
        firms.drop("lettre", folder="Annecy")
        late.work()
        firms.forget(late)
        other.turn()
        assert other.folders == {"annecy", "brest"}
        before = firms.ground.files()
        facts = [(record.id, record.revision) for record in firms.records()]
        # Its passes see the files and think them due: the first thing that it would change is refused.
        for _ in range(3):
            with pytest.raises(Fenced):
                late.work()
        assert firms.ground.files() == before
        assert [(record.id, record.revision) for record in firms.records()] == facts
        assert firms.spent() == {}
        with pytest.raises(Fenced):
            late.turn()
        late.kill()
        firms.settle(5)
        assert firms.spent() == {"Annecy": 1}


def test_the_transports_themselves_refuse_what_is_not_ours_any_more(firms: Firms) -> None:
    """Whoever asks: no step is trusted to look first. What only reads goes on."""
    one = firms.join("one")
    firms.settle(2)
    folder, service = one.parts.folders["dms"], one.parts.services["annecy"]
    asked = one.fleet.fence.asked
    folder.make_folder(Href("/Annecy/neu/"))
    assert one.fleet.fence.asked == asked + 1
    firms.forget(one)
    for act in (
        lambda: folder.create(Href("/Annecy/x.txt"), b"x"),
        lambda: folder.make_folder(Href("/Annecy/y/")),
        lambda: folder.delete(Href("/Annecy/neu/")),
        lambda: service.send(TransactionId("1")),
        lambda: service.cancel(TransactionId("1")),
    ):
        with pytest.raises(Fenced):
            act()
    assert folder.list(Href("/Annecy/")).entries
    assert "Annecy/x.txt" not in firms.ground.files()


@MODES
def test_a_pair_that_goes_to_the_folder_of_another_firm(tmp_path: Path, mode: Mode) -> None:
    """Moved while it is out: the two folders come into one hand, and there it is what it was, sent once."""
    with durable_url() as url, Firms(tmp_path, url, mode) as firms:
        shared_by_two(firms)
        firms.drop("lettre", folder="Annecy")
        firms.drop("autre", documents.letter(text="brest"), folder="Brest")
        firms.settle(4)
        assert firms.spent() == {"Annecy": 1, "Brest": 1}
        for name in ("lettre.pdf", "lettre.sign.yaml", "lettre.signature.txt"):
            firms.move(name, name, folder="Annecy", to_folder="Brest")
        firms.settle(6)
        assert firms.spent() == {"Annecy": 1, "Brest": 1}
        if mode == "nextcloud":
            assert len(set(firms.holders().values())) == 1
        firms.sign()
        firms.settle(6)
        assert firms.spent() == {"Annecy": 1, "Brest": 1}
        assert all(sends == 1 for sends in firms.sends())


def test_a_copy_in_the_folder_of_another_firm_is_not_sent(firms: Firms) -> None:
    """Nor does it bring the two firms into one hand: each goes on by itself."""
    shared_by_two(firms)
    firms.drop("lettre", folder="Annecy")
    firms.settle(4)
    firms.copy("lettre.pdf", "lettre.pdf", folder="Annecy", to_folder="Brest")
    firms.copy("lettre.sign.yaml", "lettre.sign.yaml", folder="Annecy", to_folder="Brest")
    firms.settle(4)
    assert firms.spent() == {"Annecy": 1}
    assert len(set(firms.holders().values())) == 2


def test_a_finished_request_of_an_account_that_another_process_has(firms: Firms) -> None:
    """Its folder uses another account by now: what a person puts in its place, and an order for it, wait for nobody."""
    shared_by_two(firms)
    firms.drop("lettre", folder="Annecy")
    for member in firms.members * 2:
        member.work()
    firms.sign()
    for member in firms.members * 3:
        member.work()
    (done,) = firms.records()
    assert done.closed
    with firms.journal() as journal:
        journal.note(done, "of_another_account", account="brest")
    firms.drop("lettre", documents.letter(text="another one"), folder="Annecy")
    firms.settle(8)
    assert [record.state for record in firms.records()] == [State.DELIVERED, State.UNCONFIRMED]


def test_a_lost_journal_is_found_again_by_each_for_its_own_folders(tmp_path: Path) -> None:
    """One registry holds the markers of all: each takes in its own, none is taken in twice, nothing is sent again."""
    with durable_url() as first, durable_url() as second, Firms(tmp_path, first) as firms:
        shared_by_two(firms)
        for number, folder in enumerate(("Annecy", "Brest", "Annecy")):
            firms.drop(f"lettre{number}", documents.letter(text=f"n{number}"), folder=folder)
        firms.settle(5)
        assert firms.spent() == {"Annecy": 2, "Brest": 1}
        for member in firms.members:
            member.leave()
        firms.members.clear()
        firms.url = second
        one, two = firms.join("one"), firms.join("two")
        for member in (one, two):
            member.turn()
        one.work()
        assert {record.folder for record in firms.records()} == one.folders
        firms.settle(6)
        assert sorted(firms.holders().values()) == ["one", "two"]
        found = firms.records()
        assert sorted((record.folder, record.adopted) for record in found if record.transaction) == [
            ("annecy", True), ("annecy", True), ("brest", True)
        ]  # fmt: skip
        assert firms.spent() == {"Annecy": 2, "Brest": 1}
        firms.sign()
        firms.settle(6)
        assert {record.state for record in firms.records() if record.transaction} == {State.DELIVERED}


def test_what_a_process_knew_of_a_share_is_not_believed_when_it_is_back(firms: Firms) -> None:
    """That its last send did not leave is known to whoever made it, until somebody else may have made one."""
    one = firms.join("one")
    firms.settle(2)
    for name in firms.firms:
        firms.drop(f"lettre-{name}", documents.letter(text=name), folder=name.title())
    firms.settle(4)
    records = {record.folder: record.id for record in firms.records()}
    for name, ident in records.items():
        for known in (one.parts.not_left, one.parts.fresh_sends, one.parts.fresh_marks, one.parts.reminding):
            known.add(ident)
        one.parts.sends_answered[name] = one.parts.now()
    firms.join("two")
    firms.settle(3)
    (kept,) = one.folders
    for known in (one.parts.not_left, one.parts.fresh_sends, one.parts.fresh_marks, one.parts.reminding):
        assert known == {records[kept]}
    assert set(one.parts.sends_answered) == {kept}


def test_what_is_forgotten_with_a_share_is_what_concerns_that_share(tmp_path: Path) -> None:
    """A share given up is let go of when the last pass on it is over; another one taken meanwhile is at work."""
    with durable_url() as url, Firms(tmp_path, url, firms=("annecy", "brest", "cassis")) as firms:
        one = firms.join("one")
        one.turn()
        for name in firms.firms:
            firms.drop(f"lettre-{name}", documents.letter(text=name), folder=name.title())
        one.work()
        one.work()
        records = {record.folder: record for record in firms.records()}
        two = firms.join("two")
        for _ in range(2):
            one.turn()
            two.turn()
        firms.join("three")
        held = one.folders
        # A slow pass keeps what is given up; meanwhile another member ends, and its share is taken.
        one.fleet.turn()
        gave_up = one.held.moved(one.parts, one.held.whole, ExitStack())
        assert gave_up is not None
        one._turns.parts, one._turns.config = gave_up.parts, gave_up.config
        two.leave()
        one.turn()
        (given,) = held - one.folders
        (taken,) = one.folders - held
        work, gone = records[taken], records[given]
        at_work = (one.parts.not_left, one.parts.fresh_sends, one.parts.fresh_marks, one.parts.in_flight)
        for known in at_work:
            known.clear()
            known |= {work.id, gone.id}
        one.parts.leaving[work.id] = (taken, taken)
        for record in (work, gone):
            one.parts.spool.put(record.ref, "present.pdf", lambda stream: stream.write(b"looked at"))
        for closer in gave_up.retired:
            closer()
        assert [sorted(known) for known in at_work] == [[work.id]] * 4
        assert one.parts.leaving == {work.id: (taken, taken)}
        left = one.parts.spool.references()
        assert work.ref in left
        assert gone.ref not in left
        one.turn()
        assert given not in firms.holders()
        # What cannot be forgotten, since the database breaks off just then, is not kept for good, idle.
        with firms.journal() as journal, journal.engine.begin() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        retired = Retired()
        retired.add(frozenset(), [lambda: one.held._rested(one.parts, frozenset({f"folder:{taken}"}))])
        retired.close(frozenset)
        with pytest.raises(JournalAway):
            one.fleet.failed()
        # Nor does it begin anew on a server from which another one has taken over since.
        file = one.state.directory / former.FILE
        number, journal_id, _, system = file.read_text().split()
        file.write_text(f"{number} {journal_id} FFFFFFFF {system}\n")
        with (
            firms.parts("one") as (parts, state),
            pytest.raises(JournalAway, match="had taken over"),
            holding.joined(parts, firms.config, state),
        ):
            pass


def test_what_is_given_up_twice_is_freed_when_the_second_time_is_over(tmp_path: Path) -> None:
    """A pass that outlasts it all frees what it was there for, and nothing that is at work again."""
    with durable_url() as url, Firms(tmp_path, url, firms=("annecy", "brest", "cassis")) as firms:
        one = firms.join("one")
        one.turn()

        def moved() -> Sequence[Callable[[], None]]:
            one.fleet.turn()
            setup = one.held.moved(one.parts, one.held.whole, made)
            assert setup is not None
            one._turns.parts = setup.parts
            return setup.retired

        with ExitStack() as made:
            two = firms.join("two")
            first = moved()
            assert one.folders == {"brest", "cassis"}
            firms.join("three")
            second = moved()
            assert one.folders == {"cassis"}
            for closer in first:
                closer()
            one.fleet.turn()
            two.leave()
            moved()
            assert one.folders == {"annecy", "cassis"}, "it is back"
            firms.join("four")
            third = moved()
            assert one.folders == {"cassis"}
            for closer in second:
                closer()
            one.fleet.turn()
            assert firms.holders() == {"annecy": "one", "cassis": "one"}, "somebody is still at work there"
            for closer in third:
                closer()
            one.fleet.turn()
            assert firms.holders() == {"cassis": "one"}


def test_what_is_given_up_while_the_parts_are_exchanged_waits_for_the_next_exchange(firms: Firms) -> None:
    """The threads that look decide at any moment: what is still worked with is not told to be freed."""
    one = firms.join("one")
    one.turn()
    firms.join("two")
    holding_of, moments = one.fleet.holding, iter([one.fleet.turn])

    def holding_now() -> Holding:
        found = holding_of()
        next(moments, lambda: None)()
        return found

    one.fleet.holding = holding_now  # type: ignore[method-assign]
    one.fleet.version += 1
    with ExitStack() as made:
        setup = one.held.moved(one.parts, one.held.whole, made)
        worked = one.folders if setup is None else set(setup.parts.watched)
        for closer in () if setup is None else setup.retired:
            closer()
        one.fleet.turn()
        assert worked <= firms.holders().keys()
    one.turn()
    assert len(one.folders) == 1


def test_what_a_pass_leaves_in_hand_keeps_what_it_works_with() -> None:
    """It was taken up after the exchange, by a pass of before, and outlasts that pass: it has the former parts."""
    retired, closed = Retired(), list[str]()
    former, later, in_hand = ("server:dms", 1.0), ("server:dms", 2.0), ("dms", 7)
    retired.add(frozenset[object]({former}), [lambda: closed.append("former")])
    both = frozenset[object]({later, in_hand})
    for at_work in (
        frozenset[object]({former}),
        frozenset[object]({former, in_hand}),
        both | {("dms", 8)},
        both,
        both,
    ):
        retired.close(partial(frozenset[object], at_work))
        assert closed == []
    retired.close(lambda: frozenset[object]({later, ("dms", 8)}))
    assert closed == ["former"]


def test_status_tells_of_all_processes_and_of_what_nobody_holds(firms: Firms) -> None:
    """Who, where, since when, last heard, with which folders; a monitor cries while something is nobody's."""
    config = firms.config
    firms.join("one").leave()
    told = firms.told()
    assert "no connector runs on this journal" in verdict(told, config)[0]
    shared_by_two(firms)
    firms.drop("lettre", folder="Annecy")
    firms.settle(4)
    told = firms.told()
    jsonschema.Draft202012Validator(status_schema()).validate(told)
    assert told["connectors"]["nobody"] == {"shares": 0, "folders": [], "accounts": []}
    assert sorted(one["name"] for one in told["connectors"]["alive"]) == ["state-one", "state-two"]
    assert {name for one in told["connectors"]["alive"] for name in one["folders"]} == {"annecy", "brest"}
    assert told["folders"]["annecy"]["in progress"] == 1, "whichever process follows it"
    page = list(lines(told, config.zone, 120))
    assert any(line.startswith("  state-one on ") and line.endswith((": annecy", ": brest")) for line in page)
    assert "nobody works on" not in verdict(told, config)[0]
    late = firms.members[of(firms, "annecy")]
    late.kill()
    firms.forget(late)
    told = firms.told()
    assert [one["folders"] for one in told["connectors"]["lost"]] == [["annecy"]]
    assert "nobody works on annecy (1 of 2 shares)" in verdict(told, config)[0]
    assert "  held by nobody: annecy" in lines(told, config.zone, 120)
    assert late.fleet.counts() == {"here": 1, "others": 1, "nobody": 0}
    assert late.fleet.status() == "1 of 2 shares held, 2 processes"


def test_a_password_that_was_refused_to_one_is_not_tried_by_the_others(firms: Firms) -> None:
    """Ten refusals block the address for everybody. Another password, put in place anywhere, is tried by who has it."""
    shared_by_two(firms)
    one, two = firms.members
    firms.dms.accounts.passwords[firms.ground.user] = "another one"
    one.work()
    assert one.parts.made["dms"]().get("401") == 1
    two.work()
    two.work()
    assert "401" not in two.parts.made["dms"]()
    assert "refused to another connector" in two.memories["dms"].problem
    with firms.journal() as journal:
        events = [
            each for each in journal.news(0, limit=100_000) if each.subject == "server:dms login_refused"
        ]
    assert [each.data["on"] for each in events] == [True]
    assert firms.ground.password not in str(events)
    password = firms.directory / "password"
    password.write_text("another one")
    firms.drop("lettre", folder="Annecy")
    firms.drop("autre", documents.letter(text="brest"), folder="Brest")
    firms.settle(5)
    assert firms.spent() == {"Annecy": 1, "Brest": 1}
    assert two.parts.made["dms"]().get("401", 0) == 0


def test_mails_and_calls_are_made_by_one_for_all(tmp_path: Path) -> None:
    """Whoever holds the telling tells of every folder; the others of none; it goes over with its holder's end."""
    told = tmp_path / "told"
    program = tmp_path / "hook"
    program.write_text(f"#!/bin/sh\ncat >>{told}\necho >>{told}\n")
    program.chmod(0o700)
    more = f"hooks: {{note: {{command: [{program}], events: [sent]}}}}\n"
    with durable_url() as url, Firms(tmp_path, url, more=more) as firms:
        shared_by_two(firms)
        assert [member.parts.keeper for member in firms.members] == [True, False]
        for name in firms.firms:
            firms.drop("lettre", documents.letter(text=name), folder=name.title())
        firms.settle(4)
        assert firms.spent() == {"Annecy": 1, "Brest": 1}

        def folders() -> list[str]:
            lines_ = told.read_text().splitlines() if told.exists() else []
            return sorted(json.loads(line)["folder"] for line in lines_ if line)

        assert tell(firms.members[1].parts) == 0
        assert tell(firms.members[0].parts) == 2
        assert folders() == ["annecy", "brest"]
        firms.members[0].leave()
        firms.settle(2)
        assert firms.members[1].parts.keeper
        firms.drop("autre", documents.letter(text="autre"), folder="Annecy")
        firms.settle(4)
        assert tell(firms.members[1].parts) == 1
        assert folders() == ["annecy", "annecy", "brest"]


def test_an_alarm_that_several_find_out_is_told_once(firms: Firms) -> None:
    """And what another one ended is over for all."""
    shared_by_two(firms)
    parts = [member.parts for member in firms.members]
    assert raise_alarm(parts[0], "server:dms", "clock", "it is late")
    assert not raise_alarm(parts[1], "server:dms", "clock", "it is late")
    assert standing(parts[1], "server:dms", "clock")
    assert end_alarm(parts[1], "server:dms", "clock", "it is right")
    assert standing(parts[0], "server:dms", "clock") is None
    assert not end_alarm(parts[0], "server:dms", "clock", "it is right")

    # What is the matter with a machine stands until the journal has forgotten who worked there; whether mails are taken
    # is known to whoever sends them.
    one, two = firms.members
    assert (one.parts.keeper, two.parts.keeper) == (True, False)
    here, gone = parts[0].machine, parts[1].machine
    for subject in (here, gone):
        assert raise_alarm(parts[0], subject, "relay", "it takes nothing")
    assert raise_alarm(parts[0], gone, "no_room", "the disk is full")
    file = gone.replace("machine", "configuration")
    assert raise_alarm(parts[0], file, "config_refused", "it has problems")
    # Brought along from when the journal was a file.
    assert raise_alarm(parts[0], "machine", "no_room", "the disk was full")

    def stand() -> set[tuple[str, str]]:
        firms.clock.advance(86_400)
        tell(one.parts)
        return {
            (subject, cause)
            for subject in (here, gone, "machine")
            for cause in ("no_room", "relay")
            if standing(one.parts, subject, cause)
        }

    two.leave()
    firms.settle(2)
    assert one.parts.fence is not None
    one.parts.fence.leases.prune()
    assert stand() == {(here, "relay"), (gone, "no_room")}
    assert standing(one.parts, file, "config_refused")
    with firms.journal() as journal, journal.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE process SET until = 1 WHERE id = {two.process}")
    one.parts.fence.leases.prune()
    assert stand() == {(here, "relay")}
    assert standing(one.parts, file, "config_refused") is None


def test_another_name_is_another_connector(firms: Firms, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused at its start, before anything is done; renamed on purpose, it takes the journal over, at rest."""
    one = firms.join("one")
    one.turn()
    one.work()
    assert one.folders == {"annecy", "brest"}
    file = firms.directory / "config.yaml"
    file.write_text(firms.config_text.replace("connector: test-1", "connector: test-2"))
    file.chmod(0o600)
    settings = Settings(config=file, state=firms.directory / "state-two")
    state = settings.place()
    state.make()

    def begin(text: Path | str) -> None:
        with wiring.wired(load_config(text), state, now=firms.clock.now, seams=firms.seams):
            pass

    with pytest.raises(ConfigurationError) as caught:
        begin(file)
    [problem] = caught.value.problems
    assert problem.path == "connector"
    assert 'belongs to connector "test-1", and this configuration says "test-2"' in problem.text
    assert "jse-connector take-over FOLDER" in problem.text
    begin(firms.config_text)

    with pytest.raises(JournalError, match=r"connectors work on .*one on .*Stop them all first"):
        operate.take_over(settings, "annecy", yes=True, dry_run=False)
    begin(firms.config_text)
    one.leave()
    with firms.journal() as journal:
        leases = Leases(journal)

        def start(name: str) -> None:
            leases.begin(name=name, host="h", pid=1, version="0", lease_s=600)

        class Person(io.StringIO):
            """At a terminal, and so slow with an answer that a service is started meanwhile."""

            def isatty(self) -> bool:
                return True

            def readline(self, _size: int | None = -1) -> str:
                start("one")
                return "y\n"

        monkeypatch.setattr(sys, "stdin", Person())
        start("one/tick")
        for yes, who in ((True, "one/tick"), (False, "one")):
            with pytest.raises(
                JournalError, match=f"connectors work on .*{who} on h, its lease until .*Stop them all first"
            ):
                operate.take_over(settings, "annecy", yes=yes, dry_run=False)
            leases.end()
        assert journal.connector == "test-1"
    assert operate.take_over(settings, "annecy", yes=True, dry_run=True) == 0
    begin(firms.config_text)
    assert operate.take_over(settings, "annecy", yes=True, dry_run=False) == 0
    begin(file)
    assert b"test-2" in firms.person.read("Annecy/.signature/owner")
    with pytest.raises(ConfigurationError):
        begin(firms.config_text)
    assert operate.take_over(settings, "brest", yes=True, dry_run=False) == 0


def test_an_order_is_obeyed_by_whoever_has_the_request(firms: Firms) -> None:
    """Also by nobody else on the same server: what others work on is on no list of work here."""
    shared_by_two(firms)
    firms.drop("lettre", b"kein PDF", folder="Annecy")
    firms.settle(3)
    (record,) = firms.records()
    has, other = firms.members[of(firms, "annecy")], firms.members[1 - of(firms, "annecy")]
    with firms.journal() as journal:
        journal.order(record, "retry")
    assert other.parts.journal.standing_orders() == {}
    assert [one.id for one in has.parts.journal.ordered_on("dms")] == [record.id]
    other.work()
    with firms.journal() as journal:
        assert len(journal.orders(record)) == 1
    has.work()
    with firms.journal() as journal:
        assert journal.orders(record) == []


def test_a_timers_tick_takes_what_is_free_and_gives_it_back(firms: Firms) -> None:
    """Beside a service it works on nothing that is in other hands, and takes none of its part; alone it does all."""
    one = firms.join("one")
    firms.settle(2)
    with firms.verb("tick") as turns:
        turns.turn()
        assert turns.config.folders == {}
        one.turn()
        assert one.folders == {"annecy", "brest"}, "a verb has no part in what services share out"
    one.leave()
    with firms.verb("tick") as turns:
        turns.turn()
        assert set(turns.config.folders) == {"annecy", "brest"}
        two = firms.join("two")
        two.turn()
        assert two.folders == set()
        assert [process.passing for process in two.fleet.processes()] == [True, False]
    two.turn()
    assert two.folders == {"annecy", "brest"}


def test_a_verb_that_must_be_alone_says_who_works_there(firms: Firms) -> None:
    """By name and machine; with that one stopped it has the folder, and nobody else takes it meanwhile."""
    one = firms.join("one")
    firms.settle(2)
    config = firms.config
    with firms.parts("leave") as (parts, state):
        with pytest.raises(
            JournalError, match=r"state-one on .* \(process \d+\) works there.*\. Stop every connector"
        ):
            holding.alone(parts, config, state, ["annecy"], verb="leave").__enter__()
        parts.journal.token = None
        one.leave()
        with holding.alone(parts, config, state, ["annecy"], verb="leave"):
            parts.folders["dms"].make_folder(Href("/Annecy/neu/"))
            two = firms.join("two")
            two.turn()
            assert two.folders == {"brest"}
    two.turn()
    assert two.folders == {"annecy", "brest"}


def test_a_send_does_not_begin_on_a_lease_that_may_end_before_its_answer(firms: Firms) -> None:
    """Too little left: nothing leaves, that is known, and it leaves with the next signs of life."""
    one = firms.join("one")
    firms.settle(2)
    firms.drop("lettre", folder="Annecy")
    one.turn()
    one.work()
    fence = one.fleet.fence
    fence._until = now() + 40.0
    for _ in range(3):
        one.work()
    assert firms.spent() == {}
    (record,) = firms.records()
    assert record.state is State.MARKED, "what needs less goes on"
    firms.clock.advance(60)
    firms.settle(5)
    assert firms.spent() == {"Annecy": 1}
    (record,) = firms.records()
    with firms.journal() as journal:
        names = [name for _, name, _ in journal.events(record)]
    assert "send_refused" in names
    assert "send_unanswered" not in names


def test_with_sqlite_nothing_of_it_is_there(tmp_path: Path) -> None:
    """No process, no lease, no fence, nothing left out of any list, and no word of it in the status."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        parts = stage.parts
        assert stage.sends() == [1]
        assert (parts.fence, parts.shared, parts.journal.scope, parts.journal.token) == (
            None,
            False,
            None,
            None,
        )
        assert (parts.elsewhere, parts.accounts_elsewhere, parts.whole, parts.keeper) == (
            set(),
            set(),
            None,
            True,
        )
        with parts.journal.engine.connect() as connection:
            for table in ("process", "lease", "bond"):
                assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0
        assert stage.told()["connectors"] is None
