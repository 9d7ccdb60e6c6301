import TestKit
import Tensors
import Testing

@Suite struct GradientTests {
    private func draw(_ label: String, _ shape: [Int]) -> Tensor { Noise(seed: 1)(label).normal(shape) }

    /// Away from zero by at least 0.3, for functions with a kink or a pole there.
    private func clear(_ label: String, _ shape: [Int]) -> Tensor {
        let x = draw(label, shape)
        return x + x.sign() * 0.3
    }

    private func positive(_ label: String, _ shape: [Int]) -> Tensor { draw(label, shape).abs() + 0.5 }

    static let shapes: [[Int]] = [[1], [7], [3, 5], [2, 3, 17]]

    @Test(arguments: shapes) func `functions of one tensor`(_ shape: [Int]) {
        let x = draw("x", shape)
        gradientCheck("exp", [x]) { $0[0].exp() }
        gradientCheck("square", [x]) { $0[0].square() }
        gradientCheck("sin", [x]) { $0[0].sin() }
        gradientCheck("cos", [x]) { $0[0].cos() }
        gradientCheck("tanh", [x]) { $0[0].tanh() }
        gradientCheck("erf", [x]) { $0[0].erf() }
        gradientCheck("sigmoid", [x]) { $0[0].sigmoid() }
        gradientCheck("softplus", [x]) { $0[0].softplus() }
        gradientCheck("silu", [x]) { $0[0].silu() }
        gradientCheck("gelu", [x]) { $0[0].gelu() }
        gradientCheck("geluErf", [x]) { $0[0].geluErf() }
        gradientCheck("geluQuick", [x]) { $0[0].geluQuick() }
        gradientCheck("scaled", [x]) { 3 - $0[0] * 2 }
        let p = positive("p", shape)
        gradientCheck("log", [p]) { $0[0].log() }
        gradientCheck("log1p", [p]) { $0[0].log1p() }
        gradientCheck("sqrt", [p]) { $0[0].sqrt() }
        gradientCheck("rsqrt", [p]) { $0[0].rsqrt() }
        gradientCheck("reciprocal", [p]) { 2 / $0[0] }
        gradientCheck("power", [p]) { $0[0].power(1.7) }
        let c = clear("c", shape)
        gradientCheck("abs", [c]) { $0[0].abs() }
        gradientCheck("relu", [c]) { $0[0].relu() }
        gradientCheck("leakyRelu", [c]) { $0[0].leakyRelu(0.2) }
        gradientCheck("clamped", [c * 0.1]) { $0[0].clamped(-2, 2) }
    }

    static let pairs: [([Int], [Int])] = [
        ([3, 5], [3, 5]), ([3, 5], [5]), ([3, 1], [1, 5]), ([2, 3, 4], [3, 1]), ([1], [7]), ([], [2, 3]), ([5, 1, 4], [3, 1]),
    ]

    @Test(arguments: pairs) func `functions of two tensors broadcast`(_ pair: ([Int], [Int])) {
        let (a, b) = (draw("a", pair.0), clear("b", pair.1))
        gradientCheck("add", [a, b]) { $0[0] + $0[1] }
        gradientCheck("subtract", [a, b]) { $0[0] - $0[1] }
        gradientCheck("multiply", [a, b]) { $0[0] * $0[1] }
        gradientCheck("divide", [a, b], step: 3e-3) { $0[0] / $0[1] }
        gradientCheck("maximum", [a, b * 3 + 0.01], step: 1e-3, tolerance: 3e-2) { maximum($0[0], $0[1]) }
        gradientCheck("minimum", [a, b * 3 + 0.01], step: 1e-3, tolerance: 3e-2) { minimum($0[0], $0[1]) }
        let mask = (draw("m", broadcast(pair)).greater(Tensor(0)))
        gradientCheck("select", [a, b]) { select(mask, $0[0], $0[1]) }
    }

    private func broadcast(_ pair: ([Int], [Int])) -> [Int] { (Tensor.zeros(pair.0) + Tensor.zeros(pair.1)).shape }

    @Test func `views and rearrangements`() {
        let x = draw("x", [3, 4, 5])
        gradientCheck("reshaped", [x]) { $0[0].reshaped([5, -1]).square() }
        gradientCheck("permuted", [x]) { $0[0].permuted([2, 0, 1]).square() }
        gradientCheck("transposed reshaped", [x]) { $0[0].transposed().reshaped([3, 20]).square() }
        gradientCheck("slice", [x]) { $0[0].slice(1, 1..<3).square() }
        gradientCheck("overlapping slices", [x]) { $0[0].slice(2, 0..<3) * $0[0].slice(2, 1..<4) }
        gradientCheck("chunked", [draw("c", [2, 6])]) {
            let p = $0[0].chunked(3, axis: 1); return p[0] * p[2] + p[1]
        }
        gradientCheck("unsqueezed", [x]) { $0[0].transposed().unsqueezed(1).squeezed(1).square() }
        gradientCheck("broadcast", [draw("b", [1, 4, 1])]) { $0[0].broadcast(to: [3, 4, 5]).square() }
        gradientCheck("concatenated", [x, draw("y", [3, 2, 5])]) { concatenated([$0[0], $0[1], $0[0]], axis: 1).square() }
        gradientCheck("stacked", [x, draw("z", [3, 4, 5])]) { stacked([$0[0], $0[1]], axis: 2).square() }
        gradientCheck("flipped", [x]) { $0[0].flipped(1) * $0[0] }
        let leaf = x.requiringGradient()
        expectClose(gradients(of: leaf.cast(to: .bf16) * leaf.detached(), wrt: [leaf])[0], x, relative: 1e-2)
    }

    @Test func `reductions over any axes`() {
        let x = draw("x", [3, 4, 5, 2])
        for axes in [[0], [1], [3], [0, 1], [1, 2], [0, 2], [1, 3], [0, 1, 2, 3]] {
            gradientCheck("sum \(axes)", [x]) { $0[0].square().sum(axes) }
            gradientCheck("mean \(axes)", [x]) { $0[0].square().mean(axes, keep: true) }
        }
        for axis in 0..<4 {
            gradientCheck("max \(axis)", [x], step: 1e-3, tolerance: 3e-2) { $0[0].max(axis) }
            gradientCheck("min \(axis)", [x], step: 1e-3, tolerance: 3e-2) { $0[0].min(axis, keep: true) }
        }
        gradientCheck("logSumExp", [draw("l", [3, 7])]) { $0[0].logSumExp() }
    }

    @Test(arguments: [[1, 1], [2, 3], [5, 17], [3, 2, 33]]) func `softmax and losses`(_ shape: [Int]) {
        let x = draw("x", shape)
        gradientCheck("softmax", [x]) { $0[0].softmax() }
        gradientCheck("logSoftmax", [x]) { $0[0].logSoftmax() }
        let rows = shape.dropLast().reduce(1, *)
        let targets = Tokens((0..<rows).map { Int32(($0 * 7) % shape.last!) }, Array(shape.dropLast()))
        gradientCheck("crossEntropy", [x]) { crossEntropy($0[0], targets) }
    }

    @Test(arguments: [(2, 3, 8), (1, 5, 33), (3, 1, 4)]) func norms(_ size: (Int, Int, Int)) {
        let (b, n, d) = size
        let x = draw("x", [b, n, d])
        let (w, s) = (draw("w", [d]), draw("s", [d]))
        gradientCheck("layerNorm", [x, w, s]) { layerNorm($0[0], weight: $0[1], bias: $0[2], eps: 1e-3) }
        gradientCheck("layerNorm plain", [x]) { layerNorm($0[0], eps: 1e-3) }
        gradientCheck("rmsNorm", [x, w]) { rmsNorm($0[0], weight: $0[1], eps: 1e-3) }
        let (scale, shift) = (draw("scale", [b, d]), draw("shift", [b, d]))
        gradientCheck("normModulate", [x, scale, shift]) { normModulate($0[0], scale: $0[1], shift: $0[2], eps: 1e-3) }
        gradientCheck("normModulate views", [x, draw("table", [b, 2 * d])]) {
            let m = $0[1].chunked(2, axis: 1)
            return normModulate($0[0], scale: m[1], shift: m[0], eps: 1e-3)
        }
        gradientCheck("gatedResidual", [x, scale, draw("h", [b, n, d])]) { gatedResidual($0[0], gate: $0[1], $0[2]) }
    }

    @Test(arguments: [(1, 4, 4, 1), (2, 6, 12, 3), (3, 5, 20, 4)]) func `group norm with and without SiLU`(
        _ size: (Int, Int, Int, Int)
    ) {
        let (b, space, c, groups) = size
        let inputs = [draw("x", [b, space, 2, c]), draw("w", [c]), draw("s", [c])]
        for activation in [Activation.none, .silu] {
            gradientCheck("groupNorm \(activation)", inputs) {
                groupNorm($0[0], groups: groups, weight: $0[1], bias: $0[2], eps: 1e-3, activation: activation)
            }
        }
    }

    @Test func `products`() {
        gradientCheck("matmul", [draw("a", [3, 5]), draw("b", [5, 7])]) { matmul($0[0], $0[1]) }
        gradientCheck("batched", [draw("a", [2, 3, 5]), draw("b", [2, 5, 4])]) { matmul($0[0], $0[1]) }
        gradientCheck("broadcast", [draw("a", [2, 1, 3, 5]), draw("b", [4, 5, 2])]) { matmul($0[0], $0[1]) }
        gradientCheck("transposed", [draw("a", [5, 3]), draw("b", [7, 5])]) { matmul($0[0].transposed(), $0[1].transposed()) }
        for activation in [Activation.none, .gelu, .geluErf, .geluQuick, .silu, .tanh, .sigmoid] {
            gradientCheck("linear \(activation)", [draw("x", [2, 3, 5]), draw("w", [7, 5]), draw("b", [7])]) {
                linear($0[0], $0[1], $0[2], activation: activation)
            }
        }
        gradientCheck("linear without bias", [draw("x", [4, 5]), draw("w", [3, 5])]) { linear($0[0], $0[1]) }
    }

    @Test func `attention plain, masked, causal, across`() {
        let (q, k, v) = (draw("q", [2, 5, 3, 4]), draw("k", [2, 7, 3, 4]), draw("v", [2, 7, 3, 4]))
        let mask = Tensor([1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1], [2, 7])
        gradientCheck("attention", [q, k, v]) { attention($0[0], $0[1], $0[2]) }
        gradientCheck("masked", [q, k, v]) { attention($0[0], $0[1], $0[2], mask: mask) }
        gradientCheck("packed", [draw("p", [2, 5, 3, 3, 4])]) { selfAttention(packed: $0[0]) }
        gradientCheck("packed causal", [draw("p", [2, 67, 3, 1, 4])]) { selfAttention(packed: $0[0], causal: true) }
        let nothing = attention(q, k, v, mask: .zeros([2, 7]))
        #expect(nothing.values.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [(3, 1, 1), (3, 2, 1), (1, 1, 0), (4, 2, 1)]) func convolutions(_ size: (Int, Int, Int)) {
        let (kernel, stride, pad) = size
        let inputs = [draw("x", [2, 6, 7, 3]), draw("w", [5, kernel, kernel, 3]), draw("b", [5])]
        gradientCheck("convolution", inputs) {
            convolution($0[0], weight: $0[1], bias: $0[2], stride: stride, padding: Padding(pad))
        }
        gradientCheck("right and bottom", inputs) {
            convolution(
                $0[0], weight: $0[1], bias: $0[2], stride: stride,
                padding: Padding(top: 0, bottom: kernel / 2, left: 0, right: kernel / 2))
        }
    }

    @Test func `convolutions with gaps and groups`() {
        for (from, to, kernel, stride, dilation, groups) in [(6, 9, 3, 1, 2, 3), (4, 8, 2, 2, 3, 4), (5, 3, 3, 1, 3, 1)] {
            let inputs = [draw("x", [2, 1, 11, from]), draw("w", [to, 1, kernel, from / groups]), draw("b", [to])]
            gradientCheck("gaps and groups", inputs) {
                convolution(
                    $0[0], weight: $0[1], bias: $0[2], stride: stride, padding: Padding(top: 0, bottom: 0, left: 2, right: 1),
                    dilation: dilation, groups: groups)
            }
        }
    }

    @Test func `mirror images`() {
        let x = Tensor((0..<4).map(Float.init), [1, 1, 4, 1])
        #expect(reflected(x, by: 2, axis: 2).values == [2, 1, 0, 1, 2, 3, 2, 1])
        #expect(reflected(x.slice(2, 0..<2), by: 3, axis: 2).values == [1, 0, 1, 0, 1, 0, 1, 0])
        for (length, margin) in [(7, 3), (2, 5), (1, 2), (5, 0)] {
            gradientCheck("reflected", [draw("x", [2, 1, length, 3])]) { reflected($0[0], by: margin, axis: 2).square() }
        }
    }

    @Test func `mean pooling`() {
        let x = Tensor([1, 2, 3, 4, 5, 7, 9].map(Float.init), [1, 7])
        // The first window has one place before the signal, the last one has one behind it.
        #expect(averagePooled(x, size: 4, stride: 2, padding: 1).values == [2, 3.5, 6.25])
        #expect(averagePooled(x.slice(1, 0..<6), size: 4, stride: 2, padding: 1).values == [2, 3.5, 16.0 / 3])
        for (length, size, stride, padding) in [(9, 4, 2, 1), (6, 3, 3, 0), (5, 2, 1, 1)] {
            gradientCheck("mean pooling", [draw("x", [2, length])]) {
                averagePooled($0[0], size: size, stride: stride, padding: padding).square()
            }
        }
    }

    @Test func `weights by length and direction`() {
        gradientCheck("weight norm", [draw("v", [5, 1, 3, 2]), draw("g", [5])]) { weightNormed($0[0], $0[1]) }
        gradientCheck("weight norm", [draw("v", [5, 1, 3, 2]), draw("g", [2])]) { weightNormed($0[0], $0[1], axis: -1) }
    }

    @Test(arguments: [(1, 1, 1, 2), (2, 5, 3, 6), (3, 4, 2, 34)]) func `rotary positions`(_ size: (Int, Int, Int, Int)) {
        let (B, N, H, K) = size
        let angles = Noise(seed: 9).normal([N, K / 2]) * 3
        gradientCheck("rotated \(size)", [Noise(seed: 7).normal([B, N, 3, H, K])]) {
            rotated($0[0], parts: 2, cosines: angles.cos(), sines: angles.sin())
        }
    }

    @Test func `gathering`() {
        gradientCheck("embedding", [draw("t", [5, 3])]) { embedding($0[0], Tokens([0, 4, 4, 2], [2, 2])).square() }
        gradientCheck("upsampled", [draw("x", [2, 3, 2, 5])]) { upsampledNearest($0[0]).square() }
        let path = draw("p", [4]).requiringGradient()
        let y = straightThrough(draw("v", [4]), like: path)
        expectIdentical(y, draw("v", [4]))
        expectIdentical(gradients(of: y * 3, wrt: [path])[0], .full([4], 3))
    }

    @Test func `recomputation gives the same bits`() {
        let (x, w) = (draw("x", [3, 5]), draw("w", [5, 5]))
        func body(_ x: Tensor, _ w: Tensor) -> Tensor { linear(linear(x, w, activation: .gelu), w, activation: .silu) }
        let (x1, w1) = (x.requiringGradient(), w.requiringGradient())
        let straight = gradients(of: body(x1, w1).square(), wrt: [x1, w1])
        let again = gradients(of: recomputed([x1]) { body($0[0], w1) }.square(), wrt: [x1, w1])
        for (a, b) in zip(straight, again) { expectIdentical(a, b) }
    }

    @Test func `a retained record can be walked twice, for inner tensors too`() {
        let x = draw("x", [4]).requiringGradient()
        let inner = x * 2
        let y = inner.square()
        let first = gradients(of: y, wrt: [inner], retaining: true)[0]
        expectClose(first, inner.detached() * 2, relative: 1e-6)
        expectClose(gradients(of: y, wrt: [x])[0], x.detached() * 8, relative: 1e-6)
    }

    @Test func `an input that plays no part gets zeros`() {
        let (x, y) = (draw("x", [2]).requiringGradient(), draw("y", [3]).requiringGradient())
        expectIdentical(gradients(of: x.sum(), wrt: [y])[0], .zeros([3]))
    }
}
