import Glibc
import Tensors

/// One channel at another rate, a block at a time: a sum of sines over cardinals in a Kaiser window (Smith 2002, "Digital audio resampling").
///
/// Flat up to 0.88 of the lower rate's half, and 110 dB down from that half on: nothing is folded back. Output n lies at the time of
/// input n · from / to, so that nothing is delayed; there are ⌈count · to / from⌉ of them.
public struct Resampler: Sendable {
    /// Zero crossings of the sum at the lower rate, to each side.
    private static let crossings = 64.0
    private static let kaiser = 12.26
    private static let cutoff = 0.94
    private static let summit = bessel(kaiser)

    private let up: Int
    private let down: Int
    /// `[up, taps]`.
    private let table: Tensor
    private let taps: Int
    /// Input from the first sample that the next output needs, silence before the beginning included.
    private var waiting: [Float]
    private var made = 0
    private var taken = 0

    public init(from: Int, to: Int) {
        require(from > 0 && to > 0, "Resampler: from \(from) to \(to) Hz")
        var (a, b) = (from, to)
        while b != 0 { (a, b) = (b, a % b) }
        (up, down) = (to / a, from / a)
        let scale = min(1, Double(to) / Double(from))
        let reach = Int((Self.crossings / scale).rounded(.up))
        taps = (2 * reach + 15) / 16 * 16
        var weights = [Float](repeating: 0, count: up * taps)
        for phase in 0..<up {
            for tap in 0..<2 * reach {
                let time = Double(tap - reach + 1) - Double(phase) / Double(up)
                weights[phase * taps + tap] = Float(Self.weight(time * scale) * scale)
            }
        }
        table = Tensor(weights, [up, taps])
        waiting = [Float](repeating: 0, count: reach - 1)
    }

    private static func weight(_ x: Double) -> Double {
        let place = x / crossings
        guard abs(place) < 1 else { return 0 }
        let angle = Double.pi * cutoff * x
        return cutoff * (x == 0 ? 1 : sin(angle) / angle) * bessel(kaiser * (1 - place * place).squareRoot()) / summit
    }

    /// The modified Bessel function of the first kind, order 0, by its power series.
    private static func bessel(_ x: Double) -> Double {
        var (sum, term, k) = (1.0, 1.0, 1.0)
        while term > 1e-17 * sum {
            term *= (x / (2 * k)) * (x / (2 * k))
            sum += term
            k += 1
        }
        return sum
    }

    /// What can be told once these samples are known.
    public mutating func push(_ samples: [Float]) -> [Float] {
        taken += samples.count
        waiting += samples
        // Output n needs `taps` samples from n · down / up on; those of the next come first in `waiting`.
        let start = made * down / up
        let reachable = start + waiting.count - taps
        guard reachable >= start else { return [] }
        return make(((reachable + 1) * up - 1) / down + 1 - made)
    }

    /// The rest, once there are no more samples.
    public mutating func finish() -> [Float] {
        let all = (taken * up + down - 1) / down
        waiting += [Float](repeating: 0, count: taps)
        return make(all - made)
    }

    private mutating func make(_ count: Int) -> [Float] {
        guard count > 0 else { return [] }
        let start = made * down / up
        let values = polyphase(Tensor(waiting, [waiting.count]), table, down: down, first: made, count: count).values
        made += count
        waiting.removeFirst(made * down / up - start)
        return values
    }
}
