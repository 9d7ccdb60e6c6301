import Media
import Metrics
import Systems
import Tensors
import Training

extension Evaluation {
    /// How far what a vocoder makes of spectrograms is from the recordings, and how fast it makes it; of Griffin-Lim beside it.
    func vocoder(_ loaded: ModelDirectory.Loaded) throws -> [Result] {
        guard let system = loaded.system as? any VocoderSystem else {
            throw InputError("this model is no vocoder", at: model, found: type(of: loaded.system).name)
        }
        let settings = system.vocoder.settings
        guard settings.bands > SoundDifference.cepstrum else {
            throw InputError(
                "has too few bands for a cepstrum", at: model, expected: "more than \(SoundDifference.cepstrum)",
                found: "\(settings.bands)")
        }
        let mel = MelSpectrogram(settings)
        let dataset = try DataSection.named(kind, split: split)
        let recordings = try (0..<min(count, dataset.count)).map { index in
            let example = try dataset.example(index, epoch: 0)
            guard let sound = example.sound else { throw InputError("has no sound", at: "--data \(kind)", found: example.name) }
            return sound.mono.resampled(to: settings.rate)
        }
        let griffinLim = GriffinLim(mel)
        return measured(system.vocoder, "", mel, recordings)
            + measured(griffinLim, "griffin-lim-", mel, recordings)
    }

    private func measured(_ vocoder: any Vocoder, _ name: String, _ mel: MelSpectrogram, _ recordings: [Sound]) -> [Result] {
        var (cepstral, spectral, seconds, took) = (0.0, 0.0, 0.0, 0.0)
        let bar = ProgressBar(name + "vocoder", total: recordings.count, unit: "sound", quiet: quiet)
        for (index, recording) in recordings.enumerated() {
            let spectrogram = mel(recording)
            let place = Noise(seed: UInt64(seed))(index)
            // What is prepared for the first sound is not counted.
            if index == 0 { _ = vocoder.sound(of: spectrogram, noise: place) }
            let began = monotonicSeconds()
            let made = vocoder.sound(of: spectrogram, noise: place)
            took += monotonicSeconds() - began
            seconds += made.seconds
            cepstral += SoundDifference.melCepstral(mel.amplitudes(mel(made)).log(), mel.amplitudes(spectrogram).log())
            spectral += SoundDifference.logSpectral(
                magnitudes(made, mel),
                magnitudes(Sound(rate: made.rate, samples: Array(recording.samples.prefix(made.frames))), mel),
                floor: 1e-2)
            bar.update(index + 1)
        }
        bar.finish()
        let count = Double(recordings.count)
        return [
            Result(
                name: name + "mel-cepstral", value: cepstral / count,
                text: "\(fixed(cepstral / count, decimals: 2)) dB over \(recordings.count) \(split) sounds"),
            Result(
                name: name + "log-spectral", value: spectral / count,
                text: "\(fixed(spectral / count, decimals: 2)) dB, down to 88 dB below a full sine"),
            Result(
                name: name + "real-time", value: seconds / took,
                text: "\(fixed(seconds / took, decimals: 1)) times as fast as the sound lasts, on \(Compute.threads) threads"),
        ]
    }

    /// `[frames, bins]`.
    private func magnitudes(_ sound: Sound, _ mel: MelSpectrogram) -> Tensor {
        withoutGradients { squaredMagnitudes(mel.fourier(Tensor(sound.samples, [1, sound.frames]))).sqrt().squeezed(0) }
    }
}
