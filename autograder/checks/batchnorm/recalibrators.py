"""Right answers to `recalibrate` that are written in another way."""

from autograder.checks.implementation import Built


@Built
def with_hooks():
    """Collect what goes into each BatchNorm by hooks, and write the means by hand."""
    import torch
    from torch import nn

    def recalibrate(model, batches):
        norms = [m for m in model.modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d))]
        modes = [(m, m.training) for m in model.modules()]
        seen = {m: [] for m in norms}

        def listen(module, inputs):
            (x,) = inputs
            rows = x.detach().transpose(0, 1).flatten(1)
            seen[module].append((rows.mean(1), rows.var(1)))

        handles = [m.register_forward_pre_hook(listen) for m in norms]
        for m, _ in modes:
            m.training = m in seen
        with torch.no_grad():
            for x in batches:
                model(x)
        for handle in handles:
            handle.remove()
        for m, mode in modes:
            m.training = mode
        for m in norms:
            means, variances = zip(*seen[m], strict=True)
            m.running_mean.copy_(torch.stack(means).mean(0))
            m.running_var.copy_(torch.stack(variances).mean(0))
        return model

    return recalibrate


@Built
def with_counting_momentum():
    """Momentum 1 / k at batch k is a plain mean."""
    import torch
    from torch import nn

    def recalibrate(model, batches):
        state = [(m, m.training, getattr(m, "momentum", None)) for m in model.modules()]
        kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
        model.eval()
        try:
            for k, x in enumerate(batches, start=1):
                for m, _, _ in state:
                    if isinstance(m, kinds):
                        m.train().momentum = 1 / k
                with torch.inference_mode():
                    model(x)
        finally:
            for m, training, momentum in state:
                m.training = training
                if isinstance(m, kinds):
                    m.momentum = momentum
        return model

    return recalibrate


@Built
def on_a_copy():
    """Recalibrate a copy without dropout, and carry its statistics over."""
    import copy

    import torch

    def recalibrate(model, batches):
        twin = copy.deepcopy(model).train()
        for module in twin.modules():
            if "Dropout" in "".join(kind.__name__ for kind in type(module).__mro__):
                module.eval()
            if "BatchNorm" in type(module).__name__:
                module.momentum = None
                module.reset_running_stats()
        with torch.no_grad():
            for x in batches:
                twin(x)
        for mine, theirs in zip(model.modules(), twin.modules(), strict=True):
            if "BatchNorm" in type(mine).__name__:
                for buffer in ("running_mean", "running_var", "num_batches_tracked"):
                    getattr(mine, buffer).copy_(getattr(theirs, buffer))
        return model

    return recalibrate
