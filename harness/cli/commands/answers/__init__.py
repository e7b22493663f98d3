"""Commands that ask a run that is over; none of them trains."""
