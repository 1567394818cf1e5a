"""Any torch module as a model, with gradients by autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xaikit.core import arrays
from xaikit.core.arrays import Array
from xaikit.core.extras import needs
from xaikit.core.models import DifferentiableModel, ForwardPass

if TYPE_CHECKING:
    import torch
    from torch import nn


class TorchModel(DifferentiableModel):
    """Any torch module whose output is (n, k) or (n,), with gradients by autograd.

    It may end in squeeze(): for one row () and (k,) are (1, 1) and (1, k).

    The module is called in evaluation mode and gets its mode back. A tensor x must be on the
    module's device, in its dtype; a NumPy x is moved there, and the answer comes back as NumPy.

    Parameters
    ----------
    module : torch.nn.Module
        Each row's output must depend on that row alone.
    """

    def __init__(self, module: nn.Module):
        with needs("torch", "TorchModel"):
            from torch import nn

        if not isinstance(module, nn.Module):
            raise TypeError(f"expected a torch.nn.Module, got {type(module).__name__}")
        self.module = module

    def outputs(self, rows: Array) -> Array:
        """Return all outputs (n, k) for checked rows."""
        import torch

        with torch.no_grad():
            return self._back(self._evaluate(self._tensor(rows)), rows)

    def forward_pass(self, rows: Array) -> ForwardPass:
        """Return the outputs of checked rows, and autograd's way back."""
        import torch

        with torch.inference_mode(False), torch.enable_grad():
            tensor = self._tensor(rows).requires_grad_()
            # A module may begin in place, which a leaf of autograd's graph does not allow.
            output = self._evaluate(tensor.clone())

        def back(grad: Array) -> Array:
            slope = None
            if output.requires_grad:
                with torch.inference_mode(False):
                    (slope,) = torch.autograd.grad(
                        output, tensor, arrays.like(grad, output), allow_unused=True
                    )
            if slope is None:
                raise ValueError(
                    f"autograd finds no path from the output of {type(self.module).__name__} to x: "
                    "is there a detach(), a no_grad() or a round trip through NumPy in its forward?"
                )
            return self._back(slope, rows)

        return ForwardPass(self._back(output, rows), back, [])

    def as_rows(self, x: Any, name: str = "x") -> tuple[Array, bool]:
        """Return x checked, with a batch axis, and whether it was a single row (d,)."""
        weights = self._weights()
        if arrays.is_torch(x) and weights is not None:
            x = arrays.matching(x, weights, name, "the module's weights")
        else:
            x = arrays.numeric(x, name)
            if not arrays.is_floating(x) and weights is not None:
                x = x.astype(arrays.to_numpy(weights).dtype)
            x = arrays.floating(x)
        return arrays.batched(x, name)

    def _weights(self) -> torch.Tensor | None:
        """Return a tensor that lives where the module does now, if it has any."""
        tensors = [*self.module.parameters(), *self.module.buffers()]
        return next((t.detach() for t in tensors if t.is_floating_point()), None)

    def _tensor(self, x: Array) -> torch.Tensor:
        """Copy x to where the module lives; a copy, because modules may work in place."""
        import torch

        if arrays.is_torch(x):
            return x.clone()
        weights = self._weights()
        if weights is None:
            return torch.tensor(arrays.to_numpy(x))
        return torch.tensor(arrays.to_numpy(x), dtype=weights.dtype, device=weights.device)

    def _back(self, result: torch.Tensor, x: Array) -> Array:
        """Bring a result to x's library and dtype."""
        result = result.detach()
        return result if arrays.is_torch(x) else arrays.to_numpy(result).astype(x.dtype)

    def _evaluate(self, x: torch.Tensor) -> torch.Tensor:
        import torch

        modes = {module: module.training for module in self.module.modules()}
        self.module.eval()
        try:
            output = self.module(x)
        finally:
            for module, training in modes.items():
                module.training = training
        if isinstance(output, torch.Tensor):
            output = arrays.unsqueezed(output, x.shape[0])
        if not isinstance(output, torch.Tensor) or output.ndim not in (1, 2):
            given = getattr(output, "shape", None)
            raise ValueError(
                f"the module returned {type(output).__name__}"
                + (f" of shape {tuple(given)}" if given is not None else "")
                + ", expected a tensor (n, k) or (n,)"
            )
        output = output[:, None] if output.ndim == 1 else output
        if output.shape[0] != x.shape[0]:
            raise ValueError(
                f"the module returned {output.shape[0]} rows for {x.shape[0]} rows of x"
            )
        return output
