from tests.promises.test_a_receipt_shows_my_ballot_is_frozen import *  # noqa: F403
