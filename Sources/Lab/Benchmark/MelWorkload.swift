import Glibc
import Media
import Tensors

extension Workload {
    /// The log-mel spectrogram of a minute of noise and a tone.
    static var melSpectrogram: Workload {
        let settings = MelSettings()
        let count = 60 * settings.rate
        let (frames, size) = (Double(count / settings.hop + 1), Double(settings.size))
        return Workload(
            name: "mel", summary: "log-mel spectrogram of 60 seconds at \(settings.rate) Hz",
            flops: frames * (2.5 * size * log2(size) + 5 * size), bytes: 4 * Double(count)
        ) { _ in
            let mel = MelSpectrogram(settings)
            let noise = Noise(seed: 2).normal([count]).values
            let samples = noise.enumerated().map { 0.05 * $1 + 0.3 * sin(2 * .pi * 440 * Float($0 % settings.rate) / 22_050) }
            let sound = Sound(rate: settings.rate, samples: samples)
            return { _ = mel(sound) }
        }
    }
}
