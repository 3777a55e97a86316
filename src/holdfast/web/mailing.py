"""`python -m holdfast.web.mailing PARENT`: the process that takes mail for `holdfast serve`."""

import sys

from holdfast.web.serving import take_mail

if __name__ == "__main__":
    take_mail(parent=int(sys.argv[1]))
