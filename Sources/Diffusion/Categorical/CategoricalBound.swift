import Glibc
import Tensors

extension TokenObjective {
    /// Nats of each sample under the model, at most: the sum of the bound over all steps of the chain and what the last
    /// level still tells of the data. Tokens are lost anew at every step, each from its place. Nil where the logits do not speak of
    /// clean tokens.
    ///
    /// - Parameter terms: of the sum that are looked at, evenly spread, and stand for all; all when nil.
    ///
    ///     returns [B]
    public func nats(
        _ x0: Tokens, _ places: [Noise], terms: Int? = nil, predict: (Tokens, [Float]) -> Tensor
    ) -> Tensor? {
        switch logits {
        case .clean: corruption.nats(x0, places, terms, predict: predict)
        case .cleanFromOthers: corruption.nats(x0, places, terms) { corruption.shown($0, predict($0, $1), $1) }
        case .presentFromOthers: nil
        }
    }
}

extension CategoricalCorruption {
    fileprivate func nats(
        _ x0: Tokens, _ places: [Noise], _ terms: Int?, predict: (Tokens, [Float]) -> Tensor
    ) -> Tensor {
        withoutGradients {
            let (B, T) = (places.count, schedule.steps)
            let count = min(terms ?? T, T)
            var sum = Tensor.zeros([B])
            for i in 0..<count {
                // In the middle of each of so many spans.
                let step = (2 * i + 1) * T / (2 * count) + 1
                let times = [Float](repeating: Float(step) / Float(T), count: B)
                let x = corrupt(x0, at: times, places.map { $0("bound")(step) })
                sum = sum + divergence(predict(x, times), x, x0, times).sum(1)
            }
            return sum * (Float(T) / Float(count)) + Float(prior * Double(tokensPerSample(x0, B)))
        }
    }

    /// KL between the true posterior of one step and the predicted one, `[B, N]`.
    func divergence(_ logits: Tensor, _ x: Tokens, _ x0: Tokens, _ times: [Float]) -> Tensor {
        let now = times.map { schedule.level(at: Double($0)) }
        let next = times.map { schedule.level(at: earlier($0)) }
        // Of a token that was certainly kept nothing is asked: without replacement, of one that is no mask.
        var clean = x0
        let N = x0.shape[1]
        for i in x.values.indices where x.values[i] != mask && now[i / N].replace <= 0 { clean.values[i] = -1 }
        return categoricalBound(logits, x, clean: clean, rows(x, from: now, to: next))
    }

    /// One step of the chain nearer to the data.
    private func earlier(_ t: Float) -> Double {
        let T = Double(schedule.steps)
        return max(0, ((Double(t) * T).rounded() - 1) / T)
    }

    /// Logits of x0 given all tokens from those given the others: p(x0 | x_t) ∝ p(x0 | the others) q(x_t | x0).
    fileprivate func shown(_ x: Tokens, _ logits: Tensor, _ times: [Float]) -> Tensor {
        let (N, K) = (x.shape[1], codes)
        var likelihoods = [Float](repeating: 0, count: x.count * K)
        for i in x.values.indices where x.values[i] != mask {
            let level = schedule.level(at: Double(times[i / N]))
            if level.replace > 0 {
                likelihoods[i * K + Int(x.values[i])] = Float(log((level.keep + level.replace) / level.replace))
            }
        }
        return logits + Tensor(likelihoods, logits.shape)
    }

    /// KL in nats, per token, between the tokens at time 1 and what runs start from, which keeps nothing.
    private var prior: Double {
        let (last, K) = (schedule.level(at: 1), Double(codes))
        guard last.keep > 0 else { return 0 }
        let start = last.replace / (1 - last.keep), masked = last.mask / (1 - last.keep)
        func term(_ p: Double, _ q: Double) -> Double { p > 0 ? p * log(p / q) : 0 }
        return term(last.keep + last.replace, start) + (K - 1) * term(last.replace, start) + term(last.mask, masked)
    }
}
