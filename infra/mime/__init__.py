"""Building the bytes of a mail: compiled once a campaign, filled in once a recipient."""
