"""Triage: how severe by which criteria, who decides when it is disputed, who and what is affected."""
