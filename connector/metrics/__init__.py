"""What the service tells of itself while it runs: to Prometheus, to whoever asks whether it is well, and to ``status``.

``vitals`` is what it knows of its own passes; ``health`` judges that; ``series`` counts for Prometheus; ``server``
answers on loopback. No name of a person or of a file is in any of it. Source: ux page sections 6.4 and 6.5.
"""

from connector.metrics.table import SERIES

__all__ = ["SERIES"]
