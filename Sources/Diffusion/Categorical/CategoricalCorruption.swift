import Tensors

/// Loses tokens as a schedule says, and knows how they came to be lost.
public struct CategoricalCorruption: Sendable {
    public let schedule: any CategoricalSchedule

    public init(_ schedule: any CategoricalSchedule) { self.schedule = schedule }

    public var codes: Int { schedule.codes }
    /// The token that stands for a masked one.
    public var mask: Int32 { Int32(schedule.codes) }

    /// x_t given x0, each token on its own.
    ///
    ///     x0: [B, N], times: B, places: one per sample
    ///     returns [B, N]
    public func corrupt(_ x0: Tokens, at times: [Float], _ places: [Noise]) -> Tokens {
        let N = tokensPerSample(x0, times.count)
        let levels = times.flatMap { [CategoricalLevel](repeating: schedule.level(at: Double($0)), count: N) }
        return corrupt(x0, levels, at: quantiles(places.map { $0("corruption") }, N))
    }

    /// With a level of its own for every token, drawn at its quantile in [0, 1).
    public func corrupt(_ x0: Tokens, _ levels: [CategoricalLevel], at quantiles: [Double]) -> Tokens {
        require(
            levels.count == x0.count && quantiles.count == x0.count,
            "CategoricalCorruption: \(levels.count) levels and \(quantiles.count) quantiles for \(x0.count) tokens")
        var x = x0
        for i in x.values.indices {
            let level = levels[i]
            var u = quantiles[i] - level.keep
            if u < 0 { continue }
            u -= level.mask
            if u < 0 || level.replace <= 0 {
                x.values[i] = mask
            } else {
                x.values[i] = Int32(min(codes - 1, Int(u / level.replace)))
            }
        }
        return x
    }

    /// What a run starts from: tokens at time 1, of which nothing is kept.
    ///
    ///     returns [B, N]
    public func prior(_ places: [Noise], _ N: Int) -> Tokens {
        let last = schedule.level(at: 1)
        let total = 1 - last.keep
        let level = CategoricalLevel(keep: 0, replace: last.replace / total, mask: last.mask / total)
        let count = places.count * N
        return corrupt(
            Tokens([Int32](repeating: 0, count: count), [places.count, N]),
            [CategoricalLevel](repeating: level, count: count), at: quantiles(places.map { $0("prior") }, N))
    }

    /// How each token of x steps from the time `now` back to `next`.
    public func rows(_ x: Tokens, from now: Double, to next: Double, seesToken: Bool = true) -> [CategoricalRow] {
        rows(x, from: [schedule.level(at: now)], to: [schedule.level(at: next)], seesToken: seesToken)
    }

    /// With levels per sample, or for every token its own.
    public func rows(
        _ x: Tokens, from now: [CategoricalLevel], to next: [CategoricalLevel], seesToken: Bool = true
    ) -> [CategoricalRow] {
        require(
            now.count == next.count && !now.isEmpty && x.count % now.count == 0,
            "CategoricalCorruption: \(now.count) and \(next.count) levels for \(x.count) tokens")
        let each = x.count / now.count
        var rows: [CategoricalRow] = []
        rows.reserveCapacity(x.count)
        for i in now.indices {
            func row(_ isMasked: Bool) -> CategoricalRow {
                CategoricalRow(isMasked: isMasked, from: now[i], to: next[i], codes: codes, seesToken: seesToken)
            }
            let (masked, code) = (row(true), row(false))
            for n in i * each..<(i + 1) * each { rows.append(x.values[n] == mask ? masked : code) }
        }
        return rows
    }
}

/// A draw from each row of softmax(logits), each sample's from its own place.
///
///     logits: [B, N, K]
///     returns [B, N]
public func drawn(_ logits: Tensor, places: [Noise]) -> Tokens { drawn(logits, at: quantiles(places, logits.shape[1])) }

/// One uniform number of 48 bits in [0, 1) for each of N tokens of each sample.
///
///     returns places.count · N numbers
func quantiles(_ places: [Noise], _ N: Int) -> [Double] {
    let halves = uniform(places, [2, N]).values
    var result: [Double] = []
    result.reserveCapacity(places.count * N)
    for b in places.indices {
        for n in 0..<N {
            result.append(Double(halves[2 * b * N + n]) + Double(halves[(2 * b + 1) * N + n]) * 0x1p-24)
        }
    }
    return result
}

func tokensPerSample(_ x: Tokens, _ samples: Int) -> Int {
    require(
        x.shape.count == 2 && x.shape[0] == samples, "categorical diffusion: tokens \(x.shape) for \(samples) samples")
    return x.shape[1]
}
