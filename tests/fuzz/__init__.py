"""Every parser of what others wrote, fed with what nobody would write.

``targets`` has one :class:`~tests.fuzz.targets.Target` a parser; ``python -m tests.fuzz N`` (``make fuzz``) runs N
examples of each and counts what they came to; ``tests/unit/test_fuzz.py`` runs a few, always the same, in every check.

A parser has to return a value or raise its own documented error, within a bound of processor time and with an answer
of bounded size. Anything else is a defect, and ends the run of its parser with the smallest example found.
"""
