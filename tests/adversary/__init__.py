"""The real steps under an exhaustive adversary (protocol page section 0; issue 6).

A run is the normal story of one letter with deviations pinned to a point of it: ``deviations`` lists them, ``story``
lives a run, ``judge`` says what must hold afterwards, ``world`` holds the two servers in memory and the machines with
their real journals and spools, ``points`` numbers what passes between them, ``paper`` keeps what is costly about PDFs.

``python -m tests.adversary --help`` enumerates; a slice of it is in every check.
"""
