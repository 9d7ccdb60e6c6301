import Glibc
import Tensors

/// A chain of T steps whose noise differs from position to position of a sequence, so that each becomes harder at an even pace (Yuan et al.
/// 2022, arXiv 2212.10325, section 3.2).
///
///     ᾱ of position i at step k: alphaBars[i][k], k = 0...T, 1 at step 0
///     levels broadcast to states [B, N, 1, D]
public struct PositionSchedule: Schedule, Equatable {
    public static let name = "position"
    public let alphaBars: [[Double]]

    public init(alphaBars: [[Double]]) {
        require(
            !alphaBars.isEmpty && alphaBars.allSatisfy { $0.count == alphaBars[0].count && $0.count > 1 && $0[0] == 1 },
            "PositionSchedule: \(alphaBars.count) positions")
        self.alphaBars = alphaBars
    }

    /// The same chain for all positions.
    public init(_ chain: ChainSchedule, positions: Int) {
        self.init(alphaBars: [[Double]](repeating: chain.alphaBars, count: positions))
    }

    public var positions: Int { alphaBars.count }
    public var steps: Int { alphaBars[0].count - 1 }
    public var coordinates: PathCoordinates { .straight }
    public func networkTime(_ t: Double) -> Double { 1000 * t }

    /// The nearest step of a time.
    public func step(_ t: Double) -> Int { min(steps, max(0, Int((t * Double(steps)).rounded()))) }

    /// Of the mean ᾱ over positions, for what wants one number.
    public func alpha(_ t: Double) -> Double { mean(step(t)).squareRoot() }
    public func sigma(_ t: Double) -> Double { (1 - mean(step(t))).squareRoot() }

    private func mean(_ k: Int) -> Double { alphaBars.reduce(0) { $0 + $1[k] } / Double(positions) }

    public func level(at t: Double) -> NoiseLevel {
        let values = alphaBars.map { $0[step(t)] }
        return level(values, [1, positions, 1, 1])
    }

    public func levels(at times: [Float], rank: Int) -> NoiseLevel {
        require(rank == 4, "PositionSchedule: states of rank \(rank)")
        let values = times.flatMap { time in alphaBars.map { $0[step(Double(time))] } }
        return level(values, [times.count, positions, 1, 1])
    }

    private func level(_ alphaBars: [Double], _ shape: [Int]) -> NoiseLevel {
        NoiseLevel(
            alpha: Coefficient(alphaBars.map { $0.squareRoot() }, shape),
            sigma: Coefficient(alphaBars.map { max(0, 1 - $0).squareRoot() }, shape))
    }

    /// The schedule along which the loss of every position grows in a straight line from its least to its most.
    ///
    /// Losses fall where ᾱ grows; where they do not they are taken to, by 1e-5 a bin. Both ends are continued by half a bin.
    ///
    /// - Parameter losses: mean loss of each position in bins of equally many steps, `[positions][bins]`; nil of positions that keep their
    ///   schedule.
    public func adapted(to losses: [[Double]?]) -> PositionSchedule {
        require(losses.count == positions, "PositionSchedule: losses of \(losses.count) positions for \(positions)")
        return PositionSchedule(
            alphaBars: zip(alphaBars, losses).map { own, losses in losses.map { adapted(own, to: $0) } ?? own })
    }

    private func adapted(_ own: [Double], to losses: [Double]) -> [Double] {
        let bins = losses.count
        require(bins > 1 && steps % bins == 0, "PositionSchedule: \(bins) bins of \(steps) steps")
        let width = steps / bins
        // Where each bin's middle lies, of steps counted from 1.
        var bars = (0..<bins).map { b in (0..<width).reduce(0) { $0 + own[b * width + $1 + 1] } / Double(width) }
        var curve = losses
        for b in 1..<bins where curve[b] <= curve[b - 1] { curve[b] = curve[b - 1] + 1e-5 }
        func continued(_ x: [Double]) -> [Double] {
            [x[0] - (x[1] - x[0]) / 2] + x + [x[bins - 1] + (x[bins - 1] - x[bins - 2]) / 2]
        }
        (curve, bars) = (continued(curve), continued(bars))
        let (least, most) = (curve.first!, curve.last!)
        var made = [1.0]
        var at = 0
        for k in 0..<steps {
            let wanted = steps == 1 ? most : least + (most - least) * Double(k) / Double(steps - 1)
            while at < bins && curve[at + 1] < wanted { at += 1 }
            let part = (wanted - curve[at]) / (curve[at + 1] - curve[at])
            let bar = bars[at] + (bars[at + 1] - bars[at]) * min(1, max(0, part))
            // The continued ends may leave (0, 1), and steps must lead on.
            made.append(min(max(bar, 1e-6 * Double(steps - k) / Double(steps)), made.last! * (1 - 1e-9)))
        }
        return made
    }
}
