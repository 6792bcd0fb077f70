from tests.promises.test_withdrawal_erases_my_words import *  # noqa: F403
