"""Right answers to `activation_variances`: the reference, and others that are written in another way."""

import numpy as np

from autograder.checks.implementation import Built


@Built
def activation_variances():
    import torch
    from torch import nn

    def activation_variances(model, X):
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        variances, handles = {}, []

        def watch(module, name):
            def hook(_module, _inputs, output):
                variances[name] = output.var(dim=0, unbiased=False).mean().item()

            handles.append(module.register_forward_hook(hook))

        for name, module in model.named_modules():
            if isinstance(module, nn.ReLU | nn.Dropout):
                watch(module, name)
        with torch.no_grad():
            model(X)
        for handle in handles:
            handle.remove()
        model.load_state_dict(state)
        return variances

    return activation_variances


@Built
def on_a_copy():
    import copy

    import torch

    def activation_variances(model, X):
        model, found = copy.deepcopy(model), {}
        wanted = [(name, m) for name, m in model.named_modules() if isinstance(m, (torch.nn.ReLU, torch.nn.Dropout))]
        for name, module in wanted:
            module.register_forward_hook(lambda _m, _i, out, name=name: found.update({name: out}))
        model(X)
        return {name: float(np.var(out.detach().numpy(), axis=0).mean()) for name, out in found.items()}

    return activation_variances


@Built
def with_one_global_hook():
    import torch

    def activation_variances(model, X):
        names = {id(module): name for name, module in model.named_modules()}
        buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
        found = {}

        def hook(module, inputs, output):
            if id(module) in names and isinstance(module, (torch.nn.ReLU, torch.nn.Dropout)):
                flat = output.reshape(len(output), -1).double()
                found[names[id(module)]] = float(((flat - flat.mean(0)) ** 2).mean())

        handle = torch.nn.modules.module.register_module_forward_hook(hook)
        try:
            with torch.inference_mode():
                model(X)
        finally:
            handle.remove()
            with torch.no_grad():
                for buffer, old in buffers:
                    buffer.copy_(old)
        return found

    return activation_variances


@Built
def one_pass_for_each_module():
    import torch

    def activation_variances(model, X):
        saved = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        variances = {}
        for name, module in model.named_modules():
            if not isinstance(module, (torch.nn.ReLU, torch.nn.Dropout)):
                continue
            outputs = []
            handle = module.register_forward_hook(lambda _m, _i, o, outputs=outputs: outputs.append(o))
            with torch.no_grad():
                model(X)
            handle.remove()
            last = outputs[-1]
            variances[name] = (last.pow(2).mean(0) - last.mean(0).pow(2)).mean().item()
        model.load_state_dict(saved)
        return variances

    return activation_variances
