"""Readers: one module or folder for each kind of evidence.

A reader is a subclass of `Analyser`. Being imported registers it: every module of this folder is
imported by `registered`, other distributions add theirs with an entry point in the group
`holdfast.analysers`. Two readers with one name are an error.
"""

from holdfast.diagnostics.analysers.contract import Analyser, Opened, Reading, Sample
from holdfast.diagnostics.analysers.registry import choose, registered

__all__ = ["Analyser", "Opened", "Reading", "Sample", "choose", "registered"]
