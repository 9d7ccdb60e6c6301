import CKernels
import Testing

/// Offsets of every element of `shape` in row-major order, for the given strides.
private func offsets(_ shape: [Int], _ strides: [Int]) -> [Int] {
    var result = [0]
    for (extent, stride) in zip(shape, strides) {
        result = result.flatMap { o in (0..<extent).map { o + $0 * stride } }
    }
    return result
}
private func wide(_ x: [Int]) -> [Int64] { x.map(Int64.init) }

private let broadcasts: [(shape: [Int], a: [Int], b: [Int])] = [
    ([7], [1], [1]), ([40_000], [1], [0]), ([40_000], [0], [1]), ([3, 5], [5, 1], [0, 1]),
    ([300, 129], [129, 1], [0, 1]),
    ([300, 129], [129, 1], [1, 0]), ([4, 6, 33], [198, 33, 1], [33, 0, 1]),
    ([5, 7, 3], [1, 5, 35], [21, 3, 1]),
    ([2, 3, 4, 5], [0, 20, 5, 1], [60, 0, 0, 1]), ([1, 1], [0, 0], [0, 0]), ([], [], []),
    ([3, 0], [1, 1], [1, 1]),
    ([2, 40_001], [40_001, 1], [0, 1]),
]

@Suite struct LayoutKernels {
    @Test func `binary operations broadcast over any strides and dtypes`() {
        let operations: [(ll_binary_op, @Sendable (Double, Double) -> Double)] = [
            (LL_ADD, { $0 + $1 }), (LL_SUB, { $0 - $1 }), (LL_MUL, { $0 * $1 }), (LL_DIV, { $0 / $1 }),
            (LL_MAX, { max($0, $1) }), (LL_MIN, { min($0, $1) }), (LL_EQ, { $0 == $1 ? 1 : 0 }),
            (LL_LT, { $0 < $1 ? 1 : 0 }),
            (LL_GT, { $0 > $1 ? 1 : 0 }), (LL_GE, { $0 >= $1 ? 1 : 0 }),
        ]
        var draw = Draw(3)
        for (i, (op, value)) in operations.enumerated() {
            for (j, (shape, aStrides, bStrides)) in broadcasts.enumerated() {
                let (ka, kb, ky) = (
                    Kind.allCases[(i + j) % 2], Kind.allCases[(i + j / 2) % 2], Kind.allCases[j / 4 % 2]
                )
                let ia = offsets(shape, aStrides), ib = offsets(shape, bStrides)
                // Halves, so that equality happens.
                let a = draw.values((ia.max() ?? 0) + 1).map { ($0 * 2).rounded() / 2 + 0.25 }
                let b = draw.values((ib.max() ?? 0) + 1).map { ($0 * 2).rounded() / 2 + 0.25 }
                let (ab, bb) = (Buffer(ka, a), Buffer(kb, b))
                let wrong = complaint(
                    zip(ia, ib).map { value(a[$0], b[$1]) }, absolute: 0, relative: 2e-7 + ky.rounding
                ) {
                    let y = Buffer(ky, count: ia.count)
                    ll_binary(
                        Int32(op.rawValue), Int32(shape.count), wide(shape), ab.pointer, ka.code,
                        wide(aStrides),
                        bb.pointer, kb.code, wide(bStrides), y.pointer, ky.code)
                    return y.intact ? y.values : []
                }
                #expect(wrong == nil, "operation \(op.rawValue), shape \(shape)")
            }
        }
    }

    @Test func `maximum and minimum keep a NaN from either side`() {
        let a = f32([.nan, 1, 2]), b = f32([1, .nan, 3])
        for op in [LL_MAX, LL_MIN] {
            #expect(
                complaint([.nan, .nan, op == LL_MAX ? 3 : 2], absolute: 0, relative: 0) {
                    let y = f32(count: 3)
                    ll_binary(Int32(op.rawValue), 1, [3], a.pointer, 0, [1], b.pointer, 0, [1], y.pointer, 0)
                    return y.values
                } == nil)
        }
    }

    @Test func `copies between layouts move every element, and can add`() {
        let layouts: [(shape: [Int], from: [Int], to: [Int])] = [
            ([50_000], [1], [1]), ([6, 7], [7, 1], [1, 6]), ([100, 333], [1, 100], [333, 1]),
            ([3, 40, 50], [2000, 1, 40], [2000, 50, 1]),
            ([2, 16, 3, 8], [384, 8, 128, 1], [384, 24, 8, 1]), ([5, 17], [0, 1], [17, 1]),
            ([5, 17], [1, 0], [17, 1]),
            ([4, 9], [9, 1], [20, 2]), ([], [], []), ([0, 4], [4, 1], [4, 1]),
            ([2, 3, 64, 20], [3840, 1280, 1, 64], [3840, 20, 60, 1]),
        ]
        var draw = Draw(4)
        for (shape, from, to) in layouts {
            for ks in Kind.allCases {
                for kd in Kind.allCases {
                    for adds in [false, true] {
                        let i = offsets(shape, from), o = offsets(shape, to)
                        let source = ks.rounded(draw.values((i.max() ?? 0) + 1))
                        let before = kd.rounded(draw.values((o.max() ?? 0) + 1))
                        var after = before
                        for (x, y) in zip(i, o) { after[y] = kd.rounded((adds ? after[y] : 0) + source[x]) }
                        let sb = Buffer(ks, source)
                        let wrong = complaint(after, absolute: 0, relative: adds ? 1e-6 : 0) {
                            let y = Buffer(kd, before)
                            ll_copy(
                                Int32(shape.count), wide(shape), sb.pointer, ks.code, wide(from), y.pointer,
                                kd.code, wide(to), adds)
                            return y.intact ? y.values : []
                        }
                        #expect(
                            wrong == nil, "shape \(shape) from \(from) to \(to), \(ks) to \(kd), adds \(adds)"
                        )
                    }
                }
            }
        }
    }

    @Test func `adding into a broadcast destination sums in order`() {
        let source = f32((0..<12).map(Double.init))
        #expect(
            complaint([18, 22, 26], absolute: 0, relative: 0) {
                let y = f32([0, 0, 0])
                ll_copy(2, [4, 3], source.pointer, 0, [3, 1], y.pointer, 0, [0, 1], true)
                return y.values
            } == nil)
    }

    @Test func `nearest-neighbour upsampling repeats pixels and its gradient sums them`() {
        for kind in Kind.allCases {
            for (b, h, w, c) in [(1, 1, 1, 1), (2, 3, 5, 7), (3, 20, 20, 33)] {
                var draw = Draw(5)
                let x = kind.rounded(draw.values(b * h * w * c)),
                    g = kind.rounded(draw.values(4 * b * h * w * c))
                var up = [Double](repeating: 0, count: g.count), down = [Double](repeating: 0, count: x.count)
                for o in 0..<b * 2 * h * 2 * w {
                    let (item, y, z) = (o / (4 * h * w), o / (2 * w) % (2 * h), o % (2 * w))
                    for k in 0..<c {
                        let from = ((item * h + y / 2) * w + z / 2) * c + k
                        up[o * c + k] = x[from]
                        down[from] += g[o * c + k]
                    }
                }
                let (xb, gb) = (Buffer(kind, x), Buffer(kind, g))
                #expect(
                    complaint(up, absolute: 0, relative: 0) {
                        let y = Buffer(kind, count: up.count)
                        ll_upsample2(Int64(b), Int64(h), Int64(w), Int64(c), xb.pointer, y.pointer, kind.code)
                        return y.values
                    } == nil)
                #expect(
                    complaint(down, absolute: 1e-6, relative: kind.rounding) {
                        let gx = Buffer(kind, count: down.count)
                        ll_upsample2_backward(
                            Int64(b), Int64(h), Int64(w), Int64(c), gb.pointer, gx.pointer, kind.code)
                        return gx.values
                    } == nil)
            }
        }
    }
}
