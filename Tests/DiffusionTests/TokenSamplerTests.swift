import Diffusion
import Glibc
import TestKit
import Tensors
import Testing

/// What public ports do under a stride: one step's posterior, taken at every stride.
private struct OneStepTokens: IndependentTokenSampler {
    func logChances(from x: Tokens, _ step: TokenStep) -> Tensor {
        let T = Double(step.corruption.schedule.steps)
        let rows = step.corruption.rows(x, from: step.interval.next + 1 / T, to: step.interval.next)
        return categoricalPosterior(step.logits, x, rows)
    }
}

@Suite struct TokenSamplerTests {
    static let toy = TokenToy(K: 3, N: 3)

    private static func schedules(_ T: Int) -> [(String, MaskAndReplace)] {
        [
            ("masks only", MaskAndReplace(codes: 3, steps: T, maskShare: 1)),
            ("mask and replace", MaskAndReplace(codes: 3, steps: T)),
            ("uniform", MaskAndReplace(codes: 3, steps: T, maskShare: 0)),
        ]
    }

    @Test func `with an exact denoiser the strided posterior's law nears the data's, half as far with each doubling`() throws {
        var lines: [String] = []
        for (name, schedule) in Self.schedules(256) {
            let distances = try [16, 32, 64, 128, 256].map { steps in
                Self.toy.distance(try Self.toy.law(AncestralTokens(), steps: steps, schedule))
            }
            lines.append("\(name): " + distances.map { "\(Float($0))" }.joined(separator: " "))
            #expect(distances.last! < 0.01, "\(name): \(distances)")
            for (far, near) in zip(distances, distances.dropFirst()) {
                #expect((0.42...0.58).contains(near / far), "\(name): \(distances)")
            }
        }
        print("total variation at 16, 32, 64, 128, 256 steps\n" + lines.joined(separator: "\n"))
    }

    @Test func `in continuous time jumps by rates near the data's law to first order, the analytic step is nearer`() throws {
        let schedule = MaskAndReplace(codes: 3, steps: 256, maskShare: 0, shape: .exponential)
        let toy = TokenToy(K: 3, N: 2)
        let start = toy.marginal(schedule.level(at: 1))
        func distances(_ sampler: some IndependentTokenSampler, _ kind: TokenLogits) throws -> [Double] {
            try [16, 32, 64, 128, 256].map {
                toy.distance(try toy.law(sampler, steps: $0, schedule, of: kind, from: start))
            }
        }
        print("total variation at 16, 32, 64, 128, 256 steps")
        for kind in TokenLogits.allCases {
            var found = [
                ("Euler", try distances(EulerTokens(of: kind), kind)),
                ("tau-leaping", try distances(TauLeapingTokens(of: kind), kind)),
            ]
            if kind != .presentFromOthers {
                found.append(("analytic", try distances(AncestralTokens(seesToken: kind == .clean), kind)))
            }
            for (name, distances) in found {
                print("\(kind), \(name): " + distances.map { "\(Float($0))" }.joined(separator: " "))
                #expect(distances.last! < 0.01, "\(kind), \(name): \(distances)")
                // Halves with each doubling where the steps are many.
                for (far, near) in zip(distances.dropFirst(2), distances.dropFirst(3)) {
                    #expect((0.42...0.58).contains(near / far), "\(kind), \(name): \(distances)")
                }
            }
            for i in 0..<5 where found.count == 3 {
                #expect(found[2].1[i] < found[0].1[i] && found[2].1[i] < found[1].1[i], "\(kind), \(i)")
            }
        }
    }

    @Test func `one step's posterior at every stride leaves masks behind`() throws {
        // The released table, 100 steps: one step at time m leaves a mask with chance ḡ_(m-1) / ḡ_m, so that one in three and almost one
        // in two are masked before the last call.
        let released = ReleasedMaskAndReplace(codes: 3, steps: 100)
        for (steps, stride) in [(25, 4), (20, 5)] {
            let share = Swift.stride(from: stride + 1, to: 100, by: stride).reduce(1.0) { left, m in
                left * released.level(at: Double(m - 1) / 100).mask / released.level(at: Double(m) / 100).mask
            }
            #expect(share > 0.3)
            let (wrong, right) = (
                try Self.toy.law(OneStepTokens(), steps: steps, released),
                try Self.toy.law(AncestralTokens(), steps: steps, released)
            )
            #expect(abs(wrong.masked - share) < 1e-3, "\(wrong.masked)")
            // The exact one follows the schedule, whatever the stride.
            #expect(abs(right.masked - released.level(at: 1 / Double(steps)).mask) < 1e-4, "\(right.masked)")
            #expect(Self.toy.distance(wrong) > 3 * Self.toy.distance(right))
        }
        let schedule = Self.schedules(100)[0].1
        // At stride 1 they are the same thing.
        let (a, b) = (
            try Self.toy.law(OneStepTokens(), steps: 100, schedule), try Self.toy.law(AncestralTokens(), steps: 100, schedule)
        )
        #expect(zip(a.results, b.results).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func `a network that does not see its token is not divided by the token's likelihood`() throws {
        let schedule = Self.schedules(64)[2].1
        let toy = TokenToy(K: 3, N: 2, seed: 4)
        let hollow = try toy.law(AncestralTokens(seesToken: false), steps: 64, schedule, of: .cleanFromOthers)
        let full = try toy.law(AncestralTokens(), steps: 64, schedule)
        #expect(zip(hollow.results, full.results).allSatisfy { abs($0 - $1) < 1e-5 })
        let wrong = try toy.law(AncestralTokens(seesToken: true), steps: 64, schedule, of: .cleanFromOthers)
        #expect(toy.distance(wrong) > 3 * toy.distance(full))
    }

    @Test func `absorbing steps reveal each mask with chance 1 over the steps left, like runs that draw`() {
        let schedule = MaskAndReplace(codes: 4, steps: 8, maskShare: 1)
        let (B, N) = (40, 50)
        let corruption = CategoricalCorruption(schedule)
        let places = (0..<B).map { Noise(seed: 11)($0) }
        var masks: [Int] = []
        let x = AncestralTokens().sample(
            from: corruption.prior(places, N), along: try! schedule.grid(steps: 8), corruption, places,
            observe: { masks.append($0.tokens.values.count { $0 == 4 }) }, predict: { x, _ in .zeros(x.shape + [4]) })
        for (i, count) in masks.enumerated() {
            let share = 1 - Double(i + 1) / 8
            #expect(abs(Double(count) / Double(B * N) - share) < 5 * (share * (1 - share) / Double(B * N)).squareRoot() + 1e-9)
        }
        #expect(masks.last == 0 && x.values.allSatisfy { 0..<4 ~= $0 })
        // A sample is its seed's, whatever the batch.
        let one = AncestralTokens().sample(
            from: corruption.prior([places[3]], N), along: try! schedule.grid(steps: 8), corruption, [places[3]],
            predict: { x, _ in .zeros(x.shape + [4]) })
        #expect(one.values == Array(x.values[3 * N..<4 * N]))
    }

    @Test func `the masks left are MaskGIT's, and what the run was given stays`() {
        let schedule = MaskAndReplace(codes: 5, steps: 1000, maskShare: 1, shape: .cosine)
        let corruption = CategoricalCorruption(schedule)
        let grid = try! schedule.grid(steps: 8)
        func counts(_ sampler: some TokenSampler, known: KnownTokens? = nil, judge: ((Tokens, Double) -> Tensor)? = nil)
            -> [Int]
        {
            var found: [Int] = []
            _ = sampler.sample(
                from: corruption.prior([Noise(seed: 1)], 256), along: grid, corruption, [Noise(seed: 1)], known: known,
                judge: judge,
                observe: { progress in
                    found.append(progress.tokens.values.count { $0 == 5 })
                    if let known {
                        for i in 0..<256 where !known.isFree[i] {
                            #expect(progress.tokens.values[i] == known.tokens.values[i])
                        }
                    }
                },
                predict: { x, _ in Noise(seed: 2).normal(x.shape + [5]) })
            return found
        }
        let expected = [251, 236, 212, 181, 142, 97, 49, 0]
        #expect(counts(ConfidenceTokens()) == expected)
        #expect(counts(PurityTokens()) == expected)
        #expect(counts(CriticTokens(), judge: { x, _ in Noise(seed: 3).uniform(x.shape) }) == expected)
        #expect(counts(RandomTokens()) == expected)
        let known = KnownTokens(Tokens((0..<256).map { Int32($0 % 5) }, [1, 256]), isFree: (0..<256).map { $0 % 4 == 0 })
        #expect(counts(ConfidenceTokens(), known: known).last == 0)
        #expect(counts(ConfidenceTokens(), known: known)[0] == 62)
    }

    @Test func `a critic may mask again what was accepted before, confidence never does`() {
        let schedule = MaskAndReplace(codes: 5, steps: 100, maskShare: 1, shape: .cosine)
        let corruption = CategoricalCorruption(schedule)
        func returned(_ sampler: some TokenSampler) -> Int {
            var (before, again) = (Set<Int>(), 0)
            _ = sampler.sample(
                from: corruption.prior([Noise(seed: 1)], 64), along: try! schedule.grid(steps: 8), corruption, [Noise(seed: 1)],
                judge: { x, _ in Noise(seed: 3)(x.values.count { $0 == 2 }).uniform(x.shape) },
                observe: { progress in
                    let shown = Set((0..<64).filter { progress.tokens.values[$0] != 5 })
                    again += before.subtracting(shown).count
                    before = shown
                },
                predict: { x, _ in Noise(seed: 2).normal(x.shape + [5]) })
            return again
        }
        #expect(returned(CriticTokens()) > 0)
        #expect(returned(RandomTokens()) > 0)
        #expect(returned(ConfidenceTokens()) == 0)
    }

    @Test func `the bound over all steps stays above the entropy and nears it`() {
        let toy = TokenToy(K: 3, N: 3, seed: 7)
        // All data in proportion: enough copies of each sequence.
        let count = 4000
        let x0 = Tokens(
            (0..<count).flatMap { i -> [Int32] in
                var share = (Double(i) + 0.5) / Double(count)
                let s =
                    toy.chances.firstIndex {
                        share -= $0; return share < 0
                    } ?? 0
                return toy.digits(s, base: 3)
            }, [count, 3])
        let places = (0..<count).map { Noise(seed: 2)($0) }
        for maskShare in [1, 0.7] {
            var last = Double.infinity
            for T in [2, 8, 32] {
                let schedule = MaskAndReplace(codes: 3, steps: T, maskShare: maskShare)
                let nats = CategoricalObjective(schedule).nats(x0, places) { x, times in
                    toy.logits(x, schedule.level(at: Double(times[0])))
                }!
                let mean = Double(nats.mean().scalar)
                #expect(mean > toy.entropy - 0.03 && mean < last, "\(maskShare), \(T): \(mean) over \(toy.entropy)")
                last = mean
            }
            #expect(last < toy.entropy + 0.08, "\(last) over \(toy.entropy)")
        }
    }
    @Test func `the bound is the same from what the others make of a token, and not told without clean tokens`() {
        let toy = TokenToy(K: 3, N: 2, seed: 7)
        let x0 = Tokens((0..<9).flatMap { toy.digits($0, base: 3) }, [9, 2])
        let places = (0..<9).map { Noise(seed: 2)($0) }
        for maskShare in [0, 0.5, 1] {
            let schedule = MaskAndReplace(codes: 3, steps: 8, maskShare: maskShare, shape: .exponential)
            func nats(_ objective: some TokenObjective) -> Tensor? {
                objective.nats(x0, places) { x, t in
                    toy.logits(x, schedule.level(at: Double(t[0])), of: objective.logits)
                }
            }
            expectClose(nats(RatioMatching(schedule))!, nats(CategoricalObjective(schedule))!, relative: 1e-4)
            if maskShare == 0 { #expect(nats(RatioMatching(schedule, form: .direct)) == nil) }
        }
    }
}
