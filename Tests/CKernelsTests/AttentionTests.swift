import CKernels
import Foundation
import Testing

/// One attention problem in double, [batch, position, head, width] throughout.
struct AttentionProblem {
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

    /// One item of the batch.
    func item(_ i: Int) -> AttentionProblem {
        var one = self
        one.b = 1
        let rows = i * n * h * w..<(i + 1) * n * h * w, keys = i * m * h * w..<(i + 1) * m * h * w
        (one.q, one.g, one.k, one.v) = (Array(q[rows]), Array(g[rows]), Array(k[keys]), Array(v[keys]))
        one.mask = mask.map { Array($0[i * m..<(i + 1) * m]) }
        return one
    }

    static func drawn(
        _ b: Int, _ h: Int, _ n: Int, _ m: Int, _ w: Int, causal: Bool, masked: Bool, kind: Kind
    ) -> AttentionProblem {
        var draw = Draw(UInt64(n * 31 + m))
        var p = AttentionProblem(b: b, h: h, n: n, m: m, w: w, causal: causal)
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
                let p = AttentionProblem.drawn(b, h, n, m, w, causal: causal, masked: masked, kind: kind),
                    truth = p.solved()
                let name: Comment = "\(b) \(h) \(n) \(m) \(w) causal \(causal) masked \(masked)"
                #expect(
                    complaint(
                        truth.out + truth.lse, absolute: 1e-5 + kind.rounding / 20,
                        relative: 1e-5 + kind.rounding, on: exactSets(kind)
                    ) {
                        let (out, lse) = p.forward(kind)
                        return out.intact && lse.intact ? out.values + lse.values : []
                    } == nil, name)
                #expect(
                    complaint(
                        truth.gq + truth.gk + truth.gv, absolute: 5e-5 + 3 * kind.rounding,
                        relative: 1e-4 + kind.rounding, on: exactSets(kind)
                    ) {
                        p.backward(kind)
                    } == nil, name)
            }
        }
    }

    /// Where products are not rounded to bf16 on the way; PairAttentionTests has the rest.
    private func exactSets(_ kind: Kind) -> [String] {
        kind == .f32 ? instructionSets : instructionSets.filter { $0 != "avx512_bf16" }
    }

    @Test(arguments: Kind.allCases)
    func `one problem alone gives the bits it gives in a batch`(kind: Kind) {
        defer { ll_limit_instruction_set(nil) }
        for (n, m, w, causal, masked) in [
            (100, 80, 16, false, false), (67, 131, 33, true, false), (7, 21, 5, false, true), (64, 64, 64, true, true),
        ] {
            let p = AttentionProblem.drawn(3, 2, n, m, w, causal: causal, masked: masked, kind: kind)
            for name in instructionSets {
                ll_limit_instruction_set(name)
                let (out, back) = (p.forward(kind).out.values, p.backward(kind))
                let (rows, keys) = (n * 2 * w, m * 2 * w)
                for item in 0..<3 {
                    let one = p.item(item)
                    let mine = { (at: Int, count: Int) in back[at + item * count..<at + (item + 1) * count] }
                    let expected = Array(mine(0, rows) + mine(3 * rows, keys) + mine(3 * (rows + keys), keys))
                    let what: Comment = "\(name), item \(item) of \(n) \(m) \(w)"
                    #expect(
                        one.forward(kind).out.values.map(\.bitPattern)
                            == out[item * rows..<(item + 1) * rows].map(\.bitPattern), what)
                    #expect(one.backward(kind).map(\.bitPattern) == expected.map(\.bitPattern), what)
                }
            }
        }
    }
}
