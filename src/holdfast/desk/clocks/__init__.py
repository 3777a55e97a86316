"""Clocks: how long something took and when it is due, as intervals with reasons; no database in here."""
