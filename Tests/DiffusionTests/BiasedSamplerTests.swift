import Diffusion
import Glibc
import Tensors
import Testing

/// Samplers that choose what to unmask, and truncated ones, miss the data's law even with an exact denoiser. By how much is worked out
/// twice: by running the sampler over all that chance may say, and on paper.
@Suite struct BiasedSamplerTests {
    private static let toy = TokenToy(K: 2, N: 3, seed: 3, sharpness: 2)
    private static let mask: Int32 = 2
    private static let schedule = MaskAndReplace(codes: 2, steps: 12, maskShare: 1, shape: .cosine)

    private typealias Law = [[Int32]: Double]

    /// Masks are told by themselves, so that any level shows the same.
    private static func chances(_ x: [Int32]) -> [[Double]] {
        toy.denoised(x, CategoricalLevel(keep: 0.5, mask: 0.5, codes: 2))
    }

    private static func distance(_ law: Law) -> Double {
        toy.chances.indices.reduce(0) { $0 + abs((law[toy.digits($1, base: 2)] ?? 0) - toy.chances[$1]) } / 2
    }

    private static func difference(_ a: Law, _ b: Law) -> Double {
        Set(a.keys).union(b.keys).reduce(0) { $0 + abs((a[$1] ?? 0) - (b[$1] ?? 0)) } / 2
    }

    // MARK: - The sampler, over all that chance may say

    /// Numbers from 0 to 1 at which choices are looked at.
    private static let fineness = 28

    private static func law(_ sampler: some TokenSampler, steps: Int, keep share: Float = 1) throws -> Law {
        var law: Law = [[2, 2, 2]: 1]
        for (i, interval) in try schedule.grid(steps: steps).intervals.enumerated() {
            var next: Law = [:]
            for (x, weight) in law {
                let hidden = (0..<3).filter { x[$0] == mask }
                // The row before every draw, its logits and how likely each of two tokens is drawn there.
                var logits = toy.logits(Tokens(x, [1, 3]), CategoricalLevel(keep: 0.5, mask: 0.5, codes: 2))
                if share < 1 { logits = keepingLikely(logits, share: share) }
                let purity = sampler as? PurityTokens
                let sharp = purity.map { logits.logSoftmax() * (1 + $0.sharpening * relative(logits)) } ?? logits
                let p = sharp.softmax().values
                var (draws, choices, weights) = ([Double](), [Double](), [Double]())
                let grid = Int(pow(Double(fineness), Double(hidden.count)))
                for drawn in 0..<(1 << hidden.count) {
                    var chance = weight
                    var at = [Double](repeating: 0.5, count: 3)
                    for (k, n) in hidden.enumerated() {
                        let first = Double(p[2 * n])
                        let second = drawn >> k & 1 == 1
                        chance *= second ? 1 - first : first
                        at[n] = second ? (1 + first) / 2 : first / 2
                    }
                    if chance < 1e-12 { continue }
                    for cell in 0..<grid {
                        var (rest, luck) = (cell, [Double](repeating: 0.5, count: 3))
                        for n in hidden {
                            luck[n] = (Double(rest % fineness) + 0.5) / Double(fineness)
                            rest /= fineness
                        }
                        draws += at
                        choices += luck
                        weights.append(chance / Double(grid))
                    }
                }
                let B = weights.count
                let step = TokenStep(
                    index: i, count: steps, interval: interval, corruption: CategoricalCorruption(schedule),
                    logits: logits.broadcast(to: [B, 3, 2]).contiguous()
                ) { $0 == "token" ? draws : choices }
                let after = sampler.step(from: Tokens((0..<B).flatMap { _ in x }, [B, 3]), step)
                for b in 0..<B { next[Array(after.values[3 * b..<3 * b + 3]), default: 0] += weights[b] }
            }
            law = next
        }
        return law
    }

    /// Each position's largest chance over the largest of all: `[1, 3, 1]`.
    private static func relative(_ logits: Tensor) -> Tensor {
        let most = logits.softmax().max(2).values
        return Tensor(most.map { $0 / most.max()! }, [1, 3, 1])
    }

    // MARK: - On paper

    /// Of all orders in which items with these weights come when each is drawn in proportion among those left: chances of the sets of the
    /// first `count`.
    private static func chosen(_ weights: [Int: Double], _ count: Int) -> [Set<Int>: Double] {
        if count == 0 { return [[]: 1] }
        let total = weights.values.reduce(0, +)
        var result: [Set<Int>: Double] = [:]
        for (item, weight) in weights {
            for (rest, chance) in chosen(weights.filter { $0.key != item }, count - 1) {
                result[rest.union([item]), default: 0] += chance * weight / total
            }
        }
        return result
    }

    /// - Parameters:
    ///   - draw: chances of the tokens at a position, given all positions' exact ones.
    ///   - weight: how readily a position is unmasked that drew a token of such a chance, at the step's end.
    private static func onPaper(
        steps: Int, draw: ([[Double]], Int) -> [Double],
        weight: (_ chances: [[Double]], _ position: Int, _ token: Int, _ next: Double) -> Double
    ) -> Law {
        let left = { (i: Int) in i == steps - 1 ? 0 : Int(3 * cos(.pi / 2 * (1 - time(i + 1, steps)))) }
        var law: Law = [[2, 2, 2]: 1]
        for i in 0..<steps {
            var next: Law = [:]
            for (x, share) in law {
                let hidden = (0..<3).filter { x[$0] == mask }
                let p = chances(x)
                let after = i == steps - 1 ? 0 : max(1, min(hidden.count - 1, left(i)))
                for drawn in 0..<(1 << hidden.count) {
                    var (chance, full, weights) = (share, x, [Int: Double]())
                    for (k, n) in hidden.enumerated() {
                        let token = drawn >> k & 1
                        chance *= draw(p, n)[token]
                        full[n] = Int32(token)
                        weights[n] = weight(p, n, token, time(i + 1, steps))
                    }
                    for (kept, likely) in chosen(weights, max(0, hidden.count - after)) {
                        var y = full
                        for n in hidden where !kept.contains(n) { y[n] = mask }
                        next[y, default: 0] += chance * likely
                    }
                }
            }
            law = next
        }
        return law
    }

    /// Time after so many steps: whole twelfths.
    private static func time(_ done: Int, _ steps: Int) -> Double { (Double((steps - done) * 12) / Double(steps)).rounded() / 12 }

    // MARK: - Tests

    @Test func `confidence is biased, by as much as on paper`() throws {
        var lines: [String] = []
        for steps in [1, 2, 3] {
            for temperature in [0.5, 4.5] {
                let found = try Self.law(ConfidenceTokens(temperature: temperature), steps: steps)
                let expected = Self.onPaper(
                    steps: steps, draw: { $0[$1] },
                    weight: { p, n, token, next in next == 0 ? 1 : pow(p[n][token], 1 / (temperature * next)) })
                #expect(Self.difference(found, expected) < 0.01, "\(steps), \(temperature): \(Self.difference(found, expected))")
                lines.append("\(steps) steps, temperature \(temperature): \(Float(Self.distance(found)))")
                #expect(Self.distance(expected) > 0.02)
            }
        }
        print("total variation of confidence\n" + lines.joined(separator: "\n"))
    }

    @Test func `purity is biased, by as much as on paper`() throws {
        var lines: [String] = []
        for (steps, sharpening) in [(1, 0.0), (2, 0.0), (3, 0.0), (2, 1.0), (3, 1.0)] {
            let found = try Self.law(PurityTokens(sharpening: Float(sharpening)), steps: steps)
            func score(_ p: [[Double]], _ n: Int) -> Double { p[n].max()! / p.map { $0.max()! }.max()! }
            let expected = Self.onPaper(
                steps: steps,
                draw: { p, n in
                    let sharp = p[n].map { pow($0, 1 + sharpening * score(p, n)) }
                    return sharp.map { $0 / sharp.reduce(0, +) }
                }, weight: { p, n, _, _ in p[n].max()! })
            #expect(Self.difference(found, expected) < 0.01, "\(steps), \(sharpening): \(Self.difference(found, expected))")
            lines.append("\(steps) steps, sharpening \(sharpening): \(Float(Self.distance(found)))")
            // One token a step, where the choice does not look at what was drawn, is exact.
            let isExact = steps == 3 && sharpening == 0
            #expect(isExact ? Self.distance(found) < 1e-6 : Self.distance(expected) > 0.02)
        }
        print("total variation of purity\n" + lines.joined(separator: "\n"))
    }

    @Test
    func `of a corruption that also replaces the samplers that choose take the number of masks, and keep what they accepted`()
        throws
    {
        let corruption = CategoricalCorruption(MaskAndReplace(codes: 5, steps: 20, maskShare: 0.9))
        let (B, N) = (3, 40)
        let places = (0..<B).map { Noise(seed: 6)($0) }
        let grid = try corruption.schedule.grid(steps: 8)
        let samplers: [any UnmaskingSampler] = [PurityTokens(), ConfidenceTokens()]
        for sampler in samplers {
            var before = Tokens([Int32](repeating: corruption.mask, count: B * N), [B, N])
            let last = sampler.sample(
                from: before, along: grid, corruption, places,
                observe: { progress in
                    let masks =
                        progress.index == 7
                        ? 0 : Int(Double(N) * corruption.schedule.level(at: grid.intervals[progress.index].next).mask)
                    for b in 0..<B {
                        let rows = b * N..<(b + 1) * N
                        #expect(progress.tokens.values[rows].count { $0 == corruption.mask } == masks)
                        for i in rows where before.values[i] != corruption.mask {
                            #expect(progress.tokens.values[i] == before.values[i])
                        }
                    }
                    before = progress.tokens
                }, predict: { x, time in places[0]("logits").normal([B, N, 5]) * Float(1 + time) })
            #expect(last.values.allSatisfy { $0 < 5 })
        }
    }

    @Test func `truncation is biased, by as much as on paper`() throws {
        // Of masks alone each one is revealed at step t of T with chance 1 / t, whatever the others do.
        let (steps, share) = (6, 0.8)
        var law: Law = [[2, 2, 2]: 1]
        for t in stride(from: steps, to: 0, by: -1) {
            var next: Law = [:]
            for (x, weight) in law {
                var branches: Law = [[]: weight]
                let p = Self.chances(x)
                for n in 0..<3 {
                    let most = p[n].max()!
                    let kept = most >= share ? p[n].map { $0 == most ? 1.0 : 0 } : p[n]
                    var longer: Law = [:]
                    for (y, chance) in branches {
                        if x[n] != Self.mask {
                            longer[y + [x[n]], default: 0] += chance
                        } else {
                            longer[y + [Self.mask], default: 0] += chance * (1 - 1 / Double(t))
                            for k in 0..<2 { longer[y + [Int32(k)], default: 0] += chance * kept[k] / Double(t) }
                        }
                    }
                    branches = longer
                }
                for (y, chance) in branches { next[y, default: 0] += chance }
            }
            law = next
        }
        let linear = MaskAndReplace(codes: 2, steps: steps, maskShare: 1)
        let found = try Self.toy.law(TruncatedTokens(share: Float(share)), steps: steps, linear)
        let difference = Self.toy.chances.indices.reduce(0) { sum, s in
            sum + abs(found.results[s] - (law[Self.toy.digits(s, base: 2)] ?? 0))
        }
        #expect(difference < 1e-5, "\(difference)")
        let plain = Self.toy.distance(try Self.toy.law(AncestralTokens(), steps: steps, linear))
        print("total variation of truncation to \(share): \(Float(Self.toy.distance(found))), without \(Float(plain))")
        #expect(Self.toy.distance(found) > 2 * plain)
        // All kept, nothing changes.
        let whole = try Self.toy.law(TruncatedTokens(share: 1), steps: steps, linear)
        #expect(abs(Self.toy.distance(whole) - plain) < 1e-6)
    }
}

/// The ancestral step on truncated logits, as a run of a system takes it.
private struct TruncatedTokens: IndependentTokenSampler {
    let share: Float

    func logChances(from x: Tokens, _ step: TokenStep) -> Tensor {
        AncestralTokens().logChances(
            from: x,
            TokenStep(
                index: step.index, count: step.count, interval: step.interval, corruption: step.corruption,
                logits: share < 1 ? keepingLikely(step.logits, share: share) : step.logits, chance: step.quantiles))
    }
}
