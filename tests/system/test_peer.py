"""A database on the service's own host, known by its socket alone: reached from within the unit's confinement.

PostgreSQL asks the kernel who is at the other end (peer). ``PrivateUsers=`` gives the service a user namespace of its
own, ``ProtectSystem=strict`` a file system that it cannot write: neither is in the way of that, which is tried here
with namespaces made as systemd makes them.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.confined import settings

pytestmark = pytest.mark.system
USER = "nobody"
INSTANCE = Path(__file__).parents[2] / "systemd" / "jse-connector@.service"
READ_ONLY = """
set -e
mount -o remount,bind,ro /
exec setpriv --reuid="$1" --regid=nogroup --clear-groups --no-new-privs -- \
    unshare --user --map-current-user -- "$2" -X -A -t -h "$3" -p "$4" -U "$5" -d "$6" -c 'SELECT current_user'
"""


@pytest.fixture
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.ground() as ground:
        one = ground.cluster()
        one.database()
        hba, ident = one.data / "pg_hba.conf", one.data / "pg_ident.conf"
        one._run("sh", "-c", f"cat >{ident}", text=f"jse {USER} {one.user}\n")
        rules = f"local all postgres trust\nlocal all {one.user} peer map=jse\n"
        one._run("sh", "-c", f"cat >{hba}", text=rules)
        one.reload()
        yield one


def asked(cluster: postgres.Cluster, user: str) -> subprocess.CompletedProcess[str]:
    """Ask who one is there, as a user of this host, in namespaces as the unit has them."""
    psql = postgres.required() / "psql"
    place = [cluster.directory, cluster.port, cluster.user, "postgres"]
    return subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", READ_ONLY, "sh", user, psql]
        + [str(part) for part in place],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_units_let_a_socket_be_reached() -> None:
    """What the try below stands for is what the units say."""
    for unit in (INSTANCE, INSTANCE.with_name("jse-connector.service")):
        assert settings("PrivateUsers", unit) == ["yes"]
        assert settings("ProtectSystem", unit) == ["strict"]
        assert "AF_UNIX" in settings("RestrictAddressFamilies", unit)[0].split()


def test_peer_knows_the_service_in_its_own_user_namespace(cluster: postgres.Cluster) -> None:
    """By its own name, not as nobody or root; another user of the host is refused."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not here")
    done = asked(cluster, USER)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("no namespaces can be made here")
    assert (done.stdout.strip(), done.stderr) == (cluster.user, "")
    other = asked(cluster, "daemon")
    assert (other.returncode, other.stdout) == (2, "")
    assert "Peer authentication failed" in other.stderr
