import CKernels
import Foundation
import Testing

/// One attention problem in double, [batch, position, head, width] throughout.
private struct Problem {
    var b = 1, h = 1, n = 1, m = 1, w = 1, causal = false
    var q: [Double] = [], k: [Double] = [], v: [Double] = [], g: [Double] = [], mask: [Double]?
    var scale: Double { Double(Float(1 / Double(w).squareRoot())) }

    func solved() -> (out: [Double], lse: [Double], gq: [Double], gk: [Double], gv: [Double]) {
        var out = [Double](repeating: 0, count: q.count), gq = out
        var gk = [Double](repeating: 0, count: k.count), gv = gk
        var lse = [Double](repeating: -.infinity, count: b * h * n)
        for item in 0..<b {
            for head in 0..<h {
                for i in 0..<n {
                    let row = ((item * n + i) * h + head) * w
                    let seen = (0..<m).filter { visible(item, i, $0) }
                    if seen.isEmpty { continue }
                    let at = { (j: Int) in ((item * m + j) * h + head) * w }
                    let s = seen.map { j in (0..<w).reduce(0) { $0 + q[row + $1] * k[at(j) + $1] } * scale }
                    let top = s.max()!, sum = s.reduce(0) { $0 + exp($1 - top) }
                    lse[(item * h + head) * n + i] = top + log(sum)
                    let p = s.map { exp($0 - top) / sum }
                    for (j, p) in zip(seen, p) { for d in 0..<w { out[row + d] += p * v[at(j) + d] } }
                    let dp = seen.map { j in (0..<w).reduce(0) { $0 + g[row + $1] * v[at(j) + $1] } }
                    let delta = zip(p, dp).reduce(0) { $0 + $1.0 * $1.1 }
                    for (l, j) in seen.enumerated() {
                        let ds = p[l] * (dp[l] - delta) * scale
                        for d in 0..<w {
                            gv[at(j) + d] += p[l] * g[row + d]
                            gq[row + d] += ds * k[at(j) + d]
                            gk[at(j) + d] += ds * q[row + d]
                        }
                    }
                }
            }
        }
        return (out, lse, gq, gk, gv)
    }
    func visible(_ item: Int, _ i: Int, _ j: Int) -> Bool {
        (!causal || j <= i + m - n) && (mask?[item * m + j] ?? 1) != 0
    }

    func strides(_ length: Int) -> ll_strides {
        ll_strides(batch: Int64(length * h * w), position: Int64(h * w), head: Int64(w))
    }
    func forward(_ kind: Kind) -> (out: Buffer, lse: Buffer) {
        let (qb, kb, vb, mb) = (Buffer(kind, q), Buffer(kind, k), Buffer(kind, v), mask.map { f32($0) })
        let out = Buffer(kind, count: q.count), lse = f32(count: b * h * n)
        ll_attention(
            Int64(b), Int64(h), Int64(n), Int64(m), Int64(w), Float(scale), causal, kind.code, qb.pointer,
            strides(n),
            kb.pointer, strides(m), vb.pointer, strides(m), mb?.floats, out.pointer, strides(n), lse.floats)
        return (out, lse)
    }
    func backward(_ kind: Kind) -> [Float] {
        let (out, lse) = forward(kind)
        let (qb, kb, vb, gb, mb) = (
            Buffer(kind, q), Buffer(kind, k), Buffer(kind, v), Buffer(kind, g), mask.map { f32($0) }
        )
        let (gq, gk, gv) = (
            Buffer(kind, count: q.count), Buffer(kind, count: k.count), Buffer(kind, count: k.count)
        )
        ll_attention_backward(
            Int64(b), Int64(h), Int64(n), Int64(m), Int64(w), Float(scale), causal, kind.code, qb.pointer,
            strides(n), kb.pointer, strides(m), vb.pointer, strides(m), mb?.floats, out.pointer, strides(n),
            lse.floats, gb.pointer, strides(n), gq.pointer, strides(n), gk.pointer, strides(m), gv.pointer,
            strides(m))
        return gq.intact && gk.intact && gv.intact ? gq.values + gk.values + gv.values : []
    }

    static func drawn(
        _ b: Int, _ h: Int, _ n: Int, _ m: Int, _ w: Int, causal: Bool, masked: Bool, kind: Kind
    ) -> Problem {
        var draw = Draw(UInt64(n * 31 + m))
        var p = Problem(b: b, h: h, n: n, m: m, w: w, causal: causal)
        p.q = kind.rounded(draw.values(b * n * h * w))
        p.k = kind.rounded(draw.values(b * m * h * w))
        p.v = kind.rounded(draw.values(b * m * h * w))
        p.g = kind.rounded(draw.values(b * n * h * w))
        // The last item of the batch has nothing to attend to.
        p.mask = masked ? (0..<b * m).map { $0 / m == b - 1 || $0 % 3 == 1 ? 0 : 1 } : nil
        return p
    }
}

@Suite struct AttentionKernels {
    @Test(arguments: Kind.allCases)
    func `attention and its gradients, masked, causal, with more keys than a tile`(kind: Kind) {
        for (b, h, n, m, w) in [
            (1, 1, 1, 1, 1), (2, 3, 7, 5, 4), (2, 2, 70, 90, 17), (1, 1, 66, 1100, 8), (1, 2, 130, 130, 16),
            (2, 1, 5, 0, 4), (1, 1, 0, 4, 4),
        ] {
            for (causal, masked) in [(false, false), (true, false), (false, true), (true, true)] {
                let p = Problem.drawn(b, h, n, m, w, causal: causal, masked: masked, kind: kind),
                    truth = p.solved()
                let name: Comment = "\(b) \(h) \(n) \(m) \(w) causal \(causal) masked \(masked)"
                #expect(
                    complaint(
                        truth.out + truth.lse, absolute: 1e-5 + kind.rounding / 20,
                        relative: 1e-5 + kind.rounding
                    ) {
                        let (out, lse) = p.forward(kind)
                        return out.intact && lse.intact ? out.values + lse.values : []
                    } == nil, name)
                #expect(
                    complaint(
                        truth.gq + truth.gk + truth.gv, absolute: 5e-5 + 3 * kind.rounding,
                        relative: 1e-4 + kind.rounding
                    ) {
                        p.backward(kind)
                    } == nil, name)
            }
        }
    }

    @Test func `one problem alone gives the bits it gives in a batch`() {
        let p = Problem.drawn(3, 2, 100, 80, 16, causal: false, masked: false, kind: .f32)
        let all = p.forward(.f32).out.values, size = p.n * p.h * p.w
        for item in 0..<3 {
            var one = p
            one.b = 1
            one.q = Array(p.q[item * size..<(item + 1) * size])
            one.k = Array(p.k[item * 80 * 32..<(item + 1) * 80 * 32])
            one.v = Array(p.v[item * 80 * 32..<(item + 1) * 80 * 32])
            #expect(
                one.forward(.f32).out.values.map(\.bitPattern)
                    == all[item * size..<(item + 1) * size].map(\.bitPattern))
        }
    }
}
