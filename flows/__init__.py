"""When things happen: each stage as a Prefect flow that calls a step and shows its outcome. No method lives here."""
