"""``python -m connector.sandbox.demo``: the same as ``jse-connector demo``."""

from connector.sandbox.demo import main

if __name__ == "__main__":
    raise SystemExit(main())
