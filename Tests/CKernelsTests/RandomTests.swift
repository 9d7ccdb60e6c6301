import CKernels
import Foundation
import Testing

private func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
    var out = [UInt32](repeating: 0, count: 4)
    ll_philox(counter, key, &out)
    return out
}
private func halves(_ x: UInt64) -> [UInt32] { [UInt32(truncatingIfNeeded: x), UInt32(x >> 32)] }

@Suite struct RandomKernels {
    @Test func `Philox gives the published vectors`() {
        #expect(philox([0, 0, 0, 0], [0, 0]) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
        #expect(
            philox([.max, .max, .max, .max], [.max, .max]) == [
                0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD,
            ])
        #expect(
            philox([0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0])
                == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
    }

    @Test func `uniform values are the generator's words, and normal values their Box-Muller transform`() {
        let key: UInt64 = 0x0123_4567_89AB_CDEF, stream: UInt64 = 0xFEDC_BA98_7654_3210, n = 40_003
        let words = (0..<(n + 3) / 4).flatMap { philox(halves(UInt64($0)) + halves(stream), halves(key)) }
        #expect(
            complaint(words.prefix(n).map { Double($0 >> 8) / 16_777_216 }, absolute: 0, relative: 0) {
                let x = f32(count: n)
                ll_random_uniform(Int64(n), key, stream, x.floats)
                return x.intact ? x.values : []
            } == nil)
        let normal = (0..<n).map { i -> Double in
            // 32 bits in (0, 1], rounded to a Float: fine near 0, where the tail is.
            let word = words[i & ~1],
                u = Float(word >> 8) / 16_777_216 + (Float(word & 255) + 0.5) / 4_294_967_296
            let angle = 2 * Double.pi * Double(words[i | 1]) / 4_294_967_296
            return (-2 * log(Double(u))).squareRoot() * (i % 2 == 0 ? cos(angle) : sin(angle))
        }
        #expect(
            complaint(normal, absolute: 1e-6, relative: 4e-6) {
                let x = f32(count: n)
                ll_random_normal(Int64(n), key, stream, x.floats)
                return x.intact ? x.values : []
            } == nil)
    }

    @Test func `normal values have the same bits with every instruction set and every length`() {
        let long = f32(count: 70_001)
        ll_random_normal(70_001, 7, 9, long.floats)
        for name in instructionSets {
            ll_limit_instruction_set(name)
            defer { ll_limit_instruction_set(nil) }
            for n in [1, 63, 70_001] {
                let x = f32(count: n)
                ll_random_normal(Int64(n), 7, 9, x.floats)
                #expect(
                    x.values.map(\.bitPattern) == long.values.prefix(n).map(\.bitPattern), "\(name), \(n)")
            }
        }
    }

    @Test func `a million normal values have the moments of the normal distribution`() {
        let n = 1_000_000, x = f32(count: n)
        ll_random_normal(Int64(n), 3, 1, x.floats)
        let v = x.values.map(Double.init), mean = v.reduce(0, +) / Double(n)
        let moments = [2, 3, 4].map { p in v.reduce(0) { $0 + pow($1, Double(p)) } / Double(n) }
        #expect(
            abs(mean) < 4e-3 && abs(moments[0] - 1) < 6e-3 && abs(moments[1]) < 0.016
                && abs(moments[2] - 3) < 0.04)
        #expect(v.allSatisfy { abs($0) < 6.8 } && v.contains { abs($0) > 4.2 })
    }
}

@Suite struct OptimizerKernels {
    @Test func `AdamW equals its definition over several steps`() {
        for n in [1, 33, 40_001] {
            var draw = Draw(20)
            let start = Kind.f32.rounded(draw.values(n)),
                gradients = (0..<3).map { _ in Kind.f32.rounded(draw.values(n)) }
            let (lr, b1, b2, eps, decay, keep) = (
                Double(Float(1e-2)), Double(Float(0.9)), Double(Float(0.999)), Double(Float(1e-8)),
                Double(Float(0.1)), Double(Float(0.99))
            )
            var w = start, m = [Double](repeating: 0, count: n), v = m, ema = start
            for (step, g) in gradients.enumerated() {
                for i in 0..<n {
                    let d = 0.5 * g[i]
                    w[i] *= 1 - lr * decay
                    m[i] = b1 * m[i] + (1 - b1) * d
                    v[i] = b2 * v[i] + (1 - b2) * d * d
                    let mean = m[i] / (1 - pow(b1, Double(step + 1))),
                        root = (v[i] / (1 - pow(b2, Double(step + 1)))).squareRoot()
                    w[i] -= lr * mean / (root + eps)
                    ema[i] = keep * ema[i] + (1 - keep) * w[i]
                }
            }
            #expect(
                complaint(w + m + v + ema, absolute: 2e-6, relative: 2e-6) {
                    let (wb, eb, low) = (f32(start), f32(start), Buffer(.bf16, count: n))
                    let (mb, vb) = (
                        f32([Double](repeating: 0, count: n)), f32([Double](repeating: 0, count: n))
                    )
                    for (step, g) in gradients.enumerated() {
                        let gb = f32(g)
                        ll_adamw(
                            Int64(n), wb.floats, gb.floats, mb.floats, vb.floats, eb.floats,
                            low.pointer.assumingMemoryBound(to: UInt16.self),
                            0.5, Float(lr), Float(b1), Float(b2), Float(eps), Float(decay),
                            Float(1 - pow(b1, Double(step + 1))),
                            Float(1 - pow(b2, Double(step + 1))), Float(keep))
                    }
                    let copied = zip(low.values, wb.values).allSatisfy { $0 == float(bfloat($1)) }
                    return copied && wb.intact && low.intact
                        ? wb.values + mb.values + vb.values + eb.values : []
                } == nil)
        }
    }
}
