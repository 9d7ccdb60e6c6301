import CKernels
import Foundation
import Testing

private func rows(_ x: [Double], _ columns: Int) -> [[Double]] {
    columns == 0 ? [] : stride(from: 0, to: x.count, by: columns).map { Array(x[$0..<$0 + columns]) }
}
private func softmax(_ x: [Double], logarithm: Bool) -> [Double] {
    let top = x.max()!, sum = x.reduce(0) { $0 + exp($1 - top) }
    return x.map { logarithm ? $0 - top - log(sum) : exp($0 - top) / sum }
}
private let shapes = [(1, 1), (3, 5), (7, 33), (64, 384), (2, 9001), (0, 4)]

@Suite struct RowKernels {
    @Test(arguments: Kind.allCases) func `softmax and its gradient equal the formula`(kind: Kind) {
        var draw = Draw(6)
        for (n, c) in shapes {
            for logarithm in [false, true] {
                let x = kind.rounded(draw.values(n * c, -6, 6)), gy = kind.rounded(draw.values(n * c))
                let y = kind.rounded(rows(x, c).flatMap { softmax($0, logarithm: logarithm) })
                let (xb, yb, gb) = (Buffer(kind, x), Buffer(kind, y), Buffer(kind, gy))
                #expect(
                    complaint(y, absolute: logarithm ? 1e-6 : 1e-8, relative: 2e-6 + 2 * kind.rounding) {
                        let out = Buffer(kind, count: n * c)
                        ll_softmax(Int64(n), Int64(c), xb.pointer, out.pointer, kind.code, logarithm)
                        return out.intact ? out.values : []
                    } == nil)
                let expected = zip(rows(y, c), rows(gy, c)).flatMap { y, g in
                    let sum = zip(y, g).reduce(0) { $0 + $1.1 * (logarithm ? 1 : $1.0) }
                    return zip(y, g).map { logarithm ? $1 - exp($0) * sum : $0 * ($1 - sum) }
                }
                #expect(
                    complaint(expected, absolute: 2e-6, relative: 1e-5 + kind.rounding) {
                        let out = Buffer(kind, count: n * c)
                        ll_softmax_backward(
                            Int64(n), Int64(c), yb.pointer, gb.pointer, out.pointer, kind.code, logarithm)
                        return out.values
                    } == nil)
            }
        }
    }

    @Test func `cross entropy ignores negative targets, and its gradient equals the difference quotient`() {
        var draw = Draw(7)
        for (n, c) in [(1, 2), (5, 7), (40, 1000)] {
            let x = Kind.f32.rounded(draw.values(n * c, -4, 4)), g = Kind.f32.rounded(draw.values(n))
            let target = (0..<n).map { $0 % 4 == 3 ? Int32(-1) : Int32($0 * 31 % c) }
            let (xb, gb) = (f32(x), f32(g))
            let logs = rows(x, c).map { softmax($0, logarithm: true) }
            let loss = (0..<n).map { target[$0] < 0 ? 0 : -logs[$0][Int(target[$0])] }
            let lse = (0..<n).map { x[$0 * c] - logs[$0][0] }
            #expect(
                complaint(loss + lse, absolute: 1e-6, relative: 2e-6) {
                    let out = f32(count: 2 * n)
                    ll_cross_entropy(Int64(n), Int64(c), xb.floats, target, out.floats, out.floats + n)
                    return out.values
                } == nil)
            let expected = (0..<n * c).map { i in
                target[i / c] < 0
                    ? 0 : g[i / c] * (exp(logs[i / c][i % c]) - (i % c == Int(target[i / c]) ? 1 : 0))
            }
            let lseb = f32(lse)
            #expect(
                complaint(expected, absolute: 2e-7, relative: 4e-6) {
                    let out = f32(count: n * c)
                    ll_cross_entropy_backward(
                        Int64(n), Int64(c), xb.floats, target, lseb.floats, gb.floats, out.floats)
                    return out.values
                } == nil)
        }
    }

    @Test(arguments: Kind.allCases) func `rotary turns complex numbers, copies the rest, and back is back`(kind: Kind) {
        var draw = Draw(8)
        let sizes = [(1, 1, 1, 0, 1), (6, 3, 2, 1, 5), (10, 5, 4, 2, 16), (4, 2, 1, 1, 33), (0, 1, 1, 1, 4)]
        for (rows, places, turned, left, half) in sizes {
            let width = 2 * half * (turned + left)
            let x = kind.rounded(draw.values(rows * width))
            let angles = draw.values(places * half, -9, 9)
            let expected = (0..<rows * width).map { at -> Double in
                let (row, head, i) = (at / width, at % width / (2 * half), at % (2 * half))
                if head >= turned { return x[at] }
                let angle = angles[row % places * half + i % half]
                return i < half
                    ? x[at] * cos(angle) - x[at + half] * sin(angle) : x[at - half] * sin(angle) + x[at] * cos(angle)
            }
            let (xb, cosines, sines) = (Buffer(kind, x), f32(angles.map { cos($0) }), f32(angles.map { sin($0) }))
            func turn(_ x: Buffer, backwards: Bool) -> Buffer {
                let out = Buffer(kind, count: rows * width)
                ll_rotary(
                    Int64(rows), Int64(places), Int64(turned), Int64(left), Int64(half), x.pointer, cosines.floats, sines.floats,
                    backwards, out.pointer, kind.code)
                return out
            }
            #expect(
                complaint(expected, absolute: 1e-6, relative: 2e-6 + 2 * kind.rounding) {
                    let out = turn(xb, backwards: false)
                    return out.intact ? out.values : []
                } == nil)
            #expect(
                complaint(x, absolute: 2e-6 + 4 * kind.rounding, relative: 2e-6) {
                    turn(turn(xb, backwards: false), backwards: true).values
                } == nil)
        }
    }

    /// (x - mean) / std of each row, or x / rms, then (1 + scale) and shift or weight and bias.
    private func norm(
        _ x: [Double], _ c: Int, _ centered: Bool, _ factor: (Int, Int) -> Double,
        _ offset: (Int, Int) -> Double
    )
        -> [Double]
    {
        rows(x, c).enumerated().flatMap { r, row in
            let mean = centered ? row.reduce(0, +) / Double(c) : 0
            let rstd = 1 / (row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(c) + 1e-5).squareRoot()
            return row.enumerated().map { ($1 - mean) * rstd * factor(r, $0) + offset(r, $0) }
        }
    }

    /// Of x and gx, and of y and gy.
    @Test(arguments: [(Kind.f32, Kind.f32), (.bf16, .bf16), (.f32, .bf16)])
    func `norms with weights or modulation, and all their gradients`(kind: Kind, out: Kind) {
        var draw = Draw(8)
        for (n, c, perGroup) in [
            (1, 1, 1), (6, 5, 3), (10, 33, 5), (260, 128, 130), (600, 70, 300), (0, 8, 1),
        ] {
            for (centered, modulated) in [(true, false), (false, false), (true, true), (false, true)] {
                let x = kind.rounded(draw.values(n * c, -1, 3)), gy = out.rounded(draw.values(n * c))
                let groups = (n + perGroup - 1) / perGroup, stride = 2 * c + 3
                let weight = Kind.f32.rounded(draw.values(c)), bias = Kind.f32.rounded(draw.values(c))
                // Scale, then shift, in one wider table.
                let table = Kind.f32.rounded(draw.values(max(1, groups) * stride))
                let factor = { (r: Int, i: Int) in
                    modulated ? 1 + table[r / perGroup * stride + i] : weight[i]
                }
                let offset = { (r: Int, i: Int) in modulated ? table[r / perGroup * stride + c + i] : bias[i]
                }
                let (xb, gb, wb, bb, tb) = (
                    Buffer(kind, x), Buffer(out, gy), f32(weight), f32(bias), f32(table)
                )
                let saved = f32(count: 2 * n)
                #expect(
                    complaint(
                        norm(x, c, centered, factor, offset), absolute: 4e-6, relative: 4e-6 + out.rounding
                    ) {
                        let y = Buffer(out, count: n * c)
                        ll_norm(
                            Int64(n), Int64(c), xb.pointer, kind.code, centered, 1e-5,
                            modulated ? nil : wb.floats,
                            modulated ? nil : bb.floats, modulated ? tb.floats : nil,
                            modulated ? tb.floats + c : nil,
                            Int64(perGroup), Int64(stride), y.pointer, out.code, saved.floats, saved.floats + n)
                        return y.intact ? y.values : []
                    } == nil, "\(n) x \(c), centered \(centered), modulated \(modulated)")

                guard c > 1 else { continue }
                let plain = norm(x, c, centered, { _, _ in 1 }, { _, _ in 0 })
                var expected: [Double] = []
                for (r, row) in rows(x, c).enumerated() {
                    let weights = (0..<c).map { gy[r * c + $0] * factor(r, $0) }
                    let rstd =
                        1
                        / (row.reduce(0) { sum, v in
                            let mean = centered ? row.reduce(0, +) / Double(c) : 0
                            return sum + (v - mean) * (v - mean)
                        } / Double(c) + 1e-5).squareRoot()
                    let h = (0..<c).map { plain[r * c + $0] }
                    let along = zip(weights, h).reduce(0) { $0 + $1.0 * $1.1 } / Double(c)
                    let mean = centered ? weights.reduce(0, +) / Double(c) : 0
                    expected += (0..<c).map { rstd * (weights[$0] - mean - h[$0] * along) }
                }
                if n == 6 {  // the formula above against the difference quotient, once
                    let check = slope(x, gy) { norm($0, c, centered, factor, offset) }
                    #expect(zip(check, expected).allSatisfy { abs($0 - $1) < 1e-6 })
                }
                let heads = modulated ? groups : 1
                var products = [Double](repeating: 0, count: heads * c), sums = products
                for i in 0..<n * c {
                    let g = modulated ? i / c / perGroup : 0
                    products[g * c + i % c] += gy[i] * plain[i]
                    sums[g * c + i % c] += gy[i]
                }
                let size = n * c,
                    wrong = complaint(
                        expected + products + sums, absolute: 3e-5, relative: 3e-5 + kind.rounding
                    ) {
                        let gx = Buffer(kind, count: size), table = f32(count: 2 * heads * c)
                        let (a, b) = (table.floats, table.floats + heads * c)
                        ll_norm_backward(
                            Int64(n), Int64(c), xb.pointer, gb.pointer, kind.code, out.code, centered,
                            centered ? saved.floats : nil,
                            saved.floats + n, modulated ? nil : wb.floats, modulated ? tb.floats : nil,
                            Int64(perGroup),
                            Int64(stride), gx.pointer, modulated ? nil : a, modulated ? nil : b,
                            modulated ? a : nil,
                            modulated ? b : nil)
                        return gx.values + table.values
                    }
                #expect(wrong == nil, "\(n) x \(c), centered \(centered), modulated \(modulated)")
            }
        }
    }

    @Test func `gated residual and its gradients in every mixture of dtypes`() {
        var draw = Draw(9)
        for (n, c, perGroup) in [(1, 1, 1), (6, 5, 3), (512, 100, 256), (300, 384, 150)] {
            for (kx, kh, ky) in [(Kind.f32, Kind.f32, Kind.f32), (.bf16, .bf16, .bf16), (.f32, .bf16, .f32)] {
                let stride = c + 5, groups = n / perGroup
                let x = kx.rounded(draw.values(n * c)), h = kh.rounded(draw.values(n * c))
                let gate = Kind.f32.rounded(draw.values(groups * stride)),
                    (xb, hb, gb) = (Buffer(kx, x), Buffer(kh, h), f32(gate))
                let at = { (i: Int) in gate[i / c / perGroup * stride + i % c] }
                #expect(
                    complaint(
                        (0..<n * c).map { x[$0] + at($0) * h[$0] }, absolute: 1e-6,
                        relative: 1e-6 + ky.rounding
                    ) {
                        let y = Buffer(ky, count: n * c)
                        ll_gated_residual(
                            Int64(n), Int64(c), xb.pointer, kx.code, gb.floats, Int64(perGroup),
                            Int64(stride),
                            hb.pointer, kh.code, y.pointer, ky.code)
                        return y.values
                    } == nil)
                var sums = [Double](repeating: 0, count: groups * c)
                for i in 0..<n * c { sums[i / c / perGroup * c + i % c] += h[i] * x[i] }
                #expect(
                    complaint(
                        (0..<n * c).map { at($0) * x[$0] } + sums, absolute: 2e-5,
                        relative: 1e-5 + kh.rounding
                    ) {
                        let gh = Buffer(kh, count: n * c), ggate = f32(count: groups * c)
                        ll_gated_residual_backward(
                            Int64(n), Int64(c), xb.pointer, kx.code, gb.floats, Int64(perGroup),
                            Int64(stride), hb.pointer, kh.code, gh.pointer, ggate.floats)
                        return gh.values + ggate.values
                    } == nil)
            }
        }
    }
}
