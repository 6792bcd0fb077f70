from tests.test_rounds import *  # noqa: F403
