// The seam. Every numeric operation reaches memory through these functions and no others: a second backend implements this
// protocol and nothing else. Outputs are contiguous and made by the caller; inputs are contiguous unless a line says "any view".

package enum UnaryOp: Int32 {
    case negate, exp, log, sqrt, rsqrt, square, abs, tanh, sigmoid, silu, gelu, geluErf, relu, leakyRelu, sin, cos, clamp,
        reciprocal, scale, power, softplus, log1p, erf, nonzero, sign, floor, round, geluQuick
}

package enum BinaryOp: Int32 { case add, subtract, multiply, divide, maximum, minimum, equal, less, greater, greaterOrEqual }

package enum ReduceOp: Int32 { case sum, mean, maximum, minimum }

/// What follows a matrix product or a norm, fused into it.
public enum Activation: Int32, Sendable {
    case none, gelu, geluErf, silu, relu, tanh, sigmoid
    /// x sigmoid(1.702 x), of CLIP and VQ-Diffusion.
    case geluQuick
}

/// Rows and columns added around a feature map.
public struct Padding: Sendable, Equatable {
    public var top, bottom, left, right: Int

    public init(top: Int, bottom: Int, left: Int, right: Int) {
        self.top = top
        self.bottom = bottom
        self.left = left
        self.right = right
    }

    public init(_ all: Int) { self.init(top: all, bottom: all, left: all, right: all) }
}

/// What a norm saved for its gradient: per row, or per sample and group.
package struct NormStatistics {
    package var mean, rstd: Tensor
}

/// How a norm's result is scaled and shifted: per column, or per column and group of rows (adaLN).
package enum NormAffine {
    case none
    case columns(weight: Tensor?, bias: Tensor?)
    /// (1 + scale[g]) x + shift[g]; tables `[G, D]`, f32, views with contiguous rows and equal row strides.
    case modulated(scale: Tensor, shift: Tensor)
}

package struct MatrixProduct {
    package var transposesA = false
    package var transposesB = false
    /// Zero-padded panels of this many rows, so that a row's bits do not depend on the others; 0 leaves the cut to the backend.
    package var panel = 0
    /// The second matrix stays as it is from one product to the next: a backend may keep it in a layout of its own.
    package var reusesSecond = false
}

package protocol Backend: Sendable {
    // Threads.
    /// Each task once, at the same time where there are threads; all that a task calls runs on the task's one thread.
    func concurrently(_ tasks: Int, _ body: (Int) -> Void)

    // Memory.
    func write(_ bytes: UnsafeRawBufferPointer, to x: Tensor)
    func read(_ x: Tensor, into bytes: UnsafeMutableRawBufferPointer)
    func fill(_ value: Float, into x: Tensor)
    /// Any views, any pair of types: copies, casts, materialises, writes or adds into slices.
    func copy(_ x: Tensor, into y: Tensor, accumulating: Bool)

    // Elementwise.
    func unary(_ op: UnaryOp, _ x: Tensor, _ p0: Float, _ p1: Float, into y: Tensor)
    func unaryBackward(_ op: UnaryOp, _ x: Tensor, _ gy: Tensor, _ p0: Float, _ p1: Float, into gx: Tensor)
    /// Any views.
    func binary(_ op: BinaryOp, _ a: Tensor, _ b: Tensor, into y: Tensor)
    func select(_ mask: Tensor, _ a: Tensor, _ b: Tensor, into y: Tensor)

    // Reductions, over x seen as [outer, reduced, inner].
    func reduce(_ op: ReduceOp, _ x: Tensor, outer: Int, reduced: Int, inner: Int, into y: Tensor)
    func argmax(_ x: Tensor, outer: Int, reduced: Int, inner: Int) -> [Int32]
    func sumOfSquares(_ x: Tensor) -> Double
    func firstNonfinite(_ x: Tensor) -> Int?

    // Rows.
    func softmax(_ x: Tensor, logarithm: Bool, into y: Tensor)
    func softmaxBackward(_ y: Tensor, _ gy: Tensor, logarithm: Bool, into gx: Tensor)
    func crossEntropy(_ logits: Tensor, _ targets: [Int32], into loss: Tensor, _ logSumExp: Tensor)
    func crossEntropyBackward(
        _ logits: Tensor, _ targets: [Int32], _ logSumExp: Tensor, _ g: Tensor, into gx: Tensor)
    /// Layer norm when `centred`, else RMS norm (statistics.mean is then unused). y has the type of x, or is bf16.
    func norm(_ x: Tensor, centred: Bool, eps: Float, _ affine: NormAffine, into y: Tensor, _ statistics: NormStatistics)
    /// gy has the type of y, gx that of x. `first` and `second` receive the gradients of weight and bias, or of scale and shift.
    func normBackward(
        _ x: Tensor, _ gy: Tensor, centred: Bool, _ affine: NormAffine, _ statistics: NormStatistics,
        into gx: Tensor, first: Tensor?, second: Tensor?)
    func groupNorm(
        _ x: Tensor, groups: Int, eps: Float, weight: Tensor?, bias: Tensor?, silu: Bool, into y: Tensor,
        _ statistics: NormStatistics)
    func groupNormBackward(
        _ x: Tensor, _ gy: Tensor, groups: Int, weight: Tensor?, bias: Tensor?, silu: Bool, _ statistics: NormStatistics,
        into gx: Tensor, gweight: Tensor?, gbias: Tensor?)
    /// `gate` as in NormAffine.modulated.
    func gatedResidual(_ x: Tensor, gate: Tensor, _ h: Tensor, into y: Tensor)
    func gatedResidualBackward(_ gy: Tensor, gate: Tensor, _ h: Tensor, into gh: Tensor, ggate: Tensor)

    /// Of `[rows, heads, 2 half]` the first `turned` heads, by the angles `[places, half]` of the place row % places.
    func rotary(_ x: Tensor, turned: Int, _ angles: (cosines: Tensor, sines: Tensor), backwards: Bool, into y: Tensor)

    // Signals, f32. Factors of the inner bins and of the two at the ends; `turns` [length, 2] as CKernels has them.
    func fourier(_ x: Tensor, _ length: Int, _ turns: Tensor, inner: Float, ends: Float, into y: Tensor)
    func fourierBack(_ x: Tensor, _ length: Int, _ turns: Tensor, inner: Float, ends: Float, into y: Tensor)
    /// x `[L]`, y `[N, bands]`, as ll_band_magnitudes of CKernels.
    func bandMagnitudes(
        _ x: Tensor, hop: Int, window: Tensor, turns: Tensor, spans: [Int32], weights: Tensor, into y: Tensor)
    /// x `[B, L]`, y `[B, N, size]`; overlapAdd goes the other way.
    func frames(_ x: Tensor, hop: Int, window: Tensor?, into y: Tensor)
    func overlapAdd(_ x: Tensor, hop: Int, window: Tensor?, into y: Tensor)
    /// As ll_resample of CKernels; table `[up, taps]`.
    func resample(_ x: Tensor, _ table: Tensor, down: Int, first: Int, into y: Tensor)

    // Categorical diffusion; rows of `steps` as enum ll_categorical of CKernels has them.
    func categoricalPosterior(_ logits: Tensor, _ tokens: [Int32], steps: Tensor, into y: Tensor)
    func categoricalBound(
        _ logits: Tensor, _ tokens: [Int32], clean: [Int32], steps: Tensor, into loss: Tensor, _ gradient: Tensor)
    func keepLikely(_ x: Tensor, share: Float, into y: Tensor)
    /// One column a row, from softmax(x), at the quantile `aims` in [0, 1).
    func draw(_ x: Tensor, _ aims: [Double]) -> [Int32]

    // Products. Batched over the leading axis where rank is 3; a batch of one repeats.
    func product(_ a: Tensor, _ b: Tensor, _ how: MatrixProduct, into c: Tensor)
    func biasActivation(_ x: Tensor, bias: Tensor?, _ activation: Activation, before: Tensor?)
    func biasActivationBackward(
        before: Tensor?, _ gy: Tensor, _ activation: Activation, into gBefore: Tensor?, gbias: Tensor?)
    /// q `[B, N, H, K]`, k and v `[B, M, H, K]`: views with contiguous last axis. `logSumExp` `[B, H, N]`.
    func attention(_ call: AttentionCall, into y: Tensor, _ logSumExp: Tensor)
    func attentionBackward(
        _ call: AttentionCall, _ y: Tensor, _ logSumExp: Tensor, _ gy: Tensor, into gq: Tensor, _ gk: Tensor, _ gv: Tensor)
    func convolution(_ call: ConvolutionCall, bias: Tensor?, into y: Tensor)
    func convolutionBackwardData(_ call: ConvolutionCall, _ gy: Tensor, into gx: Tensor)
    func convolutionBackwardWeights(_ call: ConvolutionCall, _ gy: Tensor, into gw: Tensor, gbias: Tensor?)

    // Gathering.
    func gather(_ table: Tensor, _ index: [Int32], into y: Tensor)
    func scatterAdd(_ g: Tensor, _ index: [Int32], into gtable: Tensor)
    func nearest(_ x: Tensor, _ codebook: Tensor) -> [Int32]
    func upsample(_ x: Tensor, into y: Tensor)
    func upsampleBackward(_ gy: Tensor, into gx: Tensor)

    // Randomness: element i is a pure function of (key, stream, i).
    func uniform(key: UInt64, stream: UInt64, into x: Tensor)
    func normal(key: UInt64, stream: UInt64, into x: Tensor)

    // Optimiser. Arguments are changed in place.
    func adamW(_ step: AdamWStep)
}

package struct AttentionCall {
    package var q, k, v: Tensor
    /// `[B, M]`, 1 keeps.
    package var mask: Tensor?
    package var isCausal: Bool
    package var scale: Float
}

package struct ConvolutionCall {
    /// `[B, H, W, C]`.
    package var x: Tensor
    /// `[O, KH, KW, C / groups]`.
    package var weight: Tensor
    package var stride: Int
    package var dilation: Int
    package var groups: Int
    package var padding: Padding
    package var isBatchInvariant: Bool
}

/// One AdamW update; the tensors are changed in place.
package struct AdamWStep {
    let weight, gradient, firstMoment, secondMoment: Tensor
    let average: Tensor?
    let gradientScale, rate, beta1, beta2, eps, decay, correction1, correction2, averageDecay: Float

    package init(
        weight: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, average: Tensor?,
        gradientScale: Float, rate: Float, beta1: Float, beta2: Float, eps: Float, decay: Float, correction1: Float,
        correction2: Float, averageDecay: Float
    ) {
        self.weight = weight
        self.gradient = gradient
        self.firstMoment = firstMoment
        self.secondMoment = secondMoment
        self.average = average
        self.gradientScale = gradientScale
        self.rate = rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.decay = decay
        self.correction1 = correction1
        self.correction2 = correction2
        self.averageDecay = averageDecay
    }
}

/// Where numbers live and are worked on.
package let backend: any Backend = Profile.isWanted ? ProfilingBackend(base: CPUBackend()) : CPUBackend()
