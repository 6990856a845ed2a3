"""Accounts of people: who they are, how they sign in, which sessions they have."""
