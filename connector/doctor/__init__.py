"""``doctor`` and ``calibrate``: what stands between a configuration and a signed letter, found out by really trying.

``examining`` lets this host, each server and Jesignexpert be looked at side by side, each check with a time limit
(``running``). ``host`` and ``surroundings`` look at this machine; ``servers`` and ``folders`` at a DMS, ``trying`` in a
``scratch`` place of its own that is named and removed, by ``tries`` and ``extras``; ``platform`` and ``assumptions`` at
Jesignexpert. What they say is made of ``lines``, whose ``codes`` stand in the guide; ``telling`` and ``reporting`` make
text, JSON and the report for support of it. ``calibrating`` measures what the platform's contract only assumes.
Nothing here prints; nothing here sends. Source: ux page section 6.3.
"""
