"""Nextcloud mode: handlers that state, one by one, the rules seen on a real Nextcloud 32 (the facts)."""
