import Tensors

/// Samples of one or several channels.
///
///     samples: [frames, channels]    row-major, full scale is -1...1
public struct Sound: Sendable, Equatable {
    /// Samples a second, of each channel.
    public let rate: Int
    public let channels: Int
    public var samples: [Float]

    public var frames: Int { samples.count / channels }
    public var seconds: Double { Double(frames) / Double(rate) }

    public init(rate: Int, channels: Int = 1, samples: [Float]) {
        require(rate > 0 && channels > 0, "Sound: \(channels) channels at \(rate) Hz")
        require(samples.count % channels == 0, "Sound: \(samples.count) samples of \(channels) channels")
        self.rate = rate
        self.channels = channels
        self.samples = samples
    }

    /// One channel, the mean of all.
    public var mono: Sound { channels == 1 ? self : Sound(rate: rate, samples: Self.mixed(samples, channels: channels)) }

    static func mixed(_ samples: [Float], channels: Int) -> [Float] {
        if channels == 1 { return samples }
        return stride(from: 0, to: samples.count, by: channels).map { start in
            samples[start..<start + channels].reduce(0, +) / Float(channels)
        }
    }

    /// The same sound at another rate, band-limited to the lower of the two; see `Resampler`.
    public func resampled(to rate: Int) -> Sound {
        if rate == self.rate { return self }
        let prepared = Resampler(from: self.rate, to: rate)
        let parts = (0..<channels).map { channel in
            var resampler = prepared
            let own = channels == 1 ? samples : stride(from: channel, to: samples.count, by: channels).map { samples[$0] }
            return resampler.push(own) + resampler.finish()
        }
        if channels == 1 { return Sound(rate: rate, samples: parts[0]) }
        return Sound(rate: rate, channels: channels, samples: parts[0].indices.flatMap { frame in parts.map { $0[frame] } })
    }
}
