import Media
import Tensors

/// A trained MelGAN as a vocoder. It draws nothing at random.
public struct MelGANVocoder: Vocoder {
    public let settings: MelSettings
    public let generator: MelGANGenerator

    /// Frames made at a time by one thread. Each piece hears its neighbours' frames, so that the cut changes nothing but rounding, and as
    /// many as every other: a convolution is prepared for one length.
    private static let piece = 64

    public init(_ generator: MelGANGenerator, settings: MelSettings) {
        let c = generator.configuration
        require(c.hop == settings.hop && c.bands == settings.bands, "MelGANVocoder: generator \(c) for spectrograms \(settings)")
        self.settings = settings
        self.generator = generator
    }

    /// (frames - 1) · hop samples. Of a long spectrogram too: memory grows with the sound alone.
    public func sound(of spectrogram: Tensor, noise: Noise) -> Sound {
        let (frames, bands) = spectrogram.shape2
        require(
            bands == settings.bands && frames > 0, "MelGANVocoder: a spectrogram \(spectrogram.shape) of \(settings.bands) bands")
        let (hop, reach) = (settings.hop, generator.configuration.reach)
        let parts = pieces(frames, of: Self.piece)
        let heard = Self.piece + 2 * reach
        // A short one goes on as its mirror image.
        let missing = max(0, heard - frames)
        let whole = reflected(spectrogram, by: missing, axis: 0).slice(0, missing..<2 * missing + frames)
        let made = concurrently(parts.count) { index in
            let part = parts[index]
            let start = min(max(0, part.lowerBound - reach), whole.shape[0] - heard)
            let sound = withoutGradients { generator(whole.slice(0, start..<start + heard).unsqueezed(0)) }
            return sound.slice(1, (part.lowerBound - start) * hop..<(part.upperBound - start) * hop).values
        }
        // Frame n lies in the middle of what is made of it, so that the first half hop is before the beginning.
        let samples = made.joined().dropFirst(hop / 2).prefix(max(1, (frames - 1) * hop))
        return Sound(rate: settings.rate, samples: Array(samples))
    }
}
