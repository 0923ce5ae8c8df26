"""Right answers to `evaluate`: the reference, and others that are written in another way."""

from autograder.checks.implementation import Built


def require(images, labels):
    if images.ndim != 3 or tuple(images.shape[1:]) != (28, 28):
        raise ValueError(f"images must have shape (n, 28, 28), got shape {tuple(images.shape)}")
    if tuple(labels.shape) != (len(images),):
        raise ValueError(f"labels must have shape ({len(images)},), got shape {tuple(labels.shape)}")


@Built
def evaluate():
    import torch
    from torch.nn.functional import cross_entropy

    @torch.no_grad()
    def evaluate(model, images, labels, batch_size=256):
        require(images, labels)
        modes = {module: module.training for module in model.modules()}
        model.eval()
        accuracy = nll = 0.0
        for X, y in zip(images.split(batch_size), labels.long().split(batch_size), strict=True):
            share = len(y) / len(labels)
            logits = model(X.float() / 255)
            accuracy += share * (logits.argmax(dim=1) == y).float().mean().item()
            nll += share * cross_entropy(logits, y).item()
        for module, mode in modes.items():
            module.training = mode
        return accuracy, nll

    return evaluate


@Built
def with_loader():
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    def evaluate(model, images, labels, batch_size=256):
        if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
            raise ValueError("images and labels do not have the shape (n, 28, 28) and (n,)")
        training = [module for module in model.modules() if module.training]
        model.eval()
        correct = loss = 0.0
        with torch.inference_mode():
            for X, y in DataLoader(TensorDataset(images, labels), batch_size=batch_size):
                log_probs = torch.log_softmax(model(X / 255), dim=-1)
                own = y.to(torch.int64)[:, None]
                correct += float((log_probs.argmax(-1, keepdim=True) == own).sum())
                loss -= float(log_probs.gather(1, own).sum())
        for module in training:
            module.training = True
        return correct / labels.numel(), loss / labels.numel()

    return evaluate


@Built
def all_logits_first():
    import torch

    def evaluate(model, images, labels, batch_size=256):
        if images.ndim != 3 or images.shape[-2:] != (28, 28) or labels.ndim != 1 or labels.size(0) != images.size(0):
            raise ValueError("wrong shape")
        flags = [module.training for module in model.modules()]
        try:
            model.train(False)
            with torch.no_grad():
                starts = range(0, len(images), batch_size)
                logits = torch.cat([model(images[i : i + batch_size].to(torch.float32).mul(1 / 255)) for i in starts])
        finally:
            for module, flag in zip(model.modules(), flags, strict=True):
                module.training = flag
        own = logits[torch.arange(len(labels)), labels.int()]
        nll = torch.logsumexp(logits.double(), 1) - own
        return (logits.max(1).indices == labels).double().mean().item(), nll.mean().item()

    return evaluate


@Built
def on_a_copy():
    import copy

    import torch

    def evaluate(model, images, labels, batch_size=256):
        if tuple(images.shape) != (len(labels), 28, 28) or labels.ndim > 1:
            raise ValueError("images and labels have other shapes")
        model = copy.deepcopy(model).eval().requires_grad_(False)
        accuracy = nll = 0.0
        for i in range(0, len(images), batch_size):
            X, y = images[i : i + batch_size], labels[i : i + batch_size].long()
            logits = model(X.type(torch.float32) / 255.0)
            weight = len(X) / len(images)
            accuracy += weight * logits.argmax(1).eq(y).float().mean().item()
            nll += weight * torch.nn.NLLLoss()(logits.log_softmax(1), y).item()
        return accuracy, nll

    return evaluate
