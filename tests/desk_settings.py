"""The desk's settings for tests: a data folder of their own, and the database under test."""

import atexit
import os
import shutil
import tempfile

from holdfast.sealing.keys import fresh_key, written

if "HOLDFAST_TEST_DATABASE_URL" in os.environ:
    os.environ["HOLDFAST_DATABASE_URL"] = os.environ["HOLDFAST_TEST_DATABASE_URL"]
# The suite asks thousands of times from one address; test_limits sets its own.
os.environ["HOLDFAST_API_RATE"] = "0"
os.environ["HOLDFAST_DATA"] = tempfile.mkdtemp(prefix="holdfast-tests-")
atexit.register(shutil.rmtree, os.environ["HOLDFAST_DATA"], ignore_errors=True)
# Data folders change from test to test, the database does not: keys in a file would be left behind.
os.environ["HOLDFAST_VAULT_KEYS"] = written(fresh_key())

from holdfast.web.settings import *  # noqa: E402, F403
from holdfast.web.settings import DATA, DATABASES  # noqa: E402

if "sqlite" in DATABASES["default"]["ENGINE"]:
    # A file, not memory: threads and worker processes open it too.
    DATABASES["default"]["TEST"] = {"NAME": DATA / "test.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ACCOUNT_RATE_LIMITS = {"login_failed": "3/5m/key"}
ALLOWED_HOSTS = ["*"]
