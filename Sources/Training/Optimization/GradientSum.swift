import Networks
import Tensors

/// Loss, gradients and named sums of some examples of a batch; added up, those of the whole batch.
public struct GradientSum {
    /// Weighted by the examples' share of the batch, as `gradients` are.
    public private(set) var loss = 0.0
    /// One for each parameter; none while nothing was added.
    public private(set) var gradients: [Tensor] = []
    public private(set) var sums: [String: Tensor] = [:]

    public init() {}

    /// - Parameter share: of the batch, that the report is the mean over.
    public init(_ report: LossReport, share: Float, wrt parameters: [Parameter]) {
        require(report.loss.count == 1, "GradientSum: a loss of shape \(report.loss.shape)")
        gradients = Tensors.gradients(of: report.loss * share, wrt: parameters.map(\.value))
        loss = Double(report.loss.scalar) * Double(share)
        sums = report.sums
    }

    /// A batch taken in `ranges`, `shards` of them at the same time with one thread each, or one by one with all threads.
    ///
    /// They are added in order, so that no bit depends on which was ready first.
    public init<Part>(
        _ ranges: [Range<Int>], shards: Int, load: (Range<Int>) throws -> Part, pass: (Part) -> GradientSum
    ) rethrows {
        // An inspection names the first bad operation, and there is only one first.
        let shards = Context.current.finiteCheck == nil ? shards : 1
        for first in stride(from: 0, to: ranges.count, by: shards) {
            let parts = try ranges[first..<min(first + shards, ranges.count)].map(load)
            var passes = shards > 1 ? concurrently(parts.count) { pass(parts[$0]) } : [pass(parts[0])]
            passes.reverse()
            while let next = passes.popLast() { add(next) }
        }
    }

    private mutating func add(_ other: GradientSum) {
        loss += other.loss
        for (name, sum) in other.sums { sums[name] = sums[name].map { $0 + sum } ?? sum }
        guard !gradients.isEmpty else { return gradients = other.gradients }
        for (i, part) in other.gradients.enumerated() {
            // Two parameters may have been given one and the same gradient.
            if isKnownUniquelyReferenced(&gradients[i].storage) {
                backend.copy(part, into: gradients[i], accumulating: true)
            } else {
                gradients[i] = gradients[i] + part
            }
        }
    }
}
