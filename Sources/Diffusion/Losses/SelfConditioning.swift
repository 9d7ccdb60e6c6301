import Tensors

/// Whether a denoiser is shown its own estimate of x0, and how it learns to use it. In sampling the estimate is the step before's.
public enum SelfConditioning: String, CaseIterable, Sendable {
    case none
    /// Half of the samples, each by its own draw, see the estimate of a pass without gradients; the others see zeros (Chen et al. 2022,
    /// arXiv 2208.04202, section 3.2).
    case half
    /// Every sample takes two passes, without and with the estimate of the first; both are trained (Strudel et al. 2022, arXiv
    /// 2211.04236, section 3.3).
    case both
}

extension SelfConditioning {
    /// What half of the samples are shown of an estimate that is made for them without gradients, zeros for the others; nil in other modes
    /// and where nobody sees it.
    ///
    ///     estimate: [B, ...]
    public func shown(to places: [Noise], _ estimate: () -> Tensor) -> Tensor? {
        guard self == .half else { return nil }
        let sees = places.map { $0("sees itself").uniformDouble() < 0.5 }
        guard sees.contains(true) else { return nil }
        let first = withoutGradients(estimate).detached()
        return first * Tensor(sees.map { $0 ? 1 : 0 }, [sees.count] + [Int](repeating: 1, count: first.rank - 1))
    }
}

extension GaussianObjective {
    /// The loss of a denoiser that may see its own estimate.
    ///
    /// - Parameters:
    ///   - places: one per sample, where it is drawn who sees the estimate.
    ///   - predict: the network, at a state, its times and the estimate of x0 shaped as the state, nil where nobody sees one.
    public func callAsFunction(
        _ x0: Tensor, at draw: TimeDraw, noise epsilon: Tensor, mask: Tensor? = nil, _ mode: SelfConditioning, places: [Noise],
        predict: (_ state: Tensor, _ times: [Float], _ previous: Tensor?) -> Prediction
    ) -> Terms {
        func terms(_ previous: Tensor?) -> (terms: Terms, prediction: Prediction, state: Tensor) {
            var found: (prediction: Prediction, state: Tensor)?
            let terms = self(x0, at: draw, noise: epsilon, mask: mask) { state, times in
                let prediction = predict(state, times, previous)
                found = (prediction, state)
                return prediction
            }
            return (terms, found!.prediction, found!.state)
        }
        /// What a prediction at a state says of x0, for nothing to flow back through.
        func estimate(_ prediction: Prediction, at state: Tensor) -> Tensor {
            let level = corruption.schedule.levels(at: draw.times, rank: x0.rank)
            return prediction.kind.x0(from: prediction.output, at: state, level).detached()
        }
        switch mode {
        case .none: return terms(nil).terms
        case .half:
            let shown = mode.shown(to: places) {
                let state = corruption.corrupt(x0, at: draw.times, noise: epsilon)
                return estimate(predict(state, draw.times, nil), at: state)
            }
            return terms(shown).terms
        case .both:
            let (first, prediction, state) = terms(nil)
            let second = terms(estimate(prediction, at: state)).terms
            return Terms(
                loss: (first.loss + second.loss) * 0.5, squaredError: (first.squaredError + second.squaredError) * 0.5,
                bound: first.bound.flatMap { a in second.bound.map { (a + $0) * 0.5 } })
        }
    }
}
