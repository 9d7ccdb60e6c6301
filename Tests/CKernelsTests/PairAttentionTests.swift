import CKernels
import Foundation
import Testing

private let hasPairs = String(cString: ll_instruction_set()) == "avx512_bf16"

/// Distance of x to y, relative to y, over all elements.
private func distance(_ x: [Float], _ y: [Double]) -> Double {
    let off = zip(x, y).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    let size = y.reduce(0) { $0 + $1 * $1 }
    return off == 0 ? 0 : (off / size).squareRoot()
}

@Suite(.enabled(if: hasPairs)) struct PairAttentionTests {
    /// Exponentials and their gradients are rounded as well as results: each costs 2^-9 of a term at most, far less of a sum.
    @Test func `attention by dot products of pairs is as exact as bf16 operands allow`() {
        for (b, h, n, m, w) in [
            (2, 3, 7, 5, 4), (1, 1, 1, 1, 1), (2, 2, 70, 90, 17), (1, 1, 66, 1100, 8), (1, 2, 130, 131, 33), (2, 2, 64, 64, 64),
            (1, 2, 257, 255, 32), (2, 1, 100, 20, 72), (1, 1, 300, 30, 65), (2, 1, 5, 0, 4), (1, 1, 0, 4, 4),
        ] {
            for (causal, masked) in [(false, false), (true, false), (false, true), (true, true)] {
                let p = AttentionProblem.drawn(b, h, n, m, w, causal: causal, masked: masked, kind: .bf16), truth = p.solved()
                let name: Comment = "\(b) \(h) \(n) \(m) \(w) causal \(causal) masked \(masked)"
                let (rows, keys) = (p.q.count, p.k.count)
                // Threads, and each element within what rounding every term downwards would do.
                #expect(
                    complaint(truth.out, absolute: 4e-3, relative: 4e-3, on: ["avx512_bf16"]) {
                        let (out, lse) = p.forward(.bf16)
                        return out.intact && lse.intact ? out.values : []
                    } == nil, name)
                #expect(
                    complaint(truth.lse, absolute: 1e-5, relative: 1e-6, on: ["avx512_bf16"]) { p.forward(.bf16).lse.values }
                        == nil, name)
                #expect(
                    complaint(truth.gq + truth.gk + truth.gv, absolute: 2e-2, relative: 8e-3, on: ["avx512_bf16"]) {
                        p.backward(.bf16)
                    } == nil, name)
                let out = p.forward(.bf16).out.values, back = p.backward(.bf16)
                #expect(distance(out, truth.out) < 3e-3, name)
                #expect(distance(Array(back[..<rows]), truth.gq) < 8e-3, name)
                #expect(distance(Array(back[rows..<rows + keys]), truth.gk) < 8e-3, name)
                #expect(distance(Array(back[(rows + keys)...]), truth.gv) < 4e-3, name)
            }
        }
    }

    @Test func `dot products of pairs and products of widened operands agree, and are not the same`() {
        let p = AttentionProblem.drawn(2, 2, 67, 93, 40, causal: true, masked: false, kind: .bf16)
        let pairs = p.forward(.bf16).out.values + p.backward(.bf16)
        ll_limit_instruction_set("avx512")
        defer { ll_limit_instruction_set(nil) }
        let widened = p.forward(.bf16).out.values + p.backward(.bf16)
        #expect(distance(pairs, widened.map(Double.init)) < 5e-3)
        #expect(pairs != widened)
    }

    @Test func `f32 attention does not know of them`() {
        let p = AttentionProblem.drawn(2, 2, 67, 93, 40, causal: true, masked: true, kind: .f32)
        let whole = p.forward(.f32).out.values + p.backward(.f32)
        ll_limit_instruction_set("avx512")
        defer { ll_limit_instruction_set(nil) }
        #expect(whole.map(\.bitPattern) == (p.forward(.f32).out.values + p.backward(.f32)).map(\.bitPattern))
    }

    @Test func `an infinite or missing score stays in its row`() {
        var p = AttentionProblem.drawn(1, 1, 37, 70, 16, causal: false, masked: false, kind: .bf16)
        let clean = p.forward(.bf16).out.values
        p.q[5 * 16] = .nan
        p.q[36 * 16 + 3] = .infinity
        let out = p.forward(.bf16).out.values
        for row in 0..<37 {
            let found = out[row * 16..<(row + 1) * 16], kept = clean[row * 16..<(row + 1) * 16]
            #expect(row == 5 || row == 36 ? found.allSatisfy(\.isNaN) : found == kept, "row \(row)")
        }
    }
}
