"""Which check each of the broken models fails. A plugin too, for a process of its own."""

from __future__ import annotations

import zoo
from tests.faults.wrong_models import raw_matrix
from tests.zoo.testing.builders import (
    asks_the_network,
    batch_statistics,
    blind,
    cancelling,
    colour_only,
    environment_changed,
    flipped,
    forgetful,
    halvings,
    hashed,
    in_a_tuple,
    network,
    no_module,
    noisy,
    odd_state,
    one_column_for_two,
    one_size,
    other_generator,
    probabilities,
    remembering,
    seeded_in_build,
    seeded_in_forward,
    squeezed,
    stubborn_norm,
    talkative,
    thaws,
    threads_changed,
    uncompilable,
    unexportable,
    unseeded,
    viewed,
    zero_gradient,
)

# The check, and a builder that fails it and only it.
MUTANTS = [
    ("builds", no_module),
    ("shape", in_a_tuple),
    ("logits", probabilities),
    ("head", raw_matrix),
    ("classes", one_column_for_two),
    ("channels", colour_only),
    ("sizes", one_size),
    ("min_size", halvings),
    ("batch_of_one", squeezed),
    ("train_mode", stubborn_norm),
    ("gradients", zero_gradient),
    ("head_alone", thaws),
    ("deterministic", noisy),
    ("uses_image", blind),
    ("independent", batch_statistics),
    ("order", flipped),
    ("seed_decides", unseeded),
    ("seed_decides", remembering),
    ("seeds_differ", seeded_in_build),
    ("state_dict", forgetful),
    ("checkpoint", odd_state),
    ("channels_last", viewed),
    ("bf16", cancelling),
    ("torch_switches", threads_changed),
    ("process_state", environment_changed),
    ("generators", seeded_in_forward),
    ("generators", other_generator),
    ("prints", talkative),
]
SLOW_MUTANTS = [("compiles", uncompilable), ("exports", unexportable)]
IN_ANOTHER_PROCESS = [("offline_build", asks_the_network), ("fresh_process", hashed)]


def spec_of(builder):
    wanted = zoo.InputSpec(min_size=16) if builder is halvings else zoo.InputSpec()
    return zoo.ModelSpec(name=f"mutant/{builder.__name__}", build=builder, input=wanted)


@zoo.hookimpl
def zoo_models():
    yield spec_of(network)
    for _, builder in [*MUTANTS, *SLOW_MUTANTS, *IN_ANOTHER_PROCESS]:
        yield spec_of(builder)
