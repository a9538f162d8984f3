"""Sign the documents of a WebDAV folder with Jesignexpert, from the folder itself."""

__version__ = "0.1.0"
