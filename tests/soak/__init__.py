"""The whole system under bad weather: the real service, killed at random, behind proxies that cut, delay and double.

``python -m tests.soak --letters 300 --mode plain`` tells what came of it; ``tests/system/test_soak.py`` is the small
one of every check. Source: issue "Nothing twice, nothing lost, nobody in", point 4.
"""
