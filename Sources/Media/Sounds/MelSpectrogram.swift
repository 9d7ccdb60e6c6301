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

/// A log-mel spectrogram made while its sound comes in.
struct MelStream {
    private let mel: MelSpectrogram
    private var resampler: Resampler?
    /// From the first sample that the next frame reaches, mirrored ones before the beginning included.
    private var waiting: [Float] = []
    private var hasBegun = false
    /// The last samples of all, for the mirror image at the end.
    private var tail: [Float] = []
    private var values: [Float] = []

    /// Frames worked on by one thread at a time; their numbers then stay in its cache.
    private static let block = 64

    init(_ mel: MelSpectrogram, rate: Int) {
        self.mel = mel
        if rate != mel.settings.rate { resampler = Resampler(from: rate, to: mel.settings.rate) }
    }

    mutating func push(_ samples: [Float]) { append(resampler?.push(samples) ?? samples) }

    private mutating func append(_ samples: [Float]) {
        let reach = mel.fourier.reach
        waiting += samples
        tail = samples.count > reach ? Array(samples[(samples.count - reach - 1)...]) : Array((tail + samples).suffix(reach + 1))
        if !hasBegun, waiting.count > reach {
            waiting = waiting[1...reach].reversed() + waiting
            hasBegun = true
        }
        if hasBegun { work() }
    }

    /// - Returns: [frames, bands]
    mutating func finish() -> Tensor {
        append(resampler?.finish() ?? [])
        let reach = mel.fourier.reach
        if hasBegun {
            waiting += tail.dropLast().reversed()
        } else {
            waiting = reflected(Tensor(waiting.isEmpty ? [0] : waiting, [1, max(1, waiting.count)]), by: reach).values
        }
        work()
        let bands = mel.settings.bands
        return Tensor(values, [values.count / bands, bands])
    }

    private mutating func work() {
        let (size, hop) = (mel.settings.size, mel.settings.hop)
        guard waiting.count >= size else { return }
        let frames = (waiting.count - size) / hop + 1
        let (mel, signal) = (self.mel, Tensor(waiting, [waiting.count]))
        let parts = pieces(frames, of: Self.block)
        let blocks = concurrently(parts.count) { index in
            let reached = parts[index].lowerBound * hop..<(parts[index].upperBound - 1) * hop + size
            return withoutGradients { mel.inner(signal.slice(0, reached)) }.values
        }
        for block in blocks { values += block }
        waiting.removeFirst(frames * hop)
    }
}
