"""Trains the network of squares.pt with PyTorch: it says in which of 4 × 4 squares of the plane a point lies.

    pip install torch==2.13.0 && python make.py
"""

from collections import OrderedDict

import torch
from torch.nn import Linear, Sequential, Tanh

torch.manual_seed(0)
body = Sequential(Linear(2, 32), Tanh(), Linear(32, 32), Tanh())
model = Sequential(OrderedDict(body=body, head=Linear(32, 16)))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for step in range(2000):
    points = torch.rand(256, 2) * 3 - 1.5
    column, row = ((points + 1.5) / 0.75).long().clamp(0, 3).unbind(1)
    squares = 4 * row + column
    scores = model(points)
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(scores, squares).backward()
    optimizer.step()

print("accuracy", (scores.argmax(1) == squares).float().mean().item())
torch.save(model.state_dict(), "squares.pt")
