"""What people tell Cutwatch: documented incidents, and decisions about any incident."""

from monitor.intake.decisions import Moved, carry_out, connect
from monitor.intake.documented import Entered, enter, without_file
from monitor.intake.notices import NotTheSame, Received, receive

__all__ = ["Entered", "Moved", "NotTheSame", "Received", "carry_out", "connect", "enter", "receive", "without_file"]
