"""Several real connectors on one PostgreSQL: killed, frozen, cut off, relieved; what both servers count must be right.

``python -m tests.fleet --seed 7 --letters 120`` is a soak of any size; ``test_*.py`` are the chosen moments and a slice
of it for every check. Servers, database and connectors are processes of their own; where the machine lets us, each
connector has a network namespace, so that a way can be cut for real: packets dropped, nothing refused.
Source: issue "Many firms: several connectors on one PostgreSQL", points 7 and 8.
"""
