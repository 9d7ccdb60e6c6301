import Diffusion
import Glibc
import TestKit
import Tensors
import Testing

/// Noise that is adapted to each position: what the sheet of Yuan et al. 2022 asks.
@Suite struct PositionScheduleTests {
    private static let steps = 200, bins = 20
    private static let initial = PositionSchedule(try! ChainSchedule(.squareRoot(), steps: steps), positions: 4)

    /// A loss that knows nothing of steps, only of how much is left: steeper the higher the power.
    private func loss(_ bar: Double, _ power: Double) -> Double { 2 * pow(1 - bar, power) + 0.1 }

    private func losses(_ schedule: PositionSchedule, _ position: Int, _ power: Double) -> [Double] {
        let width = Self.steps / Self.bins
        return (0..<Self.bins).map { b in
            (1...width).reduce(0) { $0 + loss(schedule.alphaBars[position][b * width + $1], power) } / Double(width)
        }
    }

    /// How far the loss is from growing in a straight line, in parts of its growth.
    private func bend(_ schedule: PositionSchedule, _ position: Int, _ power: Double) -> Double {
        let curve = (1...Self.steps).map { loss(schedule.alphaBars[position][$0], power) }
        let (first, last) = (curve.first!, curve.last!)
        return curve.enumerated().map { k, value in
            abs(value - first - (last - first) * Double(k) / Double(Self.steps - 1)) / (last - first)
        }.max()!
    }

    private static let powers = [2.5, 0.6, 1, 4]

    private func adapted(_ schedule: PositionSchedule) -> PositionSchedule {
        schedule.adapted(to: Self.powers.indices.map { losses(schedule, $0, Self.powers[$0]) })
    }

    @Test func `the loss of every position grows in a straight line after it, and a second time changes little`() {
        let once = adapted(Self.initial)
        for (i, power) in Self.powers.enumerated() {
            let (before, after) = (bend(Self.initial, i, power), bend(once, i, power))
            #expect(before > 0.08 && after < 0.03, "power \(power): \(before), \(after)")
        }
        let twice = adapted(once)
        for (a, b) in zip(once.alphaBars, twice.alphaBars) {
            // By less than a bin is wide.
            let width = Self.steps / Self.bins
            let widest = (0..<Self.bins).map { a[$0 * width] - a[($0 + 1) * width] }.max()!
            let change = zip(a, b).map { abs($0 - $1) }.max()!
            #expect(change < widest, "\(change), a bin \(widest)")
        }
    }

    @Test func `what is left falls with every step and stays between 0 and 1, whatever the losses do`() {
        let bins = (0..<20).map(Double.init)
        let wild: [[Double]?] = [
            bins.map { $0.truncatingRemainder(dividingBy: 3) }, bins.map { -$0 }, bins.map { _ in 1 }, bins.map { exp($0) },
        ]
        for schedule in [adapted(Self.initial), Self.initial.adapted(to: wild), Self.initial.adapted(to: wild).adapted(to: wild)]
        {
            for bars in schedule.alphaBars {
                #expect(bars[0] == 1 && bars.count == Self.steps + 1)
                #expect(zip(bars, bars.dropFirst()).allSatisfy { $0 > $1 } && bars.last! > 0, "\(bars.suffix(3))")
            }
        }
    }

    @Test func `positions mind their own losses, and one without any keeps its schedule`() {
        let all = Self.powers.indices.map { losses(Self.initial, $0, Self.powers[$0]) }
        var changed: [[Double]?] = all
        changed[3] = all[3].map { $0 * $0 }
        changed[0] = nil
        let (a, b) = (Self.initial.adapted(to: all), Self.initial.adapted(to: changed))
        #expect(a.alphaBars[1] == b.alphaBars[1] && a.alphaBars[2] == b.alphaBars[2] && a.alphaBars[3] != b.alphaBars[3])
        #expect(b.alphaBars[0] == Self.initial.alphaBars[0] && a.alphaBars[0] != b.alphaBars[0])
    }

    @Test func `levels are each position's own, and posteriors follow them`() {
        let schedule = adapted(Self.initial)
        let level = schedule.levels(at: [0.5, 1], rank: 4)
        #expect(level.alpha.shape == [2, 4, 1, 1] && level.alpha.values[2] == schedule.alphaBars[2][100].squareRoot())
        #expect(schedule.level(at: 0).isClean && !schedule.level(at: 0.01).isClean)
        let posterior = GaussianPosterior(from: schedule.level(at: 0.5), to: schedule.level(at: 0.4))
        for i in 0..<4 {
            let (now, next) = (schedule.alphaBars[i][100], schedule.alphaBars[i][80])
            let expected = (1 - next) / (1 - now) * (1 - now / next)
            #expect(abs(posterior.variance.values[i] - expected) < 1e-12)
        }
        // Where all positions are alike it is the plain chain.
        let chain = try! ChainSchedule(.squareRoot(), steps: 200)
        for k in [1, 77, 200] {
            let t = Double(k) / 200
            #expect(abs(Self.initial.level(at: t).sigma.values[3] - chain.sigma(t)) < 1e-12)
        }
    }

    @Test func `losses are gathered by bin and position, and adapt the schedule when it is time`() {
        let learned = AdaptiveSchedule(Self.initial, bins: 20, interval: 2, start: 3)
        // Every bin once, the loss of each position its own.
        let steps = (0..<20).map { $0 * 10 + 5 }
        let values = steps.flatMap { step in
            (0..<4).map { Float(loss(Self.initial.alphaBars[$0][step], Self.powers[$0])) }
        }
        let sums = learned.sums(steps: steps, losses: Tensor(values, [20, 4]))
        #expect(sums["schedule_losses"]!.shape == [2, 20, 4])
        learned.commit(sums, step: 0)
        learned.commit(sums, step: 1)
        let before = learned.schedule
        expectClose(
            Tensor(before.alphaBars.flatMap { $0.map(Float.init) }, [4, 201]),
            Tensor(Self.initial.alphaBars.flatMap { $0.map(Float.init) }, [4, 201]), absolute: 0)
        learned.commit(sums, step: 2)
        let after = learned.schedule
        #expect(after != before && bend(after, 0, 2.5) < bend(before, 0, 2.5) / 3)
        // The history begins anew: a bin that was not seen since waits.
        learned.commit(learned.sums(steps: [5], losses: Tensor([1, 1, 1, 1], [1, 4])), step: 4)
        #expect(learned.schedule == after)
    }
}
