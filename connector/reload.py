"""The administrator's file while the service runs: noticed when it changes, read once settled, told of if it is bad.

A look at the files themselves is the truth, every few seconds; a wake-up only makes it come sooner. An editor, a
template or a checkout writes in several strokes: what is still moving is not read, and what cannot be used is not told
before it has stayed so for a while. Source: ux page section 7, reason 9; scenarios E2, E7.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from connector.config import Reading
from connector.config.includes import matches
from connector.config.tree import Tree

LOOK_S: Final = 2.0
"""Between two looks at the files, where nothing wakes us."""
SETTLE_S: Final = 1.0
"""Files that have not moved for longer are read."""
PATIENCE_S: Final = 10.0
"""What cannot be used and has not moved for so long is told."""
AGAIN_S: Final = 60.0
"""What was refused for a reason outside the file (a secret that is not there) is tried again so often."""


class ConfigWatch:
    """Tells when the configuration is to be read anew. One thread calls :meth:`look`; :meth:`wake` and :meth:`ask` any.

    ``read`` reads and judges the file; what it says is acted on by others. The first look comes to a reading, too.
    """

    def __init__(
        self, file: Path, read: Callable[[], Reading], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.file, self._read_it, self._clock = file, read, clock
        self._tree = Tree(None)
        self._known: tuple[object, ...] = ("what was loaded at the start may have changed since",)
        """How the files looked when they were last taken, or told of."""
        self._moving: tuple[object, ...] = self._known
        self._since = clock()
        self._read: Reading | None = None
        self._looked = float("-inf")
        self._again: float | None = None
        # Set from a signal handler, too: nothing with a lock inside, which the interrupted thread might hold.
        self._woken = self._asked = False

    @property
    def directories(self) -> list[Path]:
        """Where files lie that count, or may come to lie."""
        patterns = [self.file, *(self.file.parent / text for text in self._tree.texts("include"))]
        return list(dict.fromkeys(_directory(path) for path in patterns))

    def wake(self) -> None:
        """Something moved in one of the directories. Safe from any thread."""
        self._woken = True

    def ask(self) -> None:
        """An administrator wants it read now, settled or not. Safe from a signal handler."""
        self._asked = True

    @property
    def asked(self) -> bool:
        """True while somebody waits for the next look to read, whatever the files look like."""
        return self._asked

    def look(self) -> Reading | None:
        """Return what stands in the files when that is to be acted on: taken over, or told of. Else None."""
        now = self._clock()
        if self.asked:
            self._asked = False
            return self._act(self._shape(), self._read_it())
        if not self._woken and now - self._looked < LOOK_S:
            return None
        self._woken = False
        self._looked = now
        shape = self._shape()
        if shape != self._moving:
            self._moving, self._since, self._read = shape, now, None
            return None
        if shape == self._known:
            return self._once_more(now)
        if now - self._since <= SETTLE_S:
            return None
        if self._read is None:
            self._read = self._read_it()
            # What it includes may be others by now.
            self._tree = _with_includes(self._read, self._tree)
            shape = self._shape()
            if shape != self._moving:
                self._moving, self._since, self._read = shape, now, None
                return None
        if self._read.config is None and now - self._since <= PATIENCE_S:
            return None
        return self._act(shape, self._read)

    def not_taken(self) -> None:
        """What was read could not be taken over for a reason outside the files: it is tried again later."""
        self._again = self._clock() + AGAIN_S

    def _once_more(self, now: float) -> Reading | None:
        if self._again is None or now < self._again:
            return None
        return self._act(self._known, self._read_it())

    def _act(self, shape: tuple[object, ...], reading: Reading) -> Reading:
        self._again, self._read = None, None
        self._tree = _with_includes(reading, self._tree)
        self._known = self._moving = shape
        self._since = self._clock()
        return reading

    def _shape(self) -> tuple[object, ...]:
        included = (one for text in self._tree.texts("include") for one in matches(self.file, text))
        return shape_of((self.file, *included))


def _with_includes(reading: Reading, before: Tree) -> Tree:
    """What a file that cannot be read included last is looked at as before."""
    return reading.tree if reading.tree.root is not None else before


def _directory(path: Path) -> Path:
    """The directory of a file or pattern, as far as no pattern stands in it."""
    parent = path.parent
    while any(sign in str(parent) for sign in "*?["):
        parent = parent.parent
    return parent


def shape_of(files: Iterable[Path]) -> tuple[object, ...]:
    """Return what differs when a file is another one, or has other content: cheap, and asked again and again."""
    return tuple((str(file), _stat(file)) for file in files)


def _stat(file: Path) -> object:
    try:
        found = file.stat()
    except OSError as error:
        return error.errno
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
