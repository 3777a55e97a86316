"""`python -m holdfast.web.mailing`: the process that takes mail for `holdfast serve`."""

from holdfast.web.serving import take_mail

if __name__ == "__main__":
    take_mail()
