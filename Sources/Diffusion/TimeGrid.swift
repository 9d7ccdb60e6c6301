import Tensors

/// The steps of a backward run: pairs of the time where a step starts and the time where it ends.
///
/// Pairs and not points, because the ends of one step and the start of the next may differ (Chen et al. 2022,
/// asymmetric intervals). How the times were chosen is in Spacing.swift.
public struct TimeGrid: Sendable, Equatable {
    public struct Interval: Sendable, Equatable {
        public let now, next: Double

        public init(now: Double, next: Double) {
            self.now = now
            self.next = next
        }
    }

    public let intervals: [Interval]

    public init(_ intervals: [Interval]) {
        for i in intervals {
            require(
                0 <= i.next && i.next < i.now && i.now <= 1,
                "TimeGrid: a step from \(i.now) to \(i.next) does not lead back")
        }
        self.intervals = intervals
    }

    /// Consecutive steps through falling times; the last ends at 0.
    public init(times: [Double]) {
        let points = times.last.map { $0 > 0 } ?? false ? times + [0] : times
        self.init(zip(points, points.dropFirst()).map { Interval(now: $0, next: $1) })
    }

    public var count: Int { intervals.count }
    /// Where the run begins; 0 for an empty grid, which leaves the state as it is.
    public var start: Double { intervals.first?.now ?? 0 }
    /// Where each step begins.
    public var times: [Double] { intervals.map(\.now) }

    /// Every step goes further by `steps` of its own lengths than where the next begins: the state is cleaner than the network is told,
    /// which makes the likely likelier (Chen et al. 2022, arXiv 2208.04202, section 3.4, `td`).
    public func overstepping(by steps: Double) -> TimeGrid {
        require(steps >= 0, "TimeGrid.overstepping: \(steps)")
        return TimeGrid(
            intervals.map { Interval(now: $0.now, next: max(0, $0.now - (1 + steps) * ($0.now - $0.next))) })
    }

    /// The last ⌊n · strength⌋ of n steps: what is left to do when the start is a picture with a little
    /// noise.
    public func suffix(strength: Double) -> TimeGrid {
        let kept = Int((Double(count) * min(max(strength, 0), 1) + 1e-9).rounded(.down))
        return TimeGrid(Array(intervals.suffix(kept)))
    }

    /// Every time t moved to s t / (1 + (s - 1) t): more steps near the noise when s > 1 (Esser et al. 2024,
    /// equation 23).
    public func shifted(by s: Double) -> TimeGrid {
        require(s > 0, "TimeGrid.shifted: \(s)")
        func moved(_ t: Double) -> Double { s * t / (1 + (s - 1) * t) }
        return TimeGrid(intervals.map { Interval(now: moved($0.now), next: moved($0.next)) })
    }
}
