"""A log of what happened that anybody can verify offline: a library without Django and without a database.

Entries are canonical JSON, the leaves of a Merkle tree (RFC 6962). Signed checkpoints (C2SP signed notes) say how
long the log is and what its root is; witnesses who remember the last one they saw make a rewritten log show.
"""
