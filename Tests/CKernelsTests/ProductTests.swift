import CKernels
import Foundation
import Testing

@Suite struct ProductKernels {
    @Test func `products of every layout, stride, factor and padding`() {
        var draw = Draw(15)
        for (m, n, k, batch) in [
            (1, 1, 1, 1), (5, 7, 3, 3), (70, 33, 65, 2), (130, 600, 17, 1), (9, 1100, 40, 1), (3, 4, 0, 1),
            (200, 96, 128, 1),
        ] {
            for variant in 0..<16 {
                let (ta, tb, padded, shared) = (
                    variant & 1 != 0, variant & 2 != 0, variant & 4 != 0, variant & 8 != 0
                )
                let alpha = shared ? 0.5 : 1, beta = shared ? 0.25 : 0, panel = shared ? 16 : 0
                let (lda, ldb, ldc) = ((ta ? m : k) + 3, (tb ? k : n) + 1, n + 2)
                let (sizeA, sizeB, sizeC) = ((ta ? k : m) * lda, (tb ? n : k) * ldb, m * ldc)
                let a = Kind.f32.rounded(draw.values(batch * sizeA)),
                    c = Kind.f32.rounded(draw.values(batch * sizeC))
                let b = Kind.f32.rounded(draw.values((shared ? 1 : batch) * sizeB)),
                    (ab, bb) = (f32(a), f32(b))
                var expected = c
                for i in 0..<batch {
                    for r in 0..<m {
                        for j in 0..<n {
                            var sum = 0.0
                            for l in 0..<k {
                                let x = a[i * sizeA + (ta ? l * lda + r : r * lda + l)]
                                sum += x * b[(shared ? 0 : i * sizeB) + (tb ? j * ldb + l : l * ldb + j)]
                            }
                            let o = i * sizeC + r * ldc + j
                            expected[o] = alpha * sum + (beta == 0 ? 0 : beta * c[o])
                        }
                    }
                }
                let wrong = complaint(expected, absolute: 2e-5, relative: 1e-5) {
                    let y = f32(c)
                    ll_gemm(
                        ta, tb, Int64(m), Int64(n), Int64(k), Float(alpha), ab.floats, Int64(lda),
                        Int64(sizeA), bb.floats,
                        Int64(ldb), shared ? 0 : Int64(sizeB), Float(beta), y.floats, Int64(ldc),
                        Int64(sizeC), Int64(batch),
                        Int64(panel), padded)
                    return y.intact ? y.values : []
                }
                #expect(wrong == nil, "\(m) x \(n) x \(k), batch \(batch), variant \(variant)")
            }
        }
    }

    @Test(arguments: [0, 16, 64])
    func `a row of a padded product has the same bits whatever the number of rows and its place`(panel: Int) {
        var draw = Draw(16)
        for (n, k) in [(1, 1), (17, 33), (64, 64), (100, 385), (384, 127), (1001, 770), (1536, 384)] {
            let row = Kind.f32.rounded(draw.values(k)), weight = f32(draw.values(n * k)),
                start = f32(draw.values(n))
            var first: [UInt32]?
            for (m, place) in [
                (1, 0), (2, 1), (16, 7), (17, 16), (64, 6), (65, 11), (130, 63), (150, 149), (1100, 700), (2050, 2049),
            ] {
                for beta: Float in [0, 1] where beta == 0 || place == 0 {
                    var x = draw.values(m * k)
                    x.replaceSubrange(place * k..<(place + 1) * k, with: row)
                    let input = f32(x), y = f32(count: m * n)
                    for r in 0..<m { (y.floats + r * n).update(from: start.floats, count: n) }
                    ll_gemm(
                        false, true, Int64(m), Int64(n), Int64(k), 1, input.floats, Int64(k), 0,
                        weight.floats, Int64(k), 0, beta,
                        y.floats, Int64(n), 0, 1, Int64(panel), true)
                    guard beta == 0 else { continue }
                    let bits = (0..<n).map { y.floats[place * n + $0].bitPattern }
                    #expect(
                        first == nil || first == bits,
                        "row \(place) of \(m), n \(n), k \(k), \(String(cString: ll_blas_kernel()))")
                    first = bits
                }
            }
        }
    }

    @Test(arguments: Kind.allCases) func `bias and activation, and their gradients`(kind: Kind) {
        var draw = Draw(17)
        let pairs: [(ll_activation, @Sendable (Double) -> Double)] = [
            (LL_ACT_NONE, { $0 }), (LL_ACT_SILU, { $0 / (1 + exp(-$0)) }), (LL_ACT_RELU, { max($0, 0) }),
            (LL_ACT_TANH, { tanh($0) }),
            (LL_ACT_SIGMOID, { 1 / (1 + exp(-$0)) }),
            (LL_ACT_GELU_QUICK, { $0 / (1 + exp(-Double(Float(1.702)) * $0)) }),
            (LL_ACT_GELU_ERF, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }),
            (
                LL_ACT_GELU,
                { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
            ),
        ]
        for (activation, value) in pairs {
            for (n, c) in [(1, 1), (5, 33), (700, 130), (0, 4)] {
                let x = kind.rounded(draw.values(n * c)), bias = Kind.f32.rounded(draw.values(c)),
                    gy = kind.rounded(draw.values(n * c))
                let before = (0..<n * c).map { kind.rounded(x[$0] + bias[$0 % c]) },
                    (bb, gb, hb) = (f32(bias), Buffer(kind, gy), Buffer(kind, before))
                #expect(
                    complaint(before.map(value) + before, absolute: 4e-7, relative: 1e-6 + kind.rounding) {
                        let y = Buffer(kind, x), kept = Buffer(kind, count: n * c)
                        ll_bias_activation(
                            Int64(n), Int64(c), y.pointer, kind.code, bb.floats, Int32(activation.rawValue),
                            kept.pointer)
                        return y.values + kept.values
                    } == nil, "activation \(activation.rawValue)")
                let g = zip(before, gy).map { x, g in
                    activation == LL_ACT_RELU
                        ? (x > 0 ? g : 0) : g * (value(x + 1e-6) - value(x - 1e-6)) / 2e-6
                }
                let sums = (0..<c).map { j in stride(from: j, to: n * c, by: c).reduce(0) { $0 + g[$1] } }
                #expect(
                    complaint(g + sums, absolute: 3e-5, relative: 1e-5 + kind.rounding) {
                        let out = Buffer(kind, count: n * c), gbias = f32(count: c)
                        ll_bias_activation_backward(
                            Int64(n), Int64(c), hb.pointer, gb.pointer, kind.code, Int32(activation.rawValue),
                            out.pointer, gbias.floats)
                        return out.values + gbias.values
                    } == nil, "activation \(activation.rawValue)")
            }
        }
    }

    @Test(arguments: Kind.allCases) func `activations of large numbers and of NaN`(kind: Kind) {
        let x: [Double] = [1e12, 1e4, 300, 40, -40, -90, -300, -1e4, -1e12, 0, .nan]
        let rounded = kind.rounded(x)
        for activation in [LL_ACT_SILU, LL_ACT_GELU, LL_ACT_GELU_QUICK, LL_ACT_SIGMOID] {
            let isSigmoid = activation == LL_ACT_SIGMOID, half = isSigmoid ? 0.5 : 0
            let large = rounded.map { x in x.isNaN ? x : x == 0 ? half : x < 0 ? 0 : isSigmoid ? 1 : x }
            let slopes = rounded.map { x in x.isNaN ? x : x == 0 ? (isSigmoid ? 0.25 : 0.5) : x < 0 || isSigmoid ? 0 : 1 }
            let name: Comment = "activation \(activation.rawValue)"
            #expect(
                complaint(large, absolute: 1e-15, relative: kind.rounding) {
                    let y = Buffer(kind, x)
                    ll_bias_activation(1, Int64(x.count), y.pointer, kind.code, nil, Int32(activation.rawValue), nil)
                    return y.values
                } == nil, name)
            #expect(
                complaint(slopes, absolute: 1e-15, relative: kind.rounding) {
                    let before = Buffer(kind, x), gy = Buffer(kind, x.map { _ in 1 }), gx = Buffer(kind, count: x.count)
                    ll_bias_activation_backward(
                        1, Int64(x.count), before.pointer, gy.pointer, kind.code, Int32(activation.rawValue), gx.pointer, nil)
                    return gx.values
                } == nil, name)
        }
    }

    @Test func `the gradient of a bias alone needs no other output`() {
        let gy = f32([1, 2, 3, 4, 5, 6])
        #expect(
            complaint([9, 12], absolute: 0, relative: 0) {
                let gbias = f32(count: 2)
                ll_bias_activation_backward(
                    3, 2, nil, gy.pointer, 0, Int32(LL_ACT_NONE.rawValue), nil, gbias.floats)
                return gbias.values
            } == nil)
    }
}
