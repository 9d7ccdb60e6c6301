import Glibc
import Tensors

/// Squared spectra of a recording, a frame every few milliseconds.
struct SoundSpectra {
    private let size: Int
    private let rate: Double
    private let bins: Int
    /// `[frames, bins]`, and the sum of each frame.
    private let energies: [Float]
    private let totals: [Float]

    var count: Int { totals.count }

    init(_ sound: Sound, size: Int, hop: Int) {
        let fourier = ShortTimeFourier(size: size, hop: hop)
        let samples = sound.samples.isEmpty ? [0] : sound.samples
        let squares = squaredMagnitudes(fourier(Tensor(samples, [1, samples.count])).squeezed(0))
        (energies, totals) = (squares.values, squares.sum(1).values)
        bins = fourier.bins
        self.size = size
        rate = Double(sound.rate)
    }

    /// Frequency of the strongest bin between the bounds of the data.
    func peak(_ frame: Int) -> Double { frequency(frame, strongest(frame)) }

    /// Frequency of the strongest bin, or of what it is the second or third harmonic of: the lower partials of a hum are nearly as strong
    /// as one another.
    func pitch(_ frame: Int) -> Double {
        let (row, best) = (frame * bins, strongest(frame))
        for divisor in [3, 2] {
            let middle = Int((Double(best) / Double(divisor)).rounded())
            guard middle > lowest, best - middle > 3 else { continue }
            let own = (middle - 1...middle + 1).max { energies[row + $0] < energies[row + $1] }!
            // A partial of its own, not the slope of the stronger one.
            let isPeak = energies[row + own] > max(energies[row + own - 2], energies[row + own + 2])
            if isPeak, energies[row + own] > 0.3 * energies[row + best] { return frequency(frame, own) }
        }
        return frequency(frame, best)
    }

    private var lowest: Int { max(1, Int(120 * Double(size) / rate)) }

    private func strongest(_ frame: Int) -> Int {
        let row = frame * bins
        var best = lowest
        for bin in lowest...Int(3800 * Double(size) / rate) where energies[row + bin] > energies[row + best] { best = bin }
        return best
    }

    /// Of a bin, by a parabola through its neighbours' logarithms.
    private func frequency(_ frame: Int, _ best: Int) -> Double {
        let (row, width) = (frame * bins, rate / Double(size))
        func level(_ bin: Int) -> Double { log(Double(energies[row + bin]) + 1e-12) }
        let (a, b, c) = (level(best - 1), level(best), level(best + 1))
        let bend = a - 2 * b + c
        return (Double(best) + (bend < 0 ? max(-0.5, min(0.5, 0.5 * (a - c) / bend)) : 0)) * width
    }

    /// What lies within two bins of a frequency in some frames, in parts of all that is there.
    func energy(_ frames: [Int], _ hertz: Double) -> Double {
        let bin = Int((hertz * Double(size) / rate).rounded())
        let near = max(0, bin - 2)..<max(0, min(bins, bin + 3))
        return sum(frames, near) / max(frames.reduce(0) { $0 + Double(totals[$1]) }, 1e-12)
    }

    /// Mean share of the strongest bin and its neighbours.
    func tonality(_ frames: [Int]) -> Double { frames.reduce(0) { $0 + energy([$1], peak($1)) } / Double(frames.count) }

    /// Whether there is some of every pitch: much between 500 and 4,000 Hz, and none of those octaves 15 decibels under the loudest.
    func isNoise(_ frames: [Int]) -> Bool {
        let width = rate / Double(size)
        guard sum(frames, Int(500 / width)..<Int(4000 / width)) > 0.1 * sum(frames, 0..<bins) else { return false }
        let parts = [500.0, 1000, 2000].map { low in
            let range = Int(low / width)..<Int(2 * low / width)
            return sum(frames, range) / Double(range.count)
        }
        return parts.min()! > parts.max()! / 30
    }

    private func sum(_ frames: [Int], _ range: Range<Int>) -> Double {
        frames.reduce(0) { total, frame in range.reduce(total) { $0 + Double(energies[frame * bins + $1]) } }
    }
}
