import CKernels
import Testing

@Suite struct TableKernels {
    @Test func `gather reads rows, scatter adds them in order`() {
        var draw = Draw(18)
        for (rows, columns, entries) in [(1, 1, 1), (9, 5, 3), (2000, 130, 40)] {
            let table = Kind.f32.rounded(draw.values(entries * columns)),
                g = Kind.f32.rounded(draw.values(rows * columns))
            let index = (0..<rows).map { Int32($0 * 7 % entries) }, (tb, gb) = (f32(table), f32(g))
            #expect(
                complaint(
                    (0..<rows * columns).map { table[Int(index[$0 / columns]) * columns + $0 % columns] },
                    absolute: 0, relative: 0
                ) {
                    let y = f32(count: rows * columns)
                    ll_gather(Int64(rows), Int64(columns), tb.floats, index, y.floats)
                    return y.values
                } == nil)
            var sums = table
            for i in 0..<rows * columns { sums[Int(index[i / columns]) * columns + i % columns] += g[i] }
            #expect(
                complaint(sums, absolute: 2e-5, relative: 1e-6) {
                    let y = f32(table)
                    ll_scatter_add(Int64(rows), Int64(columns), gb.floats, index, Int64(entries), y.floats)
                    return y.intact ? y.values : []
                } == nil)
        }
    }

    @Test func `the nearest code is the true nearest, and the first among equals`() {
        var draw = Draw(19)
        for (rows, codes, columns) in [(1, 1, 1), (33, 17, 3), (70, 1500, 8), (200, 600, 33)] {
            var book = Kind.f32.rounded(draw.values(codes * columns))
            // Every code is there twice.
            for i in 0..<codes / 2 * columns { book[(codes - codes / 2) * columns + i] = book[i] }
            var x = Kind.f32.rounded(draw.values(rows * columns))
            for i in 0..<columns { x[i] = book[(codes - 1) * columns + i] }
            let best = (0..<rows).map { r -> (Int, Double) in
                let d = (0..<codes).map { c in
                    (0..<columns).reduce(0) {
                        $0 + (x[r * columns + $1] - book[c * columns + $1])
                            * (x[r * columns + $1] - book[c * columns + $1])
                    }
                }
                return (d.firstIndex(of: d.min()!)!, d.min()!)
            }
            let (xb, bb) = (f32(x), f32(book))
            #expect(
                complaint(best.map { Double($0.0) } + best.map(\.1), absolute: 1e-6, relative: 1e-6) {
                    var index = [Int32](repeating: -1, count: rows)
                    let distance = f32(count: rows)
                    ll_nearest(
                        Int64(rows), Int64(codes), Int64(columns), xb.floats, bb.floats, &index,
                        distance.floats)
                    return index.map { Float($0) } + distance.values
                } == nil, "\(rows) rows, \(codes) codes of \(columns)")
        }
    }

    @Test func `a row that is not finite has no distance, and the others keep theirs`() {
        let x = f32([.nan, 0, 1, 1]), book = f32([5, 5, 1, 1])
        var index: [Int32] = [-1, -1]
        let distance = f32(count: 2)
        ll_nearest(2, 2, 2, x.floats, book.floats, &index, distance.floats)
        #expect(index == [0, 1] && distance.values[0].isNaN && distance.values[1] == 0)
    }
}
