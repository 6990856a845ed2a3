"""What can be asked: the directory listing is the feature list."""
