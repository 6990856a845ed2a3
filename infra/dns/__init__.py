"""Questions to the DNS."""
