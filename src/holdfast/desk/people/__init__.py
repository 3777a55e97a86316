"""Persons, teams, client organisations, roles, sign-in and tokens."""
