"""The installation itself: what its operators decided about a workspace's events."""
