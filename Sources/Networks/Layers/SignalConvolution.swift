import Tensors

/// A weight as direction and length, learned apart (Salimans and Kingma 2016, arXiv 1602.07868).
///
///     value: of the given shape, with a length for each index of one axis
public final class WeightNorm: Module {
    package let direction: Parameter
    package let length: Parameter
    private let axis: Int

    /// It begins with numbers in ±1/√n, where n of them share a length, and with the length that such numbers have.
    public init(_ shape: [Int], axis: Int = 0) {
        self.axis = axis < 0 ? axis + shape.count : axis
        let rows = shape[self.axis]
        direction = Parameter(shape, .fanIn(shape.reduce(1, *) / rows), decays: false)
        length = Parameter([rows], .constant((1.0 / 3).squareRoot()), decays: false)
        super.init()
    }

    public var value: Tensor { weightNormed(direction.value, length.value, axis: axis) }
}

/// Convolution over signals, which lie in memory as maps of one row; with weight norm. It keeps their length.
///
///     x: [B, 1, L, in]
///     returns [B, 1, L, out]
public final class SignalConv: Module {
    /// What lies beyond the ends of a signal.
    public enum Edges: Sendable { case zeros, mirror }

    /// `[out, 1, kernel, in]`.
    package let weight: WeightNorm
    package let bias: Parameter
    private let dilation, reach: Int
    private let edges: Edges

    /// - Parameter kernel: odd.
    public init(_ input: Int, _ output: Int, kernel: Int, dilation: Int = 1, edges: Edges = .zeros) {
        weight = WeightNorm([output, 1, kernel, input])
        bias = Parameter([output], .fanIn(kernel * input), decays: false)
        (self.dilation, self.edges) = (dilation, edges)
        reach = (kernel - 1) * dilation / 2
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        let isMirrored = edges == .mirror
        let zeros = isMirrored ? 0 : reach
        return convolution(
            isMirrored ? reflected(x, by: reach, axis: 2) : x, weight: weight.value, bias: bias.value,
            padding: Padding(top: 0, bottom: 0, left: zeros, right: zeros), dilation: dilation)
    }
}

/// Makes a signal `ratio` times as short: a convolution of stride `ratio` with a kernel of 10 · ratio + 1, in groups, with weight norm.
///
/// Each `ratio` samples are seen as the channels of one place, of which a kernel of stride 1 hears eleven: groups of so many channels fill
/// the vectors of a processor, groups of four do not.
///
///     x: [B, 1, L, in]
///     returns [B, 1, L / ratio, out], rounded up
public final class SignalDownsample: Module {
    /// `[out, 1, 10 ratio + 1, in / groups]`.
    package let weight: WeightNorm
    package let bias: Parameter
    private let ratio, groups: Int

    public init(_ input: Int, _ output: Int, ratio: Int, groups: Int) {
        let kernel = 10 * ratio + 1
        weight = WeightNorm([output, 1, kernel, input / groups])
        bias = Parameter([output], .fanIn(kernel * input / groups), decays: false)
        (self.ratio, self.groups) = (ratio, groups)
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        let (B, _, L, C) = x.shape4
        let (output, part) = (bias.shape[0], C / groups)
        let places = (L + ratio - 1) / ratio
        let missing = places * ratio - L
        let whole = missing == 0 ? x : concatenated([x, .zeros([B, 1, missing, C], x.dtype)], axis: 2)
        let parts = whole.reshaped([B, places, ratio, groups, part]).permuted([0, 1, 3, 2, 4])
        let folded = parts.reshaped([B, 1, places, groups * ratio * part])
        let kernel = concatenated([weight.value, .zeros([output, 1, ratio - 1, part])], axis: 2)
        return convolution(
            folded, weight: kernel.reshaped([output, 1, 11, ratio * part]), bias: bias.value,
            padding: Padding(top: 0, bottom: 0, left: 5, right: 5), groups: groups)
    }
}

/// Makes a signal `ratio` times as long: a transposed convolution with a kernel of twice the ratio, and weight norm.
///
/// So long a kernel reaches from one place into the samples of that place and of the next, so that all samples of a place are made of two
/// places: an ordinary convolution with `ratio` times the channels, which is up to twice as fast.
///
///     x: [B, 1, L, in]
///     returns [B, 1, ratio · L, out]
public final class SignalUpsample: Module {
    /// `[ratio · out, 1, 2, in]`, of the place before and the place itself; lengths are of the inputs, as published.
    package let weight: WeightNorm
    package let bias: Parameter
    private let ratio: Int

    public init(_ input: Int, _ output: Int, ratio: Int) {
        weight = WeightNorm([ratio * output, 1, 2, input], axis: -1)
        bias = Parameter([output], .fanIn(2 * ratio * output), decays: false)
        self.ratio = ratio
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        let (B, _, L, _) = x.shape4
        let output = bias.shape[0]
        let biases = bias.value.broadcast(to: [ratio, output]).reshaped([ratio * output])
        // [B, 1, L + 1, ratio · out]
        let places = convolution(
            x, weight: weight.value, bias: biases, padding: Padding(top: 0, bottom: 0, left: 1, right: 1))
        // One ratio too many, of which the larger part in front is cut off where it is odd.
        let first = ratio - ratio / 2
        return places.reshaped([B, 1, (L + 1) * ratio, output]).slice(2, first..<first + L * ratio).contiguous()
    }
}
