# xaikit's public names, by module: read by type checkers, and by `import xaikit` (ASCII only).

from .core.attribution import Attribution
from .games.conditional import conditional_game
from .games.game import Game
from .games.removal import baseline_game, marginal_game
from .games.texts import text_game
from .methods.attention_maps import attention_rollout, attention_weights, raw_attention
from .methods.dasp import dasp
from .methods.dual_net_estimator import DualNet
from .methods.gaussian_process import gaussian_process_shapley
from .methods.gradients import gradient_x_input, saliency
from .methods.integrated_gradients import integrated_gradients
from .methods.kernel_shap import kernel_shap
from .methods.lime import lime_tabular, lime_text
from .methods.lime_image import lime_image
from .methods.lrp import lrp
from .methods.lrp_composites import lrp_composite
from .methods.lrp_rules import (
    LRPAttention,
    LRPEpsilon,
    LRPFlat,
    LRPGamma,
    LRPIdentity,
    LRPRatio,
    LRPWSquare,
    LRPZBox,
    LRPZPlus,
)
from .methods.shapley import exact_shapley, permutation_shapley
from .metrics.agreement import rank_agreement
from .metrics.axioms import check_axioms
from .metrics.completeness import completeness, sensitivity_n
from .metrics.deletion import deletion, insertion
from .metrics.infidelity import infidelity, max_sensitivity
from .metrics.retraining import remove_and_retrain
from .metrics.sanity import parameter_randomisation
from .networks.activations import GELU, LeakyReLU, ReLU, ReLU6, Sigmoid, Softplus, Tanh
from .networks.attention import Attention
from .networks.convolution import AvgPool2d, Conv2d, MaxPool2d, ZeroPad2d
from .networks.from_torch import from_torch
from .networks.layers import Dense, Flatten, Residual
from .networks.network import Network
from .networks.normalisation import LayerNorm
from .networks.tokens import Embedding, TokenAt, TokenMean
from .networks.torch_model import TorchModel
from .networks.transformer import transformer

__version__: str

__all__ = [
    "GELU",
    "Attention",
    "Attribution",
    "AvgPool2d",
    "Conv2d",
    "Dense",
    "DualNet",
    "Embedding",
    "Flatten",
    "Game",
    "LRPAttention",
    "LRPEpsilon",
    "LRPFlat",
    "LRPGamma",
    "LRPIdentity",
    "LRPRatio",
    "LRPWSquare",
    "LRPZBox",
    "LRPZPlus",
    "LayerNorm",
    "LeakyReLU",
    "MaxPool2d",
    "Network",
    "ReLU",
    "ReLU6",
    "Residual",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "TokenAt",
    "TokenMean",
    "TorchModel",
    "ZeroPad2d",
    "attention_rollout",
    "attention_weights",
    "baseline_game",
    "check_axioms",
    "completeness",
    "conditional_game",
    "dasp",
    "deletion",
    "exact_shapley",
    "from_torch",
    "gaussian_process_shapley",
    "gradient_x_input",
    "infidelity",
    "insertion",
    "integrated_gradients",
    "kernel_shap",
    "lime_image",
    "lime_tabular",
    "lime_text",
    "lrp",
    "lrp_composite",
    "marginal_game",
    "max_sensitivity",
    "parameter_randomisation",
    "permutation_shapley",
    "rank_agreement",
    "raw_attention",
    "remove_and_retrain",
    "saliency",
    "sensitivity_n",
    "text_game",
    "transformer",
]
