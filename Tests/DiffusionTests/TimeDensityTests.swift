import Diffusion
import Foundation
import Glibc
import TestKit
import Tensors
import Testing

@Suite struct TimeDensityTests {
    let step = Noise(seed: 3)("step")(17)

    @Test func `uniform steps are the chain's, all equally often`() {
        let draw = UniformSteps(steps: 10).stratified(step: step, rows: 0..<1000, of: 1000)
        let k = draw.times.map { Int(($0 * 10).rounded()) }
        for i in 1...10 { #expect(k.filter { $0 == i }.count == 100) }
        #expect(draw.weights.allSatisfy { $0 == 1 })
        #expect(UniformSteps(steps: 10).time(at: 0).time == 0.1)
        #expect(UniformSteps(steps: 10).time(at: 0.999_999).time == 1)
    }

    @Test func `stratified times are a pure function of step and row`() {
        for density in [UniformSteps(), UniformTimes(), LogitNormalTimes()] as [any TimeDensity] {
            let whole = density.stratified(step: step, rows: 0..<12, of: 12)
            let parts = [0..<5, 5..<6, 6..<12].map { density.stratified(step: step, rows: $0, of: 12) }
            #expect(parts.flatMap(\.times) == whole.times)
            #expect(density.stratified(step: Noise(seed: 3)("step")(18), rows: 0..<12, of: 12) != whole)
        }
    }

    @Test func `stratified times fill every stratum once, at an offset that is uniform over steps`() {
        var offsets: [Float] = []
        for i in 0..<400 {
            let times = UniformTimes().stratified(step: Noise(seed: 5)(i), rows: 0..<8, of: 8).times.sorted()
            for (j, t) in times.enumerated() { #expect(t >= Float(j) / 8 && t < Float(j + 1) / 8) }
            offsets.append(times[0] * 8)
        }
        let mean = offsets.reduce(0, +) / 400
        #expect(abs(mean - 0.5) < 0.06)
    }

    @Test func `independent times belong to their samples and are uniform`() {
        let places = (0..<4000).map { Noise(seed: 4)($0) }
        let draw = UniformTimes(in: 0.2...0.6).draw(places)
        #expect(draw.times.allSatisfy { $0 >= 0.2 && $0 <= 0.6 })
        #expect(abs(draw.times.reduce(0, +) / 4000 - 0.4) < 0.01)
        #expect(UniformTimes(in: 0.2...0.6).draw([places[11]]).times == [draw.times[11]])
    }

    @Test func `logit-normal times have the quantiles of their law`() {
        let density = LogitNormalTimes(mean: 0.3, deviation: 0.8)
        // Φ(1) and Φ(-2): sigmoid of mean ± deviations.
        func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        #expect(abs(density.time(at: 0.5).time - sigmoid(0.3)) < 1e-12)
        #expect(abs(density.time(at: 0.841344746068543).time - sigmoid(1.1)) < 1e-12)
        #expect(abs(density.time(at: 0.022750131948179).time - sigmoid(-1.3)) < 1e-12)
        #expect(density.time(at: 0).time > 0 && density.time(at: 1 - 1e-16).time < 1)
    }

    /// Loss of step k in the tables below.
    static func loss(_ k: Int) -> Double { 0.1 + 30 / Double(k * k) }

    static func warmed(_ T: Int) -> ImportanceTimes {
        var density = ImportanceTimes(steps: T, window: 4)
        for round in 0..<7 {
            // Old losses must be forgotten.
            let scale: Float = round < 3 ? 100 : 1
            density.record(
                times: (1...T).map { Float($0) / Float(T) }, losses: (1...T).map { Float(loss($0)) * scale })
        }
        return density
    }

    @Test func `importance sampling is uniform until every step is known`() {
        var density = ImportanceTimes(steps: 5, window: 2)
        density.record(times: [0.2, 0.4, 0.6, 0.8], losses: [9, 9, 9, 9])
        density.record(times: [0.2, 0.4, 0.6, 0.8, 1], losses: [9, 9, 9, 9, 1])
        #expect(!density.isWarm)
        for p in density.probabilities { #expect(abs(p - 0.2) < 1e-12) }
        density.record(times: [1], losses: [1])
        #expect(density.isWarm)
        for (p, q) in zip(density.probabilities, [9, 9, 9, 9, 1]) {
            #expect(abs(p - (0.999 * Double(q) / 37 + 0.001 / 5)) < 1e-12)
        }
    }

    @Test func `importance sampling is unbiased, and varies less than uniform`() {
        let T = 50
        let density = Self.warmed(T)
        let mean = (1...T).reduce(0) { $0 + Self.loss($1) } / Double(T)
        // Exactly, over the law itself.
        var (first, second, uniformSecond) = (0.0, 0.0, 0.0)
        for (i, p) in density.probabilities.enumerated() {
            let weighted = Self.loss(i + 1) / (Double(T) * p)
            first += p * weighted
            second += p * weighted * weighted
            uniformSecond += Self.loss(i + 1) * Self.loss(i + 1) / Double(T)
        }
        #expect(abs(first - mean) < 1e-9)
        #expect(second - mean * mean < 0.02 * (uniformSecond - mean * mean))
        // And through the draws.
        let draw = density.stratified(step: step, rows: 0..<20_000, of: 20_000)
        let drawn = zip(draw.times, draw.weights).reduce(0.0) {
            $0 + Self.loss(Int(($1.0 * Float(T)).rounded())) * Double($1.1)
        }
        #expect(abs(drawn / 20_000 - mean) < 1e-3 * mean)
    }

    @Test func `importance sampling goes on from its saved tables`() throws {
        let density = Self.warmed(9)
        var restored = ImportanceTimes(steps: 9, window: 4)
        try restored.restore(losses: density.losses, counts: density.counts)
        #expect(restored == density)
        #expect(throws: InputError.self) { try restored.restore(losses: [1], counts: density.counts) }
        #expect(throws: InputError.self) {
            try restored.restore(losses: density.losses, counts: [Int32](repeating: 5, count: 9))
        }
        var half = ImportanceTimes(steps: 9, window: 4)
        half.record(times: [1], losses: [2])
        try restored.restore(losses: half.losses, counts: half.counts)
        #expect(restored == half)
    }
}

@Suite struct StepImportanceTests {
    @Test(arguments: [true, false])
    func `a checkpoint holds what was seen of the steps; a model to share does not and is read all the same`(whole: Bool) throws {
        let importance = StepImportance(steps: 3)
        for _ in 0..<12 { importance.commit(sums(importance, [1, 2, 3])) }
        let path = FileManager.default.temporaryDirectory.path + "/importance-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Weights.write(importance, to: path, training: whole)
        #expect(try SafetensorsFile(path).entries.count == (whole ? 2 : 0))
        let again = StepImportance(steps: 3)
        try Weights.read(into: again, from: path)
        #expect(again.density == (whole ? importance.density : StepDensity([1, 1, 1])))
    }

    private func sums(_ importance: StepImportance, _ losses: [Float]) -> [String: Tensor] {
        let T = losses.count
        return importance.sums(times: (1...T).map { Float($0) / Float(T) }, losses: Tensor(losses, [T]))
    }

    @Test func `steps are seen equally often until all were visited, then as their losses ask, without bias`() {
        let importance = StepImportance(steps: 4)
        let losses: [Float] = [9, 1, 2, 5]
        for _ in 0..<10 { importance.commit(sums(importance, losses)) }
        #expect(importance.density == StepDensity([1, 1, 1, 1]))
        importance.commit(sums(importance, losses))
        // √E[L²], the first step counting as the second.
        let drawn = importance.density.draw(at: (0..<9000).map { (Double($0) + 0.5) / 9000 })
        let shares = (1...4).map { t in Double(drawn.times.count { $0 == Float(t) / 4 }) / 9000 }
        for (share, expected) in zip(shares, [1.0 / 9, 1.0 / 9, 2.0 / 9, 5.0 / 9]) { #expect(abs(share - expected) < 1e-3) }
        let mean = zip(drawn.times, drawn.weights).reduce(0.0) { sum, draw in
            sum + Double(draw.1) * Double(losses[Int((draw.0 * 4).rounded()) - 1]) / 9000
        }
        #expect(abs(mean - Double(losses.reduce(0, +)) / 4) < 0.01)
    }

    @Test func `microbatches add up to the batch`() {
        let (whole, parts) = (StepImportance(steps: 3), StepImportance(steps: 3))
        let (times, losses) = ([Float(1) / 3, 1, 1], Tensor([2, 4, 6], [3]))
        whole.commit(whole.sums(times: times, losses: losses))
        let a = parts.sums(times: [times[0], times[1]], losses: losses.slice(0, 0..<2))
        let b = parts.sums(times: [times[2]], losses: losses.slice(0, 2..<3))
        parts.commit(a.merging(b) { $0 + $1 })
        for (x, y) in zip(whole.buffers(), parts.buffers()) { #expect(x.value.values == y.value.values) }
    }
}
