from tests.promises.test_one_counted_ballot_a_token import *  # noqa: F403
