import Tensors

/// Pictures made on the fly: one or two colored shapes on a plain background, and a sentence that says so.
///
/// An example is a pure function of (seed, index); the epoch changes nothing, so latents can be kept. Its class is the kind of
/// the object that the sentence begins with.
public struct Shapes: Dataset {
    public let count: Int
    public let split: Split
    public let seed: UInt64
    /// How many of the sentences are about two objects.
    public let pairShare: Double
    private let singles: [ShapesCaption]
    private let pairs: [ShapesCaption]

    public var classNames: [String] { ShapeKind.allCases.map(\.rawValue) }

    public init(count: Int = 60_000, split: Split = .train, seed: UInt64 = 0, pairShare: Double = 0.5) {
        require(count > 0, "Shapes: \(count) examples")
        require(pairShare >= 0 && pairShare <= 1, "Shapes: pair share \(pairShare) is not within 0...1")
        self.count = count
        self.split = split
        self.seed = seed
        self.pairShare = pairShare
        singles = ShapesSplit.singleCaptions(split)
        pairs = ShapesSplit.pairCaptions(split)
    }

    /// Sentence and objects of one example.
    public func scene(_ index: Int) -> (caption: ShapesCaption, scene: ShapesScene) {
        require((0..<count).contains(index), "Shapes: example \(index) of \(count)")
        var generator = KeyedGenerator(seed, split == .train ? 0 : 1, UInt64(index))
        let list = generator.uniform() < pairShare ? pairs : singles
        let caption = list[generator.below(list.count)]
        return (caption, ShapesScene(drawing: caption, with: &generator))
    }

    public func example(_ index: Int, epoch: Int = 0) -> Example {
        let (caption, scene) = scene(index)
        return Example(
            picture: scene.picture, caption: caption.description, label: Self.label(of: scene),
            name: "\(split.rawValue) \(index)")
    }

    public func words(_ index: Int, epoch: Int) -> Example {
        let (caption, scene) = scene(index)
        return Example(caption: caption.description, label: Self.label(of: scene), name: "\(split.rawValue) \(index)")
    }

    private static func label(of scene: ShapesScene) -> Int? {
        ShapeKind.allCases.firstIndex { $0 == scene.objects.first?.shape.kind }
    }

    /// `count` sentences of a split in random order, half of them about one object as long as there are
    /// unused ones.
    ///
    /// No sentence comes twice before all have come once, and a shorter list is the beginning of a longer
    /// one.
    ///
    /// - Parameter pairs: with sentences about two objects.
    public static func captions(split: Split, count: Int, seed: UInt64, pairs: Bool = true) -> [ShapesCaption] {
        require(count >= 0, "captions: \(count) sentences")
        return alternating(
            ShapesSplit.singleCaptions(split), pairs ? ShapesSplit.pairCaptions(split) : [], count: count, seed: seed,
            purpose: split == .train ? 2 : 3)
    }
}
