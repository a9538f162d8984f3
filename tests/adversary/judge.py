"""What must hold after every run, whatever struck: each breach is one line that begins with its name.

``sent``: no transaction sent twice, none without its marker, none beyond what was asked for. ``ends``: everything is
quiet in a state that is shown. ``lost``: no bytes of a person's, no signed document, is gone. ``twice``: nothing is
delivered twice. ``torn``: no half of a signed document is left where people see it. ``foreign``: nothing is written
over what was not sent. ``registry``: markers, ends and journal agree.
``twin``: nobody is told of a second machine where there is none.
``defect``: no guard had to keep a defect of ours from the other files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from connector import marks
from connector.lifecycle import Record, State
from connector.marks import Done, Sealer, Sent
from connector.ports import Progress, TransactionId
from connector.report.facts import moment_of
from connector.steps.alarms import standing
from connector.steps.twins import TWIN
from tests.adversary import paper
from tests.adversary.acts import ACTS, SIDECAR, STATUS
from tests.adversary.story import Run
from tests.adversary.world import KEY, ROOT, sha
from tests.worlds import WORDS

_RESTING = frozenset(
    {
        State.REJECTED,
        State.UNCONFIRMED,
        State.WAITING_PDF,
        State.PREVIEWED,
        State.HELD,
        State.IN_DOUBT,
        State.DRAFT,
    }
)
_DELIVERED = frozenset({State.DELIVERED, State.DELIVERED_BESIDE})
_ENDS = {
    Progress.SIGNED: _DELIVERED,
    Progress.REFUSED: frozenset({State.REFUSED}),
    Progress.EXPIRED: frozenset({State.EXPIRED}),
    Progress.CANCELLED: frozenset({State.CANCELLED, State.WITHDRAWN}),
}


def breaches(run: Run) -> list[str]:
    """Return every invariant that a finished run broke."""
    defects = [f"defect: {met}" for met in run.defects.met]
    return [
        *_sent(run),
        *_ends(run),
        *_shown(run),
        *_told_signed(run),
        *_lost(run),
        *_delivered(run),
        *_torn(run),
        *_registry(run),
        *_twin(run),
        *defects,
    ]


def _marks(run: Run, suffix: str) -> dict[str, Sent | Done]:
    """Every marker or end that stands in the registry, by key."""
    found: dict[str, Sent | Done] = {}
    for href, content in run.world.folder.files().items():
        if href.startswith(run.world.settings.registry) and href.endswith(suffix):
            mark = marks.read(content, Sealer(KEY))[1]
            if isinstance(mark, Sent | Done):
                found[mark.key] = mark
    return found


def _sent(run: Run) -> Iterator[str]:
    platform, people = run.world.platform, run.world.people
    for transaction, held in platform.everything.items():
        if held.sends > 1:
            yield f"sent: {transaction} was sent {held.sends} times"
    bound = {mark.transaction for mark in _marks(run, marks.SENT_SUFFIX).values()}
    for transaction in platform.sent:
        if transaction not in bound:
            yield f"sent: {transaction} without its marker"
    asks = sum(person.asks for person in people)
    for content, times in Counter(
        sha(platform.everything[one].documents[0][1]) for one in platform.sent
    ).items():
        if times > 1 + asks:
            yield f"sent: the same document {content[:8]} {times} times, {asks} times asked for anew"
    # A copy whose PDF is then edited is a new request (protocol section 0).
    allowed = 1 + asks + sum(person.copies for person in people if person.edits)
    if any(one.what == "second_same" for one in run.struck):
        # A second connector of the same name knows nothing of what the first is about to send, and R12 does not tell
        # it to step back: a letter that is edited in between leaves as it was, and as it is now, each once.
        contents = {sha(platform.everything[one].documents[0][1]) for one in platform.sent}
        allowed += len(contents) > 1 and any(person.edits for person in people)
    if len(people) == 1 and len(platform.sent) > allowed:
        yield f"sent: {len(platform.sent)} launches where {allowed} were asked for"


def _everything(run: Run) -> list[Record]:
    return [*run.records(), *(one for other in run.others for one in other.records())]


def _ends(run: Run) -> Iterator[str]:
    platform = run.world.platform
    by_transaction: dict[str, list[Record]] = {}
    for record in _everything(run):
        if record.transaction:
            by_transaction.setdefault(record.transaction, []).append(record)
    for record in run.records():
        held = platform.everything.get(TransactionId(record.transaction or ""))
        if record.state is State.IN_DOUBT and held is not None and held.sends and _still_there(run, record):
            yield f"ends: {record.ref} is in doubt of what the platform tells"
        if not record.state.ended and record.state not in _RESTING:
            yield f"ends: {record.ref} never ends: {record.state.value} {record.reason}"
    for transaction in dict.fromkeys(platform.sent):
        progress = platform.progress_of(transaction)
        states = {record.state for record in by_transaction.get(transaction, ())}
        wanted = _ENDS.get(progress, frozenset())
        if transaction not in platform.transactions and (
            transaction not in platform.given or _gone_with_its_spool(run, transaction)
        ):
            wanted |= {State.LOST}
        if not states & wanted:
            found = sorted(state.value for state in states)
            yield f"ends: {transaction} is {progress.value} at the platform and {found or 'nobody’s'} here"


def _still_there(run: Run, record: Record) -> bool:
    return TransactionId(record.transaction or "") in run.world.platform.transactions


def _is_told_of_another(run: Run, href: str) -> bool:
    content = run.world.folder.content(href)
    return content is not None and any(_bears(content, other) for other in run.records() if other.current)


def _shown(run: Run) -> Iterator[str]:
    folder = run.world.folder
    for record in run.records():
        if not record.current or record.state not in WORDS:
            continue
        if not record.place or folder.content(record.place) is None:
            continue
        since = moment_of(record.extra.get("missing_since")) or record.created_at
        patience = run.machine.timing.pdf_patience
        if record.state is State.WAITING_PDF and run.world.clock.now() - since < patience:
            continue  # the two files rarely arrive together: nothing is said at once
        href = record.extra.get("status_href")
        content = folder.content(str(href)) if href else None
        if content is None or not _bears(content, record):
            # A person took it along, or an earlier life of the journal told the end, last of all before the marker's.
            elsewhere = [text for name, text in folder.files().items() if name.endswith(".signature.txt")]
            content = next((text for text in elsewhere if _bears(text, record)), content)
        # A journal that was lost does not know any more where the status of what is over stood.
        stood = str(href or record.place.replace(SIDECAR, STATUS))
        if content is None and record.state.ended and stood in run.world.person.deleted:
            continue  # who deletes the status of what is over wants none
        if content is None and record.adopted and record.state.ended and _is_told_of_another(run, stood):
            continue  # what a new journal took in as over keeps silent where a later one followed its document to
        if content is None:
            yield f"ends: {record.ref} is {record.state.value}, and nothing is shown"
        elif not _bears(content, record):
            yield f"ends: the status of {record.ref} is not its own: {_first_word(content)!r}"
        elif _first_word(content) not in WORDS[record.state]:
            yield f"ends: {record.ref} is {record.state.value}, and the status says {_first_word(content)!r}"


_OTHERS_HAND = ACTS.keys() | {"inside", "month", "second_same", "second_other", "second_copied"}


def _told_signed(run: Run) -> Iterator[str]:
    """Where no person had a hand in it, and nothing was erased, what was signed is told of beside its letter."""
    platform = run.world.platform
    if {one.what for one in run.struck} & _OTHERS_HAND or len(run.world.people) > 1:
        return
    told = [
        content.decode("utf-8-sig", "replace")
        for href, content in run.world.folder.files().items()
        if href.endswith(STATUS)
    ]
    for transaction in dict.fromkeys(platform.sent):
        if platform.progress_of(transaction) is Progress.SIGNED and not any(
            text.startswith("SIGNÉ") and f"id: {transaction}" in text for text in told
        ):
            yield f"ends: {transaction} is signed, and no status says so"


def _bears(content: bytes, record: Record) -> bool:
    return f"ref: {record.ref} " in content.decode("utf-8-sig", "replace").replace("\u00a0", " ")


def _first_word(content: bytes) -> str:
    return content.decode("utf-8-sig", "replace").replace("\u00a0", " ").split(" –", 1)[0]


def _lost(run: Run) -> Iterator[str]:
    person, platform = run.world.person, run.world.platform
    there = {sha(content) for content in run.world.contents()}
    for digest, href in person.owed.items():
        if digest not in there and not _inside_the_check(run, href):
            yield f"lost: what a person wrote at {href}"
    if platform.reseals:
        return
    for transaction, content in platform.given.items():
        if sha(content) not in there | person.gave_up and not _gone_with_its_spool(run, transaction):
            yield f"lost: the signed document of {transaction}"


def _gone_with_its_spool(run: Run, transaction: TransactionId) -> bool:
    """The eighth residual: the platform erased what no folder had taken yet, and then the disk with the spool went."""
    content = run.world.platform.given.get(transaction)
    if content is None or transaction in run.world.platform.transactions or run.delivered[sha(content)]:
        return False
    struck = [one.what for one in sorted(run.struck)]
    since = struck.index("month") if "month" in struck else len(struck)
    return bool({"journal_lost", "restored"} & set(struck[since:]))


def _inside_the_check(run: Run, href: str) -> bool:
    """Protocol 4.6, of a text that we write: saved between a server's look at the ETag and its write, no versions kept.

    Such a text is written over in its place: moving it aside first, as a PDF is (R5), would make every news of every
    request a deletion and a new file for whoever synchronises the folder.
    """
    return (
        run.mode == "plain"
        and href.endswith(".txt")
        and any(one.what == "inside" and run.points[one.at].about == href for one in run.struck)
    )


def _delivered(run: Run) -> Iterator[str]:
    sent = {sha(held.documents[0][1]) for held in run.world.platform.everything.values() if held.documents}
    for transaction, content in run.world.platform.given.items():
        times = run.delivered[sha(content)]
        if times > 1 and not _at_least_once(run, sha(content)):
            yield f"twice: the signed document of {transaction} was delivered {times} times"
    halves = {sha(content[: len(content) // 2]) for content in run.world.platform.given.values()}
    for href, digest in run.written_over:
        if digest not in sent | halves:
            yield f"foreign: what was not sent was written over at {href}"
    if run.world.folder.content("/Lettres/autre.pdf") != paper.BYSTANDER:
        yield "foreign: another's letter was touched"


def _torn(run: Run) -> Iterator[str]:
    """R5: our own torn file is written again, whichever life of the journal finds it.

    A person who moves or copies it in the second in which it lies there so has that: nobody can tell it from a file of
    theirs then, and the whole comes home all the same.
    """
    carried = any(one.what.startswith(("move_", "copy_", "rename_")) for one in run.struck)
    halves = {sha(content[: len(content) // 2]): name for name, content in run.world.platform.given.items()}
    for href, content in run.world.folder.files().items():
        if carried and href not in {f"{ROOT}{person.name}.pdf" for person in run.world.people}:
            continue
        if (name := halves.get(sha(content))) is not None:
            yield f"torn: half of the signed document of {name} lies at {href}"


def _at_least_once(run: Run, signed: str) -> bool:
    """Protocol 4.2: the first one was taken away by the person, or delivery was interrupted and a person acted.

    A person who moves it in the moment between the write and the look at it is no other case: on a server without file
    ids nobody can tell what became of it.
    """
    if signed in run.world.person.gave_up:
        return True
    struck = {one.what for one in run.struck}
    interrupted = struck & {
        "crash",
        "journal_lost",
        "restored",
        "lost",
        "frozen",
        "second_same",
        "second_other",
    }
    acted = [one for one in run.struck if one.what in ACTS]
    written = {n for n, one in enumerate(run.points) if one.kind == "write" and one.about.endswith(".pdf")}
    return bool(acted) and (bool(interrupted) or any(one.at - 1 in written for one in acted))


def _registry(run: Run) -> Iterator[str]:
    ends = {key: mark for key, mark in _marks(run, marks.DONE_SUFFIX).items() if isinstance(mark, Done)}
    for record in run.records():
        marked = record.key and record.extra.get("sent_mark")
        end = ends.get(record.key or "")
        if record.closed and marked and end is None:
            yield f"registry: {record.ref} is closed without its end"
        if end is not None and not record.closed:
            yield f"registry: {record.ref} has its end and is {record.state.value}, not closed"
        if record.state.ended and not record.closed:
            yield f"registry: {record.ref} has ended ({record.state.value}) and was never closed"
        if end is not None and record.closed and end.state != record.state.value:
            yield f"registry: {record.ref} is {record.state.value}, its end says {end.state}"
    # What an earlier life of the journal kept under a name that this one never heard of is nobody's to delete here.
    closed = {record.ref for record in run.records() if record.closed}
    if kept := run.machine.parts.spool.references() & closed:
        yield f"registry: the spool keeps {sorted(kept)}"


def _twin(run: Run) -> Iterator[str]:
    if any(one.what == "second_same" for one in run.struck):
        return
    for machine in (run.machine, *run.others):
        if standing(machine.parts, f"folder:{run.world.settings.name}", TWIN) is not None:
            yield "twin: a second machine is told of, and there is none"
