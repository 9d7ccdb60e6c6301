import Tensors

/// The names of the emoji in one language, to be made into those of another; or in one alone.
public struct EmojiNames: Dataset {
    public let entries: [Emoji.Entry]
    public let source: String?
    public let target: String

    public var count: Int { entries.count }

    /// - Parameter source: nil where there is nothing to translate from.
    public init(_ emoji: Emoji, from source: String?, to target: String) throws {
        for language in [source, target].compactMap({ $0 }) where !Emoji.languages.contains(language) {
            throw InputError(
                "unknown language of the emoji", expected: Emoji.languages.joined(separator: ", "), found: language)
        }
        entries = emoji.entries
        (self.source, self.target) = (source, target)
    }

    public func example(_ index: Int, epoch: Int) -> Example {
        let names = entries[index].names
        return Example(caption: source.map { names[$0]! }, text: names[target]!, name: names["en"]!)
    }
}
