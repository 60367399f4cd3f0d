"""Alembic's entry: runs on the connection that `portal.db.migrate` hands over, in its transaction."""

from alembic import context

from portal.db.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the caller's transaction holds everything
)
context.run_migrations()
