"""Optimizers that PyTorch lacks, or once lacked or had wrong, from their papers' equations, in NumPy.

Each function gives the next value of one parameter p for the gradient g; t counts the steps from 1, and `kept` is what
it keeps from step to step.

    lamb    You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2020, algorithm 2, with
            φ(z) = z
    lion    Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2
    muon    Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024, algorithm 2, with the running
            mean and the decoupled weight decay of torch.optim.Muon; matchAdamW: Liu et al., "Muon is Scalable for LLM
            Training", 2025, eq. 4
    nadam   Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2, with the schedule of momenta of
            torch.optim.NAdam, which in PyTorch 1.13 had the momentum of step t twice in the product up to t + 1
    radam   Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020, algorithm 2, with epsilon where
            torch.optim.RAdam has it; PyTorch 1.13 had neither `maximize` nor `decoupledWeightDecay`
"""

import numpy as np


def lamb(p, g, t, kept, *, learningRate=1e-3, betas=(0.9, 0.999), epsilon=1e-6, weightDecay=0.01, maximize=False):
    g = -g if maximize else g
    m = kept["m"] = betas[0] * kept.get("m", 0) + (1 - betas[0]) * g
    v = kept["v"] = betas[1] * kept.get("v", 0) + (1 - betas[1]) * g * g
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    direction = m_hat / (np.sqrt(v_hat) + epsilon) + weightDecay * p
    size, change = (np.sqrt(np.sum(x * x)) for x in (p, direction))
    return p - learningRate * (1 if size == 0 or change == 0 else size / change) * direction


def lion(p, g, t, kept, *, learningRate=1e-4, betas=(0.9, 0.99), weightDecay=0, maximize=False):
    g = -g if maximize else g
    m = kept.get("m", 0)
    kept["m"] = betas[1] * m + (1 - betas[1]) * g
    return p - learningRate * (np.sign(betas[0] * m + (1 - betas[0]) * g) + weightDecay * p)


def muon(
    p,
    g,
    t,
    kept,
    *,
    learningRate=1e-3,
    momentum=0.95,
    nesterov=True,
    weightDecay=0.1,
    coefficients=(3.4445, -4.775, 2.0315),
    iterations=5,
    epsilon=1e-7,
    matchAdamW=False,
    maximize=False,
):
    g = -g if maximize else g
    m = kept["m"] = momentum * kept.get("m", 0) + (1 - momentum) * g
    x = (1 - momentum) * g + momentum * m if nesterov else m
    x = x / max(np.sqrt(np.sum(x * x)), epsilon)
    a, b, c = coefficients
    for _ in range(iterations):
        # The other association than on the shorter side; in exact arithmetic both are the same.
        x = a * x + b * (x @ x.T @ x) + c * (x @ x.T @ x @ x.T @ x)
    rows, columns = p.shape
    scale = 0.2 * np.sqrt(max(rows, columns)) if matchAdamW else np.sqrt(max(1, rows / columns))
    return p - learningRate * weightDecay * p - learningRate * scale * x


def nadam(
    p,
    g,
    t,
    kept,
    *,
    learningRate=2e-3,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weightDecay=0,
    decoupledWeightDecay=False,
    momentumDecay=4e-3,
    maximize=False,
):
    p, g = decay(p, -g if maximize else g, learningRate, weightDecay, decoupledWeightDecay)
    mu = [betas[0] * (1 - 0.5 * 0.96 ** (i * momentumDecay)) for i in range(1, t + 2)]
    m = kept["m"] = betas[0] * kept.get("m", 0) + (1 - betas[0]) * g
    v = kept["v"] = betas[1] * kept.get("v", 0) + (1 - betas[1]) * g * g
    m_hat = mu[t] * m / (1 - np.prod(mu)) + (1 - mu[t - 1]) * g / (1 - np.prod(mu[:t]))
    v_hat = v / (1 - betas[1] ** t)
    return p - learningRate * m_hat / (np.sqrt(v_hat) + epsilon)


def radam(
    p,
    g,
    t,
    kept,
    *,
    learningRate=1e-3,
    betas=(0.9, 0.999),
    epsilon=1e-8,
    weightDecay=0,
    decoupledWeightDecay=False,
    maximize=False,
):
    p, g = decay(p, -g if maximize else g, learningRate, weightDecay, decoupledWeightDecay)
    m = kept["m"] = betas[0] * kept.get("m", 0) + (1 - betas[0]) * g
    v = kept["v"] = betas[1] * kept.get("v", 0) + (1 - betas[1]) * g * g
    m_hat = m / (1 - betas[0] ** t)
    longest = 2 / (1 - betas[1]) - 1
    length = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
    if length <= 5:
        return p - learningRate * m_hat
    r = np.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length))
    return p - learningRate * r * m_hat * np.sqrt(1 - betas[1] ** t) / (np.sqrt(v) + epsilon)


def decay(p, g, learning_rate, weight_decay, decoupled):
    """Weight decay of the parameter itself or, unless decoupled, as a part of the gradient."""
    return (p - learning_rate * weight_decay * p, g) if decoupled else (p, g + weight_decay * p)
