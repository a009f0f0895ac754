"""A message remembers since when it is late, however often it has been put off."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what waits now counts from when it is tried next."""
    op.add_column("message", sa.Column("late_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Refuse, as everywhere."""
    raise NotImplementedError("the form of the database before this one is not restored; restore a backup instead")
