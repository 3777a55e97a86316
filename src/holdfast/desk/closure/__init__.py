"""Closing a case: the customer's word or a stated reason, what was learned, how it was; and case hygiene."""
