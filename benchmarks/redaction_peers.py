"""Peers over one file, in their own environment: presidio's regular expressions, detect-secrets, CredSweeper.

Usage: python redaction_peers.py presidio|detect-secrets|credsweeper FILE. Prints bytes, CPU seconds and finds as JSON.
"""

import json
import os
import resource
import sys
import time


def presidio(path: str) -> int:
    """Every recogniser that is a pattern, on each line; no model of language is loaded."""
    from presidio_analyzer import PatternRecognizer, predefined_recognizers

    chosen = []
    for name in dir(predefined_recognizers):
        one = getattr(predefined_recognizers, name)
        if isinstance(one, type) and issubclass(one, PatternRecognizer) and one is not PatternRecognizer:
            try:
                chosen.append(one())
            except Exception:
                continue
    found = 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            for one in chosen:
                found += len(one.analyze(line, one.supported_entities, None) or ())
    return found


def detect_secrets(path: str) -> int:
    """All plugins with their defaults."""
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    secrets = SecretsCollection()
    with default_settings():
        secrets.scan_file(path)
    return sum(1 for _ in secrets)


def credsweeper(path: str) -> int:
    """Its rules without the model, as it is started for a file."""
    from credsweeper.app import CredSweeper
    from credsweeper.file_handler.files_provider import FilesProvider

    app = CredSweeper(ml_threshold=0, pool_count=1, json_filename=None)
    app.run(FilesProvider([path]))
    return len(app.credential_manager.get_credentials())


def main() -> None:
    """Run one peer."""
    name, path = sys.argv[1:3]
    spent = time.process_time()
    found = {"presidio": presidio, "detect-secrets": detect_secrets, "credsweeper": credsweeper}[name](path)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = time.process_time() - spent + children.ru_utime + children.ru_stime
    print(json.dumps({"bytes": os.path.getsize(path), "cpu": cpu, "found": found}))


if __name__ == "__main__":
    main()
