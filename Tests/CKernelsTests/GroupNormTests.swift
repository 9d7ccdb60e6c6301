import CKernels
import Foundation
import Testing

private struct Problem {
    let batch: Int, space: Int, channels: Int, groups: Int, weight: [Double], bias: [Double], silu: Bool

    func statistics(_ x: [Double]) -> (mean: [Double], rstd: [Double]) {
        let width = channels / groups
        var mean = [Double](repeating: 0, count: batch * groups), square = mean
        let each = { (body: (Int, Int) -> Void) in
            for i in x.indices { body(i, i / (space * channels) * groups + i % channels / width) }
        }
        each { mean[$1] += x[$0] / Double(space * width) }
        each { square[$1] += (x[$0] - mean[$1]) * (x[$0] - mean[$1]) / Double(space * width) }
        return (mean, square.map { 1 / ($0 + 1e-5).squareRoot() })
    }
    func value(_ x: [Double]) -> [Double] {
        let (mean, rstd) = statistics(x), width = channels / groups
        return x.indices.map { i in
            let g = i / (space * channels) * groups + i % channels / width
            let z = (x[i] - mean[g]) * rstd[g] * weight[i % channels] + bias[i % channels]
            return silu ? z / (1 + exp(-z)) : z
        }
    }
}

@Suite struct GroupNormKernels {
    @Test(arguments: Kind.allCases) func `group norm and its gradients, with and without SiLU`(kind: Kind) {
        var draw = Draw(10)
        for (b, s, c, g) in [(1, 3, 2, 1), (2, 9, 6, 3), (2, 25, 34, 2), (3, 7, 64, 32)] {
            for silu in [false, true] {
                let p = Problem(
                    batch: b, space: s, channels: c, groups: g, weight: Kind.f32.rounded(draw.values(c)),
                    bias: Kind.f32.rounded(draw.values(c)), silu: silu)
                let x = kind.rounded(draw.values(b * s * c, -1, 3)), gy = kind.rounded(draw.values(b * s * c))
                let (xb, gb, wb, bb) = (Buffer(kind, x), Buffer(kind, gy), f32(p.weight), f32(p.bias))
                let saved = f32(count: 2 * b * g)
                #expect(
                    complaint(p.value(x), absolute: 5e-6, relative: 5e-6 + kind.rounding) {
                        let y = Buffer(kind, count: x.count)
                        ll_group_norm(
                            Int64(b), Int64(s), Int64(c), Int64(g), xb.pointer, kind.code, 1e-5, wb.floats,
                            bb.floats, silu,
                            y.pointer, saved.floats, saved.floats + b * g)
                        return y.intact ? y.values : []
                    } == nil, "\(b) x \(s) x \(c), \(g) groups, silu \(silu)")
                let gx = slope(x, gy) { p.value($0) }
                let gw = slope(p.weight, gy) { w in
                    Problem(batch: b, space: s, channels: c, groups: g, weight: w, bias: p.bias, silu: silu)
                        .value(x)
                }
                let gbias = slope(p.bias, gy) { v in
                    Problem(batch: b, space: s, channels: c, groups: g, weight: p.weight, bias: v, silu: silu)
                        .value(x)
                }
                #expect(
                    complaint(gx + gw + gbias, absolute: 2e-5, relative: 2e-5 + kind.rounding) {
                        let out = Buffer(kind, count: x.count), sums = f32(count: 2 * c)
                        ll_group_norm_backward(
                            Int64(b), Int64(s), Int64(c), Int64(g), xb.pointer, gb.pointer, kind.code,
                            saved.floats,
                            saved.floats + b * g, wb.floats, bb.floats, silu, out.pointer, sums.floats,
                            sums.floats + c)
                        return out.values + sums.values
                    } == nil, "\(b) x \(s) x \(c), \(g) groups, silu \(silu)")
            }
        }
    }

    @Test func `pieces of a large image merge to the statistics of the whole, far from zero`() {
        let (b, s, c, g) = (2, 1500, 64, 8)
        var draw = Draw(11)
        // The mean is a thousand times the spread, and the first half differs from the second.
        let x = Kind.f32.rounded((0..<b * s * c).map { 1000 + draw.unit() + ($0 / c % s < s / 2 ? 1 : 0) })
        let p = Problem(
            batch: b, space: s, channels: c, groups: g, weight: [Double](repeating: 1, count: c),
            bias: [Double](repeating: 0, count: c), silu: false)
        let (mean, rstd) = p.statistics(x), xb = f32(x)
        #expect(
            complaint(mean + rstd, absolute: 0, relative: 1e-6) {
                let y = f32(count: x.count), saved = f32(count: 2 * b * g)
                ll_group_norm(
                    Int64(b), Int64(s), Int64(c), Int64(g), xb.pointer, 0, 1e-5, nil, nil, false, y.pointer,
                    saved.floats, saved.floats + b * g)
                return saved.values
            } == nil)
    }
}
