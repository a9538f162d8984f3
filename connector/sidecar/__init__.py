"""The sidecar: a person's text beside a PDF, read into a ``SignatureRequest`` or into every problem it has."""
