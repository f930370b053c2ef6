"""Writes datasets.jsonl in this folder: the results of PyTorch, NumPy and Python's own modules for the same data.

    npm run goldens -- --only datasets/golden

One case a line: what is exported under `name`, called with `arguments`, and the `output`. Bytes are in base64. Random
datasets are made of Philox's numbers, in the order in which the docstrings say that they are drawn.
"""

import base64
import gzip
import json
import math
import pathlib
import struct
import zlib

import numpy
import torch
from torch.utils import data

from philox import Generator  # packages/graph/golden/philox.py

lines = []


def case(name, *arguments, output):
    lines.append(json.dumps({"name": name, "arguments": arguments, "output": output}, separators=(",", ":")))


def array(x):
    """A tensor as JSON; floats with as many digits as float32 needs."""
    x = torch.as_tensor(x)
    numbers = [float(f"{v:.9g}") for v in x.flatten().tolist()] if x.is_floating_point() else x.flatten().tolist()
    return {"shape": list(x.shape), "data": numbers}


def points(x, y):
    return {"x": array(x), "y": array(y)}


def encoded(raw):
    return base64.b64encode(raw).decode()


# Batches: PyTorch's datasets and loader
x = torch.arange(24.0).reshape(7 - 1, 2, 2)
y = torch.arange(6, dtype=torch.int32) * 10
for indices in [[0], [5, 0, 0, 3], []]:
    rows = data.TensorDataset(x, y)[torch.tensor(indices, dtype=torch.long)]
    case("arrays", points(x, y), indices, output=points(*rows))
items = data.TensorDataset(torch.arange(7, dtype=torch.int32))
for batch_size, drop_last in [(1, False), (3, False), (3, True), (7, True), (10, False), (10, True)]:
    loader = data.DataLoader(items, batch_size=batch_size, drop_last=drop_last)
    options = {"batchSize": batch_size, "dropLast": drop_last}
    case("DataLoader", 7, options, output=[batch.tolist() for (batch,) in loader])


def epoch_generator(seed, epoch):
    return Generator(seed, block=epoch).split()


shuffled = [epoch_generator(3, epoch).permutation(7) for epoch in range(3)]
case("DataLoader", 7, {"batchSize": 7, "shuffle": True, "seed": 3}, output=shuffled)
for items, draws, seed in [(10, 20, 0), (2**20, 5, 7), (1, 3, 1)]:
    epochs = []
    for epoch in range(2):
        generator = epoch_generator(seed, epoch)
        epochs.append([math.floor(generator.uniform() * items) for _ in range(draws)])
    case("randomSampler", items, {"draws": draws, "seed": seed}, output=epochs)

weights = [0.5, 0, 2, 3.25, 0.125, 0]
classes = ["a", "b", "a", "a"]


def drawn(weights, draws, seed, epoch):
    uniform = epoch_generator(seed, epoch)
    ends = numpy.cumsum(weights)
    return [int(numpy.searchsorted(ends, uniform.uniform() * ends[-1], side="right")) for _ in range(draws)]


case("weightedSampler", weights, {"draws": 12, "seed": 2}, output=[drawn(weights, 12, 2, epoch) for epoch in range(2)])
shares = [1 / classes.count(label) for label in classes]
case("balancedSampler", classes, {"seed": 3}, output=[drawn(shares, 4, 3, epoch) for epoch in range(2)])
orders = []
for epoch in range(2):
    uniform = epoch_generator(2, epoch)
    rings = [-math.log(1 - uniform.uniform()) / (weight or 1e-99) for weight in weights]
    orders.append(numpy.argsort(rings)[:3].tolist())
case("weightedSampler", weights, {"draws": 3, "seed": 2, "replacement": False}, output=orders)
for items, replicas in [(10, 3), (10, 5), (2, 5), (7, 1), (3, 8), (1, 1)]:
    for drop_last in [False, True]:
        for rank in range(replicas):
            # Without shuffling, PyTorch's indices; with it, the places of the items in our order.
            sampler = data.DistributedSampler(range(items), replicas, rank, shuffle=False, drop_last=drop_last)
            places = list(sampler)
            options = {"rank": rank, "replicas": replicas, "dropLast": drop_last}
            case("distributedSampler", items, {**options, "shuffle": False}, output=[places, places])
            orders = [epoch_generator(4, epoch).permutation(items) for epoch in range(2)]
            shuffled = [[order[place] for place in places] for order in orders]
            case("distributedSampler", items, {**options, "seed": 4}, output=shuffled)

# Items in batches: PyTorch's, of numbers as float32


def numbers(x):
    return torch.tensor(x, dtype=torch.float32) if isinstance(x, list) else float(x) if isinstance(x, int) else x


for items in [
    [1, 2, 3],
    [[1, 2], [3, 4]],
    ["a", "b"],
    [{"x": [[1.5], [2]], "y": 1, "at": {"name": "a"}}, {"x": [[3], [4]], "y": 0, "at": {"name": "b"}}],
]:
    held = [{name: numbers(x) for name, x in item.items()} if isinstance(item, dict) else numbers(item) for item in items]
    made = data.default_collate(held)
    made = {"": made} if not isinstance(made, dict) else made
    made = {name: array(each.float()) if torch.is_tensor(each) else each for name, each in made.items()}
    case("collate", items, output=made.get("", made))
for sequences, options in [
    ([[1, 2, 3], [], [4]], {}),
    ([[1, 2], [3]], {"value": -1.5, "length": 4}),
    ([[[1, 2]], [[3, 4], [5, 6]]], {"value": 9}),
]:
    held = [torch.tensor(each, dtype=torch.float32) for each in sequences]
    value = options.get("value", 0)
    padded = torch.nn.utils.rnn.pad_sequence(held, batch_first=True, padding_value=value)
    more = max(0, options.get("length", 0) - padded.shape[1])
    padded = torch.nn.functional.pad(padded, [0, 0] * (padded.ndim - 2) + [0, more], value=value)
    lengths = torch.tensor([len(each) for each in sequences])
    case("padSequences", sequences, options, output={"values": array(padded), "lengths": array(lengths)})

# Parts of datasets: PyTorch's, of items that are their own indices
for length, picked in [(9, [8, 0, 8]), (3, [])]:
    case("subset", length, picked, output=[int(i) for i in data.Subset(range(length), picked)])
for lengths in [[2, 3], [1, 0, 4], [3]]:
    joined = data.ConcatDataset([range(length) for length in lengths if length > 0])
    case("concatDatasets", lengths, output=[joined[i] for i in range(len(joined))])
for length, lengths in [(10, [7, 3]), (10, [0.7, 0.2, 0.1]), (11, [0.5, 0.3, 0.2]), (5, [0.25] * 4), (1, [0.5, 0.5])]:
    # The order is ours, the lengths of the parts are PyTorch's.
    order, parts, start = epoch_generator(5, 0).permutation(length), [], 0
    for part in data.random_split(range(length), lengths):
        parts.append(order[start : start + len(part)])
        start += len(part)
    case("splitDataset", length, lengths, {"seed": 5}, output=parts)

# The IDX format as its web page describes it, written with Python's struct
codes = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx(values):
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, codes[values.dtype.name], values.ndim, *values.shape)
    return header + values.astype(values.dtype.newbyteorder(">")).tobytes()


for dtype in codes:
    values = numpy.array([[0, 1, 2], [100, 77, 3]]).astype(dtype)
    if dtype.startswith("float"):
        values = values * numpy.dtype(dtype).type(-1.5)
    content = {"array": dtype, **array(values)}
    case("decodeIdx", encoded(idx(values)), output=content)
    case("encodeIdx", content, output=encoded(idx(values)))
    case("readIdx", encoded(gzip.compress(idx(values), mtime=0)), output=content)

# Digits: pixels are divided by 255, as torchvision's ToTensor does
pictures = numpy.random.RandomState(0).randint(0, 256, (3, 2, 4)).astype(numpy.uint8)
labels = numpy.array([7, 0, 9], dtype=numpy.uint8)
files = {"images": encoded(idx(pictures)), "labels": encoded(gzip.compress(idx(labels), mtime=0))}
scaled = torch.from_numpy(pictures).float().div(255)
for split in ["train", "test"]:
    case("digits", files, {"split": split}, output=points(scaled.reshape(3, 8), labels.astype(int)))
case("digits", files, {"split": "test", "flatten": False}, output=points(scaled[:, None], labels.astype(int)))

# Texts
for text in ["", "wörter, 言葉\r\n\u2028x", "\ufeffmark"]:
    # A byte order mark is not part of the text.
    case("readText", encoded(text.encode()), output=text.removeprefix("\ufeff"))
for text in ["hello world", "ba\nab", "žluťoučký kůň"]:
    known = sorted(set(text))
    case("Vocabulary", text, output={"characters": known, "tokens": [known.index(letter) for letter in text]})
tokens = torch.arange(100, 123, dtype=torch.int32)
for options in [{}, {"validation": 0.3}, {"validation": 0.5, "atMost": 4}, {"validation": 0}]:
    held = math.floor(min(options.get("validation", 0.1) * len(tokens), options.get("atMost", 2**17)))
    training, validation = torch.split(tokens, [len(tokens) - held, held])
    output = {"training": training.tolist(), "validation": validation.tolist()}
    case("splitTokens", tokens.tolist(), options, output=output)
for length, stride in [(4, 1), (5, 5), (3, 7), (22, 1)]:
    windows = [part.unfold(0, length, stride) for part in (tokens[:-1], tokens[1:])]
    case("textWindows", tokens.tolist(), {"length": length, "stride": stride}, output=points(*windows))

# Synthetic points, in alternating classes. Without noise, moons and circles equal scikit-learn's with `shuffle=False`.


def in_turn(classes):
    """Interleaves the classes: one point of each class in turn."""
    longest = max(len(curve) for curve in classes)
    taken = [(curve[i], label) for i in range(longest) for label, curve in enumerate(classes) if i < len(curve)]
    return points(torch.tensor([list(at) for at, _ in taken]).float(), [label for _, label in taken])


def plane(x, y):
    return numpy.stack([x, y], axis=1).tolist()


for samples in [10, 7]:
    first, second = math.ceil(samples / 2), samples // 2
    upper, lower = [numpy.linspace(0, math.pi, count) for count in (first, second)]
    moons = [plane(numpy.cos(upper), numpy.sin(upper)), plane(1 - numpy.cos(lower), 1 - numpy.sin(lower) - 0.5)]
    case("moons", {"samples": samples}, output=in_turn(moons))
    for options, factor in [({}, 0.8), ({"factor": 0.3}, 0.3)]:
        angles = [numpy.linspace(0, 2 * math.pi, count, endpoint=False) for count in (first, second)]
        rings = [plane(r * numpy.cos(a), r * numpy.sin(a)) for r, a in zip((1, factor), angles)]
        case("circles", {"samples": samples, **options}, output=in_turn(rings))
    for arms, turns in [(2, 1), (3, 1.5)]:
        winding = []
        for arm in range(arms):
            radius = numpy.arange(1, len(range(arm, samples, arms)) + 1) / len(range(arm, samples, arms))
            at = radius * numpy.exp(2j * math.pi * (turns * radius + arm / arms))
            winding.append(plane(at.real, at.imag))
        case("spirals", {"samples": samples, "classes": arms, "turns": turns}, output=in_turn(winding))
for noise in [0, 0.25]:
    generator = Generator(4)
    places, kinds = [], []
    for _ in range(12):
        place = [2 * generator.uniform() - 1 for _ in range(2)]
        kinds.append(int(numpy.logical_xor(*(coordinate > 0 for coordinate in place))))
        places.append([coordinate + noise * generator.normal() for coordinate in place])
    options = {"samples": 12, "seed": 4, "noise": noise}
    case("xor", options, output=points(torch.tensor(places, dtype=torch.float64).float(), kinds))

# Blobs: scikit-learn's points, centers in turn, around centers that are given or drawn


def blobs(centers, samples=20, noise=1.0, seed=0, **others):
    generator = Generator(seed)
    if isinstance(centers, int):
        stream, features = Generator(seed).split(), others.get("features", 2)
        middles = [[20 * stream.uniform() - 10 for _ in range(features)] for _ in range(centers)]
    else:
        middles = centers
    turns = [i % len(middles) for i in range(samples)]
    places = [[at + noise * generator.normal() for at in middles[label]] for label in turns]
    options = {"centers": centers, "samples": samples, "noise": noise, "seed": seed, **others}
    case("blobs", options, output=points(torch.tensor(places, dtype=torch.float64).float(), turns))


blobs(3)
blobs(4, samples=9, noise=0.5, seed=7, features=3)
blobs(1, samples=3, noise=0.0, features=1)
blobs([[0, 5], [-3, 2], [1e3, -1e3]], noise=0.25, seed=2)
blobs([[1, 2, 3, 4]], samples=2)

# Stars: corners as complex numbers
golden_ratio = (1 + math.sqrt(5)) / 2


def corners(options):
    tips, inner = options.get("points", 5), options.get("innerRadius", golden_ratio**-2)
    turns = numpy.arange(1, 2 * tips + 1)
    return numpy.where(turns % 2 == 1, inner, 1) * 1j * numpy.exp(1j * math.pi * turns / tips)


def flat(at):
    return array(torch.tensor(plane(at.real, at.imag)).float())


def strokes(start, directions, lengths):
    vectors = {"start": [start.real, start.imag], "directions": directions, "lengths": lengths}
    return {name: array(torch.tensor(numpy.asarray(each)).float()) for name, each in vectors.items()}


for options in [{}, {"points": 3, "innerRadius": 0.25}, {"points": 2, "innerRadius": 0.9}]:
    at = corners(options)
    steps = at - numpy.roll(at, 1)
    case("starCorners", options, output=flat(at))
    exact = strokes(at[-1], numpy.angle(steps), numpy.abs(steps))
    case("starStrokes", options, output=exact)
    case("strokeCorners", exact, output=flat(at))
    generator = Generator(6)
    directions = [angle + 0.5 * generator.normal() for angle in numpy.angle(steps)]
    lengths = [length * (1 + 0.2 * generator.normal()) for length in numpy.abs(steps)]
    case("wobblyStart", {**options, "seed": 6}, output=strokes(at[-1], directions, lengths))
    for size in [7, 13]:
        centre = (2 * torch.arange(size, dtype=torch.float64) + 1) / size - 1
        down, across = torch.meshgrid(-centre, centre, indexing="ij")
        pixels = (across + 1j * down).flatten().numpy()
        # A point is inside if the winding number of the outline around it is not 0.
        around = (numpy.roll(at, -1)[None] - pixels[:, None]) / (at[None] - pixels[:, None])
        winding = numpy.angle(around).sum(axis=1) / (2 * math.pi)
        ink = torch.tensor(numpy.round(winding) != 0).float()[:, None]
        case("starPixels", {**options, "size": size}, output={"x": flat(pixels), "y": array(ink)})

# Points on two sides of a line
for noise, options in [(0, {}), (0.3, {"margin": 0.9}), (0, {"margin": 0})]:
    generator = Generator(8)
    places, kinds = [], []
    while len(places) < 10:
        place = [2 * generator.uniform() - 1 for _ in range(2)]
        if abs(numpy.dot(place, [1, 1])) / math.sqrt(2) < options.get("margin", 0.2) / 2:
            continue
        kinds.append(int(sum(place) > 0))
        places.append([coordinate + noise * generator.normal() for coordinate in place])
    options = {"samples": 10, "seed": 8, "noise": noise, **options}
    case("linear", options, output=points(torch.tensor(places, dtype=torch.float64).float(), kinds))

# Pictures of strokes, as the docstring defines them: for all pixels at once, and with complex numbers


def distances(at, corners):
    """The distance of each pixel from the nearest of the straight lines between corners."""
    nearest = numpy.full(at.shape, numpy.inf)
    for begin, end in zip(corners[:-1], corners[1:]):
        along = end - begin
        part = 0 if along == 0 else numpy.clip(((at - begin) * along.conjugate()).real / abs(along) ** 2, 0, 1)
        nearest = numpy.minimum(nearest, abs(at - begin - part * along))
    return nearest


def raster(strokes, size):
    middles = numpy.arange(size) + 0.5
    at = middles[None, :] + 1j * middles[:, None]
    ink = numpy.zeros((size, size))
    for stroke in strokes:
        corners = numpy.array([complex((1 + x) / 2 * size, (1 - y) / 2 * size) for x, y in stroke["points"]])
        ends = numpy.append(corners, corners[:1]) if stroke["closed"] or len(corners) == 1 else corners
        distance = distances(at, ends)
        if stroke["closed"] and stroke["fill"] != "none":
            turned = numpy.angle((ends[1:, None, None] - at) / (ends[:-1, None, None] - at)).sum(axis=0)
            is_inside = numpy.round(turned / (2 * math.pi)) % 2 == 1
            covered = numpy.clip(0.5 + numpy.where(is_inside, distance, -distance), 0, 1)
            ink = ink + (1 - ink) * covered if stroke["fill"] == "ink" else ink * (1 - covered)
        ink += (1 - ink) * numpy.clip(0.5 + stroke["width"] / 4 * size - distance, 0, 1)
    return torch.from_numpy(numpy.floor(255 * ink + 0.5) / 255).float()


def stroke(places, width, closed=False, fill="none"):
    return {"points": places, "closed": closed, "fill": fill, "width": width}


zigzag = [[-0.9, -0.7], [-0.31, 0.83], [0.22, -0.54], [0.87, 0.61]]
triangle = [[-0.61, -0.53], [0.72, -0.42], [0.13, 0.77]]
knot = [[-0.8, -0.6], [0.75, 0.55], [0.7, -0.65], [-0.85, 0.5]]
for strokes, size in [
    ([], 3),
    ([stroke(zigzag, 0.11)], 16),
    ([stroke(zigzag, 0.31, closed=True), stroke([[0.1, 0.2]], 0.4)], 9),
    ([stroke(triangle, 0.05, True, "ink")], 12),
    ([stroke(zigzag, 0.2), stroke(triangle, 0.09, True, "paper"), stroke([[0.3, 2], [0.3, -3]], 0.17)], 17),
    ([stroke(knot, 0.07, True, "ink"), stroke([[5, 5], [6, 5], [6, 6]], 1, True, "ink")], 15),
    ([stroke(triangle, 0.1, False, "ink")], 1),
]:
    case("rasterize", strokes, {"size": size}, output=array(raster(strokes, size)))

# Resizing: PyTorch's, in float64
state = numpy.random.RandomState(3)
for shape, size in [
    ((1, 4, 4), 2),
    ((3, 7, 5), [4, 9]),
    ((2, 2, 13, 11), [3, 2]),
    ((5, 6), 5),
    ((1, 3, 3), 1),
    ((1, 1, 1), [2, 3]),
    ((3, 8, 6), [8, 6]),
    ((1, 50, 3), [7, 3]),
]:
    values = torch.from_numpy(state.random_sample(shape).astype(numpy.float32))
    images = values.double().reshape(1, -1, *shape[-2:])
    wanted = [size, size] if isinstance(size, int) else size
    out = torch.nn.functional.interpolate(images, wanted, mode="bilinear", antialias=True, align_corners=False)
    case("resize", array(values), {"size": size}, output=array(out.reshape(*shape[:-2], *wanted).float()))

# Transforms: PyTorch's functions; the numbers that are drawn are Philox's, one generator an image
pictures = torch.from_numpy(state.random_sample((3, 2, 5, 6)).astype(numpy.float32))
seeds = [3, 4, 5]
mean, std = [0.5, 0.25], [0.25, 2]
channels = lambda numbers: torch.tensor(numbers)[:, None, None]
wanted = (pictures - channels(mean)) / channels(std)
case("normalize", array(pictures), {"mean": mean, "std": std}, output=array(wanted))
case("normalize", array(pictures[:, :, 0, 0]), {"mean": 0.5, "std": 4}, output=array((pictures[:, :, 0, 0] - 0.5) / 4))


def grey_of(rgb):
    return (rgb * torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)[:, None, None]).sum(0, keepdim=True)


def moved(matrices, images=pictures):
    grid = torch.nn.functional.affine_grid(torch.as_tensor(matrices).double(), images.shape, align_corners=False)
    return torch.nn.functional.grid_sample(images.double(), grid, align_corners=False).float()


for matrices in [state.uniform(-1, 1, (3, 2, 3)), numpy.tile([[1.0, 0, 0], [0, 1, 0]], (3, 1, 1)), numpy.zeros((3, 2, 3))]:
    matrices = torch.from_numpy(matrices.astype(numpy.float32))
    case("affine", array(pictures), array(matrices), output=array(moved(matrices)))
for options in [{"degrees": 30}, {"translate": 0.25}, {"degrees": 180, "translate": 0.1, "scale": [0.5, 1.5]}]:
    matrices = []
    for seed in seeds:
        generator = Generator(seed)
        angle = math.radians((2 * generator.uniform() - 1) * options.get("degrees", 0))
        right, down = [2 * (2 * generator.uniform() - 1) * options.get("translate", 0) for _ in range(2)]
        least, greatest = options.get("scale", [1, 1])
        factor = least + generator.uniform() * (greatest - least)
        # From coordinates of the result to pixels, back by the movement, and to coordinates of the image.
        pixels = numpy.diag([6 / 2, 5 / 2, 1])
        shift = numpy.array([[1, 0, right], [0, 1, down], [0, 0, 1]])
        turn = factor * numpy.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        turn = numpy.block([[turn, numpy.zeros((2, 1))], [numpy.zeros((1, 2)), numpy.ones((1, 1))]])
        forth = shift @ numpy.linalg.inv(pixels) @ turn @ pixels
        matrices.append(numpy.linalg.inv(forth)[:2])
    case("randomAffine", array(pictures), options, seeds, output=array(moved(numpy.array(matrices))))
for options in [{"padding": 2}, {"size": 3}, {"size": [4, 8], "padding": 1, "value": -1}, {"size": [1, 2], "padding": 3}]:
    padding, size = options.get("padding", 0), options.get("size", [5, 6])
    height, width = size if isinstance(size, list) else [size, size]
    padded = torch.nn.functional.pad(pictures, [padding] * 4, value=options.get("value", 0))
    cut = []
    for image, seed in zip(padded, seeds):
        generator = Generator(seed)
        top = math.floor(generator.uniform() * (padded.shape[2] - height + 1))
        left = math.floor(generator.uniform() * (padded.shape[3] - width + 1))
        cut.append(image[:, top : top + height, left : left + width])
    case("randomCrop", array(pictures), options, seeds, output=array(torch.stack(cut)))
for options in [{}, {"direction": "vertical"}, {"probability": 0}, {"probability": 1}]:
    axis = 1 if options.get("direction") == "vertical" else 2
    mirrored = [
        image.flip(axis) if Generator(seed).uniform() < options.get("probability", 0.5) else image
        for image, seed in zip(pictures, seeds)
    ]
    case("randomFlip", array(pictures), options, seeds, output=array(torch.stack(mirrored)))
for options in [{}, {"probability": 1, "value": 7}, {"probability": 1, "scale": [0.3, 0.9], "ratio": [0.5, 2]}]:
    erased = pictures.clone()
    for image, seed in zip(erased, seeds):
        generator = Generator(seed)
        if generator.uniform() >= options.get("probability", 0.5):
            continue
        for _ in range(10):
            least, greatest = options.get("scale", [0.02, 0.33])
            area = (least + generator.uniform() * (greatest - least)) * 30
            least, greatest = numpy.log(options.get("ratio", [0.3, 3.3]))
            ratio = math.exp(least + generator.uniform() * (greatest - least))
            rows, columns = [math.floor(math.sqrt(each) + 0.5) for each in (area * ratio, area / ratio)]
            if rows >= 5 or columns >= 6:
                continue
            top = math.floor(generator.uniform() * (5 - rows + 1))
            left = math.floor(generator.uniform() * (6 - columns + 1))
            image[:, top : top + rows, left : left + columns] = options.get("value", 0)
            break
    case("randomErase", array(pictures), options, seeds, output=array(erased))
for colours in [pictures, torch.cat([pictures, pictures[:, :1] ** 2], 1)]:
    for options in [{"brightness": 0.5}, {"contrast": 0.8}, {"saturation": 1.5}, {"brightness": 0.9, "contrast": 0.5, "saturation": 0.7}]:
        jittered = []
        for image, seed in zip(colours.double(), seeds):
            generator, is_colour = Generator(seed), image.shape[0] == 3
            grey = grey_of if is_colour else (lambda one: one)
            reaches = [options.get(name, 0) for name in ("brightness", "contrast", "saturation")]
            factors = [max(0, 1 - reach) + generator.uniform() * (1 + reach - max(0, 1 - reach)) for reach in reaches]
            bases = [torch.zeros_like, lambda one: grey(one)[:1].mean(), grey if is_colour else lambda one: one]
            for reach, factor, base in zip(reaches, factors, bases):
                if reach > 0:
                    image = torch.lerp(base(image) * torch.ones_like(image), image, factor).clamp(0, 1)
            jittered.append(image)
        case("colorJitter", array(colours), options, seeds, output=array(torch.stack(jittered).float()))
for labels in [["b", "a", "b", "c"], [3, 10, -1, 3]]:
    known = sorted(set(labels))
    places = torch.tensor([known.index(label) for label in labels])
    rows = array(torch.nn.functional.one_hot(places, len(known)))
    case("OneHotEncoder", labels, output={"categories": known, "rows": rows})
for values in [pictures, pictures[:, :, 0, 0], torch.tensor([[1.0, 2], [1, 4], [1, 9]])]:
    # Scikit-learn's StandardScaler: over all axes but axis 1, and 1 for a feature that is always the same.
    axes = [axis for axis in range(values.ndim) if axis != 1]
    centre, spread = values.double().mean(axes), values.double().std(axes, correction=0)
    spread[spread == 0] = 1
    shape = [-1] + [1] * (values.ndim - 2)
    scaled = (values.double() - centre.reshape(shape)) / spread.reshape(shape)
    output = {"mean": array(centre), "std": array(spread), "scaled": array(scaled)}
    case("fitStandardizer", array(values), output=output)
    case("Standardizer", array(values), output=output)

# Pictures: PNG as its specification describes it, packed by Python's zlib


def part(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(rows, width, height, depth, colour, *parts):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in rows))
    others = b"".join(part(*each) for each in parts)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + others + part(b"IDAT", packed) + part(b"IEND", b"")


height, width = 5, 6
colours = state.randint(0, 256, (height, width, 4)).astype(numpy.uint8)
rgb = torch.from_numpy(colours[..., :3]).permute(2, 0, 1).double() / 255
opacity = torch.from_numpy(colours[..., 3]).double() / 255
coloured = png([row.tobytes() for row in colours[..., :3]], width, height, 8, 2)
for options, wanted in [({}, rgb), ({"channels": 1}, grey_of(rgb))]:
    case("decodeImage", encoded(coloured), options, output=array(wanted.float()))
clear = png([row.tobytes() for row in colours], width, height, 8, 6)
case("decodeImage", encoded(clear), {}, output=array((rgb * opacity + 1 - opacity).float()))
deep = state.randint(0, 2**16, (height, width)).astype(numpy.uint16)
wanted = torch.from_numpy(numpy.rint(deep / 257) / 255)[None]
deep = png([row.astype(">u2").tobytes() for row in deep], width, height, 16, 0)
case("decodeImage", encoded(deep), {"channels": 1}, output=array(wanted.float()))
for depth in [1, 2, 4]:
    levels = state.randint(0, 2**depth, (height, 8)).astype(numpy.uint8)
    bits = numpy.unpackbits(levels[..., None], axis=-1)[..., 8 - depth :].reshape(height, -1)
    rows = [numpy.packbits(row[: 7 * depth]).tobytes() for row in bits]
    wanted = torch.from_numpy(levels[:, :7] / (2**depth - 1))[None]
    packed = png(rows, 7, height, depth, 0)
    case("decodeImage", encoded(packed), {"channels": 1}, output=array(wanted.float()))
    palette = state.randint(0, 256, (2**depth, 3)).astype(numpy.uint8)
    wanted = torch.from_numpy(palette[levels[:, :7]]).permute(2, 0, 1).double() / 255
    painted = png(rows, 7, height, depth, 3, (b"PLTE", palette.tobytes()))
    case("decodeImage", encoded(painted), {}, output=array(wanted.float()))
mean, std = [0.5, 0.25, 0.75], [0.25, 0.5, 2]
middle = torch.nn.functional.interpolate(
    rgb[None, :, :, 0:5], (2, 2), mode="bilinear", antialias=True, align_corners=False
)[0]
middle = (middle - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
options = {"size": 2, "fit": "cover", "mean": mean, "std": std}
case("decodeImage", encoded(coloured), options, output=array(middle.float()))
case("readImage", encoded(coloured), {}, output=array(rgb.float()))

pathlib.Path(__file__).with_name("datasets.jsonl").write_text("\n".join(lines) + "\n")
