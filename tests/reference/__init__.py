"""The pages that are written from the code, each section by a function of its own: code in, Markdown (or roff) out.

``python -m tests.reference`` writes them (``make docs``); ``tests/unit/test_reference.py`` writes them again in
memory and fails where the files differ. ``pages.FILES`` are whole files, ``pages.SECTIONS`` parts of pages that
people write, between ``<!-- generated: NAME -->`` and ``<!-- end: NAME -->``.
"""
