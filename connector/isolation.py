"""Run parsers of foreign files in a limited subprocess, so that a hostile file costs a worker and nothing else.

A worker is ``python -m connector.isolation``: its own session, the environment of a stranger, ``/`` as its
directory, and limits on memory, processor time, open files and file size that it sets upon itself before it reads
anything; where the kernel helps it gives up network, other processes and other files too (``confinement``). It takes
one JSON line for each call and answers with one. Only functions of :data:`JOBS` can be called.

A worker serves several calls, because starting one costs twenty times a call. After any failure it is replaced:
what upset a parser once must not be there for the next file. What a worker prints is discarded unread; it may
quote a document.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import resource
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from connector import pulse
from connector.errors import DocumentError, SpoolError, WorkerError

log = logging.getLogger(__name__)

JOBS: Final[Mapping[str, tuple[str, str]]] = {
    "pdf.facts": ("connector.pdf.jobs", "read_facts"),
    "pdf.verify": ("connector.pdf.jobs", "verify"),
    "pdf.free_boxes": ("connector.pdf.jobs", "free_boxes"),
    "pdf.find_text": ("connector.pdf.jobs", "find_text"),
    "pdf.preview": ("connector.pdf.jobs", "draw_preview"),
    "images.to_pdf": ("connector.images.convert", "image_to_pdf"),
    "lists.read": ("connector.signatory_list.table", "read"),
    "isolation.held": ("connector.isolation_worker", "held"),
    "isolation.missing": ("connector.isolation_worker", "missing"),
}
"""Name of a job → module and function. Nothing else can be asked of a worker."""

_DOORS: Final = (("alone", "seccomp"), ("files", "Landlock"))
"""What ``isolation_worker.held`` tells of, and what closes it."""
_SETTINGS: Final = {"memory": "MemoryMax=", "processor time": "CPUQuota="}
"""What a worker may be kept from, and the unit's setting that may be too small for it."""
_SHARE_OF_MUCH: Final = 12
"""A worker that had less than this part of what it may have (128 MB: a letter takes 60, what swells 190) was not ended
for its file."""
_SHARE_OF_TIME: Final = 3
"""A worker that had less than this part of its time to compute was kept from it by others; two on one processor have
half each."""
MOST_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer; a worker that says more is killed."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one worker may use. ``cpu_s`` and ``wall_s`` are for each call, the others for its life."""

    memory_bytes: int = 1536 * 1024 * 1024
    cpu_s: float = 30.0
    wall_s: float = 45.0
    open_files: int = 64
    file_bytes: int = 128 * 1024 * 1024


class IsolatedPool:
    """A few workers, started when needed. Thread-safe; a call waits while all are busy.

    ``maximum`` workers at once; each is replaced after ``uses`` calls, and after lying idle for ``idle_s``
    seconds (its memory is worth more than its start). ``within``: the directories whose files are read and written;
    where the kernel helps, a worker sees no others but its program's own. None: any (a verb that a person runs on
    files of their own).
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        maximum: int = 2,
        uses: int = 200,
        idle_s: float = 60.0,
        within: Sequence[Path] | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._within = None if within is None else [str(one.absolute()) for one in within]
        self._uses = uses
        self._idle_s = idle_s
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(maximum)
        self._closed = False
        self._whole = False
        """Every parser could be loaded."""
        self._confined: bool | None = None
        """Does the kernel hold workers to what they give up? None until the first one was asked."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, job: str, **arguments: Any) -> Any:
        """Run a job of :data:`JOBS` and return its answer; arguments and answer are JSON values.

        Raises DocumentError: the job's own; ``pdf_too_slow`` when it exceeds its time, its memory, or the host's with
        much memory of its own; ``pdf_unreadable`` when a new worker dies, or the job fails otherwise. SpoolError when
        this machine is to blame: a local file is missing or cannot be written, no worker can be started, none is left
        the memory or the processor time that any file takes, a library cannot be loaded, or :meth:`close` was called
        meanwhile. KeyError for a job that does not exist, RuntimeError after :meth:`close`.
        """
        if job not in JOBS:
            raise KeyError(job)
        question = {"job": job, "arguments": arguments}
        with self._slot():
            self._ask_what_holds()
            answer, used = self._once(question, self._take(fresh=False))
            if answer.get("died") and self._closed:
                raise WorkerError("the worker was ended by our own stop")
            if answer.get("died") and (used or answer.get("killed")):
                # Earlier files may have worn that worker out, or the system chose it because others took its memory:
                # only a new one proves that this file is to blame.
                answer, used = self._once(question, self._take(fresh=True))
            if starved := answer.get("starved"):
                setting = _SETTINGS[starved]
                raise WorkerError(f"the system has no {starved} left for what reads documents: see {setting}")
            if answer.get("unloaded"):
                self._refuse_half_an_installation()
        return _result(answer)

    def _ask_what_holds(self) -> None:
        """Say once in the log where the kernel leaves workers more than they need; their limits hold in any case."""
        if self._confined is not None or self._within is None:
            return
        answer, _ = self._once({"job": "isolation.held", "arguments": {}}, self._take(fresh=False))
        held = answer.get("result")
        if not isinstance(held, dict):
            return
        missing = [name for kind, name in _DOORS if not held.get(kind)]
        self._confined = not missing
        if missing:
            log.warning(
                "this kernel does not offer %s: foreign files are read by workers that are held by their limits alone",
                " and ".join(missing),
            )

    def _refuse_half_an_installation(self) -> None:
        """Raise WorkerError where a parser cannot be loaded: that is no document's fault. Asked until all could be."""
        if self._whole:
            return
        answer, _ = self._once({"job": "isolation.missing", "arguments": {}}, self._take(fresh=True))
        if library := answer.get("result"):
            raise WorkerError(f"the library {library} cannot be loaded")
        self._whole = answer.get("result") == ""

    @contextlib.contextmanager
    def _slot(self) -> Iterator[None]:
        pulse.acquired(self._slots)
        try:
            yield
        finally:
            self._slots.release()

    def _once(self, question: Mapping[str, Any], worker: _Worker) -> tuple[dict[str, Any], bool]:
        """Ask one worker; return its answer, and whether it had served before."""
        used, healthy = worker.calls > 0, False
        pulse.beat()
        try:
            answer = worker.ask(question, self._limits.wall_s)
            healthy = "result" in answer
        finally:
            self._give_back(worker, healthy)
        return answer, used

    def close(self) -> None:
        """Kill every worker. Calls in flight end with SpoolError: nothing was found out about their documents."""
        with self._lock:
            self._closed = True
            idle, busy = list(self._idle), list(self._busy)
            self._idle.clear()
        for worker in idle:
            worker.kill()
        for worker in busy:
            # Its pipes are in use by the thread that waits for it, which closes them.
            worker.end()

    def _take(self, *, fresh: bool) -> _Worker:
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is closed")
            worker = None
            while self._idle and worker is None and not fresh:
                worker = self._idle.pop()
                if not worker.fresh(self._idle_s):
                    worker.kill()
                    worker = None
            if worker is None:
                worker = _started(self._limits, self._idle_s, self._within)
            self._busy.add(worker)
            return worker

    def _give_back(self, worker: _Worker, healthy: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            keep = healthy and not self._closed and worker.calls < self._uses
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.kill()


def _result(answer: Mapping[str, Any]) -> Any:
    """Return what a job returned, or raise what it raised."""
    if "result" in answer:
        return answer["result"]
    if answer.get("kind") == "spool":
        raise SpoolError(str(answer.get("detail", "")))
    raise DocumentError(str(answer.get("error", "pdf_unreadable")), str(answer.get("detail", "")))


class _Worker:
    """One subprocess and its two pipes. Used by one thread at a time; ``end`` by any."""

    def __init__(self, limits: Limits, idle_s: float, within: Sequence[str] | None) -> None:
        self.calls = 0
        self._last = time.monotonic()
        self._much = limits.memory_bytes // _SHARE_OF_MUCH
        self._enough_s = min(limits.cpu_s, limits.wall_s) / _SHARE_OF_TIME
        # The worker ends itself later than it is last used, so that no call meets a worker that is leaving.
        # -B: a limit on file sizes must never cut a .pyc that others read.
        life = {**asdict(limits), "idle_s": 2 * idle_s + 5, "within": within}
        command = [sys.executable, "-B", "-P", "-s", "-m", "connector.isolation", json.dumps(life)]
        self._process = subprocess.Popen(  # noqa: S603 - a fixed command; the argument is numbers and our directories
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Discarded by the kernel: a pipe would have to be drained, and a file could fill the disk.
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            start_new_session=True,
            close_fds=True,
        )
        self._lock = threading.Lock()

    def fresh(self, idle_s: float) -> bool:
        """True when it is alive and was used lately."""
        return self._process.poll() is None and time.monotonic() - self._last < idle_s

    def ask(self, call: Mapping[str, Any], wall_s: float) -> dict[str, Any]:
        """Send one call and return the worker's answer, or what its silence means."""
        self.calls += 1
        deadline, computed = time.monotonic() + wall_s, self._computed()
        try:
            line = self._exchange(json.dumps(call).encode() + b"\n", deadline)
        except TimeoutError:
            starved = self._computed() - computed < self._enough_s
            return {"error": "pdf_too_slow", "detail": "time", "starved": "processor time" if starved else ""}
        except OSError:
            # A broken pipe: it died before it had read the question.
            line = b""
        self._last = time.monotonic()
        with contextlib.suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict):
                return answer
        return self._death()

    def _exchange(self, question: bytes, deadline: float) -> bytes:
        """Write the question and read one line; TimeoutError after the deadline, ``b""`` at the pipe's end."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        os.set_blocking(stdin.fileno(), False)
        answer = bytearray()
        with selectors.DefaultSelector() as ready:
            ready.register(stdout, selectors.EVENT_READ)
            ready.register(stdin, selectors.EVENT_WRITE)
            while not answer.endswith(b"\n") and len(answer) < MOST_ANSWER:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                for key, _mask in ready.select(left):
                    if key.fileobj is stdin:
                        question = question[os.write(stdin.fileno(), question[:65_536]) :]
                        if not question:
                            ready.unregister(stdin)
                        continue
                    block = os.read(stdout.fileno(), 65_536)
                    if not block:
                        return b""
                    answer += block
        return bytes(answer)

    def _computed(self) -> float:
        """Return the seconds that it has computed in its life, 0 where it is gone (clock_getcpuclockid(3))."""
        with contextlib.suppress(OSError):
            return time.clock_gettime((~self._process.pid << 3) | 2)
        return 0.0

    def _death(self) -> dict[str, Any]:
        """Say what a worker that gave no answer died of."""
        status, memory = self._ended()
        if status == -signal.SIGXCPU:
            return {"error": "pdf_too_slow", "detail": "processor time"}
        if status == -signal.SIGABRT:
            # How pdfium and C++ libraries end when memory is refused to them.
            return {"error": "pdf_too_slow", "detail": "memory", "died": True}
        if status in {-signal.SIGKILL, -signal.SIGTERM}:
            # Not by us: the kernel, or who watches over it, had no memory left for this host or for the service; or the
            # service is being stopped, which systemd tells each of its processes.
            little = memory <= max(self._much, _memory(resource.getrusage(resource.RUSAGE_SELF)))
            return {
                "error": "pdf_too_slow",
                "detail": "memory",
                "died": True,
                "killed": True,
                "starved": "memory" if little else "",
            }
        return {"error": "pdf_unreadable", "detail": f"the worker ended ({status})", "died": True}

    def _ended(self) -> tuple[int, int]:
        """Return its status, and the most memory that it had, once it has ended; 0 and 0 where it does not.

        What this process had when it started it counts as well: it was a part of it then (getrusage(2)).
        """
        until = time.monotonic() + 1
        while time.monotonic() < until:
            with self._lock:
                if self._process.returncode is not None:
                    return self._process.returncode, 0
                try:
                    number, status, usage = os.wait4(self._process.pid, os.WNOHANG)
                except ChildProcessError:  # whoever started us ignores SIGCHLD
                    return 0, 0
                if number:
                    self._process.returncode = os.waitstatus_to_exitcode(status)
                    return self._process.returncode, _memory(usage)
            time.sleep(0.005)
        return 0, 0

    def kill(self) -> None:
        """End it and forget its pipes. Only by the thread that uses it, or when nobody does."""
        self.end()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def end(self) -> None:
        """End it and everything it started, at once. Safe to call twice and from any thread."""
        with self._lock:
            if self._process.returncode is None:
                # Not reaped yet, so the number is still its own, and its session's.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


def _started(limits: Limits, idle_s: float, within: Sequence[str] | None) -> _Worker:
    """Start a worker; WorkerError when this machine has no room for one."""
    try:
        return _Worker(limits, idle_s, within)
    except OSError as error:
        raise WorkerError(f"no worker can be started: {error.strerror}") from None


def _memory(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * 1024


def _environment() -> dict[str, str]:
    """Return all that a worker knows of its surroundings: no secret, no proxy, no home; nor whom this host believes.

    The last would be read whole by a library that pyhanko brings along, a tenth of a second for a network that a worker
    does not have.
    """
    package = Path(__file__).resolve().parent.parent
    nobody = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": "/nonexistent"}
    return {"PYTHONPATH": str(package), "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "TZ": "UTC", **nobody}


if __name__ == "__main__":
    from connector.isolation_worker import serve

    serve(json.loads(sys.argv[1]))
