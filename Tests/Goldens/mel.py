"""mel.safetensors: log-mel spectrograms, short-time transforms and filters of librosa, in float64 from float32 samples.

Needs librosa, soundfile and Debian's espeak-ng.

    <signal>.samples [L], <signal>.mel [frames, 80]   22,050 Hz, 1024/256, 80 bands of 125 to 7,600 Hz, mirrored ends, Diffsound's
        normalisation; signals: speech (espeak-ng), noise, few (fewer samples than a frame), one (a single sample), silence,
        chirp (44,100 Hz, resampled by soxr_hq)
    stft.re, stft.im [frames, 201], istft [1200]      of the first 1200 samples of noise in frames of 400, 160 apart
    filters [201, 40]                                 16,000 Hz, 400, 40 bands of 20 to 8,000 Hz
"""

import io
import subprocess

import librosa
import numpy as np
import soundfile
import torch

from golden import save


def mel(samples, rate=22050):
    x = samples.astype(np.float64)
    if rate != 22050:
        x = librosa.resample(x, orig_sr=rate, target_sr=22050, res_type="soxr_hq")
    size = np.abs(librosa.stft(x, n_fft=1024, hop_length=256, pad_mode="reflect"))
    bands = librosa.filters.mel(sr=22050, n_fft=1024, n_mels=80, fmin=125, fmax=7600, dtype=np.float64) @ size
    return np.clip((20 * np.log10(np.maximum(bands, 1e-5)) - 20 + 100) / 100, 0, 1).T


draw = np.random.RandomState(1)
wave = subprocess.run(["espeak-ng", "--stdout", "two short beeps"], check=True, capture_output=True).stdout
speech, rate = soundfile.read(io.BytesIO(wave), dtype="float32")
assert rate == 22050
time = np.arange(6000) / 44100
signals = {
    "speech": speech[1000:6000],
    "noise": (0.1 * draw.randn(4000)).astype(np.float32),
    "few": (0.1 * draw.randn(700)).astype(np.float32),
    "one": np.array([0.5], np.float32),
    "silence": np.zeros(2000, np.float32),
    "chirp": (0.4 * np.sin(2 * np.pi * (300 * time + 12000 * time**2)) + 0.003 * draw.randn(6000)).astype(np.float32),
}
fixture = {}
for name, samples in signals.items():
    fixture[f"{name}.samples"] = samples
    fixture[f"{name}.mel"] = mel(samples, 44100 if name == "chirp" else 22050)
noise = signals["noise"][:1200].astype(np.float64)
spectra = librosa.stft(noise, n_fft=400, hop_length=160, pad_mode="reflect")
fixture["stft.re"], fixture["stft.im"] = spectra.real.T.copy(), spectra.imag.T.copy()
# Of spectra that are of no signal, so that the least squares count.
fixture["istft"] = librosa.istft(spectra * (1 + 0.5 * (np.arange(spectra.shape[1]) % 2)), hop_length=160, n_fft=400, length=1200)
fixture["filters"] = librosa.filters.mel(sr=16000, n_fft=400, n_mels=40, fmin=20, fmax=8000, dtype=np.float64).T.copy()
save("mel", {k: torch.from_numpy(v) for k, v in fixture.items()})
