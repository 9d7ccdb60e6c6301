import Tensors

/// k-means (Lloyd 1982): the best of several starts, each from rows drawn in proportion to their squared distance from those before
/// (Arthur & Vassilvitskii 2007).
struct Clusters {
    /// The nearest centre of every row.
    private(set) var assignments: [Int]
    /// Sum of the squared distances to them.
    private(set) var spread: Double

    /// rows: `[N, D]`
    init(_ rows: Tensor, count: Int, restarts: Int, iterations: Int, noise: Noise) {
        self = (0..<restarts).map { Clusters(rows, count: count, iterations: iterations, noise: noise($0)) }
            .min { $0.spread < $1.spread }!
    }

    private init(_ rows: Tensor, count: Int, iterations: Int, noise: Noise) {
        let (size, width) = rows.shape2
        let values = rows.values
        var centres = startingRows(rows, count, noise)
        var nearest = nearestCentres(rows, centres)
        for _ in 0..<iterations {
            var sums = [Double](repeating: 0, count: count * width)
            var sizes = [Int](repeating: 0, count: count)
            for r in 0..<size {
                let cluster = nearest[r].centre
                sizes[cluster] += 1
                for d in 0..<width { sums[cluster * width + d] += Double(values[r * width + d]) }
            }
            var next = centres.values
            // A cluster that lost its rows takes the one farthest from its centre.
            var farthest =
                sizes.contains(0) ? (0..<size).sorted { (nearest[$0].distance, $0) < (nearest[$1].distance, $1) } : []
            for k in 0..<count {
                if sizes[k] > 0 {
                    for d in 0..<width { next[k * width + d] = Float(sums[k * width + d] / Double(sizes[k])) }
                } else if let row = farthest.popLast() {
                    next.replaceSubrange(k * width..<(k + 1) * width, with: values[row * width..<(row + 1) * width])
                }
            }
            centres = Tensor(next, [count, width])
            let before = nearest.map(\.centre)
            nearest = nearestCentres(rows, centres)
            if nearest.map(\.centre) == before { break }
        }
        assignments = nearest.map(\.centre)
        spread = nearest.reduce(0) { $0 + Double($1.distance) }
    }
}

private func nearestCentres(_ rows: Tensor, _ centres: Tensor) -> [(centre: Int, distance: Float)] {
    PairDistances(rows, centres).blocks({ [(centre: Int, distance: Float)]() }) { found, row in
        var best = (centre: 0, distance: Float.infinity)
        for (k, distance) in row.distances.enumerated() where distance < best.distance { best = (k, distance) }
        // Rounding may leave it a little below 0.
        found.append((best.centre, max(0, best.distance)))
    }.flatMap { $0 }
}

/// `[count, D]`, all different where there are enough different rows.
private func startingRows(_ rows: Tensor, _ count: Int, _ noise: Noise) -> Tensor {
    let (size, width) = rows.shape2
    let values = rows.values
    var start: [Float] = []
    var far = [Double](repeating: .infinity, count: size)
    var newest = noise("first").integer(below: size)
    for k in 0..<count {
        start += values[newest * width..<(newest + 1) * width]
        for i in 0..<size {
            var distance: Float = 0
            for d in 0..<width {
                let step = values[i * width + d] - values[newest * width + d]
                distance += step * step
            }
            far[i] = min(far[i], Double(distance))
        }
        var aim = noise(k).uniformDouble() * far.reduce(0, +)
        // Fewer different rows than centres: any will do.
        newest = noise("any")(k).integer(below: size)
        for i in 0..<size where far[i] > 0 {
            newest = i
            aim -= far[i]
            if aim < 0 { break }
        }
    }
    return Tensor(start, [count, width])
}
