import Tensors

/// Recordings of four seconds made on the fly: one or two kinds of sounds, and a sentence that says so.
///
/// An example is a pure function of (seed, index); the epoch changes nothing, so latents can be kept. Its class is how many of what the
/// sentence begins with: `two beeps`.
public struct Soundscapes: Dataset {
    public let count: Int
    public let split: Split
    public let seed: UInt64
    /// How many of the sentences are of two events.
    public let pairShare: Double
    private let singles: [SoundscapeCaption]
    private let pairs: [SoundscapeCaption]

    public var classNames: [String] { Self.classes.map(\.description) }

    /// Every count of every noun.
    private static let classes = SoundNoun.allCases.flatMap { noun in (1...4).map { SoundEvent($0, noun) } }

    public init(count: Int = 60_000, split: Split = .train, seed: UInt64 = 0, pairShare: Double = 0.5) {
        require(count > 0, "Soundscapes: \(count) examples")
        require(pairShare >= 0 && pairShare <= 1, "Soundscapes: pair share \(pairShare) is not within 0...1")
        self.count = count
        self.split = split
        self.seed = seed
        self.pairShare = pairShare
        singles = SoundscapesSplit.singleCaptions(split)
        pairs = SoundscapesSplit.pairCaptions(split)
    }

    /// Sentence and sounds of one example.
    public func scene(_ index: Int) -> (caption: SoundscapeCaption, scene: SoundscapeScene) {
        require((0..<count).contains(index), "Soundscapes: example \(index) of \(count)")
        var generator = KeyedGenerator(seed, split == .train ? 10 : 11, UInt64(index))
        let list = generator.uniform() < pairShare ? pairs : singles
        let caption = list[generator.below(list.count)]
        return (caption, SoundscapeScene(drawing: caption, with: &generator))
    }

    public func example(_ index: Int, epoch: Int = 0) -> Example {
        let (caption, scene) = scene(index)
        var example = words(caption, index)
        example.sound = scene.sound
        return example
    }

    public func words(_ index: Int, epoch: Int) -> Example { words(scene(index).caption, index) }

    private func words(_ caption: SoundscapeCaption, _ index: Int) -> Example {
        let first = SoundEvent(caption.events[0].count, caption.events[0].noun)
        return Example(
            caption: caption.description, label: Self.classes.firstIndex(of: first), name: "\(split.rawValue) \(index)")
    }

    /// `count` sentences of a split in random order, half of them of one event as long as there are unused ones. No sentence comes twice
    /// before all have come once, and a shorter list is the beginning of a longer one.
    ///
    /// - Parameter pairs: with sentences of two events.
    public static func captions(split: Split, count: Int, seed: UInt64, pairs: Bool = true) -> [SoundscapeCaption] {
        require(count >= 0, "captions: \(count) sentences")
        return alternating(
            SoundscapesSplit.singleCaptions(split), pairs ? SoundscapesSplit.pairCaptions(split) : [], count: count, seed: seed,
            purpose: split == .train ? 12 : 13)
    }
}
