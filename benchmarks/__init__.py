"""Benchmarks: counts and ratios, side by side in one run. ``python -m benchmarks`` prints them, nothing is kept."""
