"""One function per step of a request's way, in order: intent, effect, fact.

``discover`` → ``read`` → ``check`` → ``prepare`` → ``mark`` → ``send`` → ``follow`` → ``fetch`` → ``deliver`` →
``show`` → ``tags`` → ``comments`` → ``close``; ``recover`` comes before the first of them, ``orders`` between
``discover`` and the rest.
"""
