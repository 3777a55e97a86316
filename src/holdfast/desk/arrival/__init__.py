"""Whatever arrives is kept raw before it is understood: form, API, mail, webhook; and what intake still lacks."""
