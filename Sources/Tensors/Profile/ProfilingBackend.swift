/// Another backend, with every call timed.
struct ProfilingBackend: Backend {
    let base: any Backend

    private func timed<Result>(
        _ operation: String, _ operands: [Tensor?], flops: Double = 0, detail: String? = nil, _ body: () -> Result
    ) -> Result {
        let start = ContinuousClock.now
        let result = body()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let present = operands.compactMap { $0 }
        let label = detail ?? present.first.map { "\($0.shape) \($0.dtype.rawValue)" } ?? ""
        Profile.add(
            operation, label, seconds: seconds, flops: flops,
            bytes: present.reduce(0) { $0 + $1.count * $1.dtype.size })
        return result
    }

    func concurrently(_ tasks: Int, _ body: (Int) -> Void) { base.concurrently(tasks, body) }

    func write(_ bytes: UnsafeRawBufferPointer, to x: Tensor) { timed("write", [x]) { base.write(bytes, to: x) } }
    func read(_ x: Tensor, into bytes: UnsafeMutableRawBufferPointer) { timed("read", [x]) { base.read(x, into: bytes) } }
    func fill(_ value: Float, into x: Tensor) { timed("fill", [x]) { base.fill(value, into: x) } }

    func copy(_ x: Tensor, into y: Tensor, accumulating: Bool) {
        timed(accumulating ? "add into" : "copy", [x, y], detail: "\(x.shape) \(x.dtype.rawValue) to \(y.dtype.rawValue)") {
            base.copy(x, into: y, accumulating: accumulating)
        }
    }

    func unary(_ op: UnaryOp, _ x: Tensor, _ p0: Float, _ p1: Float, into y: Tensor) {
        timed("\(op)", [x, y]) { base.unary(op, x, p0, p1, into: y) }
    }

    func unaryBackward(_ op: UnaryOp, _ x: Tensor, _ gy: Tensor, _ p0: Float, _ p1: Float, into gx: Tensor) {
        timed("\(op), gradient", [x, gy, gx]) { base.unaryBackward(op, x, gy, p0, p1, into: gx) }
    }

    func binary(_ op: BinaryOp, _ a: Tensor, _ b: Tensor, into y: Tensor) {
        timed("\(op)", [a, b, y], detail: "\(a.shape) and \(b.shape) \(y.dtype.rawValue)") { base.binary(op, a, b, into: y) }
    }

    func select(_ mask: Tensor, _ a: Tensor, _ b: Tensor, into y: Tensor) {
        timed("select", [y, mask, a, b]) { base.select(mask, a, b, into: y) }
    }

    func reduce(_ op: ReduceOp, _ x: Tensor, outer: Int, reduced: Int, inner: Int, into y: Tensor) {
        timed("reduce \(op)", [x, y], detail: "\(outer) x \(reduced) x \(inner) \(x.dtype.rawValue)") {
            base.reduce(op, x, outer: outer, reduced: reduced, inner: inner, into: y)
        }
    }

    func argmax(_ x: Tensor, outer: Int, reduced: Int, inner: Int) -> [Int32] {
        timed("argmax", [x]) { base.argmax(x, outer: outer, reduced: reduced, inner: inner) }
    }

    func sumOfSquares(_ x: Tensor) -> Double { timed("sum of squares", [x]) { base.sumOfSquares(x) } }
    func firstNonfinite(_ x: Tensor) -> Int? { timed("first non-finite", [x]) { base.firstNonfinite(x) } }

    func softmax(_ x: Tensor, logarithm: Bool, into y: Tensor) {
        timed("softmax", [x, y]) { base.softmax(x, logarithm: logarithm, into: y) }
    }

    func softmaxBackward(_ y: Tensor, _ gy: Tensor, logarithm: Bool, into gx: Tensor) {
        timed("softmax, gradient", [y, gy, gx]) { base.softmaxBackward(y, gy, logarithm: logarithm, into: gx) }
    }

    func crossEntropy(_ logits: Tensor, _ targets: [Int32], into loss: Tensor, _ logSumExp: Tensor) {
        timed("cross-entropy", [logits, loss]) { base.crossEntropy(logits, targets, into: loss, logSumExp) }
    }

    func crossEntropyBackward(
        _ logits: Tensor, _ targets: [Int32], _ logSumExp: Tensor, _ g: Tensor, into gx: Tensor
    ) {
        timed("cross-entropy, gradient", [logits, gx]) { base.crossEntropyBackward(logits, targets, logSumExp, g, into: gx) }
    }

    func categoricalPosterior(_ logits: Tensor, _ tokens: [Int32], steps: Tensor, into y: Tensor) {
        timed("categorical posterior", [logits, y]) { base.categoricalPosterior(logits, tokens, steps: steps, into: y) }
    }

    func categoricalBound(
        _ logits: Tensor, _ tokens: [Int32], clean: [Int32], steps: Tensor, into loss: Tensor, _ gradient: Tensor
    ) {
        timed("categorical bound", [logits, gradient]) {
            base.categoricalBound(logits, tokens, clean: clean, steps: steps, into: loss, gradient)
        }
    }

    func keepLikely(_ x: Tensor, share: Float, into y: Tensor) {
        timed("keep likely", [x, y]) { base.keepLikely(x, share: share, into: y) }
    }

    func draw(_ x: Tensor, _ aims: [Double]) -> [Int32] { timed("draw", [x]) { base.draw(x, aims) } }

    func norm(_ x: Tensor, centred: Bool, eps: Float, _ affine: NormAffine, into y: Tensor, _ statistics: NormStatistics) {
        timed("norm", [x, y]) { base.norm(x, centred: centred, eps: eps, affine, into: y, statistics) }
    }

    func normBackward(
        _ x: Tensor, _ gy: Tensor, centred: Bool, _ affine: NormAffine, _ statistics: NormStatistics,
        into gx: Tensor, first: Tensor?, second: Tensor?
    ) {
        timed("norm, gradient", [x, gy, gx]) {
            base.normBackward(x, gy, centred: centred, affine, statistics, into: gx, first: first, second: second)
        }
    }

    func groupNorm(
        _ x: Tensor, groups: Int, eps: Float, weight: Tensor?, bias: Tensor?, silu: Bool, into y: Tensor,
        _ statistics: NormStatistics
    ) {
        timed("group norm", [x, y]) {
            base.groupNorm(x, groups: groups, eps: eps, weight: weight, bias: bias, silu: silu, into: y, statistics)
        }
    }

    func groupNormBackward(
        _ x: Tensor, _ gy: Tensor, groups: Int, weight: Tensor?, bias: Tensor?, silu: Bool, _ statistics: NormStatistics,
        into gx: Tensor, gweight: Tensor?, gbias: Tensor?
    ) {
        timed("group norm, gradient", [x, gy, gx]) {
            base.groupNormBackward(
                x, gy, groups: groups, weight: weight, bias: bias, silu: silu, statistics, into: gx, gweight: gweight,
                gbias: gbias)
        }
    }

    func gatedResidual(_ x: Tensor, gate: Tensor, _ h: Tensor, into y: Tensor) {
        timed("gated residual", [x, h, y]) { base.gatedResidual(x, gate: gate, h, into: y) }
    }

    func gatedResidualBackward(_ gy: Tensor, gate: Tensor, _ h: Tensor, into gh: Tensor, ggate: Tensor) {
        timed("gated residual, gradient", [gy, h, gh]) { base.gatedResidualBackward(gy, gate: gate, h, into: gh, ggate: ggate) }
    }

    func rotary(_ x: Tensor, turned: Int, _ angles: (cosines: Tensor, sines: Tensor), backwards: Bool, into y: Tensor) {
        timed("rotary", [x, y]) { base.rotary(x, turned: turned, angles, backwards: backwards, into: y) }
    }

    func fourier(_ x: Tensor, _ length: Int, _ turns: Tensor, inner: Float, ends: Float, into y: Tensor) {
        timed("fourier", [x, y]) { base.fourier(x, length, turns, inner: inner, ends: ends, into: y) }
    }

    func fourierBack(_ x: Tensor, _ length: Int, _ turns: Tensor, inner: Float, ends: Float, into y: Tensor) {
        timed("fourier, inverse", [x, y]) { base.fourierBack(x, length, turns, inner: inner, ends: ends, into: y) }
    }

    func bandMagnitudes(
        _ x: Tensor, hop: Int, window: Tensor, turns: Tensor, spans: [Int32], weights: Tensor, into y: Tensor
    ) {
        timed("band magnitudes", [x, y]) {
            base.bandMagnitudes(x, hop: hop, window: window, turns: turns, spans: spans, weights: weights, into: y)
        }
    }

    func frames(_ x: Tensor, hop: Int, window: Tensor?, into y: Tensor) {
        timed("frames", [x, y]) { base.frames(x, hop: hop, window: window, into: y) }
    }

    func overlapAdd(_ x: Tensor, hop: Int, window: Tensor?, into y: Tensor) {
        timed("overlap add", [x, y]) { base.overlapAdd(x, hop: hop, window: window, into: y) }
    }

    func resample(_ x: Tensor, _ table: Tensor, down: Int, first: Int, into y: Tensor) {
        timed("resample", [x, y]) { base.resample(x, table, down: down, first: first, into: y) }
    }

    func product(_ a: Tensor, _ b: Tensor, _ how: MatrixProduct, into c: Tensor) {
        let k = a.shape[a.rank - (how.transposesA ? 2 : 1)]
        let (m, n) = (c.shape[c.rank - 2], c.shape[c.rank - 1])
        let batch = c.rank == 3 ? "\(c.shape[0]) x " : ""
        let kind = (how.transposesA ? "T" : "N") + (how.transposesB ? "T" : "N")
        timed(
            "product", [a, b, c], flops: 2 * Double(c.count) * Double(k),
            detail: "\(batch)\(m) x \(n) x \(k) \(kind) \(a.dtype.rawValue)" + (how.panel > 0 ? " panel \(how.panel)" : "")
        ) { base.product(a, b, how, into: c) }
    }

    func biasActivation(_ x: Tensor, bias: Tensor?, _ activation: Activation, before: Tensor?) {
        timed("bias, \(activation)", [x, x, before]) { base.biasActivation(x, bias: bias, activation, before: before) }
    }

    func biasActivationBackward(
        before: Tensor?, _ gy: Tensor, _ activation: Activation, into gBefore: Tensor?, gbias: Tensor?
    ) {
        timed("bias, \(activation), gradient", [gy, before, gBefore]) {
            base.biasActivationBackward(before: before, gy, activation, into: gBefore, gbias: gbias)
        }
    }

    func attention(_ call: AttentionCall, into y: Tensor, _ logSumExp: Tensor) {
        timed("attention", [call.q, call.k, call.v, y], flops: call.flops, detail: call.detail) {
            base.attention(call, into: y, logSumExp)
        }
    }

    func attentionBackward(
        _ call: AttentionCall, _ y: Tensor, _ logSumExp: Tensor, _ gy: Tensor, into gq: Tensor, _ gk: Tensor, _ gv: Tensor
    ) {
        // Five products instead of two.
        timed(
            "attention, gradient", [call.q, call.k, call.v, y, gy, gq, gk, gv], flops: 2.5 * call.flops, detail: call.detail
        ) { base.attentionBackward(call, y, logSumExp, gy, into: gq, gk, gv) }
    }

    func convolution(_ call: ConvolutionCall, bias: Tensor?, into y: Tensor) {
        timed("convolution", [call.x, call.weight, y], flops: call.flops(y), detail: call.detail) {
            base.convolution(call, bias: bias, into: y)
        }
    }

    func convolutionBackwardData(_ call: ConvolutionCall, _ gy: Tensor, into gx: Tensor) {
        timed("convolution, gradient of x", [gy, call.weight, gx], flops: call.flops(gy), detail: call.detail) {
            base.convolutionBackwardData(call, gy, into: gx)
        }
    }

    func convolutionBackwardWeights(_ call: ConvolutionCall, _ gy: Tensor, into gw: Tensor, gbias: Tensor?) {
        timed("convolution, gradient of weights", [call.x, gy, gw], flops: call.flops(gy), detail: call.detail) {
            base.convolutionBackwardWeights(call, gy, into: gw, gbias: gbias)
        }
    }

    func gather(_ table: Tensor, _ index: [Int32], into y: Tensor) {
        timed("gather", [y, y]) { base.gather(table, index, into: y) }
    }
    func scatterAdd(_ g: Tensor, _ index: [Int32], into gtable: Tensor) {
        timed("scatter-add", [g, g]) { base.scatterAdd(g, index, into: gtable) }
    }
    func nearest(_ x: Tensor, _ codebook: Tensor) -> [Int32] {
        timed("nearest", [x, codebook], flops: 2 * Double(x.count) * Double(codebook.shape[0])) { base.nearest(x, codebook) }
    }
    func upsample(_ x: Tensor, into y: Tensor) { timed("upsample", [x, y]) { base.upsample(x, into: y) } }
    func upsampleBackward(_ gy: Tensor, into gx: Tensor) {
        timed("upsample, gradient", [gy, gx]) { base.upsampleBackward(gy, into: gx) }
    }

    func uniform(key: UInt64, stream: UInt64, into x: Tensor) {
        timed("uniform", [x]) { base.uniform(key: key, stream: stream, into: x) }
    }
    func normal(key: UInt64, stream: UInt64, into x: Tensor) {
        timed("normal", [x]) { base.normal(key: key, stream: stream, into: x) }
    }

    func adamW(_ step: AdamWStep) {
        let both = [step.weight, step.firstMoment, step.secondMoment, step.average]
        timed("adamw", both + both + [step.gradient]) { base.adamW(step) }
    }
}

extension AttentionCall {
    fileprivate var flops: Double { 4 * Double(q.count) * Double(k.shape[1]) }
    fileprivate var detail: String { "\(q.shape) over \(k.shape[1]) \(q.dtype.rawValue)" }
}

extension ConvolutionCall {
    /// `y` is of the output's shape.
    fileprivate func flops(_ y: Tensor) -> Double { 2 * Double(y.count) * Double(weight.count / weight.shape[0]) }
    fileprivate var detail: String { "\(x.shape) by \(weight.shape) stride \(stride) \(x.dtype.rawValue)" }
}
