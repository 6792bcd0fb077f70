from tests.test_beginning import *  # noqa: F403
