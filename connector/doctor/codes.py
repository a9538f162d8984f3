"""Every code that ``doctor`` can put behind a line: what it means, where it comes from, what to do.

The reference page is made from this table, and a line without its code here cannot be said (``lines``). A code is
never given to something else: what is gone stays unused. D: the DMS; P: the platform; H: this host.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Code(NamedTuple):
    """One row of the reference page. ``title`` is a few words; ``cause`` and ``cure`` are sentences."""

    title: str
    cause: str
    cure: str

    @property
    def meaning(self) -> str:
        """What it means, as the reference page tells it."""
        return f"{self.title[0].upper()}{self.title[1:]}. {self.cause}"


CODES: Final[Mapping[str, Code]] = {
    "JSE-D01": Code(
        "server does not answer",
        "No connection was made, or no answer came in time: name, port, network, proxy, or the server is "
        "away.",
        "Try its url from this host; see servers.NAME.url and servers.NAME.proxy. The service goes on asking,"
        " less and less.",
    ),
    "JSE-D02": Code(
        "login refused",
        "The server answered 401: the user or the password is wrong, or the app password was revoked.",
        "Put another password in place (for Nextcloud: jse-connector connect NAME). One attempt was made, and no more: "
        "ten within half an hour block the address of this host for everybody.",
    ),
    "JSE-D03": Code(
        "refused login not tried again",
        "The service was refused this login earlier and rests; the same password again would count towards the block "
        "of this host's address.",
        "Put another password in place; the service takes it by itself. To try the one that is there once all the "
        "same: doctor --try-login.",
    ),
    "JSE-D04": Code(
        "certificate not believed",
        "It has expired, is for another name, or is by an authority that this host does not know.",
        "What is said beside the code names which. A private authority: servers.NAME.ca_file. Nothing is ever sent "
        "over a connection that is not believed.",
    ),
    "JSE-D05": Code(
        "certificate ends soon",
        "The server's certificate ends within three weeks.",
        "Its administrator renews it; from its end on nothing is read or delivered there.",
    ),
    "JSE-D06": Code(
        "something else answers",
        "A login page, a redirect, or an answer that is no WebDAV came instead of the documented one: a portal in "
        "between, or a url that is not the one of WebDAV.",
        "Correct servers.NAME.url: for Nextcloud https://HOST/remote.php/dav/files/USER/. Exempt it from a portal that "
        "asks people to log in.",
    ),
    "JSE-D07": Code(
        "read-only folders",
        "The login may read there and not create or change: no status can be written, so nothing leaves from "
        "there.",
        "Share them with edit rights with the connector's account, or watch a folder that leaves them out.",
    ),
    "JSE-D08": Code(
        "watched folder not there",
        "No folder of that path is seen by this login: it was renamed, moved, is shared no more, or its "
        "storage is away.",
        "Correct folders.NAME.path, or share it again with the connector's account.",
    ),
    "JSE-D09": Code(
        "another connector's folder",
        "The owner file in the folder names another connector, or cannot be read with this seal key: this one does "
        "nothing there.",
        "Stop the other one for good, then: jse-connector take-over NAME. After a move of this host: keep its "
        "connector: and its seal key.",
    ),
    "JSE-D10": Code(
        "stale writes are accepted",
        "The server overwrites in spite of a condition (If-Match) that does not hold: what a person saves in the "
        "moment of a write can be lost. A proxy may take the header out of the request.",
        "Let the header through. On plain servers the connector looks right before each write, and an instant"
        " remains.",
    ),
    "JSE-D11": Code(
        "new files are not guarded",
        "The server overwrites in spite of If-None-Match: *. Markers, which prevent a second sending, are then made "
        "under a hidden name and moved to their own.",
        "Nothing to do where renames onto a taken name are refused (that was tried); else such a server "
        "cannot be used.",
    ),
    "JSE-D12": Code(
        "no ETag",
        "Files have no tag of their state. With time and size instead, two saves of one size within a second look "
        "alike; without those as well nothing can be guarded, and the folder is left alone.",
        "Let the server send ETag, or getlastmodified at the least.",
    ),
    "JSE-D13": Code(
        "scratch files left",
        "What doctor made in its scratch place could not all be removed: the server refused, went away, or something "
        "that is not doctor's lies in there.",
        "Remove the named hidden folder by hand, or run doctor again: it removes what an earlier run of its "
        "own left.",
    ),
    "JSE-D14": Code(
        "names do not come back",
        "A file whose name has accents, signs or 250 bytes is not listed or not found under the name it was "
        "given.",
        "The server's file system or a proxy changes names: files named so are not signed there. Letters without such "
        "names are.",
    ),
    "JSE-D15": Code(
        "a new version breaks with the old one",
        "After an upload as a new version the file had another id, or the earlier content was not among its "
        "versions.",
        "Nothing is delivered over an original that is not kept; ask the server's administrator about its storage "
        "and its versions app.",
    ),
    "JSE-D16": Code(
        "registry cannot be written",
        "The folder of the markers takes no file. Without a marker nothing is sent.",
        "Let the connector's account write there, or name another place: servers.NAME.registry. On Nextcloud it needs "
        "some megabytes of quota of its own.",
    ),
    "JSE-D17": Code(
        "public links",
        "Nextcloud tells of public links only to who may share on; or a link is there that lets people without a "
        "login write, and so ask for signatures.",
        "Share the folder with the right to share on; take the link back or make it read-only; or decide "
        "policy.public_links: allow.",
    ),
    "JSE-D18": Code(
        "little room on the server",
        "The login may write less than two signed documents of usual size.",
        "Give the owner of the folder, or the connector's account, more quota.",
    ),
    "JSE-D19": Code(
        "no locks",
        "Files cannot be locked there (Nextcloud: the app files_lock is absent).",
        "Nothing, unless people write verrouiller: their status says that it cannot be done.",
    ),
    "JSE-D20": Code(
        "tags",
        "The server has none, the connector may not make them, or one that hangs does not come off.",
        "Where only administrators make tags: have them made by hand, visible and assignable by everybody. All else "
        "works without.",
    ),
    "JSE-D21": Code(
        "comments",
        "folders.NAME.comments is on, and a comment cannot be written or read there.",
        "Have the comments app switched on, or leave the setting out.",
    ),
    "JSE-D22": Code(
        "no end within the time limit",
        "One check took longer than it may; it was given up, and the others went on.",
        "A slow or dripping server. Run doctor again; if it stays, look at the server's load and at what lies"
        " between.",
    ),
    "JSE-D23": Code(
        "login password",
        "The password has not the form of an app password. A login password costs Nextcloud a third of a second at "
        "each request, and cannot be revoked by itself.",
        "jse-connector connect NAME, or make an app password by hand.",
    ),
    "JSE-D24": Code(
        "server wants to be let be",
        "It answered 429 or 503, or asked to come again later. Of Nextcloud 429 means as well that this host's address "
        "is blocked for wrong passwords.",
        "Wait as long as it said (30 minutes for a block), and look for who tries wrong passwords.",
    ),
    "JSE-D25": Code(
        "refused",
        "The server said no to one request that the connector makes in its work.",
        "The operation beside the code tells which right is missing (docs: Least rights).",
    ),
    "JSE-D26": Code(
        "another doctor's scratch place",
        "A scratch place lies there that this host did not make. One of another host may be at work right "
        "now.",
        "If none is: remove the named hidden folder by hand.",
    ),
    "JSE-D27": Code(
        "nothing was written",
        "Every folder of this server is preview-only: what can only be found out by writing was not tried.",
        "Run doctor again once a folder is draft or live.",
    ),
    "JSE-D28": Code(
        "no versions",
        "The server keeps no earlier contents of a file, or the versions app is off.",
        "Nothing: the unsigned original is kept beside, as “… (original).pdf”.",
    ),
    "JSE-D29": Code(
        "no second of its own",
        "A signed version asks for a second in which nobody saves (X-OC-Mtime), and the storage gave it another one.",
        "Nothing, mostly: a person's save in the very second of a delivery may be lost there, or take the signed "
        "version's place. Ask the server's administrator about its storage.",
    ),
    "JSE-P01": Code(
        "Jesignexpert does not answer",
        "No connection was made, or no answer came in time.",
        "Try platform.url from this host; see platform.proxy. What waits goes on by itself.",
    ),
    "JSE-P02": Code(
        "never connected",
        "There are no tokens of this account: nobody has logged in for it yet.",
        "jse-connector connect NAME --mail: the link goes to the account's owner.",
    ),
    "JSE-P03": Code(
        "tokens refused",
        "The platform no longer takes them: expired, revoked, or of another host (production and pre-"
        "production differ).",
        "jse-connector connect NAME --mail.",
    ),
    "JSE-P04": Code(
        "tokens end soon, or have ended",
        "A user token lives about five days.",
        "jse-connector connect NAME --mail: one login by the owner.",
    ),
    "JSE-P05": Code(
        "answered otherwise than documented",
        "A page for people, or something that is no answer to the question: a portal in between, or another "
        "url.",
        "Correct platform.url; exempt it from a portal that asks people to log in.",
    ),
    "JSE-P06": Code(
        "assumptions not confirmed",
        "Parts of the editor API are not public. What this program assumes of them is neither confirmed nor "
        "contradicted by the host's own description, nor by use.",
        "Try with a transaction to yourself first: jse-connector calibrate NAME; ask ECMA (docs/platform.md).",
    ),
    "JSE-P07": Code(
        "contradicted",
        "The host's own description of its calls has another method for this path, or no such call.",
        "Set what the description says under platform.contract.operations; the setting's name stands in the "
        "line.",
    ),
    "JSE-P08": Code(
        "account held",
        "Launches of this account rest, for the cause that is named.",
        "Causes that are over end by themselves; tokens: connect NAME; manual: resume NAME.",
    ),
    "JSE-P09": Code(
        "tokens cannot be used",
        "The file of the tokens cannot be read by this user, may be read by others, or holds nothing usable.",
        "Run as the service's user or as root; chmod 600 the file; or connect NAME anew.",
    ),
    "JSE-P10": Code(
        "certificate of the platform",
        "It is not believed, or ends within three weeks.",
        "Not believed: platform.ca_file, platform.url. Ends soon: nothing, ECMA renews it.",
    ),
    "JSE-P11": Code(
        "no end within the time limit",
        "One check took longer than it may; it was given up.",
        "Run doctor again; if it stays, the platform is slow, and launches wait.",
    ),
    "JSE-P12": Code(
        "measured otherwise",
        "calibrate found that the platform does something in another way than the contract assumes.",
        "Add the lines that calibrate printed under platform.contract, and run it again.",
    ),
    "JSE-P13": Code(
        "calibration draft left",
        "The draft that calibrate made could not be cancelled. It was never sent; nothing was spent.",
        "Delete it on Jesignexpert's site; its subject stands beside the code.",
    ),
    "JSE-P14": Code(
        "calibration not complete",
        "The platform refused one call of the way to a draft; what comes after it could not be measured.",
        "The reason beside the code; see docs/platform.md for what is assumed there.",
    ),
    "JSE-H01": Code(
        "no journal",
        "The service has never run with this state directory, or its journal lies elsewhere.",
        "Start the service; or name its directory with --state.",
    ),
    "JSE-H02": Code(
        "journal not intact",
        "It cannot be read, is damaged, or was written by a newer version.",
        "Put back a backup, or jse-connector rebuild (docs: Backup and recovery). Nothing is sent twice.",
    ),
    "JSE-H03": Code(
        "credentials not seen here",
        "Secrets of the configuration cannot be read by this command: the unit's credentials are given to the service "
        "alone.",
        "jse-connector-as-service doctor",
    ),
    "JSE-H04": Code(
        "clock",
        "This host's clock and that of the other side differ. Beyond five minutes Jesignexpert takes no login, and "
        "launches rest.",
        "Let the host's clock be set by the network (systemd-timesyncd, chrony); or tell the server's "
        "administrator.",
    ),
    "JSE-H05": Code(
        "others can read the state directory",
        "Journal, spool, tokens or keys have modes that let other users of this host in.",
        "chmod -R go= STATE; the service does it at its start and says so. Where that changes nothing the file system "
        "keeps no permissions (Windows' own, many shares): put the state directory on another one. If others work on "
        "this host, renew tokens and passwords.",
    ),
    "JSE-H06": Code(
        "another user's files",
        "Something in the state directory belongs to another user than the directory: the service may not be able to "
        "use it.",
        "chown -R it to the directory's owner.",
    ),
    "JSE-H07": Code(
        "little room on this host",
        "A disk of the state directory, of its spool or of the journal is nearly full, or a document could not be put "
        "to rest in the spool. Without room nothing is fetched, and nothing new leaves.",
        "Make room; held launches go on by themselves once the service can keep a document again. Signed documents "
        "stay at Jesignexpert meanwhile, for a month at most.",
    ),
    "JSE-H08": Code(
        "mail relay",
        "The relay did not answer, or did not take our greeting, the login, the sender or the administrator's "
        "address. No mail was sent to find out.",
        "Correct mail: in the configuration, or have the relay take mail from this host.",
    ),
    "JSE-H09": Code(
        "no backup of the journal",
        "None is in the state directory, or the last one is older than a week.",
        "jse-connector backup, from a timer; or your own backup of the whole state directory (docs: Backup "
        "and recovery).",
    ),
    "JSE-H10": Code(
        "service not running",
        "Nothing holds the journal, or systemd says that a unit or the timer is not active, or that a round failed.",
        "systemctl status 'jse-connector*'; journalctl -u 'jse-connector*'.",
    ),
    "JSE-H11": Code(
        "no watchdog",
        "systemd runs the unit without a watchdog: a service that hangs would not be started anew.",
        "Keep WatchdogSec= of the shipped unit.",
    ),
    "JSE-H12": Code(
        "wake-ups",
        "A folder named with wake: is not there, is a network mount, or has more folders than the kernel lets"
        " be watched.",
        "sysctl fs.inotify.max_user_watches=524288; correct folders.NAME.wake. Polling finds what is new in "
        "any case.",
    ),
    "JSE-H13": Code(
        "documents are read unconfined",
        "This kernel does not hold the workers that read foreign files to what they may do (seccomp, "
        "Landlock).",
        "A kernel from 5.13 on, with Landlock switched on. Limits on memory and time hold in any case.",
    ),
    "JSE-H14": Code(
        "documents cannot be read here",
        "No worker starts, or a library that reads PDFs and images cannot be loaded.",
        "Install anew; the unit's MemoryDenyWriteExecute= or SystemCallFilter= may forbid a library of "
        "another system.",
    ),
    "JSE-H15": Code(
        "spool",
        "Something in the spool is left from a write that did not end, or it cannot be looked into.",
        "Restart the service: it sweeps the spool at its start.",
    ),
    "JSE-H16": Code(
        "no end within the time limit",
        "One check of this host took longer than it may: a disk or a mount that does not answer.",
        "Look at the disk of the state directory and at mounts of folders named with wake:.",
    ),
    "JSE-H17": Code(
        "secret readable by others",
        "A file with a secret may be read by other users of this host.",
        "chmod 600 it, and have the secret renewed if others work on this host.",
    ),
    "JSE-H18": Code(
        "another doctor at work",
        "A doctor with this configuration runs already; two would take each other's scratch files for "
        "leftovers.",
        "Wait for its end.",
    ),
    "JSE-H19": Code(
        "defect",
        "doctor itself met an error that nobody foresaw in one check; the others went on.",
        "Send the report (doctor --report FILE) to whoever maintains this program.",
    ),
    "JSE-H20": Code(
        "the journal's database does not answer",
        "PostgreSQL is away, refuses the login, or cannot be reached from this host. Nothing leaves meanwhile, and "
        "nothing is lost.",
        "What is said beside the code names which; see journal.url and journal.password. The service goes on by "
        "itself.",
    ),
    "JSE-H21": Code(
        "the configuration names a journal that was moved",
        "move-journal took it elsewhere; what stands there is what it was then, and takes no more.",
        "Write the url that is named under journal: in the configuration.",
    ),
    "JSE-H22": Code(
        "what the journal's database has kept may be lost",
        "A commit is not on a second server before it counts, or a setting gives up at a power cut what it has kept, "
        "or the server that answers is itself a standby. The service does not start so.",
        "PostgreSQL: synchronous_standby_names, fsync, full_page_writes, synchronous_commit; or say in "
        "journal.replication that there is no standby (none), or that it may lag (asynchronous).",
    ),
    "JSE-H23": Code(
        "the journal's database is far, or full",
        "Every fact is a handful of round trips, and each connector has a few connections.",
        "Run connectors near the database; raise max_connections there.",
    ),
}
