import Diffusion
import Glibc
import Tensors

/// Data small enough to write down: a table of chances over K^N sequences, whose best denoiser and whose samplers' laws are sums.
struct TokenToy {
    let K, N: Int
    /// Of every sequence, the first token counting most.
    let chances: [Double]

    init(K: Int, N: Int, seed: UInt64 = 1, sharpness: Double = 1.5) {
        self.K = K
        self.N = N
        let count = Int(pow(Double(K), Double(N)).rounded())
        let raw = Noise(seed: seed)("table").normal([count]).values.map { exp(sharpness * Double($0)) }
        let total = raw.reduce(0, +)
        chances = raw.map { $0 / total }
    }

    init(K: Int, N: Int, chances: [Double]) {
        (self.K, self.N, self.chances) = (K, N, chances)
    }

    var entropy: Double { -chances.reduce(0) { $0 + ($1 > 0 ? $1 * log($1) : 0) } }

    /// Digits of a state, with or without the mask as a value.
    func digits(_ index: Int, base: Int) -> [Int32] {
        var (rest, result) = (index, [Int32](repeating: 0, count: N))
        for n in (0..<N).reversed() {
            result[n] = Int32(rest % base)
            rest /= base
        }
        return result
    }

    func index(_ digits: some Collection<Int32>, base: Int) -> Int { digits.reduce(0) { $0 * base + Int($1) } }

    var states: Int { Int(pow(Double(K + 1), Double(N)).rounded()) }

    /// Every state there is, `[(K + 1)^N, N]`.
    var allStates: Tokens { Tokens((0..<states).flatMap { digits($0, base: K + 1) }, [states, N]) }

    /// p(x_t | x0) of one token.
    func likelihood(_ x: Int32, _ clean: Int32, _ level: CategoricalLevel) -> Double {
        x == Int32(K) ? level.mask : level.replace + (x == clean ? level.keep : 0)
    }

    /// p(x0 at each place = k | the whole x_t): `[N][K]`; what no data could give is spread evenly.
    func denoised(_ x: [Int32], _ level: CategoricalLevel, hiding hidden: Bool = false) -> [[Double]] {
        (0..<N).map { place in
            var row = [Double](repeating: 0, count: K)
            for (s, chance) in chances.enumerated() where chance > 0 {
                let clean = digits(s, base: K)
                var p = chance
                for n in 0..<N where !(hidden && n == place) { p *= likelihood(x[n], clean[n], level) }
                row[Int(clean[place])] += p
            }
            let total = row.reduce(0, +)
            return total > 0 ? row.map { $0 / total } : row.map { _ in 1 / Double(K) }
        }
    }

    /// p(x_t at each place = k | the others): `[N][K]`, given that it is no mask.
    func present(_ x: [Int32], _ level: CategoricalLevel) -> [[Double]] {
        denoised(x, level, hiding: true).map { row in
            row.map { (level.keep * $0 + level.replace) / (level.keep + Double(K) * level.replace) }
        }
    }

    /// Logits of the exact denoiser for a batch.
    func logits(_ x: Tokens, _ level: CategoricalLevel, of kind: TokenLogits = .clean) -> Tensor {
        let rows = (0..<x.shape[0]).flatMap { b in
            let x = Array(x.values[b * N..<(b + 1) * N])
            let chances = kind == .presentFromOthers ? present(x, level) : denoised(x, level, hiding: kind != .clean)
            return chances.flatMap { $0.map { Float(log(max($0, 1e-35))) } }
        }
        return Tensor(rows, [x.shape[0], N, K])
    }

    /// The law of a run of a sampler whose tokens step independently, by going through all states: chances of the K^N results and
    /// of anything else, and the share of masked tokens before the last step.
    func law(
        _ sampler: some IndependentTokenSampler, steps: Int, _ schedule: any CategoricalSchedule, of kind: TokenLogits = .clean,
        from start: [Double]? = nil
    ) throws -> (results: [Double], rest: Double, masked: Double) {
        var masked = 0.0
        let corruption = CategoricalCorruption(schedule)
        let all = allStates
        var law = start ?? prior(schedule)
        let grid = try schedule.grid(steps: steps)
        for (i, interval) in grid.intervals.enumerated() {
            masked = (0..<states).reduce(0) { sum, s in
                sum + law[s] * Double(digits(s, base: K + 1).count { $0 == Int32(K) }) / Double(N)
            }
            let logits = logits(all, schedule.level(at: interval.now), of: kind)
            let step = TokenStep(
                index: i, count: steps, interval: interval, corruption: corruption, logits: logits,
                places: (0..<states).map { Noise(seed: 1)($0) })
            law = moved(law, sampler.logChances(from: all, step))
        }
        let results = (0..<chances.count).map { law[index(digits($0, base: K), base: K + 1)] }
        return (results, 1 - results.reduce(0, +), masked)
    }

    /// The law of all states after each token went its own way, by log chances `[states, N, K + 1]`.
    func moved(_ law: [Double], _ logChances: Tensor) -> [Double] {
        let chances = logChances.values.map { exp(Double($0)) }
        var next = [Double](repeating: 0, count: states)
        let targets = (0..<states).map { digits($0, base: K + 1) }
        for s in 0..<states where law[s] > 0 {
            for (target, tokens) in targets.enumerated() {
                var p = law[s]
                for (n, token) in tokens.enumerated() {
                    p *= chances[(s * N + n) * (K + 1) + Int(token)]
                    if p < 1e-18 { break }
                }
                next[target] += p
            }
        }
        return next
    }

    /// Of all states, what runs start from.
    func prior(_ schedule: any CategoricalSchedule) -> [Double] {
        let last = schedule.level(at: 1)
        return (0..<states).map { s in
            digits(s, base: K + 1).reduce(1) { p, token in
                p * (token == Int32(K) ? last.mask : last.replace) / (1 - last.keep)
            }
        }
    }

    /// Of all states at a time, by summing over the data.
    func marginal(_ level: CategoricalLevel) -> [Double] {
        (0..<states).map { s in
            let x = digits(s, base: K + 1)
            return chances.indices.reduce(0) { sum, d in
                let clean = digits(d, base: K)
                return sum + (0..<N).reduce(chances[d]) { $0 * likelihood(x[$1], clean[$1], level) }
            }
        }
    }

    /// Total variation between the results' law and the data's.
    func distance(_ law: (results: [Double], rest: Double, masked: Double)) -> Double {
        (zip(law.results, chances).reduce(0) { $0 + abs($1.0 - $1.1) } + law.rest) / 2
    }
}
