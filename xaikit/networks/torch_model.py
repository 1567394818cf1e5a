"""Any torch module as a model, with gradients by autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xaikit.core import arrays
from xaikit.core.arrays import Array
from xaikit.core.extras import needs
from xaikit.core.models import DifferentiableModel, ForwardPass, asked, batch_hint

if TYPE_CHECKING:
    import torch
    from torch import nn


class TorchModel(DifferentiableModel):
    """Any torch module whose output is (n, k) or (n,), with gradients by autograd.

    It may end in squeeze(): for one row () and (k,) are (1, 1) and (1, k).

    The module runs in evaluation mode; its mode is restored afterwards. A tensor x must be on the
    module's device, in its dtype; a NumPy x is copied there, and the outputs are NumPy arrays.

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
        """Return the outputs of checked rows, with autograd's backward pass."""
        import torch

        if not arrays.is_floating(rows):
            raise TypeError(
                "x holds whole numbers that an embedding looks up: there is no slope along them. "
                "Explain the module behind the embedding, with the embedding's output as x"
            )
        with torch.inference_mode(False), torch.enable_grad():
            tensor = self._tensor(rows).requires_grad_()
            # A module may change its input in place; autograd forbids that for a leaf of its graph.
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
        """Check x; return it with a batch axis, and whether it was a single row (d,)."""
        weights = self._weights()
        if self._looks_up() and arrays.is_array(x) and not arrays.is_floating(x):
            return arrays.batched(arrays.numeric(x, name), name)
        if arrays.is_torch(x) and weights is not None:
            x = arrays.matching(x, weights, name, "the module's weights")
        else:
            x = arrays.numeric(x, name)
            if not arrays.is_floating(x) and weights is not None:
                x = x.astype(arrays.to_numpy(weights).dtype)
            x = arrays.floating(x)
        return arrays.batched(x, name)

    def _looks_up(self) -> bool:
        """Tell whether the module has an embedding, whose inputs are whole numbers."""
        from torch import nn

        return any(isinstance(m, nn.Embedding | nn.EmbeddingBag) for m in self.module.modules())

    def _weights(self) -> torch.Tensor | None:
        """Return a floating-point tensor of the module, or None if it has none."""
        tensors = [*self.module.parameters(), *self.module.buffers()]
        return next((t.detach() for t in tensors if t.is_floating_point()), None)

    def _tensor(self, x: Array) -> torch.Tensor:
        """Copy x to the module's device and dtype; a copy, because modules may work in place."""
        import torch

        if arrays.is_torch(x):
            return x.clone()
        weights = self._weights()
        if not arrays.is_floating(x):
            where = None if weights is None else weights.device
            return torch.tensor(arrays.to_numpy(x), device=where)
        if weights is None:
            return torch.tensor(arrays.to_numpy(x))
        return torch.tensor(arrays.to_numpy(x), dtype=weights.dtype, device=weights.device)

    def _back(self, result: torch.Tensor, x: Array) -> Array:
        """Convert a result to x's library and dtype."""
        result = result.detach()
        if arrays.is_torch(x):
            return result
        numbers = arrays.to_numpy(result)
        return numbers.astype(x.dtype) if arrays.is_floating(x) else numbers

    def _evaluate(self, x: torch.Tensor) -> torch.Tensor:
        import torch

        modes = {module: module.training for module in self.module.modules()}
        self.module.eval()
        try:
            output = asked(self.module, x)
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
                f"{batch_hint(x)}"
            )
        return output
