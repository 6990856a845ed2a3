"""What can be asked of accounts, sessions and second factors."""
