import Tensors

/// What VGGish hears of a sound: log-mel spectrograms of 0.96 seconds, one after the other (Hershey et al. 2017, arXiv 1609.09430; the
/// numbers are those of its published program).
public struct VGGishPatches: Sendable {
    public static let rate = 16_000
    private static let (frames, bands) = (96, 64)
    private static let (size, window, hop) = (512, 400, 160)
    private let fourier = ShortTimeFourier(size: size, hop: hop, window: window)
    private let filters = BandFilters(
        MelFilters.logarithmic(rate: rate, size: size, bands: bands, low: 125, high: 7500))

    public init() {}

    /// A sound that fills no patch is continued by silence until it fills one; what is left at the end of a longer one is not heard.
    ///
    ///     returns [patches, 96, 64]
    public func callAsFunction(_ sound: Sound) -> Tensor {
        var samples = sound.mono.resampled(to: Self.rate).samples
        let least = (Self.frames - 1) * Self.hop + Self.window
        samples += [Float](repeating: 0, count: max(0, least - samples.count))
        let frames = (samples.count - Self.window) / Self.hop + 1
        // Frames of the transform are longer than the window.
        samples += [Float](repeating: 0, count: Self.size - Self.window)
        let heard = fourier.bandMagnitudes(Tensor(samples, [samples.count]), filters)
        let patches = frames / Self.frames
        return (heard.slice(0, 0..<patches * Self.frames) + 0.01).log().reshaped([patches, Self.frames, Self.bands])
    }
}
