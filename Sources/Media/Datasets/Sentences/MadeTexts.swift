import Tensors

/// Pairs of a made task, on the fly: an example is a pure function of (seed, index). No source is in both splits.
public struct MadeTexts: Dataset {
    public let task: MadeTask
    public let count: Int
    public let split: Split
    public let seed: UInt64
    /// Of the sources.
    private static let heldOut = 0.1

    public init(_ task: MadeTask, count: Int = 60_000, split: Split = .train, seed: UInt64 = 0) {
        require(count > 0, "MadeTexts: \(count) examples")
        self.task = task
        self.count = count
        self.split = split
        self.seed = seed
    }

    public func pair(_ index: Int) -> TextPairs.Pair {
        require((0..<count).contains(index), "MadeTexts: example \(index) of \(count)")
        var generator = KeyedGenerator(seed, 30, UInt64(index))
        while true {
            let pair = task.pair(&generator)
            if SentenceSplit.split(of: pair.source, heldOut: Self.heldOut) == split { return pair }
        }
    }

    public func example(_ index: Int, epoch: Int) -> Example {
        let pair = pair(index)
        return Example(caption: pair.source, text: pair.target, name: "\(task.rawValue) \(index)")
    }
}
