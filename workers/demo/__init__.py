"""The demo: the whole job on real components, and a report in which everything agrees."""
