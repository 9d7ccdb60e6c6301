import Tensors

/// Squared distances between the rows of two sets: by matrix products, fast and a little off, and exactly for the few pairs where
/// that decides.
///
///     x: [N, F], y: [M, F]
struct PairDistances {
    /// Rows of x that are compared at a time.
    private static let block = 128

    private let x, y: Side
    private let width: Int

    private struct Side {
        /// Less the mean of y, so that a large common mean does not eat the digits of products.
        let centred: Tensor
        let values, squares: [Float]
        /// The largest of `squares`.
        let largest: Float

        init(_ rows: Tensor, mean: [Double]) {
            let (count, width) = rows.shape2
            let values = rows.values
            var centred = values
            for i in 0..<values.count { centred[i] = Float(Double(values[i]) - mean[i % width]) }
            squares = (0..<count).map { r in
                Float(centred[r * width..<(r + 1) * width].reduce(0.0) { $0 + Double($1) * Double($1) })
            }
            self.centred = Tensor(centred, [count, width])
            self.values = values
            largest = squares.max() ?? 0
        }
    }

    init(_ x: Tensor, _ y: Tensor) {
        let (columns, width) = y.shape2
        require(x.rank == 2 && x.shape[1] == width && columns > 0, "PairDistances: \(x.shape) and \(y.shape)")
        self.width = width
        var mean = [Double](repeating: 0, count: width)
        for (i, value) in y.values.enumerated() { mean[i % width] += Double(value) / Double(columns) }
        self.x = Side(x, mean: mean)
        self.y = Side(y, mean: mean)
    }

    /// One row of x beside all rows of y.
    struct Row {
        let index: Int
        /// `[M]`, each within `doubt` of the truth.
        let distances: UnsafeBufferPointer<Float>
        let doubt: Float
    }

    /// Makes something of every block of rows, on all threads; the results are in order.
    func blocks<Result>(_ start: () -> Result, _ add: (inout Result, Row) -> Void) -> [Result] {
        let ranges = pieces(x.squares.count, of: Self.block)
        let turned = y.centred.transposed()
        return concurrently(ranges.count) { piece in
            var result = start()
            let rows = ranges[piece]
            var products = matmul(x.centred.slice(0, rows), turned).values
            products.withUnsafeMutableBufferPointer { products in
                let columns = y.squares.count
                for i in rows {
                    let start = (i - rows.lowerBound) * columns
                    let row = UnsafeMutableBufferPointer(rebasing: products[start..<start + columns])
                    for j in 0..<columns { row[j] = x.squares[i] + y.squares[j] - 2 * row[j] }
                    // Rounding of F products in any order, and of the rows when they were centred; twice that to be safe.
                    let doubt = Float(width + 16) * 0x1p-23 * (x.squares[i] + y.largest)
                    add(&result, Row(index: i, distances: UnsafeBufferPointer(row), doubt: doubt))
                }
            }
            return result
        }
    }

    /// From the rows as they were given, in f64.
    func exact(_ i: Int, _ j: Int) -> Double {
        var sum = 0.0
        for k in 0..<width {
            let d = Double(x.values[i * width + k]) - Double(y.values[j * width + k])
            sum += d * d
        }
        return sum
    }
}

extension PairDistances {
    /// Squared distance of each row to the `neighbours`-th nearest other row of the same set.
    static func radii(_ x: Tensor, neighbours: Int) -> [Double] {
        let pairs = PairDistances(x, x)
        return pairs.blocks({ [Double]() }) { radii, row in
            var nearest = [Float](repeating: .infinity, count: neighbours)
            for (j, d) in row.distances.enumerated() where d < nearest[neighbours - 1] && j != row.index {
                var place = neighbours - 1
                while place > 0 && nearest[place - 1] > d {
                    nearest[place] = nearest[place - 1]
                    place -= 1
                }
                nearest[place] = d
            }
            // Whatever may be among the nearest, measured exactly.
            let bound = nearest[neighbours - 1] + 2 * row.doubt
            var exact: [Double] = []
            for (j, d) in row.distances.enumerated() where d <= bound && j != row.index {
                exact.append(pairs.exact(row.index, j))
            }
            exact.sort()
            // Rows that are not finite are near to nothing.
            radii.append(exact.count >= neighbours ? exact[neighbours - 1] : 0)
        }.flatMap { $0 }
    }
}
