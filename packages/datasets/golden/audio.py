"""Writes audio.json in this folder: WAV files by Python's module wave, and logarithmic mel spectrograms by torch.stft and filters of NumPy.

    npm run goldens -- --only datasets/golden/audio
"""

import base64
import io
import json
import wave

import numpy
import torch


def hertz_to_mel(f, scale):
    if scale == "htk":
        return 2595 * numpy.log10(1 + f / 700)
    return numpy.where(f < 1000, 3 * f / 200, 15 + 27 * numpy.log(numpy.maximum(f, 1e-9) / 1000) / numpy.log(6.4))


def mel_to_hertz(mel, scale):
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    return numpy.where(mel < 15, 200 * mel / 3, 1000 * 6.4 ** ((mel - 15) / 27))


def filters(rate, size, bands, low, high, scale):
    """[size // 2 + 1, bands], as torchaudio.functional.melscale_fbanks makes them."""
    edges = mel_to_hertz(
        numpy.linspace(*hertz_to_mel(numpy.array([low, high], float), scale), bands + 2), scale
    )
    distances = edges[None] - numpy.linspace(0, rate / 2, size // 2 + 1)[:, None]
    widths = numpy.diff(edges)
    down, up = -distances[:, :-2] / widths[:-1], distances[:, 2:] / widths[1:]
    bank = numpy.maximum(0, numpy.minimum(down, up))
    return bank * 2 / (edges[2:] - edges[:-2]) if scale == "slaney" else bank


spectrograms = []
random = numpy.random.RandomState(0)
for samples, rate, size, hop, bands, low, high, scale in [
    (1000, 16000, 400, 160, 80, 0, 8000, "htk"),
    (1000, 16000, 400, 160, 80, 0, 8000, "slaney"),
    (700, 22050, 512, 128, 20, 50, 9000, "slaney"),
    (300, 8000, 150, 75, 12, 100, 3500, "htk"),
    (64, 8000, 64, 200, 4, 0, 4000, "htk"),
]:
    time = numpy.arange(samples) / rate
    x = (0.5 * numpy.sin(2 * numpy.pi * 900 * time) + 0.01 * random.randn(samples)).astype("float32")
    window = torch.hann_window(size, dtype=torch.float64)
    spectrum = torch.stft(
        torch.tensor(x, dtype=torch.float64), size, hop, window=window, center=True, pad_mode="reflect", return_complex=True
    )
    energy = torch.from_numpy(filters(rate, size, bands, low, high, scale).T) @ spectrum.abs().square()
    output = energy.clamp(min=1e-10).log()
    options = {"sampleRate": rate, "fftSize": size, "hopLength": hop, "melBands": bands}
    options |= {"minimumFrequency": low, "maximumFrequency": high, "scale": scale}
    data = [float(f"{v:.7g}") for v in output.flatten().tolist()]
    samples = [float(f"{v:.9g}") for v in x.tolist()]
    spectrograms.append({"samples": samples, "options": options, "shape": list(output.shape), "data": data})

files = []
for channels, width in [(1, 1), (2, 2), (1, 3), (2, 4)]:
    whole = random.randint(-(2 ** (8 * width - 1)), 2 ** (8 * width - 1), (5, channels))
    whole[0] = -(2 ** (8 * width - 1))
    offset = 128 if width == 1 else 0
    raw = b"".join(int(v + offset).to_bytes(width, "little", signed=width > 1) for v in whole.flatten())
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(44100)
        file.writeframes(raw)
    samples = (whole.T / 2 ** (8 * width - 1)).astype("float32")
    content = base64.b64encode(target.getvalue()).decode()
    files.append({"file": content, "sampleRate": 44100, "samples": samples.astype(float).tolist()})

with open("audio.json", "w") as file:
    json.dump({"spectrograms": spectrograms, "files": files}, file)
