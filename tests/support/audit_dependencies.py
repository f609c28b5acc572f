"""Looks every pinned package up among the known vulnerabilities (U5), and says how many it could look up."""

import json
import subprocess
import sys

FILES = ("requirements.txt", "requirements-dev.txt")


def main() -> int:
    """1 when a package has a known vulnerability. An unreachable database is said aloud, not taken for a pass."""
    known_bad, checked, listed = 0, 0, 0
    for name in FILES:
        ran = subprocess.run(
            [sys.executable, "-m", "pip_audit", "-r", name, "--require-hashes", "--disable-pip", "-f", "json",
             "--progress-spinner", "off"], capture_output=True, text=True, timeout=300, check=False)
        try:
            packages = json.loads(ran.stdout)["dependencies"]
        except ValueError:
            packages = []
        listed += len(packages)
        checked += sum("skip_reason" not in one for one in packages)
        for one in packages:
            for found in one.get("vulns", []):
                known_bad += 1
                print(f"{name}: {one['name']} {one['version']}: {found['id']}")
    print(f"Known vulnerabilities: {known_bad}. Packages looked up: {checked} of {listed}."
          + ("" if checked else " NOT CHECKED: no advisory database can be reached from here."))
    return 1 if known_bad else 0


if __name__ == "__main__":
    sys.exit(main())
