"""The real parts that the steps work with; ``cli`` alone puts them together."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from connector.calendar import Holidays, QuietTimes
from connector.config.model import Ceiling
from connector.errors import Problem
from connector.fence import Fence
from connector.isolated_pdf import IsolatedPdf
from connector.journal import Journal
from connector.lifecycle import Record
from connector.marks import Sealer
from connector.notify import Hook, Pinger
from connector.placement import BoxSize, usual_size
from connector.ports import AccountLogin, Box, Folder, Href, SigningService, Tag, Terms
from connector.report.tags import TagKey
from connector.sidecar.model import Reminders, SignatureRequest
from connector.spool import Spool

if TYPE_CHECKING:
    from connector.notify.relay import Relay
    from connector.steps.links import LinksSeen

_BESIDE: Final = 4
"""So many requests are worked on beside those that may ask a server: as many as an account may call for at once."""


@dataclass(frozen=True, kw_only=True)
class FolderSettings:
    """One watched folder, as the steps need it."""

    name: str
    server: str
    root: Href
    """Beginning and ending with "/"."""
    registry: Href
    """Where its markers live."""
    accounts: tuple[str, ...]
    ceiling: Ceiling
    owners: tuple[str, ...] | None = None
    """User ids of the DMS to whom the files of a request may belong; None: anybody's."""
    links_refused: bool = False
    """Must it be known that nobody without a login can write where a request lies? Asked of Nextcloud alone."""
    allow_domains: tuple[str, ...] | None = None
    refuse_domains: tuple[str, ...] = ()
    refuse_phones: tuple[str, ...] = ()
    """Mobiles, in E.164, to which no code is sent."""
    same_phone_refused: bool = True
    max_sends_per_hour: int | None = None
    max_sends_per_day: int | None = None
    levels: tuple[str, ...] = ("simple",)
    """Certificate levels that may be asked for, by their English names."""
    at_once: int = 4
    """So many of its requests are worked on at once: as many as its server may be asked at once."""
    drop_allowed: bool = False
    """May a settings file here make a request of every PDF of a folder?"""
    remember_contacts: timedelta | None = None
    """How long people of earlier requests are remembered; None: never."""
    reminders: Reminders | None = None
    """When nobody says otherwise in the folder; None: nobody is reminded."""
    comments: bool = False
    """Are launch, refusal and completion said in comments on the file, too?"""
    notify: tuple[str, ...] = ()
    """Who is mailed about its requests."""
    quiet: QuietTimes | None = None
    """When nothing of it is sent that can wait; None: never."""
    watch_root: str = ""
    """Server URL and path: another one is another folder (protocol R7)."""

    @property
    def owner_folder(self) -> Href:
        """The hidden folder at the watched root that holds ``owner``."""
        return Href(self.root + ".signature/")


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """One account at the platform, as the steps need it."""

    name: str
    sender: str
    max_sends_per_day: int | None
    terms: Terms
    owner: str = ""
    """Who gets the links to connect it again."""
    tokens_renewed: Callable[[datetime], bool] = lambda _since: False
    """Have the account's tokens been replaced since then?"""
    box_problems: Callable[[Sequence[Box]], list[Problem]] = lambda _boxes: []
    """What the platform's contract says against these boxes: no place on that page, an overlap."""
    box_size: BoxSize = usual_size
    """How large the platform's box is seen on a page, under its contract."""


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Whom, besides those of each folder, what happens is told to, and when."""

    admin: str = ""
    """Where troubles are told; empty: nowhere."""
    quiet: QuietTimes | None = None
    """When nobody is mailed what can wait."""
    digest_at: time = time(8)
    """From when on, on working days, the daily mail leaves; wall clock."""
    holidays: Holidays = "france"
    hooks: Mapping[str, Hook] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Waiting times. Defaults are those of the design; tests may shorten them."""

    settle: timedelta = timedelta(seconds=1)
    """A file's ETag must have held for longer than this."""
    pdf_patience: timedelta = timedelta(minutes=3)
    """A sidecar waits this long for its PDF before anything is said."""
    gone_patience: timedelta = timedelta(minutes=10)
    """A missing file is called gone after this: moves arrive as delete and upload."""
    drop_delay: timedelta = timedelta(minutes=10)
    """A PDF in a drop folder may be taken out again for this long."""
    quiet_send: timedelta = timedelta(minutes=15)
    """After an unanswered send, "not sent" proves nothing before this (protocol R9)."""
    doubt: timedelta = timedelta(hours=2)
    """An open send that cannot be asked about is shown as doubtful after this (protocol R13)."""
    follow_first_hour: timedelta = timedelta(minutes=2)
    follow_first_day: timedelta = timedelta(minutes=10)
    follow_later: timedelta = timedelta(minutes=30)
    retry_first: timedelta = timedelta(seconds=30)
    retry_most: timedelta = timedelta(minutes=30)
    away_most: timedelta = timedelta(minutes=10)
    """The longest that an account asks nothing because the platform did not answer."""
    probe: timedelta = timedelta(minutes=15)
    """How often a held account is probed by one request."""
    retention: timedelta = timedelta(days=30)
    gather: timedelta = timedelta(minutes=2)
    """News waits so long for more of its kind: forty requests with one fault are one mail."""
    forgotten_patience: timedelta = timedelta(hours=1)
    """What the platform says that it does not know any more counts as erased once it has said so for so long."""
    vanished_patience: timedelta = timedelta(days=1)
    """Very many requests that vanish at once are not believed to be deleted before so long."""


@dataclass(frozen=True, kw_only=True)
class SettingsRead:
    """A settings file as it was read; good for as long as the file shows the same ``shape`` (ETag, size)."""

    shape: tuple[object, ...]
    sha256: str
    request: SignatureRequest | None
    problems: tuple[Problem, ...] = ()


@dataclass
class TagBook:
    """The tags of a server as they were last listed. Losing it costs a look."""

    tags: dict[str, Tag] = field(default_factory=dict)
    """By name in small letters."""
    read_at: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while tags are listed or made: two requests at once would make one twice."""
    refused: dict[str, str] = field(default_factory=dict)
    """Name → why this login cannot hang that tag: told once, asked again when the list is read again."""


@dataclass
class SaidMemory:
    """What a process remembers of telling; losing it costs a look, or a try."""

    looked_at: datetime | None = None
    """When what no event tells of was last looked for."""
    digests: date | None = None
    """The day whose digests are posted."""
    pruned: date | None = None
    """The day on which what is old was forgotten last."""
    cleared: date | None = None
    """The day on which this disk was cleared of what others work on."""
    refusals: int = 0
    """How often in a row the relay was not to be had."""
    rests_until: datetime | None = None
    """Until when it is let be."""
    failing_since: datetime | None = None
    """Since when it was not, as the journal last said."""
    fetched_again_at: dict[str, datetime] = field(default_factory=dict)
    """Account → when its pages are asked about again, after a refusal."""
    counts: Counter[str] = field(default_factory=Counter)
    """``mails``, ``mails_refused``, ``hooks``, ``hooks_failed``: since the start."""


@dataclass
class Parts:
    """Everything a pass needs. Shared by the jobs of one process; each field is thread-safe."""

    journal: Journal
    spool: Spool
    sealer: Sealer
    documents: IsolatedPdf
    """Judges PDFs in limited workers. DocumentError when one is broken, hostile or too slow."""
    folders: Mapping[str, Folder]
    """By server name."""
    services: Mapping[str, SigningService]
    """By account name."""
    watched: Mapping[str, FolderSettings]
    accounts: Mapping[str, AccountSettings]
    connector: str
    now: Callable[[], datetime]
    report: ReportSettings
    machine: str = "machine"
    """Subject of alarms about this very host, or process: each of several has its own."""
    timing: Timing = field(default_factory=Timing)
    telling: Telling = field(default_factory=Telling)
    relay: Relay | None = None
    """Who takes our mails; None: none leaves."""
    ping: Pinger | None = None
    """Who is told that all goes well; None: nobody."""
    logins: Mapping[str, AccountLogin] = field(default_factory=dict)
    """By account name: the way to new tokens while the service runs."""
    said: SaidMemory = field(default_factory=SaidMemory)
    keep_personal_data: timedelta | None = None
    """How long after a request's end its people's addresses and numbers are kept; None: as long as the journal."""
    faded_on: dict[str, str] = field(default_factory=dict)
    """Account → the day on which its people were last known to have been looked at. A copy of the journal's."""
    fades_again_at: datetime | None = None
    """When those are looked at again whose server was away; None where there were none."""
    stop: threading.Event = field(default_factory=threading.Event)
    in_flight: set[int] = field(default_factory=set)
    """Records whose ``send`` is under way in this process: not yet a question for anybody."""
    not_left: set[int] = field(default_factory=set)
    """Records of which this very process knows that their last ``send`` did not leave, or was refused."""
    reminding: set[int] = field(default_factory=set)
    """Records whose ``remind`` is under way in this process: its open intent is not a question yet."""
    probing: dict[str, int] = field(default_factory=dict)
    """Account → the one record that finds out whether its hold is over."""
    gate: threading.RLock = field(default_factory=threading.RLock)
    """Held, never during network work, by whoever finds out whether something may leave, and while it says so."""
    leaving: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Record let through and not marked yet → (account, folder): the brakes count it already."""
    senders: Mapping[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    """Account → held during its one ``send``: after an unanswered one nothing more of it leaves (protocol R9b)."""
    alone: Mapping[tuple[str, str], threading.Lock] = field(
        default_factory=lambda: defaultdict(threading.Lock)
    )
    """(account, server) → held from the marker to the answer while the account's sends are not known to be answered."""
    sends_answered: dict[str, datetime] = field(default_factory=dict)
    """Account → when its last ``send`` went through; not there since one did not."""
    probed: Mapping[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    """Account → held while its contract is confirmed: once is enough (protocol R11)."""
    asking_rights: Mapping[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    """Server → held while it is found out whether a folder takes what will come back: once is enough."""
    asking_links: Mapping[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    """Held while a server is asked about public links: by its name for folders, whose answer does for many requests; by
    its name and a number for files, so that few wait for each other."""
    names_given: dict[tuple[str, str], int] = field(default_factory=dict)
    """(server, href) of a status that is about to be written in a folder of many → the record it was chosen for."""
    doubts: dict[str, int] = field(default_factory=dict)
    """Account → how many ``send`` were not answered; a read begun after the last one ends their hold (R9b)."""
    doubts_over: dict[str, int] = field(default_factory=dict)
    """Account → how many of them a read, begun since, was answered after."""
    let_be: dict[str, tuple[int, datetime, timedelta]] = field(default_factory=dict)
    """Account → how often in a row the platform did not answer; until when nothing is asked for it, how long in all."""
    settings_read: dict[tuple[str, str], SettingsRead] = field(default_factory=dict)
    """(server, href) of a settings file → what it said when it was last read."""
    settings_gone: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """(server, href) of a settings file that is not there any more → since when, until that is believed."""
    links: dict[tuple[str, str], LinksSeen] = field(default_factory=dict)
    """(server, folder) → what was last told of public links to it, to what lies above it and to the files in it."""
    links_unanswered: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """Server → since when it answers no question about links, and when it was asked last."""
    writable: set[tuple[str, str]] = field(default_factory=set)
    """(server, folder) that are known to take what is put there."""
    refused: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    """(server, folder) that let nothing be written → when that was last found out; None: a listing says so."""
    untold: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Records whose status cannot be written anywhere → the watched folder's name, and ``rights.UNTOLD``'s reason."""
    full: dict[str, datetime] = field(default_factory=dict)
    """Watched folder → when an overview, or what a list asks for, found no room there last."""
    unmarked: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    """Watched folder → when a marker could not be put into its registry last, and what was in the way."""
    being_edited: dict[int, tuple[str | None, str]] = field(default_factory=dict)
    """Request about to leave of which somebody had a file open → its own ETag then; which: ``editing.open_file``."""
    settings_open: dict[tuple[str, str], tuple[datetime, str | None, bool]] = field(default_factory=dict)
    """(server, href) of a settings file → when it was asked whether somebody has it open, of which ETag, whether so."""
    editing_unanswered: dict[int, datetime] = field(default_factory=dict)
    """Request about to leave → since when its server does not answer that."""
    rights_of: dict[str, object] = field(default_factory=dict)
    """Watched folder → the look at it whose rights were taken in."""
    filed_seen: dict[tuple[str, str], tuple[tuple[object, ...], str, bool]] = field(default_factory=dict)
    """(server, href) of an unknown request among finished ones → (ETag, size), SHA-256, came with a copied status."""
    clocks: Mapping[str, Callable[[], float | None]] = field(default_factory=dict)
    """``server:NAME`` or ``account:NAME`` → its clock minus ours at its last answer, in seconds."""
    heard: Mapping[str, Callable[[], float | None]] = field(default_factory=dict)
    """The same → our own clock at that answer, in seconds since 1970."""
    made: Mapping[str, Callable[[], Mapping[str, int]]] = field(default_factory=dict)
    """Server → (status of the answer, ``none`` without one → requests since the start)."""
    allowed: Mapping[str, Callable[[], int]] = field(default_factory=dict)
    """Server → how many requests of it may run at once now: other processes may use the others."""
    renewals: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    """Server → take in another password, where one was put in place; False, doing nothing, where none was."""
    passwords: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    """Server → a digest, under the seal, of the password in use: whether it is the one that was refused elsewhere."""
    alarms: dict[tuple[str, str], Mapping[str, Any] | None] = field(default_factory=dict)
    """(subject, cause) → what was kept of the alarm that stands; None: none does. A copy of the journal's."""
    doubted: dict[str, datetime] = field(default_factory=dict)
    """Watched folder of which very many known requests vanished at once → since when."""
    vanished: dict[str, frozenset[int]] = field(default_factory=dict)
    """Server → the requests of whose absence nothing is concluded just now."""
    doubt_asked: dict[str, datetime] = field(default_factory=dict)
    """Watched folder → when the server was asked last whether what vanished from it is elsewhere."""
    tag_books: dict[str, TagBook] = field(default_factory=dict)
    """By server name: the tags that it was found to have."""
    strange: dict[tuple[str, str], tuple[object, ...]] = field(default_factory=dict)
    """(server, href) of what bears a marker's name and is none → what it showed when it was looked at."""
    taken_in: set[tuple[str, Href]] = field(default_factory=set)
    """(server, registry) whose markers this very process has taken in: what stands there since, it wrote itself."""
    nonces: set[str] = field(default_factory=set)
    """Of the markers that this very process made: one of our name with another is a second machine's (``twins``)."""
    fresh_marks: set[int] = field(default_factory=set)
    """Records whose ``mark`` intent this very process committed: a marker found otherwise is a question."""
    fresh_sends: set[int] = field(default_factory=set)
    """Records whose ``send`` intent this very process committed: only they may be sent (protocol step 6)."""
    in_rounds: bool = False
    """Does a timer begin each round as a process of its own? What an earlier one was told counts for this one."""
    shared: bool = False
    """Do other processes work on the same journal? What it says may be of theirs, and news."""
    elsewhere: frozenset[str] = frozenset()
    """Folders that other processes work in, or will: nothing that concerns them is judged here."""
    accounts_elsewhere: frozenset[str] = frozenset()
    """The same of accounts."""
    keeper: bool = True
    """Does this process do what is done once for all: tell, and look after what is in no configuration any more?"""
    whole: Parts | None = None
    """These parts with everything that the configuration names, to tell of; None: they have it all themselves."""
    bond: Callable[[str, str, str], None] = lambda _folder, _other, _account: None
    """Let a folder of this process come into one hand with the folder and the account of a request met in it."""
    works_on: Callable[[int, str], bool] = lambda _process, _subject: False
    """Does another process, by its number, work on ``server:NAME`` or ``account:NAME``, as was seen last?"""
    fence: Fence | None = None
    """Asked right before every effect outside; None: nobody else could be at it."""
    started_at: datetime = field(init=False)
    """When this process began its work."""

    def __post_init__(self) -> None:
        self.started_at = self.now()

    def hands(self, settings: FolderSettings) -> int:
        """Return how many requests of a folder are worked on at once: some more than may ask its server.

        What waits for the platform, for a lock or for a PDF to be read leaves its connection to another one.
        """
        allowed = self.allowed.get(settings.server)
        return _BESIDE + (settings.at_once if allowed is None else max(1, min(settings.at_once, allowed())))

    @property
    def everywhere(self) -> Mapping[str, FolderSettings]:
        """Every folder of the configuration, whichever process works in it."""
        return self.watched if self.whole is None else self.whole.watched

    def is_elsewhere(self, record: Record) -> bool:
        """True of a request that other processes work on: of their folder, or of their account."""
        return record.folder in self.elsewhere or record.account in self.accounts_elsewhere


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """How people are told things."""

    timezone: str = "Europe/Paris"
    language: str = "fr"
    support: str = ""
    tags: Mapping[TagKey, str] = field(default_factory=dict)
    """What the tags on files are called; a state without a name here hangs none."""

    @property
    def zone(self) -> ZoneInfo:
        """``timezone`` as an object."""
        return ZoneInfo(self.timezone)
