import Diffusion
import Glibc
import TestKit
import Tensors
import Testing

/// e^(-K horizon t) of each token is kept: every code jumps to every other at the rate `horizon`.
private struct SteadyJumps: CategoricalSchedule {
    let codes, steps: Int
    let horizon: Double

    func level(at t: Double) -> CategoricalLevel {
        CategoricalLevel(keep: exp(-Double(codes) * horizon * t), mask: 0, codes: codes)
    }
}

private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in b[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * b[$1][j] } } }
}

/// e^m, by its series after m was halved often.
private func exponential(_ m: [[Double]]) -> [[Double]] {
    let n = m.count
    let halvings = 12
    let small = m.map { $0.map { $0 / pow(2, Double(halvings)) } }
    let one = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0 } }
    var (sum, term) = (one, one)
    for k in 1...12 {
        term = product(term, small).map { $0.map { $0 / Double(k) } }
        for i in 0..<n { for j in 0..<n { sum[i][j] += term[i][j] } }
    }
    for _ in 0..<halvings { sum = product(sum, sum) }
    return sum
}

@Suite struct RatioMatchingTests {
    private static let uniform = MaskAndReplace(codes: 3, steps: 100, maskShare: 0, shape: .exponential)

    // MARK: - The chain

    @Test func `the level at a time is the exponential of the rates, and rows sum to 1`() {
        for K in [2, 3, 7] {
            for maskShare in [0, 0.25] {
                let schedule = MaskAndReplace(codes: K, steps: 10, maskShare: maskShare, shape: .exponential)
                for t in [0.05, 0.4, 1] where maskShare == 0 {
                    // Rate 4 of being lost, to any code.
                    let rates = (0..<K).map { i in (0..<K).map { 4 * t * (1 / Double(K) - ($0 == i ? 1 : 0)) } }
                    let exact = exponential(rates)
                    let level = schedule.level(at: t)
                    for i in 0..<K {
                        #expect(abs(exact[i].reduce(0, +) - 1) < 1e-12)
                        for j in 0..<K {
                            #expect(abs(exact[i][j] - level.replace - (i == j ? level.keep : 0)) < 1e-12, "\(K), \(t)")
                        }
                    }
                }
                let level = schedule.level(at: 0.3)
                #expect(abs(level.keep + Double(K) * level.replace + level.mask - 1) < 1e-15)
            }
        }
    }

    @Test func `exact ratios lead from uniform tokens to the data, half as far off with steps half as long`() throws {
        let toy = TokenToy(K: 3, N: 2, seed: 3)
        let schedule = SteadyJumps(codes: 3, steps: 1000, horizon: 3)
        let found = try [250, 500, 1000].map {
            toy.distance(try toy.law(EulerTokens(of: .presentFromOthers), steps: $0, schedule, of: .presentFromOthers))
        }
        print("total variation from uniform tokens, horizon 3, at 250, 500, 1000 Euler steps: \(found.map { Float($0) })")
        #expect(found[2] < 4e-3, "\(found)")
        for (far, near) in zip(found, found.dropFirst()) { #expect((0.42...0.58).contains(near / far), "\(found)") }
    }

    @Test func `the analytic step is the posterior, which a denoiser that sees its token gives only if divided`() {
        let toy = TokenToy(K: 3, N: 2, seed: 4)
        let (now, next) = (Self.uniform.level(at: 0.3), Self.uniform.level(at: 0.12))
        let step = CategoricalLevel(keep: now.keep / next.keep, mask: 0, codes: 3)
        let all = toy.allStates
        let corruption = CategoricalCorruption(Self.uniform)
        func said(_ kind: TokenLogits, seesToken: Bool) -> [Float] {
            let step = TokenStep(
                index: 0, count: 1, interval: .init(now: 0.3, next: 0.12), corruption: corruption,
                logits: toy.logits(all, now, of: kind), places: [])
            return AncestralTokens(seesToken: seesToken).logChances(from: all, step).exp().values
        }
        let hollow = said(.cleanFromOthers, seesToken: false)
        let divided = said(.clean, seesToken: true)
        let undivided = said(.clean, seesToken: false)
        var most = 0.0
        for s in 0..<toy.states {
            let x = toy.digits(s, base: 4)
            if x.contains(3) { continue }
            for place in 0..<2 {
                // p(x_s at the place | x_t), by going through all clean sequences.
                var exact = [Double](repeating: 0, count: 3)
                for (d, chance) in toy.chances.enumerated() {
                    let clean = toy.digits(d, base: 3)
                    for y in 0..<Int32(3) {
                        exact[Int(y)] +=
                            chance * toy.likelihood(x[1 - place], clean[1 - place], now) * toy.likelihood(y, clean[place], next)
                            * toy.likelihood(x[place], y, step)
                    }
                }
                let total = exact.reduce(0, +)
                for y in 0..<3 {
                    let (i, p) = ((s * 2 + place) * 4 + y, exact[y] / total)
                    #expect(abs(Double(hollow[i]) - p) < 2e-6 && abs(Double(divided[i]) - p) < 2e-6, "\(x), \(place), \(y)")
                    most = max(most, abs(Double(undivided[i]) - p))
                }
            }
        }
        #expect(most > 0.05, "\(most)")
    }

    // MARK: - The objective

    /// A table of logits for each place and each value of the other, trained over all states weighed by their chances.
    private static func trained(_ toy: TokenToy, _ objective: RatioMatching, at t: Float, steps: Int, rate: Float) -> Tensor {
        let K = toy.K
        let all = Tokens((0..<K * K).flatMap { toy.digits($0, base: K) }, [K * K, 2])
        let law = toy.marginal(objective.corruption.schedule.level(at: Double(t)))
        let weights = Tensor((0..<K * K).map { Float(law[toy.index(toy.digits($0, base: K), base: K + 1)]) }, [K * K, 1])
        let rows = Tokens((0..<K * K).flatMap { [all.values[2 * $0 + 1], Int32(K) + all.values[2 * $0]] }, [K * K, 2])
        let table = Parameter([2 * K, K], .zeros, decays: false)
        for _ in 0..<steps {
            let logits = embedding(table.value, rows)
            let loss = (objective.surprise(logits, at: all, [Float](repeating: t, count: K * K)) * weights).sum()
            let slope = gradients(of: loss, wrt: [table.value])[0]
            withoutGradients { table.set(table.value - slope * rate) }
        }
        return table.value.detached()
    }

    @Test(arguments: RatioMatching.Form.allCases)
    func `a table of chances trained on it comes to the true conditionals, and their ratios to those of marginals`(
        _ form: RatioMatching.Form
    ) {
        let toy = TokenToy(K: 3, N: 2, seed: 5, sharpness: 1)
        let t: Float = 0.15
        let level = Self.uniform.level(at: Double(t))
        let table = Self.trained(toy, RatioMatching(Self.uniform, form: form), at: t, steps: 3000, rate: 8)
        let law = toy.marginal(level)
        let chances = table.softmax().values.map(Double.init)
        for other in 0..<3 {
            let exact = toy.present([Int32(0), Int32(other)], level)[0]
            let clean = toy.denoised([Int32(0), Int32(other)], level, hiding: true)[0]
            let found = (0..<3).map { k in
                let p = chances[other * 3 + k]
                return form == .direct ? p : level.keep * p + level.replace
            }
            for k in 0..<3 {
                #expect(abs(found[k] - exact[k]) < 1e-3, "\(found) for \(exact)")
                if form == .implicit { #expect(abs(chances[other * 3 + k] - clean[k]) < 5e-3) }
                let ratio = law[toy.index([Int32(k), Int32(other)], base: 4)] / law[toy.index([0, Int32(other)], base: 4)]
                #expect(abs(found[k] / found[0] / ratio - 1) < 0.01)
            }
        }
    }

    @Test func `the implicit form is the direct one of the mixed chances, masks are not asked about, and gradients agree`() {
        let logits = Noise(seed: 2).normal([2, 4, 3])
        let x = Tokens([0, 1, 2, 2, 1, 0, 3, 3], [2, 4])
        let times: [Float] = [0.2, 0.9]
        for maskShare in [0, 0.5, 1] {
            let schedule = MaskAndReplace(codes: 3, steps: 10, maskShare: maskShare, shape: .exponential)
            let objective = RatioMatching(schedule)
            let found = objective.surprise(logits, at: x, times).values
            let p = logits.softmax().values
            for i in 0..<8 {
                let level = schedule.level(at: Double(times[i / 4]))
                let token = Int(x.values[i])
                let expected = token == 3 ? 0 : -log(level.keep * Double(p[i * 3 + token]) + level.replace)
                #expect(abs(Double(found[i]) - expected) < 1e-5, "\(maskShare), \(i)")
            }
            gradientCheck("implicit, \(maskShare)", [logits]) { objective.surprise($0[0], at: x, times) }
        }
    }

    @Test func `losses of a sample are its own, and the cross entropy of x0 comes beside at its weight`() {
        let places = (0..<3).map { Noise(seed: 8)($0) }
        let x0 = Tokens([0, 1, 2, 2, 1, 0], [3, 2])
        let draw = TimeDraw(times: [0.1, 0.5, 1], weights: [1, 2, 0.5])
        let logits = Noise(seed: 9).normal([3, 2, 3])
        func terms(_ auxiliary: Float) -> TokenTerms {
            RatioMatching(Self.uniform, auxiliary: auxiliary)(x0, at: draw, places) { _, _ in logits }
        }
        let (plain, more) = (terms(0), terms(0.5))
        #expect(plain.bound == nil)
        expectClose(more.crossEntropy!, crossEntropy(logits, x0).mean(1))
        expectClose(
            more.loss - plain.loss, plain.crossEntropy! * 0.5 * Tensor(draw.weights, [3]), relative: 1e-5, absolute: 1e-6)
        let one = RatioMatching(Self.uniform)(
            Tokens([2, 2], [1, 2]), at: TimeDraw(times: [0.5], weights: [2]), [places[1]]
        ) { _, _ in logits.slice(0, 1..<2) }
        expectIdentical(one.loss, plain.loss.slice(0, 1..<2))
        let direct = RatioMatching(Self.uniform, form: .direct)(x0, at: draw, places) { _, _ in logits }
        #expect(direct.crossEntropy == nil)
    }

    @Test func `of two codes it is ratio matching's logit: the loss is its softplus, the rate its exponential`() {
        let schedule = MaskAndReplace(codes: 2, steps: 100, maskShare: 0, shape: .exponential)
        let logits = Noise(seed: 3).normal([1, 6, 2])
        let x = Tokens([0, 1, 1, 0, 0, 1], [1, 6])
        let found = RatioMatching(schedule, form: .direct).surprise(logits, at: x, [0.4]).values
        let span = 1e-3
        let step = TokenStep(
            index: 0, count: 1, interval: .init(now: 0.4, next: 0.4 - span), corruption: CategoricalCorruption(schedule),
            logits: logits, places: [])
        let moves = EulerTokens(of: .presentFromOthers).logChances(from: x, step).values
        for i in 0..<6 {
            let token = Int(x.values[i])
            // log p(flipped | others) / p(x | others).
            let logit = Double(logits.values[2 * i + 1 - token] - logits.values[2 * i + token])
            #expect(abs(Double(found[i]) - log1p(exp(logit))) < 1e-5)
            // A code is lost at the rate 4, half of the time to the other.
            #expect(abs(Double(moves[i * 3 + 1 - token]) - log(span * 2 * exp(logit))) < 1e-3)
        }
    }

    // MARK: - The corrector

    /// The law of all states after some corrections of `span` at a time.
    private static func corrected(
        _ law: [Double], _ toy: TokenToy, _ schedule: any CategoricalSchedule, _ kind: TokenLogits, at t: Double, span: Double,
        steps: Int
    ) -> [Double] {
        let chances = TokenCorrector(steps: 1, of: kind).logChances(
            from: toy.allStates, toy.logits(toy.allStates, schedule.level(at: t), of: kind), at: t, for: span,
            CategoricalCorruption(schedule))
        return (0..<steps).reduce(law) { law, _ in toy.moved(law, chances) }
    }

    private static func distance(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
    }

    @Test(arguments: TokenLogits.allCases)
    func `a correction leaves the law of its time as it is`(_ kind: TokenLogits) {
        for maskShare in kind == .presentFromOthers ? [0] : [0, 0.5] {
            let schedule = MaskAndReplace(codes: 3, steps: 100, maskShare: maskShare, shape: .exponential)
            // One token alone: exactly. Two jump at the same time, which is wrong to second order.
            let single = TokenToy(K: 3, N: 1, seed: 6)
            let law = single.marginal(schedule.level(at: 0.3))
            let after = Self.corrected(law, single, schedule, kind, at: 0.3, span: 0.05, steps: 10)
            #expect(Self.distance(law, after) < 1e-5, "\(maskShare)")

            let pair = TokenToy(K: 3, N: 2, seed: 6)
            let both = pair.marginal(schedule.level(at: 0.3))
            let errors = [0.04, 0.02, 0.01].map {
                Self.distance(both, Self.corrected(both, pair, schedule, kind, at: 0.3, span: $0, steps: 1))
            }
            for (far, near) in zip(errors, errors.dropFirst()) { #expect((3.5...4.5).contains(far / near), "\(errors)") }

            // What was wrong is mended: from uniform tokens to the law of the time.
            let wrong = pair.prior(schedule)
            let mended = Self.corrected(wrong, pair, schedule, kind, at: 0.3, span: 0.005, steps: 200)
            #expect(Self.distance(mended, both) < 0.1 * Self.distance(wrong, both))
        }
    }

    /// A sampler that does nothing.
    private struct StillTokens: IndependentTokenSampler {
        func logChances(from x: Tokens, _ step: TokenStep) -> Tensor {
            let K = step.corruption.codes
            return Tensor(x.values.flatMap { token in (0...K).map { $0 == Int(token) ? 0 : -70 } }, x.shape + [K + 1])
        }
    }

    /// The law of a run with corrections after all steps but the last.
    private static func run(
        _ toy: TokenToy, _ sampler: some IndependentTokenSampler, steps: Int, corrections: Int
    ) throws -> [Double] {
        let (kind, corruption) = (TokenLogits.cleanFromOthers, CategoricalCorruption(uniform))
        var law = toy.prior(uniform)
        for interval in try uniform.grid(steps: steps).intervals {
            let step = TokenStep(
                index: 0, count: 1, interval: interval, corruption: corruption,
                logits: toy.logits(toy.allStates, uniform.level(at: interval.now), of: kind), places: [])
            law = toy.moved(law, sampler.logChances(from: toy.allStates, step))
            if interval.next > 0 {
                law = corrected(
                    law, toy, uniform, kind, at: interval.next, span: interval.now - interval.next, steps: corrections)
            }
        }
        return (0..<toy.chances.count).map { law[toy.index(toy.digits($0, base: toy.K), base: toy.K + 1)] }
    }

    @Test func `corrections bring a run nearer to the data, and runs that draw follow its law`() throws {
        let (toy, corruption) = (TokenToy(K: 3, N: 2, seed: 4), CategoricalCorruption(Self.uniform))
        let found = try [10, 25, 50].map { steps in
            try [0, 1].map {
                Self.distance(
                    try Self.run(toy, EulerTokens(of: .cleanFromOthers), steps: steps, corrections: $0), toy.chances)
            }
        }
        print("total variation at 10, 25, 50 Euler steps without and with a correction: \(found.map { $0.map { Float($0) } })")
        for pair in found { #expect(pair[1] < 0.95 * pair[0], "\(found)") }

        // Corrections alone.
        let places = (0..<2000).map { Noise(seed: 12)($0) }
        let x = StillTokens().sample(
            from: corruption.prior(places, 2), along: try Self.uniform.grid(steps: 10), corruption, places,
            corrector: TokenCorrector(steps: 2, of: .cleanFromOthers)
        ) { x, t in
            let table = toy.logits(toy.allStates, Self.uniform.level(at: t), of: .cleanFromOthers)
            let states = (0..<x.shape[0]).map { toy.index(x.values[2 * $0..<2 * $0 + 2], base: 4) }
            return embedding(table.reshaped([16, 6]), Tokens(states)).reshaped([x.shape[0], 2, 3])
        }
        var shares = [Double](repeating: 0, count: 9)
        for b in places.indices { shares[toy.index(x.values[2 * b..<2 * b + 2], base: 3)] += 1 / Double(places.count) }
        let law = try Self.run(toy, StillTokens(), steps: 10, corrections: 2)
        #expect(Self.distance(law, [Double](repeating: 1.0 / 9, count: 9)) > 0.2)
        #expect(Self.distance(shares, law) < 0.03)
    }
}
