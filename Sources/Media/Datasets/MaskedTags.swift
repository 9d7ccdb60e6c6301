import Tensors

/// A data set that knows what is in an example without a sentence about it.
public protocol TaggedDataset: Dataset {
    /// Words for what is seen or heard, each once, in no order that means anything.
    func tags(_ index: Int) throws -> [String]
}

/// Examples with sentences made of their tags: each among masks, where a sentence would have words that are not known (mask-based text
/// generation, Yang et al. 2022, arXiv 2207.09983, section III-D).
///
/// `[MASK] beep [MASK] [MASK] hum` says that a beep and a hum are heard, not which is first: the order of the tags and the places of
/// the masks are drawn anew in every epoch.
public struct MaskedTags: Dataset {
    public static let mask = "[MASK]"

    public let base: any TaggedDataset
    /// How many masks a sentence has.
    public let masks: ClosedRange<Int>
    private let seed: UInt64

    public init(_ base: any TaggedDataset, masks: ClosedRange<Int> = 2...6, seed: UInt64 = 0) {
        require(masks.lowerBound >= 0, "MaskedTags: \(masks) masks")
        self.base = base
        self.masks = masks
        self.seed = seed
    }

    public var count: Int { base.count }
    public var classNames: [String] { base.classNames }

    public func example(_ index: Int, epoch: Int) throws -> Example {
        var example = try base.example(index, epoch: epoch)
        example.caption = try caption(index, epoch)
        return example
    }

    public func words(_ index: Int, epoch: Int) throws -> Example {
        var example = try base.words(index, epoch: epoch)
        example.caption = try caption(index, epoch)
        return example
    }

    private func caption(_ index: Int, _ epoch: Int) throws -> String {
        var generator = KeyedGenerator(seed, 29, UInt64(index), UInt64(epoch))
        let tags = try base.tags(index)
        var rest = generator.permutation(tags.count).map { tags[$0] }[...]
        let places = generator.permutation(tags.count + generator.within(masks))
        return places.map { $0 < tags.count ? rest.removeFirst() : Self.mask }.joined(separator: " ")
    }
}

extension Soundscapes: TaggedDataset {
    /// The nouns that are heard.
    public func tags(_ index: Int) -> [String] {
        var nouns: [String] = []
        for event in scene(index).caption.events where !nouns.contains(event.noun.rawValue) { nouns.append(event.noun.rawValue) }
        return nouns
    }
}
