import Tensors

/// How sound becomes a log-mel spectrogram; kept with every model that was trained on such.
///
/// The defaults are Diffsound's (Yang et al. 2022, arXiv 2207.09983): amplitudes a in 80 bands become
/// clip((20 log10 max(a, 10⁻⁵) - 20 + 100) / 100) in 0...1, so that 10⁻⁴ is 0 and 10 is 1.
public struct MelSettings: Sendable, Equatable {
    /// Samples a second; sound of another rate is resampled.
    public var rate = 22_050
    /// Samples of a frame.
    public var size = 1024
    /// Samples from a frame to the next.
    public var hop = 256
    public var bands = 80
    /// Hertz at which the lowest band begins and the highest ends.
    public var low = 125.0
    public var high = 7600.0
    /// Amplitudes below count as this.
    public var floor = 1e-5
    /// Decibels that are 1, and how many lie between 0 and 1.
    public var loudest = 20.0
    public var range = 100.0

    public init() {}

    /// Throws what is wrong with values that a person wrote.
    public func check(at place: String? = nil) throws(InputError) {
        func fail(_ key: String, _ expected: String, _ found: some CustomStringConvertible) -> InputError {
            InputError("no such spectrogram", at: place.map { "\($0).\(key)" } ?? key, expected: expected, found: "\(found)")
        }
        guard SoundReader.rates.contains(rate) else {
            throw fail("rate", "\(SoundReader.rates.lowerBound) to \(SoundReader.rates.upperBound) Hz", rate)
        }
        guard size <= 1 << 16, FourierTransform.isKnown(size) else {
            throw fail("size", "an even number up to 65,536 whose half is made of 2, 3 and 5", size)
        }
        guard (2...size).contains(hop) else { throw fail("hop", "2 to \(size)", hop) }
        guard low >= 0, high > low, high <= Double(rate) / 2 else {
            throw fail("high", "above low and up to half the rate", high)
        }
        let most = min(1024, size / 2)
        guard (1...most).contains(bands) else { throw fail("bands", "1 to \(most)", bands) }
        guard floor > 0, floor < 1 else { throw fail("floor", "between 0 and 1", floor) }
        guard range > 0 else { throw fail("range", "a positive number", range) }
    }

    /// What `check` complains of.
    var fault: String? {
        do {
            try check()
            return nil
        } catch { return error.description }
    }
}
