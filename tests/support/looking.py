"""Routes that are posted to because what they ask with is long: they record nothing."""

LOOKS = ("/preview", "/lint", "/audience/estimate")
"""How their paths end."""
