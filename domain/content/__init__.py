"""Templates, merge tags, links and snapshots."""
