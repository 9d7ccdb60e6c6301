import CKernels
import Foundation
import Testing

@Suite struct ReduceKernels {
    @Test(arguments: Kind.allCases) func `sums, means and extrema along any axis`(kind: Kind) {
        var draw = Draw(12)
        for (o, r, i) in [
            (1, 1, 1), (3, 7, 5), (1, 50_001, 1), (1, 5000, 33), (40, 300, 3), (2, 900, 80), (3, 0, 4),
            (0, 3, 3), (500, 64, 1),
        ] {
            let x = kind.rounded(draw.values(o * r * i, -1, 2)), xb = Buffer(kind, x)
            for op in [LL_REDUCE_SUM, LL_REDUCE_MEAN, LL_REDUCE_MAX, LL_REDUCE_MIN] {
                let expected = (0..<o * i).map { k -> Double in
                    let column = (0..<r).map { x[(k / i * r + $0) * i + k % i] }, sum = column.reduce(0, +)
                    switch op {
                    case LL_REDUCE_SUM: return sum
                    case LL_REDUCE_MEAN: return sum / Double(r)
                    case LL_REDUCE_MAX: return column.max() ?? -.infinity
                    default: return column.min() ?? .infinity
                    }
                }
                #expect(
                    complaint(expected, absolute: 1e-5, relative: 1e-6) {
                        let y = f32(count: o * i)
                        ll_reduce(
                            Int32(op.rawValue), Int64(o), Int64(r), Int64(i), xb.pointer, kind.code, y.floats)
                        return y.intact ? y.values : []
                    } == nil, "operation \(op.rawValue) of \(o) x \(r) x \(i)")
            }
        }
    }

    @Test func `extrema keep a NaN wherever it is`() {
        for (n, place) in [(3, 1), (100, 99), (9000, 5000)] {
            var x = [Double](repeating: 1, count: n)
            x[place] = .nan
            let xb = f32(x)
            for op in [LL_REDUCE_MAX, LL_REDUCE_MIN] {
                #expect(
                    complaint([.nan], absolute: 0, relative: 0) {
                        let y = f32(count: 1)
                        ll_reduce(Int32(op.rawValue), 1, Int64(n), 1, xb.pointer, 0, y.floats)
                        return y.values
                    } == nil)
            }
        }
    }

    @Test func `argmax is the first among equals`() {
        var draw = Draw(13)
        for (o, r, i) in [(1, 1, 1), (50, 33, 1), (3, 20, 7), (2, 40_000, 1)] {
            let x = draw.values(o * r * i).map { ($0 * 2).rounded() }, xb = f32(x)
            let expected = (0..<o * i).map { k -> Double in
                let column = (0..<r).map { x[(k / i * r + $0) * i + k % i] }
                return Double(column.firstIndex(of: column.max()!)!)
            }
            #expect(
                complaint(expected, absolute: 0, relative: 0) {
                    var index = [Int32](repeating: -1, count: o * i)
                    ll_argmax(Int64(o), Int64(r), Int64(i), xb.floats, &index)
                    return index.map { Float($0) }
                } == nil)
        }
    }

    @Test func `the sum of squares is exact to seven digits, and the first bad value is found`() {
        var draw = Draw(14)
        for n in [0, 1, 31, 100_001] {
            let x = Kind.f32.rounded(draw.values(n)), xb = f32(x)
            let exact = x.reduce(0) { $0 + $1 * $1 }
            #expect(abs(ll_sum_squares(Int64(n), xb.floats) - exact) <= 2e-7 * exact)
            for kind in Kind.allCases {
                let clean = Buffer(kind, x)
                #expect(ll_first_nonfinite(Int64(n), clean.pointer, kind.code) == -1)
                for (a, b) in [(0, n - 1), (n / 2, n / 2), (n - 1, n - 1)] where n > 0 {
                    var y = x
                    y[b] = .infinity
                    y[a] = .nan
                    let dirty = Buffer(kind, y)
                    #expect(ll_first_nonfinite(Int64(n), dirty.pointer, kind.code) == a)
                }
            }
        }
    }
}
