"""Ask PyPI's advisories about every pinned package; exit 1 when one of them has a known vulnerability.

    python requirements/audit.py PIP_AUDIT

Where the advisories cannot be asked, say so and let it pass: that is a check not made, not a fault found.
"""

import json
import subprocess
import sys
from pathlib import Path

PINNED = ("run.txt", "test.txt", "assets.txt")


def main() -> int:
    """Audit each list of pinned packages."""
    worst = 0
    for name in PINNED:
        command = [sys.argv[1], "-r", str(Path(__file__).with_name(name))]
        options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "-f", "json"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        try:
            packages = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            print(f"{name}: not audited: {(done.stderr.strip().splitlines() or ['no answer'])[-1]}")
            continue
        worst = max(worst, told(name, packages))
    return worst


def told(name: str, packages: list[dict]) -> int:
    """Print what was found in a list; return 1 when there is anything."""
    asked = [package for package in packages if "vulns" in package]
    found = [(package, vulnerability) for package in asked for vulnerability in package["vulns"]]
    for package, known in found:
        fixed = ", ".join(known["fix_versions"]) or "no version yet"
        print(f"{name}: {package['name']} {package['version']}: {known['id']}, fixed in {fixed}")
    if asked:
        print(f"{name}: {len(asked)} packages audited, {len(found)} known vulnerabilities")
    if len(asked) < len(packages):
        print(
            f"{name}: {len(packages) - len(asked)} packages not audited: the advisories did not answer for them"
        )
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
