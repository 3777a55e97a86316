"""Portable: a case leaves as one archive that another desk takes in with its proofs."""
