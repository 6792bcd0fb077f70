from tests.promises.test_nobody_joins_person_to_ballot import *  # noqa: F403
