"""``python -m connector``: the same as the command ``jse-connector``."""

from __future__ import annotations

from connector.cli import main

if __name__ == "__main__":
    main()
