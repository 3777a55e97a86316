"""Peer: Drain3 over a file's lines, in its own environment. Prints CPU seconds and clusters as JSON.

Usage: python logs_drain3.py FILE LINES masks|plain
"""

import json
import sys
import time

from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

EDGE, TAIL = r"((?<=[^A-Za-z0-9])|^)", r"((?=[^A-Za-z0-9])|$)"
# The masks of the example configuration that the project ships.
MASKS = (
    (EDGE + r"(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))" + TAIL, "ID"),
    (EDGE + r"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})" + TAIL, "IP"),
    (EDGE + r"([0-9a-f]{6,} ?){3,}" + TAIL, "SEQ"),
    (EDGE + r"([0-9A-F]{4} ?){4,}" + TAIL, "SEQ"),
    (EDGE + r"(0x[a-f0-9A-F]+)" + TAIL, "HEX"),
    (EDGE + r"([\-\+]?\d+)" + TAIL, "NUM"),
    (r"(?<=executed cmd )(\".+?\")", "CMD"),
)


def main() -> None:
    """Mine the first LINES lines."""
    path, count, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    config = TemplateMinerConfig()
    config.profiling_enabled = False
    if mode == "masks":
        config.masking_instructions = [MaskingInstruction(pattern, name) for pattern, name in MASKS]
    miner = TemplateMiner(config=config)
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for _, line in zip(range(count), file, strict=False)]
    start = time.process_time()
    for line in lines:
        miner.add_log_message(line)
    spent = time.process_time() - start
    size = sum(len(line) + 1 for line in lines)
    print(
        json.dumps({"cpu": spent, "lines": len(lines), "bytes": size, "clusters": len(miner.drain.clusters)})
    )


if __name__ == "__main__":
    main()
