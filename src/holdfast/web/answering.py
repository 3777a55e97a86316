"""`python -m holdfast.web.answering PARENT FD`: one more process that answers on a listening socket."""

import sys

from holdfast.web.serving import answer

if __name__ == "__main__":
    answer(*map(int, sys.argv[1:3]))
