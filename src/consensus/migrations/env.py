"""What Alembic runs: the migrations that are missing, on the connection that it was given, in its transaction."""

from __future__ import annotations

from alembic import context

if __name__ == "env_py":  # as Alembic calls this file when it runs it
    context.configure(connection=context.config.attributes["connection"])
    context.run_migrations()
