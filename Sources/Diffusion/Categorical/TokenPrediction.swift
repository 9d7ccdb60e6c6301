import Tensors

extension DenoiserInput {
    /// Tokens `[B, N]` as a denoiser of tokens takes them.
    public init(
        _ tokens: Tokens, at times: [Float], _ schedule: any CategoricalSchedule, conditions: [Condition] = []
    ) {
        self.init(
            state: tokens.tensor, time: times,
            networkTime: times.map { Float(schedule.networkTime(Double($0))) }, conditions: conditions)
    }

    /// The state as tokens.
    public var tokens: Tokens { Tokens(state.values.map { Int32($0) }, state.shape) }
}

extension Denoiser {
    /// What a sampler of tokens calls: logits `[B, N, K]` of this network under conditions and guidance.
    ///
    /// Guidance acts on log-chances, u + s (c - u) (Tang et al. 2022, arXiv 2205.16007, equation 7): logits differ from those by a
    /// number per row, which falls out when the sampler normalises.
    public func logits(
        _ schedule: any CategoricalSchedule, along grid: TimeGrid, conditions: [Condition] = [],
        guidance: Guidance = Guidance(), negative: [Condition]? = nil
    ) -> (Tokens, Double) -> Tensor {
        let scope = RunScope(times: grid.times.map { Float(schedule.networkTime($0)) })
        return { tokens, time in
            var input = DenoiserInput(
                tokens, at: [Float](repeating: Float(time), count: tokens.shape[0]), schedule, conditions: conditions)
            input.scope = scope
            return guidance.predict(self, input, at: time, negative: negative).output
        }
    }
}
