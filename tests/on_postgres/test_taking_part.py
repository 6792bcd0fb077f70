from tests.test_survey_states import *  # noqa: F403
