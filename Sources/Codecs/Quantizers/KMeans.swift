import Tensors

/// Codes by k-means: spread-out rows to begin with, then Lloyd's steps; a code that nothing chose is drawn anew.
///
///     rows: [N, D]
///     returns codes [K, D] and what the rows say about them
func kMeans(_ rows: Tensor, codes: Int, iterations: Int, noise: Noise) -> (codebook: Tensor, sums: CodeSums) {
    let (_, width) = rows.shape2
    var codebook = Tensor(startingRows(rows, codes, noise("start")), [codes, width])
    var sums = CodeSums(rows, nearestCodes(rows, codebook), codes: codes)
    for iteration in 0..<iterations {
        var centres = codebook.values
        let (n, s) = (sums.counts.values, sums.sums.values)
        for k in 0..<codes where n[k] > 0 {
            for i in k * width..<(k + 1) * width { centres[i] = s[i] / n[k] }
        }
        for (k, vector) in sums.drawn(for: n.indices.filter { n[$0] == 0 }, noise("empty")(iteration)) {
            centres.replaceSubrange(k * width..<(k + 1) * width, with: vector)
        }
        codebook = Tensor(centres, [codes, width])
        sums = CodeSums(rows, nearestCodes(rows, codebook), codes: codes)
    }
    return (codebook, sums)
}

/// K rows, each drawn in proportion to its squared distance from those before (k-means++, Arthur & Vassilvitskii 2007).
///
/// Where that would take long, or the rows are too few to differ, rows in random order.
private func startingRows(_ rows: Tensor, _ codes: Int, _ noise: Noise) -> [Float] {
    let (count, width) = rows.shape2
    let values = rows.values
    func row(_ i: Int) -> ArraySlice<Float> { values[i * width..<(i + 1) * width] }
    let order = noise("order").permutation(count)
    var start: [Float] = []
    start.reserveCapacity(codes * width)
    guard count > codes, Double(count) * Double(codes) * Double(width) <= 2e9 else {
        for k in 0..<codes { start += row(order[k % count]) }
        return start
    }
    var far = [Float](repeating: .infinity, count: count)
    var newest = order[0]
    for k in 0..<codes {
        start += row(newest)
        var total = 0.0
        values.withUnsafeBufferPointer { x in
            for i in 0..<count {
                var distance: Float = 0
                for d in 0..<width {
                    let step = x[i * width + d] - x[newest * width + d]
                    distance += step * step
                }
                far[i] = min(far[i], distance)
                total += Double(far[i])
            }
        }
        var aim = noise(k).uniformDouble() * total
        // Fewer different rows than codes: any will do.
        newest = order[(k + 1) % count]
        for i in 0..<count where far[i] > 0 {
            newest = i
            aim -= Double(far[i])
            if aim < 0 { break }
        }
    }
    return start
}
