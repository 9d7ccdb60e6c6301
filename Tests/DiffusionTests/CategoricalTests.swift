import Diffusion
import Glibc
import TestKit
import Tensors
import Testing

/// The formula of a row in double precision, written once more: the mixed posterior over K codes and the mask.
private func posterior(_ row: CategoricalRow, token: Int, _ p: [Double]) -> [Double] {
    func own<T>(_ k: Int, _ a: T, _ b: T) -> T { k == token ? a : b }
    let S = p.indices.reduce(0) { $0 + p[$1] * own($1, row.ownWeight, row.weight) }
    return p.indices.map { j in
        own(j, row.ownFactor, row.factor) * (row.keep * p[j] * own(j, row.ownWeight, row.weight) + row.replace * S)
    } + [row.masked * S]
}

/// Chances of everything that may become of a code or a mask between two levels, as a matrix.
private func transition(_ from: CategoricalLevel, _ to: CategoricalLevel, _ K: Int) -> [[Double]] {
    let (kept, stays) = (to.keep / from.keep, (1 - to.mask) / (1 - from.mask))
    let replaced = (stays - kept) / Double(K)
    let codes = (0..<K).map { i in (0..<K).map { replaced + ($0 == i ? kept : 0) } + [1 - stays] }
    return codes + [[Double](repeating: 0, count: K) + [1]]
}

private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in b[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * b[$1][j] } } }
}

private func schedules(_ K: Int) -> [(String, any CategoricalSchedule)] {
    [
        ("mask and replace", MaskAndReplace(codes: K, steps: 12)),
        ("masks only", MaskAndReplace(codes: K, steps: 12, maskShare: 1, shape: .cosine)),
        ("uniform", MaskAndReplace(codes: K, steps: 12, maskShare: 0, shape: .exponential)),
        ("released", ReleasedMaskAndReplace(codes: K, steps: 12)),
    ]
}

@Suite struct CategoricalTests {
    @Test func `one step after the other is the level that the schedule states`() {
        let K = 5
        for (name, schedule) in schedules(K) {
            var total = (0...K).map { i in (0...K).map { $0 == i ? 1.0 : 0 } }
            for t in 1...12 {
                let (before, now) = (schedule.level(at: Double(t - 1) / 12), schedule.level(at: Double(t) / 12))
                if before.keep <= 0 { continue }
                total = product(total, transition(before, now, K))
                for i in 0...K {
                    #expect(abs(total[i].reduce(0, +) - 1) < 1e-12, "\(name)")
                    for j in 0...K {
                        let stated = i == K ? (j == K ? 1 : 0) : j == K ? now.mask : now.replace + (i == j ? now.keep : 0)
                        #expect(abs(total[i][j] - stated) < 1e-10, "\(name), step \(t), \(i) to \(j)")
                    }
                }
            }
        }
    }

    @Test func `posteriors of any stride equal enumeration, in double precision and in the kernel`() {
        let K = 4
        for (name, schedule) in schedules(K) {
            for (s, t) in [(0, 1), (3, 4), (2, 9), (0, 12), (7, 12)] {
                let (before, now) = (schedule.level(at: Double(s) / 12), schedule.level(at: Double(t) / 12))
                let marginal = transition(.clean, before, K), step = transition(before, now, K)
                let reach = product(marginal, step)
                for x in 0...K where (0..<K).contains(where: { reach[$0][x] > 0 }) {
                    // Codes that cannot have become x have no chance, as an exact denoiser would say.
                    let raw = (0..<K).map { reach[$0][x] > 0 ? 0.1 + Double(($0 * 7 + x * 3) % 5) : 0 }
                    let p = raw.map { $0 / raw.reduce(0, +) }
                    let expected = (0...K).map { j in
                        (0..<K).reduce(0.0) { sum, k in
                            p[k] == 0 ? sum : sum + p[k] * marginal[k][j] * step[j][x] / reach[k][x]
                        }
                    }
                    let row = CategoricalRow(isMasked: x == K, from: now, to: before, codes: K)
                    let found = posterior(row, token: x, p)
                    let logits = Tensor(p.map { Float(log(max($0, 1e-35))) }, [1, K])
                    let kernel = categoricalPosterior(logits, Tokens([x]), [row]).values.map { exp(Double($0)) }
                    for j in 0...K {
                        let place = "\(name), \(t) to \(s), token \(x), entry \(j)"
                        #expect(abs(found[j] - expected[j]) < 1e-10, "\(place)")
                        #expect(abs(kernel[j] - expected[j]) < 1e-5, "\(place)")
                    }
                }
            }
        }
    }

    @Test func `the bound is the divergence of posteriors, and its gradient agrees with differences`() {
        for K in [1, 3, 21] {
            for (name, schedule) in schedules(K) {
                let corruption = CategoricalCorruption(schedule)
                let (B, N) = (3, 5)
                let places = (0..<B).map { Noise(seed: 5)($0) }
                let x0 = Tokens((0..<B * N).map { Int32($0 * 5 % K) }, [B, N])
                let now: [Float] = [2 / 12, 6 / 12, 1]
                let next: [Float] = [1 / 12, 0, 11 / 12]
                let x = corruption.corrupt(x0, at: now, places)
                let rows = corruption.rows(
                    x, from: now.map { schedule.level(at: Double($0)) }, to: next.map { schedule.level(at: Double($0)) })
                var clean = x0
                for i in x.values.indices where x.values[i] < K && rows[i].weight == 0 { clean.values[i] = -1 }
                let logits = Noise(seed: 6).normal([B, N, K])
                let bound = categoricalBound(logits, x, clean: clean, rows)
                let chances = logits.softmax().values
                for i in 0..<B * N {
                    let p = (0..<K).map { Double(chances[i * K + $0]) }
                    let sure = (0..<K).map { $0 == Int(x0.values[i]) ? 1.0 : 0 }
                    let q = posterior(rows[i], token: Int(x.values[i]), sure)
                    let mixed = posterior(rows[i], token: Int(x.values[i]), p)
                    let divergence = zip(q, mixed).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * log($1.0 / $1.1) : 0) }
                    let expected = clean.values[i] < 0 ? 0 : divergence
                    #expect(abs(Double(bound.values[i]) - expected) < 1e-5 * max(1, expected), "\(name), K = \(K), token \(i)")
                }
                gradientCheck("\(name), K = \(K)", [logits]) { categoricalBound($0[0], x, clean: clean, rows) }
            }
        }
    }

    @Test func `what is lost is lost as often as the level says, and the mean over it is the marginal`() {
        let (K, N) = (3, 20_000)
        let schedule = MaskAndReplace(codes: K, steps: 10, maskShare: 0.6)
        let corruption = CategoricalCorruption(schedule)
        let x0 = Tokens([Int32](repeating: 1, count: N), [1, N])
        let x = corruption.corrupt(x0, at: [0.7], [Noise(seed: 3)])
        let level = schedule.level(at: 0.7)
        for (code, expected) in [level.replace, level.replace + level.keep, level.replace, level.mask].enumerated() {
            let share = Double(x.values.count { $0 == code }) / Double(N)
            #expect(abs(share - expected) < 5 * (expected * (1 - expected) / Double(N)).squareRoot(), "\(code)")
        }
        // One sample's tokens do not depend on the others of its batch.
        let (a, b) = (Noise(seed: 8), Noise(seed: 9))
        let pair = Tokens([0, 1, 2, 2, 1, 0], [2, 3])
        let both = corruption.corrupt(pair, at: [0.5, 0.9], [a, b])
        let alone = corruption.corrupt(Tokens([2, 1, 0], [1, 3]), at: [0.9], [b])
        #expect(Array(both.values[3...]) == alone.values)
    }

    @Test func `tokens with schedules of their own are unmasked each at its own rate`() {
        // DiffusionBERT's spindle: keep = 1 - t + λ sin(π t) w. One schedule for all tokens gives .0511 and .0048 here.
        let (T, t, lambda) = (128.0, 64.0, 0.3)
        func level(_ t: Double, _ w: Double) -> CategoricalLevel {
            let keep = 1 - t / T + lambda * sin(.pi * t / T) * w
            return CategoricalLevel(keep: keep, mask: 1 - keep, codes: 2)
        }
        let corruption = CategoricalCorruption(MaskAndReplace(codes: 2, steps: 128, maskShare: 1))
        let x = Tokens([2, 2], [1, 2])
        let rows = corruption.rows(x, from: [level(t, 0.9), level(t, -0.9)], to: [level(t - 1, 0.9), level(t - 1, -0.9)])
        let stays = categoricalPosterior(.zeros([1, 2, 2]), x, rows).values.map { exp($0) }
        #expect(abs(1 - stays[2] - 0.0336) < 1e-4)
        #expect(abs(1 - stays[5] - 0.0103) < 1e-4)
    }

    @Test func `the released table hardly ever replaces, the paper's does`() {
        let (K, T) = (2887.0, 100)
        let released = ReleasedMaskAndReplace(codes: Int(K), steps: T)
        for t in 1...T {
            let level = released.level(at: Double(t) / Double(T))
            #expect(level.replace * K < 2e-6)
        }
        #expect(abs(released.level(at: 0.01).keep - 0.99999) < 1e-12 && abs(released.level(at: 1).mask - 0.99999) < 1e-12)
        let paper = MaskAndReplace(codes: Int(K), steps: T).level(at: 1)
        #expect(paper.keep == 0 && abs(paper.mask - 0.9) < 1e-12 && abs(paper.replace * K - 0.1) < 1e-12)
    }

    @Test func `the cut keeps the smallest set that holds the share, and draws follow the chances`() {
        let p: [Float] = [0.05, 0.4, 0.1, 0.25, 0.2]
        let x = Tensor(p.map { log($0) + 3 }, [1, 5])
        for (share, kept) in [(0.3, [1]), (0.4001, [1, 3]), (0.66, [1, 3, 4]), (0.999, [0, 1, 2, 3, 4]), (0, [1])] {
            let found = keepingLikely(x, share: Float(share)).values
            #expect(found.indices.filter { found[$0] > -.infinity } == kept, "\(share)")
            #expect(kept.allSatisfy { found[$0] == x.values[$0] })
        }
        var edge = 0.0
        for (k, chance) in p.enumerated() {
            #expect(drawn(x, at: [edge + 1e-6]).values == [Int32(k)])
            edge += Double(chance)
        }
        #expect(drawn(x, at: [0.999_999_999]).values == [4])
        #expect(drawn(Tensor([-.infinity, 0, -.infinity], [1, 3]), at: [0]).values == [1])
    }
}
