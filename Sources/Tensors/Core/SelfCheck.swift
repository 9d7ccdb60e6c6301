import CKernels

extension Compute {
    /// Runs tasks on the pool and tells whether each ran exactly once.
    public static func poolRunsEveryTaskOnce(tasks: Int = 10_000) -> Bool {
        var counts = [Int32](repeating: 0, count: tasks)
        counts.withUnsafeMutableBufferPointer { buffer in
            ll_parallel(
                Int64(tasks),
                { context, task in context!.assumingMemoryBound(to: Int32.self)[Int(task)] += 1 },
                UnsafeMutableRawPointer(buffer.baseAddress!))
        }
        return counts.allSatisfy { $0 == 1 }
    }

    /// A product of small whole numbers, which every arithmetic here must give exactly.
    ///
    /// Sizes fit no register tile, so that the kernels' edges are at work too.
    public static func productIsExact(_ precision: Precision) -> Bool {
        let (m, n, k) = (131, 77, 203)
        let a = (0..<m * k).map { Float(($0 * 7 + $0 / k) % 9 - 4) }
        let b = (0..<n * k).map { Float(($0 * 5 + $0 / k) % 7 - 3) }
        let product = withPrecision(precision) { linear(Tensor(a, [m, k]), Tensor(b, [n, k]), nil) }
        guard product.shape == [m, n] else { return false }
        // In the result's own type: a bf16 result is the exact sum, rounded.
        var expected = [Float](repeating: 0, count: m * n)
        for i in 0..<m {
            for j in 0..<n { for l in 0..<k { expected[i * n + j] += a[i * k + l] * b[j * k + l] } }
        }
        return product.values == Tensor(expected, [m, n]).cast(to: product.dtype).values
    }

    /// A convolution of small whole numbers by oneDNN, exact as well.
    public static func convolutionIsExact() -> Bool {
        let (size, inputs, outputs) = (9, 5, 7)
        let x = (0..<size * size * inputs).map { Float($0 * 3 % 7 - 3) }
        let w = (0..<outputs * 9 * inputs).map { Float($0 * 5 % 9 - 4) }
        let y = convolution(
            Tensor(x, [1, size, size, inputs]), weight: Tensor(w, [outputs, 3, 3, inputs]), stride: 1, padding: Padding(0))
        let side = size - 2
        guard y.shape == [1, side, side, outputs] else { return false }
        var expected: [Float] = []
        for row in 0..<side {
            for column in 0..<side {
                for o in 0..<outputs {
                    var sum: Float = 0
                    for (i, j) in (0..<9).map({ ($0 / 3, $0 % 3) }) {
                        for c in 0..<inputs {
                            sum += x[((row + i) * size + column + j) * inputs + c] * w[((o * 3 + i) * 3 + j) * inputs + c]
                        }
                    }
                    expected.append(sum)
                }
            }
        }
        return y.values == expected
    }
}
