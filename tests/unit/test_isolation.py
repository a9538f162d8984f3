"""A worker serves, is limited, and is the only thing that a hostile file can end."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from connector import isolation
from connector.errors import DocumentError, SpoolError, WorkerError
from connector.isolation import IsolatedPool, Limits
from tests import bombs, documents

Put = Callable[[str, bytes], Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def pool() -> Iterator[IsolatedPool]:
    with IsolatedPool(maximum=2) as pool:
        yield pool


_others: set[int] = set()


@pytest.fixture(autouse=True)
def _count_only_ours() -> None:
    """Other tests of this process may keep a pool of their own alive."""
    _others.clear()
    _others.update(worker.pid for worker in workers())


def workers() -> list[psutil.Process]:
    """The living workers that the test at hand has started."""
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    found = [child for child in alive if "connector.isolation" in " ".join(child.cmdline())]
    return [child for child in found if child.pid not in _others]


def facts(pool: IsolatedPool, path: Path) -> dict[str, object]:
    found = pool.call("pdf.facts", path=str(path))
    assert isinstance(found, dict)
    return found


def test_one_worker_serves_many_calls_quickly(pool: IsolatedPool, put: Put) -> None:
    """The second call finds the worker of the first, and takes a fraction of its time."""
    path = put("letter.pdf", documents.letter())
    assert len(facts(pool, path)["pages"]) == 4  # type: ignore[arg-type]
    first = [worker.pid for worker in workers()]
    times = []
    for _ in range(3):
        start = time.monotonic()
        facts(pool, path)
        times.append(time.monotonic() - start)
    assert min(times) < 0.2
    assert [worker.pid for worker in workers()] == first


def test_worker_is_replaced_after_its_calls(put: Put) -> None:
    """After the agreed number of calls another process answers."""
    path = put("letter.pdf", documents.letter())
    with IsolatedPool(uses=2) as pool:
        facts(pool, path)
        assert len(workers()) == 1
        facts(pool, path)
        assert workers() == []
        facts(pool, path)


def test_idle_worker_is_not_used_again(put: Put) -> None:
    """A worker that lay idle for too long gives way to a new one."""
    path = put("letter.pdf", documents.letter())
    with IsolatedPool(idle_s=0.0) as pool:
        facts(pool, path)
        first = [worker.pid for worker in workers()]
        facts(pool, path)
        assert [worker.pid for worker in workers()] != first


def test_only_listed_jobs_can_be_called(pool: IsolatedPool) -> None:
    """A name outside the table is our own mistake, and starts nothing."""
    with pytest.raises(KeyError):
        pool.call("os.system", command="true")
    assert workers() == []


def test_worker_knows_no_secret_and_is_limited(
    pool: IsolatedPool, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Environment, directory, session and limits are those of a stranger."""
    monkeypatch.setenv("JSE_SECRET", "hunter2")
    facts(pool, put("letter.pdf", documents.letter()))
    (worker,) = workers()
    assert set(worker.environ()) <= {"PYTHONPATH", "HOME", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    assert not Path(worker.environ()["SSL_CERT_FILE"]).is_file(), "what it loads finds no authority to read"
    assert worker.cwd() == "/"
    limits = Path(f"/proc/{worker.pid}/limits").read_text(encoding="ascii")
    assert f"Max address space         {1536 * 1024 * 1024}" in limits
    assert "Max core file size        0" in limits
    assert "Max open files            64" in limits
    assert "Max cpu time              unlimited" not in limits
    stat = Path(f"/proc/{worker.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    assert int(stat[3]) == worker.pid


def test_time_limit_kills_at_once(put: Put) -> None:
    """A call that takes too long ends as pdf_too_slow, and its worker with it."""
    path = put("long.pdf", documents.letter(1000))
    with IsolatedPool(Limits(wall_s=0.3, cpu_s=0.01)) as pool:
        start = time.monotonic()
        with pytest.raises(DocumentError, match="pdf_too_slow"):
            facts(pool, path)
        assert time.monotonic() - start < 5
        assert workers() == []


def test_processor_time_limit(put: Put) -> None:
    """A worker that computes for too long is ended by the kernel: pdf_too_slow."""
    path = put("heavy.pdf", bombs.huge_stream(100))
    with IsolatedPool(Limits(cpu_s=0.5)) as pool, pytest.raises(DocumentError) as caught:
        facts(pool, path)
    assert caught.value.code == "pdf_too_slow"


def test_memory_limit_and_the_next_file(put: Put) -> None:
    """A file that needs too much memory is one error; the next file is read as if nothing had been."""
    bomb, letter = put("bomb.pdf", bombs.huge_stream(100)), put("letter.pdf", documents.letter())
    with IsolatedPool(Limits(memory_bytes=300 * 1024 * 1024)) as pool:
        with pytest.raises(DocumentError) as caught:
            facts(pool, bomb)
        assert caught.value.code in {"pdf_unreadable", "pdf_too_slow"}
        assert len(facts(pool, letter)["pages"]) == 4  # type: ignore[arg-type]


def test_file_size_limit(put: Put, tmp_path: Path) -> None:
    """No job can fill the disk: a result above the limit is an error."""
    path = put("letter.pdf", documents.letter(50, full=True))
    with IsolatedPool(Limits(file_bytes=1000)) as pool, pytest.raises(DocumentError, match="pdf_unreadable"):
        pool.call("pdf.preview", path_in=str(path), path_out=str(tmp_path / "o.pdf"), frames=[], label="x")


def test_dead_worker_is_one_error(put: Put) -> None:
    """A worker that dies over its first file is pdf_unreadable."""
    long = put("long.pdf", documents.letter(1000))
    with IsolatedPool() as pool, ThreadPoolExecutor(1) as executor:
        call = executor.submit(facts, pool, long)
        while not workers():
            time.sleep(0.01)
        workers()[0].send_signal(signal.SIGSEGV)
        with pytest.raises(DocumentError, match="pdf_unreadable"):
            call.result()


@pytest.mark.parametrize("job", ["pdf.facts", "pdf.verify"])
def test_a_stop_that_reaches_the_workers_blames_no_file(put: Put, job: str) -> None:
    """systemd sends SIGTERM to each process of a service: what a new worker was just reading is read again. It was
    called damaged, for good, or what came back signed no PDF at all."""
    long = put("long.pdf", documents.letter(300))
    more = {"sent": None} if job == "pdf.verify" else {}
    with IsolatedPool() as pool, ThreadPoolExecutor(1) as executor:
        call = executor.submit(pool.call, job, path=str(long), **more)
        while not workers():
            time.sleep(0.01)
        workers()[0].terminate()
        assert isinstance(call.result(), dict)


def killed_twice(pool: IsolatedPool, path: Path, *, from_bytes: int = 0) -> None:
    """Read a file whose workers are killed, each as soon as it has so much memory; raises what comes of it."""
    with ThreadPoolExecutor(1) as executor:
        call = executor.submit(facts, pool, path)
        killed: list[int] = []
        while len(killed) < 2 and not call.done():
            with suppress(psutil.NoSuchProcess):
                for worker in workers():
                    if worker.pid not in killed and worker.memory_info().rss >= from_bytes:
                        killed.append(worker.pid)
                        worker.kill()
            time.sleep(0.01)
        assert len(killed) == 2
        call.result()


def test_what_the_kernel_kills_for_want_of_memory(put: Put) -> None:
    """The worker goes before the service, the file has another try with a new one; then there is no memory here, which
    says nothing about a file that never took much."""
    long, letter = put("long.pdf", documents.letter(1000)), put("letter.pdf", documents.letter())
    with IsolatedPool() as pool:
        with pytest.raises(WorkerError, match="no memory left"):
            killed_twice(pool, long)
        assert len(facts(pool, letter)["pages"]) == 4  # type: ignore[arg-type]
        (worker,) = workers()
        assert Path(f"/proc/{worker.pid}/oom_score_adj").read_text(encoding="ascii").strip() == "1000"


def test_what_was_kept_from_the_processor_blames_no_file(put: Put) -> None:
    """A letter that a busy machine, or a frozen one, never let be read is not too complex: it is read later."""
    letter = put("letter.pdf", documents.letter())
    with IsolatedPool(Limits(wall_s=2)) as pool:
        with ThreadPoolExecutor(1) as executor:
            call = executor.submit(facts, pool, letter)
            while not workers():
                time.sleep(0.001)
            workers()[0].suspend()
            with pytest.raises(WorkerError, match="no processor time left"):
                call.result()
        assert workers() == []


def test_what_a_worker_has_computed_before_is_not_counted(put: Put) -> None:
    """One that read much earlier and is then kept from the processor blames no file either."""
    letter = put("letter.pdf", documents.letter())
    with IsolatedPool(Limits(wall_s=6, cpu_s=0.3)) as pool:
        facts(pool, letter)
        workers()[0].suspend()
        with pytest.raises(WorkerError, match="no processor time left"):
            facts(pool, letter)


def test_what_is_killed_with_much_memory_was_too_much(put: Put) -> None:
    """A file that takes twice what a letter does, and twice more than there is, is told to its author. In a process of
    its own, a shell's child: what this one has had counts for its workers, too, even after an exec (getrusage(2)).
    Tried again where a busy machine let a worker end before it could be killed."""
    bomb = put("bomb.pdf", bombs.huge_stream(100))
    code = (
        "import sys; from contextlib import suppress; from pathlib import Path\n"
        "from connector.isolation import IsolatedPool\n"
        "from tests.unit.test_isolation import killed_twice\n"
        "for _ in range(10):\n"
        "    with IsolatedPool() as pool, suppress(AssertionError):\n"
        "        killed_twice(pool, Path(sys.argv[1]), from_bytes=140_000_000)"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", code, bomb],
        cwd=Path(documents.__file__).parent.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1].startswith("connector.errors.DocumentError: pdf_too_slow: memory")


def test_a_library_that_cannot_be_loaded_blames_no_file(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation, or a library kept where a confined worker sees nothing, is not the author's matter."""
    letter = put("letter.pdf", documents.letter())
    broken = put("pypdfium2.py", b"raise OSError('libpdfium.so: cannot open shared object file')").parent
    package = isolation._environment()["PYTHONPATH"]
    monkeypatch.setattr(
        isolation, "_environment", lambda: {"PYTHONPATH": f"{broken}:{package}", "HOME": "/nonexistent"}
    )
    with IsolatedPool() as pool, pytest.raises(SpoolError, match="library pypdfium2"):
        facts(pool, letter)


def test_worn_out_worker_blames_no_file(put: Put) -> None:
    """A worker that served others and dies, between calls or during one, is replaced and the file read again."""
    letter = put("letter.pdf", documents.letter())
    with IsolatedPool() as pool:
        for _ in range(3):
            facts(pool, letter)
            (worker,) = workers()
            worker.kill()
        assert len(facts(pool, letter)["pages"]) == 4  # type: ignore[arg-type]


def test_threads_share_the_workers(put: Put) -> None:
    """Many threads get each their own answer from no more workers than allowed."""
    paths = [put(f"{number}.pdf", documents.letter(number)) for number in range(1, 13)]
    most: list[int] = []
    with IsolatedPool(maximum=2) as pool, ThreadPoolExecutor(6) as executor:
        for number, found in enumerate(executor.map(lambda path: facts(pool, path), paths), start=1):
            assert len(found["pages"]) == number  # type: ignore[arg-type]
            most.append(len(workers()))
    assert max(most) <= 2


def test_close_ends_everything(put: Put) -> None:
    """After close no worker lives, a call in flight has ended, and no call begins."""
    long = put("long.pdf", documents.letter(1000))
    pool = IsolatedPool()
    with ThreadPoolExecutor(1) as executor:
        call = executor.submit(facts, pool, long)
        deadline = time.monotonic() + 5
        while not workers() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        pool.close()
        with pytest.raises(SpoolError):
            call.result()
    assert workers() == []
    with pytest.raises(RuntimeError):
        facts(pool, long)


def test_missing_file_is_our_own_disk(pool: IsolatedPool, tmp_path: Path) -> None:
    """A file that is not there says nothing about the author's document."""
    with pytest.raises(SpoolError):
        facts(pool, tmp_path / "absent.pdf")


def test_no_thread_or_pipe_is_left(put: Put) -> None:
    """A pool that was used and closed leaves neither threads nor open pipes."""
    path = put("letter.pdf", documents.letter())
    with IsolatedPool() as pool:
        facts(pool, path)
        pool.close()
    before, threads = psutil.Process().num_fds(), threading.active_count()
    for _ in range(2):
        with IsolatedPool() as pool:
            facts(pool, path)
    assert psutil.Process().num_fds() == before
    assert threading.active_count() == threads


def test_parsers_are_not_loaded_here() -> None:
    """Importing all that the service calls loads none of the parsers: they live in the workers."""
    code = (
        "import sys, connector.isolated_pdf, connector.placement, connector.pdf.facts, connector.pdf.verify;"
        "print([name for name in ('pypdf', 'pyhanko', 'pypdfium2', 'reportlab', 'PIL', 'pi_heif')"
        " if name in sys.modules])"
    )
    package = Path(documents.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=package, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
