# xaikit's public names, by module: read by type checkers, and by `import xaikit` (ASCII only).

from .core.absence import baseline_game, marginal_game, text_game
from .core.activations import LeakyReLU, ReLU, ReLU6, Sigmoid, Softplus, Tanh
from .core.attribution import Attribution
from .core.conditional import conditional_game
from .core.convolution import AvgPool2d, Conv2d, MaxPool2d, ZeroPad2d
from .core.from_torch import from_torch
from .core.games import Game
from .core.layers import Dense, Flatten, Residual
from .core.network import Network
from .core.torch_model import TorchModel
from .methods.additivity import completeness, sensitivity_n
from .methods.agreement import rank_agreement
from .methods.axioms import check_axioms
from .methods.dasp import dasp
from .methods.deletion import deletion, insertion
from .methods.gaussian_process import gaussian_process_shapley
from .methods.gradients import gradient_x_input, saliency
from .methods.infidelity import infidelity, max_sensitivity
from .methods.integrated_gradients import integrated_gradients
from .methods.kernel_shap import kernel_shap
from .methods.lime import lime_tabular, lime_text
from .methods.lrp import lrp
from .methods.lrp_rules import LRPEpsilon, LRPFlat, LRPGamma, LRPWSquare, LRPZBox
from .methods.ranking import DualNet
from .methods.retraining import remove_and_retrain
from .methods.sanity import parameter_randomisation
from .methods.shapley import exact_shapley, permutation_shapley

__version__: str

__all__ = [
    "Attribution",
    "AvgPool2d",
    "Conv2d",
    "Dense",
    "DualNet",
    "Flatten",
    "Game",
    "LRPEpsilon",
    "LRPFlat",
    "LRPGamma",
    "LRPWSquare",
    "LRPZBox",
    "LeakyReLU",
    "MaxPool2d",
    "Network",
    "ReLU",
    "ReLU6",
    "Residual",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "TorchModel",
    "ZeroPad2d",
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
    "lime_tabular",
    "lime_text",
    "lrp",
    "marginal_game",
    "max_sensitivity",
    "parameter_randomisation",
    "permutation_shapley",
    "rank_agreement",
    "remove_and_retrain",
    "saliency",
    "sensitivity_n",
    "text_game",
]
