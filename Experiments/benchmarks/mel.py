"""Agreement and time of `latentlab mel` and librosa on sound files: python mel.py LATENTLAB FILE...

Each file becomes a log-mel spectrogram (22,050 Hz, 1024/256, 80 bands of 125 to 7,600 Hz, Diffsound's normalisation) in both, in turns,
three times, and is written to a file. The time of librosa is that of its functions in a running process, single precision; that of
LatentLab is of the whole process.
"""

import statistics
import subprocess
import sys
import tempfile
import time

import librosa
import numpy as np
import soundfile
from safetensors.numpy import load_file, save_file


def spectrogram(path, kind):
    sound, rate = soundfile.read(path, dtype=kind, always_2d=True)
    sound = sound.mean(1)
    if rate != 22050:
        sound = librosa.resample(sound, orig_sr=rate, target_sr=22050, res_type="soxr_hq")
    size = np.abs(librosa.stft(sound, n_fft=1024, hop_length=256, pad_mode="reflect"))
    bands = librosa.filters.mel(sr=22050, n_fft=1024, n_mels=80, fmin=125, fmax=7600, dtype=kind) @ size
    return np.clip((20 * np.log10(np.maximum(bands, 1e-5)) - 20 + 100) / 100, 0, 1).T


program, *files = sys.argv[1:]
for path in files:
    exact = spectrogram(path, np.float64)
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run([program, "mel", path, folder + "/mel.safetensors", "--quiet"], check=True)
            ours.append(time.perf_counter() - start)
            start = time.perf_counter()
            single = spectrogram(path, np.float32)
            save_file({"mel": single}, folder + "/librosa.safetensors")
            theirs.append(time.perf_counter() - start)
        mel = load_file(folder + "/mel.safetensors")["mel"]
    assert mel.shape == exact.shape, (path, mel.shape, exact.shape)
    print(
        f"{path}: {len(mel)} frames, largest difference {np.abs(mel - exact).max():.1e} (librosa in single precision"
        f" {np.abs(single - exact).max():.1e}), {statistics.median(ours):.3f} s, librosa {statistics.median(theirs):.3f} s"
    )
