"""`make bench`: our paths beside the bare limit of the same run, on embedded services."""
