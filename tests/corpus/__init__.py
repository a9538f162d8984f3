"""A corpus of documents and images that nobody here chose: what happens to each, told as a table.

``python -m tests.corpus`` looks at all of it. Where it comes from: ``specimens``; what is done: ``outcomes``.
"""
