"""Opening evidence: files, folders and archives, nested, streamed, limited, hostile."""

from holdfast.diagnostics.bundle.limits import Limits
from holdfast.diagnostics.bundle.opening import Bundle, open_bundle

__all__ = ["Bundle", "Limits", "open_bundle"]
