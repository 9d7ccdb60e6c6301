import Tensors

/// Makes a log-mel spectrogram audible.
public protocol Vocoder {
    /// What spectrograms it takes.
    var settings: MelSettings { get }
    /// One channel at `settings.rate`, about `hop` samples for each frame.
    ///
    /// - Parameter spectrogram: `[frames, bands]` in 0...1.
    /// - Parameter noise: where whatever is random is drawn from.
    func sound(of spectrogram: Tensor, noise: Noise) -> Sound
}

extension GriffinLim: Vocoder {
    public var settings: MelSettings { mel.settings }

    public func sound(of spectrogram: Tensor, noise: Noise) -> Sound { self(spectrogram, noise: noise) }
}
