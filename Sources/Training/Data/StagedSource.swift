import Networks
import Tensors

/// Batches of one source after the other: a curriculum.
///
/// What a step sees depends on its number alone.
public final class StagedSource: BatchSource {
    private let stages: [(end: Int, source: any BatchSource)]

    /// - Parameter stages: each with the first step that is no longer its own, rising; the last goes on beyond its end.
    public init(_ stages: [(end: Int, source: any BatchSource)]) {
        require(
            !stages.isEmpty && zip(stages, stages.dropFirst()).allSatisfy { $0.end < $1.end }, "StagedSource: stages \(stages)")
        self.stages = stages
    }

    public var waitedSeconds: Double { stages.reduce(0) { $0 + $1.source.waitedSeconds } }

    public func batch(step: Int, range: Range<Int>, places: [Noise]) throws -> Batch {
        let stage = stages.first { step < $0.end } ?? stages[stages.count - 1]
        return try stage.source.batch(step: step, range: range, places: places)
    }
}
