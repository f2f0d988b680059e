"""Random networks and shipped ones for the tests of surrogates."""

import numpy as np
import torch

from core.surrogates.fitting import draw_weights
from core.surrogates.networks import ScaledNetwork
from core.surrogates.pod import pod


def random_network(n_in, widths, n_out, n_frequencies=0):
    """Return a network with random weights and scales."""
    generator = torch.Generator().manual_seed(0)
    network = ScaledNetwork(n_in, widths, n_out, n_frequencies)
    draw_weights(network, generator)
    for layer in network.layers:
        if isinstance(layer, torch.nn.Linear):
            layer.bias.data.normal_(0.0, 0.3, generator=generator)
    for each in (network.input_centre, network.output_centre, network.frequencies):
        each.normal_(0.0, 0.2, generator=generator)
    for each in (network.input_scale, network.output_scale):
        each.uniform_(0.5, 1.5, generator=generator)
    return network


def tensors_of(network, n_times=0):
    """Return the tensors of a network by name, with a random basis of n_times where it is asked for."""
    tensors = {name: each.numpy() for name, each in network.state_dict().items()}
    if n_times:
        rank = network.layers[-1].out_features
        basis = pod(np.random.default_rng(0).standard_normal((n_times, n_times)), rank)
        tensors |= {"mean": basis.mean.astype(np.float32), "modes": basis.modes.astype(np.float32)}
    return tensors
