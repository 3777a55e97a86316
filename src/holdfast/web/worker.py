"""`python -m holdfast.web.worker`: one worker process."""

from holdfast.web.serving import run_worker

if __name__ == "__main__":
    run_worker()
