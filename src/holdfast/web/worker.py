"""`python -m holdfast.web.worker [PARENT]`: one worker process."""

import sys

from holdfast.web.serving import run_worker

if __name__ == "__main__":
    run_worker(*map(int, sys.argv[1:2]))
