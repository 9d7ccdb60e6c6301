import Tensors

// One batch as several, so that each thread has a whole network to itself.

extension Denoiser {
    /// The prediction for a batch, its samples shared out evenly among the threads where they can be.
    ///
    /// Threads that share samples wait for each other once, threads that share every operation hundreds of times. The bits are the
    /// same: outside of training no sample's depend on the others.
    package func shared(_ input: DenoiserInput) -> Prediction {
        let (count, threads) = (input.time.count, Compute.threads)
        let isEven = count % threads == 0 || count >= 4 * threads
        guard threads > 1, isEven, !Context.current.recordsGradients else { return self(input) }
        let ranges = pieces(count, of: (count + threads - 1) / threads)
        let parts = concurrently(ranges.count) { self(input.samples(ranges[$0])) }
        let variances = parts.compactMap(\.variance)
        return Prediction(
            concatenated(parts.map(\.output), axis: 0), parts[0].kind,
            variance: variances.isEmpty ? nil : concatenated(variances, axis: 0))
    }
}

extension DenoiserInput {
    /// Some of the samples.
    public func samples(_ range: Range<Int>) -> DenoiserInput {
        // A mask that all samples share has a first axis of 1.
        func part(_ x: Tensor?) -> Tensor? { x.map { $0.shape[0] == time.count ? $0.slice(0, range) : $0 } }
        var input = DenoiserInput(
            state: state.slice(0, range), time: Array(time[range]), networkTime: Array(networkTime[range]),
            conditions: conditions.map { $0.samples(range) }, paddingMask: part(paddingMask), cleanMask: part(cleanMask),
            previous: part(previous), places: places.map { Array($0[range]) })
        input.scope = scope?.part(range.lowerBound, range.upperBound)
        return input
    }
}

extension Condition {
    /// Of some of the samples.
    public func samples(_ range: Range<Int>) -> Condition {
        Condition(
            kind, labels: labels.isEmpty ? [] : Array(labels[range]), states: states?.slice(0, range),
            pooled: pooled?.slice(0, range), mask: mask?.slice(0, range), weight: weight,
            isNull: isNull.isEmpty ? [] : Array(isNull[range]))
    }
}
