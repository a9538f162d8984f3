"""A record becomes the text that people read: status, notice, sentences. Pure: no clock, no network.

``status`` renders, ``block`` seals and judges the file, ``problems`` and ``reasons`` hold the sentences that codes
stand for, ``notices`` the file at the root while launches are held, ``typography`` the spaces, dates and line ends.
"""
