"""Keys, seals, tokens and signed links."""
