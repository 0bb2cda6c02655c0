"""The network: a small U-Net of plain convolutions, two maps at half the picture's size."""

from __future__ import annotations

import torch
from torch import nn


class Joined(nn.Module):
    """A convolution and its norm, which are one step where the norm is held (``held``)."""

    is_held = False
    conv: nn.Conv2d
    norm: nn.BatchNorm2d

    def joined(self, x: torch.Tensor) -> torch.Tensor:
        """What comes out of both."""
        return _both(self.conv, self.norm, x) if self.is_held else torch.as_tensor(self.norm(self.conv(x)))


class Block(Joined):
    """A 3 x 3 convolution with what belongs to it."""

    def __init__(self, inside: int, outside: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, 3, stride, dilation, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm2d(outside)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The same size, or half of it with stride 2."""
        return torch.relu(self.joined(x))


class Refined(Joined):
    """A 3 x 3 convolution whose result is added to what it was given; a new one changes nothing."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The same size and channels."""
        return torch.relu(x + self.joined(x))


class Net(nn.Module):
    """(n, 3, H, W) RGB 0 to 255, edges multiples of 16, to (n, 2, H/2, W/2) logits: ink, line region."""

    def __init__(self, widths: tuple[int, int, int, int] = (16, 32, 64, 144)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.stem = nn.Sequential(nn.Conv2d(3, a, 5, 2, 2, bias=False), nn.BatchNorm2d(a), nn.ReLU())
        self.is_held = False
        self.first = Block(a, a)
        self.second = nn.Sequential(Block(a, b, 2), Block(b, b), Refined(b))
        self.third = nn.Sequential(Block(b, c, 2), Block(c, c), Block(c, c), Refined(c))
        self.fourth = nn.Sequential(Block(c, d, 2), Block(d, d, 1, 2), Block(d, d), Block(d, d, 1, 2), Refined(d))
        self.up3, self.fuse3 = nn.Conv2d(d, c, 1), Block(c, c)
        self.up2, self.fuse2 = nn.Conv2d(c, b, 1), Block(b, b)
        self.up1, self.fuse1 = nn.Conv2d(b, a, 1), Block(a, a)
        self.out = nn.Conv2d(a, 2, 1)
        nn.init.constant_(self.out.bias, -3.0)  # type: ignore[arg-type]

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Logits."""
        given = picture * (1 / 127.5) - 1
        conv, norm = self.stem[0], self.stem[1]
        if self.is_held:
            return self.body(torch.relu(_both(conv, norm, given)))  # type: ignore[arg-type]
        return self.body(self.stem(given))

    def body(self, stem: torch.Tensor) -> torch.Tensor:
        """All that follows the first convolution."""
        one = self.first(stem)
        two = self.second(one)
        three = self.third(two)
        four = self.fourth(three)
        three = self.fuse3(three + _twice(self.up3(four)))
        two = self.fuse2(two + _twice(self.up2(three)))
        one = self.fuse1(one + _twice(self.up1(two)))
        return torch.as_tensor(self.out(one))


def held(net: Net) -> None:
    """From now on the norms are numbers like the weights, and measure nothing: two passes over memory less a step."""
    for module in net.modules():
        if isinstance(module, Joined | Net):
            module.is_held = True
    net.eval()


def _both(conv: nn.Conv2d, norm: nn.BatchNorm2d, x: torch.Tensor) -> torch.Tensor:
    scale = norm.weight * torch.rsqrt(torch.as_tensor(norm.running_var) + norm.eps)
    bias = norm.bias - torch.as_tensor(norm.running_mean) * scale
    weight = conv.weight * scale[:, None, None, None]
    return nn.functional.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation)  # type: ignore[arg-type]


def _twice(x: torch.Tensor) -> torch.Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")


def loss_of(logits: torch.Tensor, ink: torch.Tensor, region: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Cross-entropy (text weighs more), Dice, and the worst fiftieth of the cells; some are not counted."""
    total = logits.new_zeros(())
    for channel, wanted, worth in ((0, ink, 2.0), (1, region, 4.0)):
        given = logits[:, channel]
        each = nn.functional.binary_cross_entropy_with_logits(
            given, wanted, reduction="none", pos_weight=given.new_tensor(worth)
        )
        each = each * counted
        chance = torch.sigmoid(given) * counted
        dice = 1 - (2 * (chance * wanted).sum() + 1) / (chance.sum() + (wanted * counted).sum() + 1)
        hardest = each.flatten().topk(each.numel() // 50).values.mean()
        total = total + each.mean() * 2 + 0.5 * dice + 0.2 * hardest
    return total


_NOTHING, _TEXT = -4.0, 3.0
"""Logits beyond which it does not matter how sure a cell is."""


def lost_of(logits: torch.Tensor, before: torch.Tensor, wanted: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """By how much cells are worse than ``before``: those of text less sure, the others more; what is better is free."""
    text = torch.relu(before.clamp(max=_TEXT) - logits)
    nothing = torch.relu(logits - before.clamp(min=_NOTHING))
    each = torch.where(wanted, text, nothing) * counted
    return each.sum() / max(1, each.numel())
