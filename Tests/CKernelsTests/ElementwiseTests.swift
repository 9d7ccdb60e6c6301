import CKernels
import Foundation
import Testing

private typealias Unary = (
    op: ll_unary_op, low: Double, high: Double, p0: Float, p1: Float, value: @Sendable (Double) -> Double
)

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
private func gelu(_ x: Double) -> Double {
    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
}

private let unaries: [Unary] = [
    (LL_NEG, -3, 3, 0, 0, { -$0 }), (LL_EXP, -87, 88, 0, 0, { exp($0) }),
    (LL_LOG, 1e-6, 50, 0, 0, { log($0) }),
    (LL_SQRT, 0, 9, 0, 0, { $0.squareRoot() }), (LL_RSQRT, 0.01, 9, 0, 0, { 1 / $0.squareRoot() }),
    (LL_SQUARE, -3, 3, 0, 0, { $0 * $0 }), (LL_ABS, -3, 3, 0, 0, { abs($0) }),
    (LL_TANH, -10, 10, 0, 0, { tanh($0) }),
    (LL_SIGMOID, -30, 30, 0, 0, { sigmoid($0) }), (LL_SILU, -20, 20, 0, 0, { $0 * sigmoid($0) }),
    (LL_GELU, -5, 5, 0, 0, { gelu($0) }),
    (LL_GELU_ERF, -5, 5, 0, 0, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }),
    (LL_GELU_QUICK, -5, 5, 0, 0, { $0 * sigmoid(Double(Float(1.702)) * $0) }),
    (LL_RELU, -3, 3, 0, 0, { max($0, 0) }),
    (LL_LEAKY_RELU, -3, 3, 0.2, 0, { $0 < 0 ? Double(Float(0.2)) * $0 : $0 }),
    (LL_SIN, -200, 200, 0, 0, { sin($0) }), (LL_COS, -200, 200, 0, 0, { cos($0) }),
    (LL_CLAMP, -3, 3, -1, 0.5, { min(max($0, -1), 0.5) }), (LL_RECIPROCAL, 0.1, 9, 0, 0, { 1 / $0 }),
    (LL_SCALE, -3, 3, 1.5, -0.25, { 1.5 * $0 - 0.25 }), (LL_POWER, 0.1, 9, 1.75, 0, { pow($0, 1.75) }),
    (LL_SOFTPLUS, -20, 20, 0, 0, { max($0, 0) + log1p(exp(-abs($0))) }),
    (LL_LOG1P, -0.9, 9, 0, 0, { log1p($0) }),
    (LL_ERF, -5, 5, 0, 0, { erf($0) }), (LL_NONZERO, -3, 3, 0, 0, { $0 != 0 ? 1 : 0 }),
    (LL_SIGN, -3, 3, 0, 0, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }), (LL_FLOOR, -3, 3, 0, 0, { floor($0) }),
    (LL_ROUND, -3, 3, 0, 0, { $0.rounded(.toNearestOrEven) }),
]

@Suite struct ElementwiseKernels {
    @Test(arguments: Kind.allCases) func `every unary operation equals its formula`(kind: Kind) {
        var draw = Draw(1)
        for (op, low, high, p0, p1, value) in unaries {
            for n in [0, 1, 15, 33, 40_003] {
                let x = kind.rounded(draw.values(n, low, high)), input = Buffer(kind, x)
                let wrong = complaint(x.map(value), absolute: 3e-7, relative: 4e-7 + kind.rounding) {
                    let y = Buffer(kind, count: n)
                    ll_unary(Int32(op.rawValue), kind.code, Int64(n), input.pointer, y.pointer, p0, p1)
                    return y.intact ? y.values : []
                }
                #expect(wrong == nil, "operation \(op.rawValue), n \(n)")
            }
        }
    }

    @Test(arguments: Kind.allCases) func `every unary slope equals the difference quotient`(kind: Kind) {
        var draw = Draw(2)
        for (op, low, high, p0, p1, value) in unaries {
            let n = 33_001
            // Away from kinks, poles and from where the difference quotient itself is poor.
            let x = kind.rounded(draw.values(n, max(low, -12) + 0.05, min(high, 12))).map {
                abs($0) < 0.01 ? 0.25 : $0
            }
            let smooth = x.map { abs(2 * $0 - (2 * $0).rounded()) < 0.02 ? 0.3125 : $0 }
            let gy = kind.rounded(draw.values(n)), input = Buffer(kind, smooth), gradient = Buffer(kind, gy)
            let expected = zip(smooth, gy).map { x, g in
                let h = 1e-6 * max(1, abs(x))
                return g * (value(x + h) - value(x - h)) / (2 * h)
            }
            let wrong = complaint(expected, absolute: 2e-6, relative: 2e-6 + kind.rounding) {
                let gx = Buffer(kind, count: n)
                ll_unary_backward(
                    Int32(op.rawValue), kind.code, Int64(n), input.pointer, gradient.pointer, gx.pointer, p0,
                    p1)
                return gx.values
            }
            #expect(wrong == nil, "operation \(op.rawValue)")
        }
    }

    @Test func `transcendental functions stay within 2 ulp`() {
        let cases: [(ll_unary_op, ClosedRange<Float>, @Sendable (Double) -> Double)] = [
            (LL_EXP, -87...88.5, { exp($0) }), (LL_LOG, 1e-37...1e37, { log($0) }),
            (LL_LOG, 0.5...2, { log($0) }),
            (LL_TANH, -9...9, { tanh($0) }), (LL_TANH, -0.7...0.7, { tanh($0) }),
            (LL_ERF, -4...4, { erf($0) }),
            (LL_SIN, -3.2...3.2, { sin($0) }), (LL_COS, -1.5...1.5, { cos($0) }),
            (LL_LOG1P, -0.5...0.5, { log1p($0) }),
            (LL_SIN, 4000...9000, { sin($0) }),
        ]
        let n = 50_000
        for (op, range, exact) in cases {
            let x = f32(
                (0..<n).map {
                    Double(range.lowerBound + (range.upperBound - range.lowerBound) * Float($0) / Float(n))
                })
            for name in instructionSets {
                ll_limit_instruction_set(name)
                let y = f32(count: n)
                ll_unary(Int32(op.rawValue), Kind.f32.code, Int64(n), x.pointer, y.pointer, 0, 0)
                let worst =
                    zip(x.values, y.values).map { x, y in
                        let truth = exact(Double(x))
                        // Sine near a multiple of pi: the error of the reduced angle sets the bound.
                        return abs(Double(y) - truth)
                            / max(Double(Float(truth).ulp), op == LL_SIN ? 6e-8 : 1e-45)
                    }.max() ?? 0
                #expect(worst <= 2, "operation \(op.rawValue) over \(range), \(name)")
            }
            ll_limit_instruction_set(nil)
        }
    }

    @Test func `special values come out as IEEE arithmetic gives them`() {
        let x: [Double] = [.infinity, -.infinity, .nan, 0, -0.0, 1e-40, -1, 3e38]
        let cases: [(ll_unary_op, @Sendable (Double) -> Double)] = [
            (LL_EXP, { Double(Float(exp($0))) }), (LL_LOG, { log($0) }), (LL_TANH, { tanh($0) }),
            (LL_SIGMOID, { sigmoid($0) }),
            (LL_ERF, { erf($0) }), (LL_SIN, { sin($0) }), (LL_SQRT, { $0.squareRoot() }),
            (LL_LOG1P, { log1p($0) }),
            (LL_RELU, { $0.isNaN ? $0 : max($0, 0) }), (LL_CLAMP, { $0.isNaN ? $0 : min(max($0, -2), 2) }),
        ]
        for (op, exact) in cases {
            let input = f32(x)
            let wrong = complaint(Kind.f32.rounded(x).map(exact), absolute: 2e-45, relative: 1e-6) {
                let y = f32(count: x.count)
                ll_unary(Int32(op.rawValue), Kind.f32.code, Int64(x.count), input.pointer, y.pointer, -2, 2)
                return y.values
            }
            #expect(wrong == nil, "operation \(op.rawValue)")
        }
    }

    @Test func `bf16 rounds to nearest even and keeps NaN`() {
        let bits: [UInt32] = [
            0x3F80_8000, 0x3F81_8000, 0x3F80_8001, 0x7F7F_FFFF, 0x7F80_0001, 0xFF80_0000, 0x0000_8000,
            0x8001_8000,
        ]
        let x = Buffer(.f32, count: bits.count), y = Buffer(.bf16, count: bits.count)
        for (i, b) in bits.enumerated() { x.floats[i] = Float(bitPattern: b) }
        for name in instructionSets {
            ll_limit_instruction_set(name)
            var shape = Int64(bits.count), step: Int64 = 1
            ll_copy(1, &shape, x.pointer, Kind.f32.code, &step, y.pointer, Kind.bf16.code, &step, false)
            let found = (0..<bits.count).map { y.pointer.assumingMemoryBound(to: UInt16.self)[$0] }
            #expect(found == [0x3F80, 0x3F82, 0x3F81, 0x7F80, 0x7FC0, 0xFF80, 0x0000, 0x8002], "\(name)")
        }
        ll_limit_instruction_set(nil)
    }

    @Test func `fill, select and axpy write every element`() {
        for n in [1, 17, 50_000] {
            var draw = Draw(UInt64(n))
            let a = Kind.f32.rounded(draw.values(n)), b = Kind.f32.rounded(draw.values(n))
            let mask = draw.values(n).map { $0 > 0 ? 1.0 : 0 }, (ab, bb, mb) = (f32(a), f32(b), f32(mask))
            #expect(
                complaint((0..<n).map { mask[$0] != 0 ? a[$0] : b[$0] }, absolute: 0, relative: 0) {
                    let y = f32(count: n)
                    ll_select(Int64(n), mb.floats, ab.floats, bb.floats, y.floats)
                    return y.values
                } == nil)
            #expect(
                complaint((0..<n).map { 0.75 * a[$0] + b[$0] }, absolute: 2e-7, relative: 2e-7) {
                    let y = f32(b)
                    ll_axpy(Int64(n), 0.75, ab.floats, y.floats)
                    return y.values
                } == nil)
            for kind in Kind.allCases {
                #expect(
                    complaint([Double](repeating: 1.5, count: n), absolute: 0, relative: 0) {
                        let y = Buffer(kind, count: n)
                        ll_fill(kind.code, Int64(n), y.pointer, 1.5)
                        return y.intact ? y.values : []
                    } == nil)
            }
        }
    }
}
