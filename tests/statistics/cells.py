"""The cells of the simulations, and what each must come to."""

from __future__ import annotations

from itertools import product

# Seeds, models, images and effects of what the level must hold in.
FALSE_ALARMS = tuple(product((2, 3, 5), (2, 5, 20), (360, 2000), (0.0, 0.1, 0.3, 0.6, "mixed")))
MOST_ALARMS = 0.065
LEAST_COVERAGE = 0.93
# More of the same data never loosens: (models, images, gap) without an effect of seeds.
POWER = ((2, 360, 0.05), (2, 2000, 0.022), (5, 360, 0.05), (5, 2000, 0.022), (20, 360, 0.05), (20, 2000, 0.022))
# With one seed an interval is of the checkpoint: what another seed would do is not in it.
COVERAGE = (
    *product((1,), (360, 2000), (0.0,)),
    *product((2, 3, 5), (360, 2000), (0.0, 0.3, 0.6, "mixed")),
)
WINNERS = tuple(product((5, 20, 100), ((1, 0.0), (2, 0.3), (3, 0.3))))
UNEVEN = tuple(product((5, 20), (360, 2000), (0.0, 0.3, "mixed")))
NEEDED = tuple(product((2, 5, 20), ((1, 0.0), (3, 0.0), (3, 0.3))))
PLACES = tuple(product((5, 20), ((1, 0.0), (2, 0.3), (3, "mixed"))))
GROUPS = tuple(product((280, 1400), (359, 2000), (0.0, 0.1)))


# Groups of images, and how much harder some are than others; of few groups a table says itself that it is rough.
CLUSTERED = tuple(product((10, 20, 40, 100), (0.0, 1.0, 2.0)))
ENOUGH_GROUPS = 20
LEAST_CLUSTERED = 0.92


def runs_of(num_models: int) -> int:
    """How often a cell is drawn: its share is then known to within about half a point."""
    return 2000 if num_models <= 5 else 1000
