import Diffusion
import Glibc
import TestKit
import Tensors
import Testing

/// Times that a loss grows evenly along, and scores from vectors of tokens: what the sheet of Dieleman et al. 2022 asks.
@Suite struct TimeWarpTests {
    /// Neither even nor symmetric.
    private static let uneven = TimeWarp(
        widthLogits: [0, 1, -1, 0.5], heightLogits: [-1, 0.2, 1, -2], least: 0.01)

    @Test func `the share of times below goes from 0 to 1, always up, and back again`() {
        let warp = Self.uneven
        #expect(abs(warp.share(0.01)) < 1e-12 && abs(warp.share(1) - 1) < 1e-12)
        let times = (0...200).map { 0.01 + 0.99 * Double($0) / 200 }
        #expect(zip(times, times.dropFirst()).allSatisfy { warp.share($0) < warp.share($1) })
        for t in times { #expect(abs(warp.time(at: warp.share(t)).time - t) < 1e-9) }
        let even = TimeWarp(bins: 100, least: 0.01)
        for t in times { #expect(abs(even.share(t) - (t - 0.01) / 0.99) < 1e-9) }
    }

    @Test func `the density is how fast the share grows, and grids are even in it`() {
        let warp = Self.uneven
        for t in [0.05, 0.3, 0.6, 0.95] {
            let slope = (warp.share(t + 1e-6) - warp.share(t - 1e-6)) / 2e-6
            #expect(abs(slope - warp.density(t)) < 1e-4 * warp.density(t))
        }
        let grid = warp.grid(steps: 8)
        #expect(grid.count == 8 && grid.start == 1 && grid.intervals.last!.next == 0)
        for (k, t) in grid.times.enumerated() { #expect(abs(warp.share(t) - (1 - Double(k) / 8)) < 1e-9) }
    }

    @Test func `a temperature takes the density to a power, a share of even times is mixed in, and 1 with 0 is the warp itself`()
    {
        let warp = Self.uneven
        #expect(warp.tempered(by: 1, evenly: 0) == warp)
        let times = [0.05, 0.3, 0.6, 0.95]
        for T in [0.5, 0.8, 3] {
            let tempered = warp.tempered(by: T, evenly: 0)
            #expect(abs(tempered.share(0.01)) < 1e-12 && abs(tempered.share(1) - 1) < 1e-12)
            for (a, b) in zip(times, times.dropFirst()) {
                let expected = pow(warp.density(a) / warp.density(b), 1 / T)
                #expect(abs(tempered.density(a) / tempered.density(b) - expected) < 1e-9 * expected)
            }
            let mixed = warp.tempered(by: T, evenly: 0.3)
            for t in times { #expect(abs(mixed.density(t) - (0.7 * tempered.density(t) + 0.3 / 0.99)) < 1e-9) }
        }
        for even in [warp.tempered(by: 0.7, evenly: 1), warp.tempered(by: 1e9, evenly: 0)] {
            for t in times { #expect(abs(even.share(t) - (t - 0.01) / 0.99) < 1e-6) }
        }
        // However cold, shares lead back to times.
        let cold = warp.tempered(by: 0.001, evenly: 0)
        for u in [0, 0.3, 0.99, 1] { #expect(abs(cold.share(cold.time(at: u).time) - u) < 1e-6) }
    }

    @Test func `the fit's slopes are those of its error`() {
        let warp = Self.uneven
        let draws = [(0.02, 0.3), (0.2, 0.1), (0.45, 1.2), (0.7, 2.5), (0.93, 0.4)].map { (time: $0.0, loss: $0.1) }
        // The weights 1 / density are held.
        let weights = draws.map { 1 / warp.density($0.time) / 5 }
        func error(_ changed: TimeWarp) -> Double {
            zip(draws, weights).reduce(0) { $0 + $1.1 * pow(changed.fitted($1.0.time) - $1.0.loss, 2) }
        }
        func moved(_ k: Int, _ h: Double, widths: Bool) -> TimeWarp {
            var (w, u) = (warp.widthLogits, warp.heightLogits)
            if widths { w[k] += h } else { u[k] += h }
            return TimeWarp(widthLogits: w, heightLogits: u, least: warp.least)
        }
        let fit = warp.fit(draws)
        #expect(abs(fit.error - error(warp)) < 1e-12)
        for k in 0..<4 {
            for (widths, found) in [(true, fit.widths[k]), (false, fit.heights[k])] {
                let slope = (error(moved(k, 1e-6, widths: widths)) - error(moved(k, -1e-6, widths: widths))) / 2e-6
                #expect(abs(slope - found) < 1e-5 * max(1, abs(slope)), "bin \(k), widths \(widths): \(found), \(slope)")
            }
        }
    }

    /// A loss that all but jumps at t = 0.3, seen through noise.
    @Test func `fitted to a loss, times are drawn where it grows`() {
        func loss(_ t: Double) -> Double { 5 / (1 + exp(-(t - 0.3) / 0.03)) }
        let fitted = FittedWarp(bins: 40, least: 0.001, rate: 0.03)
        for step in 0..<1500 {
            let draw = fitted.warp.stratified(step: Noise(seed: 3)(step), rows: 0..<64, of: 64)
            let noise = Noise(seed: 4)(step).normal([64]) * 0.2
            fitted.commit(
                fitted.sums(
                    times: draw.times, losses: Tensor(draw.times.map { Float(loss(Double($0))) }, [64]) + noise, rows: 0..<64,
                    of: 64))
        }
        let warp = fitted.warp
        for t in [0.22, 0.27, 0.3, 0.33, 0.38, 0.6] {
            #expect(abs(warp.fitted(t) - loss(t)) < 0.35, "\(t): \(warp.fitted(t)) for \(loss(t))")
            #expect(abs(warp.share(t) - loss(t) / 5) < 0.06)
        }
        // A histogram of draws, and the loss as a function of the share: a straight line.
        let drawn = warp.draw(at: (0..<4000).map { (Double($0) + 0.5) / 4000 }).times
        for (low, high) in [(0.2, 0.3), (0.3, 0.4), (0.5, 1)] {
            let share = Double(drawn.count { Double($0) >= low && Double($0) < high }) / 4000
            #expect(abs(share - (loss(high) - loss(low)) / 5) < 0.06, "\(low) to \(high): \(share)")
        }
        for u in stride(from: 0.1, through: 0.9, by: 0.2) { #expect(abs(loss(warp.time(at: u).time) - 5 * u) < 0.4) }
    }

    @Test func `microbatches together teach what the whole batch would`() {
        let (whole, parts) = (FittedWarp(bins: 10, least: 0.01), FittedWarp(bins: 10, least: 0.01))
        let draw = whole.warp.stratified(step: Noise(seed: 5), rows: 0..<6, of: 6)
        let losses = Noise(seed: 6).uniform([6])
        whole.commit(whole.sums(times: draw.times, losses: losses, rows: 0..<6, of: 6))
        var sums = parts.sums(times: Array(draw.times[0..<2]), losses: losses.slice(0, 0..<2), rows: 0..<2, of: 6)
        sums.merge(parts.sums(times: Array(draw.times[2..<6]), losses: losses.slice(0, 2..<6), rows: 2..<6, of: 6)) { $0 + $1 }
        parts.commit(sums)
        #expect(whole.warp == parts.warp && whole.warp != TimeWarp(bins: 10, least: 0.01))
    }

    @Test func `with a whole batch there is one draw in every part of the share`() {
        let draw = UniformTimes().stratified(step: Noise(seed: 7), rows: 0..<16, of: 16)
        #expect(Set(draw.times.map { Int($0 * 16) }).count == 16)
    }

    // MARK: - Scores from vectors

    private static let chances = [0.5, 0.2, 0.12, 0.08, 0.06, 0.04]
    private static let table: Tensor = {
        let rows = Noise(seed: 8).normal([6, 8])
        return rows / (rows.square().mean(1, keep: true)).sqrt()
    }()

    /// Σ p(w | x) e_w with the exact chances.
    private static func estimate(_ x: Tensor, _ sigma: Double) -> Tensor {
        let prior = Tensor(chances.map { Float(log($0)) }, [1, 6])
        let logits = (matmul(x, table.transposed()) - table.square().sum(1).unsqueezed(0) * 0.5) * Float(1 / (sigma * sigma))
        return matmul((logits + prior).softmax(), table)
    }

    @Test func `the mean of the vectors gives the gradient of the density`() {
        for sigma in [0.8, 2, 10] {
            let x = (Noise(seed: 9).normal([5, 8]) * Float(sigma)).requiringGradient()
            let squares = (x.unsqueezed(1) - Self.table.unsqueezed(0)).square().sum(2) * Float(-0.5 / (sigma * sigma))
            let prior = Tensor(Self.chances.map { Float(log($0)) }, [1, 6])
            let density = (squares + prior).exp().sum(1).log().sum()
            let score = (Self.estimate(x.detached(), sigma) - x.detached()) * Float(1 / (sigma * sigma))
            expectClose(gradients(of: density, wrt: [x])[0], score, absolute: 2e-5)
        }
    }

    /// How often each token is what so many runs end at.
    private func drawn(_ steps: Int, of count: Int, sign: Float = 1, temperature: Double = 1) -> [Double] {
        let schedule = VarianceExploding(most: 300)
        let place = Noise(seed: 10)
        let low = 0.2 / 300
        let times = (0..<steps).map { pow(low, Double($0) / Double(steps)) }
        let end = TemperedScore(EulerSampler(), by: temperature, along: schedule).sample(
            from: place.normal([count, 8]) * 300, along: TimeGrid(times: times), schedule: schedule, noise: StepNoise([])
        ) { x, t, _ in
            let x0 = Self.estimate(x, schedule.sigma(t))
            return Prediction(x + (x0 - x) * sign, .x0)
        }
        let tokens = (matmul(end, Self.table.transposed()) - Self.table.square().sum(1).unsqueezed(0) * 0.5).argmax(1).values
        var counts = [Double](repeating: 0, count: 6)
        for token in tokens { counts[Int(token)] += 1 }
        return counts.map { $0 / Double(count) }
    }

    /// In total variation from what they should be.
    private func distance(_ steps: Int, of count: Int, sign: Float = 1) -> Double {
        zip(drawn(steps, of: count, sign: sign), Self.chances).reduce(0) { $0 + abs($1.0 - $1.1) / 2 }
    }

    @Test func `a colder score makes the likeliest token come more often, a warmer one less`() {
        let likeliest = [0.7, 1, 1.5].map { drawn(40, of: 10_000, temperature: $0)[0] }
        #expect(likeliest[0] > likeliest[1] + 0.05 && likeliest[1] > likeliest[2] + 0.05, "\(likeliest)")
    }

    @Test
    func `along the exact flow tokens come as often as they should, the more so the more steps; with the wrong sign they do not`()
    {
        let found = [(10, 40_000), (50, 40_000), (200, 200_000)].map { distance($0, of: $1) }
        #expect(found[2] < 0.01 && found[1] < found[0] && found[2] <= found[1] + 0.004, "\(found)")
        #expect(distance(50, of: 20_000, sign: -1) > 0.3)
    }
}
