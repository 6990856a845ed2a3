"""The one way out: HTTP to addresses that somebody outside of this installation chose."""
