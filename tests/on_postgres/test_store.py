from tests.test_store import *  # noqa: F403
