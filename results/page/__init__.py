"""The page of a run, `report.html`: one file that opens offline, asks no network, and shows names as text."""
