from tests.test_mailing import *  # noqa: F403
