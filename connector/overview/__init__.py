"""The overview of each folder that holds requests, ``_Suivi des signatures.txt``, and the watched root's sign of life.

:func:`due` says what is to be written or taken away now; each is one file, and one failure stops no other. It is
written when its words change, at most every :data:`~connector.overview.files.AT_MOST_EVERY`, and once a day in a
watched root. What a person wrote into it is kept beside it. Source: ux page section 2.6; design page section 4.
"""

from connector.overview.files import OverviewMemory, Task, due

__all__ = ["OverviewMemory", "Task", "due"]
