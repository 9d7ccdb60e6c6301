import Glibc
import Tensors

/// Sound to log-mel spectrograms with values in 0...1, frame n centred on sample n · hop (librosa's convention, mirrored at both ends).
public struct MelSpectrogram: Sendable {
    public let settings: MelSettings
    public let fourier: ShortTimeFourier
    /// `[bins, bands]`.
    public let filters: Tensor
    private let bands: BandFilters

    public init(_ settings: MelSettings = MelSettings()) {
        let fault = settings.fault
        require(fault == nil, "MelSpectrogram: \(fault ?? "")")
        self.settings = settings
        fourier = ShortTimeFourier(size: settings.size, hop: settings.hop)
        filters = MelFilters.weights(
            rate: settings.rate, size: settings.size, bands: settings.bands, low: settings.low, high: settings.high)
        bands = BandFilters(filters)
    }

    /// Of any rate and any number of channels.
    ///
    ///     returns [frames, bands]
    public func callAsFunction(_ sound: Sound) -> Tensor {
        var stream = MelStream(self, rate: sound.rate)
        stream.push(Sound.mixed(sound.samples, channels: sound.channels))
        return stream.finish()
    }

    /// Of a file that need not fit into memory.
    ///
    ///     returns [frames, bands]
    public func callAsFunction(_ reader: SoundReader, progress: (_ samplesRead: Int) -> Void = { _ in }) throws -> Tensor {
        var stream = MelStream(self, rate: reader.rate)
        var count = 0
        while true {
            // As much as makes a few million samples at our rate.
            let block = try reader.read(max(256, min(1 << 18, (1 << 22) * reader.rate / settings.rate)))
            if block.isEmpty { return stream.finish() }
            count += block.count / reader.channels
            stream.push(Sound.mixed(block, channels: reader.channels))
            progress(count)
        }
    }

    /// Of the frames that lie wholly in a signal of the right rate.
    ///
    ///     x: [L]
    ///     returns [(L - size) / hop + 1, bands]
    func inner(_ x: Tensor) -> Tensor {
        normalized(fourier.bandMagnitudes(x, bands))
    }

    /// Of the frames that lie wholly in several signals of the right rate; differentiable.
    ///
    ///     x: [B, L]
    ///     returns [B, (L - size) / hop + 1, bands]
    public func inner(signals x: Tensor) -> Tensor {
        let (B, L) = x.shape2
        guard willRecord(x) else { return stacked((0..<B).map { inner(x.slice(0, $0..<$0 + 1).reshaped([L])) }, axis: 0) }
        // A root has no slope at 0. What is added is far below the floor.
        let power = squaredMagnitudes(fourier.spectra(x)) + 1e-14
        return normalized(matmul(power.sqrt(), filters))
    }

    /// What an amplitude of 1 becomes.
    private var middle: Float { Float(1 - settings.loudest / settings.range) }

    /// Amplitudes to 0...1.
    public func normalized(_ amplitudes: Tensor) -> Tensor {
        let scale = 20 / (settings.range * log(10))
        return (amplitudes.clamped(Float(settings.floor), .infinity).log() * Float(scale) + middle).clamped(0, 1)
    }

    /// The amplitudes that `normalized` makes these of; 0 becomes the quietest that can be told.
    public func amplitudes(_ values: Tensor) -> Tensor {
        let scale = settings.range * log(10) / 20
        return ((values - middle) * Float(scale)).exp()
    }
}
