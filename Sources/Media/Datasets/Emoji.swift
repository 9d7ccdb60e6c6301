import Tensors

/// The emoji that ship in `Assets/datasets/emoji`: 64 x 64 pictures with names and keywords in five
/// languages; their classes are Unicode's subgroups, such as `food-fruit`.
public struct Emoji: Dataset {
    /// What an example's caption is made of.
    public enum Captions: String, Sendable, CaseIterable {
        /// The name alone.
        case name
        /// Keywords in random order, some left out, joined by commas; the name where there is but one, such
        /// as "flag".
        case keywords
        /// Evenly the name or the keywords, drawn for (seed, epoch, index).
        case mixed
    }

    public struct Entry: Sendable, Equatable {
        public let emoji: String
        public let split: Split
        /// Unicode's, as its `emoji-test.txt` sorts them.
        public let subgroup: String
        public let fileName: String
        /// By language: en, de, fr, es, ja.
        public let names: [String: String]
        public let keywords: [String: [String]]
    }

    public static let languages = ["en", "de", "fr", "es", "ja"]

    public let entries: [Entry]
    public let captions: Captions
    public let language: String
    public let seed: UInt64
    /// Subgroups of both parts in alphabetical order, so that a label means the same in either.
    public let classNames: [String]
    private let folder: String
    private let labels: [String: Int]

    public var count: Int { entries.count }

    /// - Parameter split: nil keeps both parts.
    public init(
        _ folder: String, split: Split? = .train, captions: Captions = .name, language: String = "en",
        seed: UInt64 = 0
    ) throws {
        guard Self.languages.contains(language) else {
            throw InputError(
                "unknown language of the emoji", expected: Self.languages.joined(separator: ", "),
                found: language)
        }
        self.folder = folder
        self.captions = captions
        self.language = language
        self.seed = seed
        let metadata = try Metadata(path: folder + "/metadata.jsonl")
        let all = try metadata.rows.map { try Self.entry($0, at: "\(metadata.path):\($0.line)") }
        entries = all.filter { split == nil || $0.split == split }
        classNames = Set(all.map(\.subgroup)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        labels = Dictionary(uniqueKeysWithValues: classNames.enumerated().map { ($1, $0) })
        if entries.isEmpty { throw InputError("holds no emoji", at: metadata.path) }
    }

    private static func entry(_ row: Metadata.Row, at place: String) throws -> Entry {
        guard let emoji = row.fields["emoji"]?.text,
            let split = row.fields["split"]?.text.flatMap(Split.init(rawValue:)),
            let subgroup = row.fields["subgroup"]?.text,
            case .textsByKey(let names)? = row.fields["names"],
            case .textsByKey(let keywords)? = row.fields["keywords"],
            languages.allSatisfy({ names[$0]?.count == 1 && keywords[$0] != nil })
        else {
            throw InputError(
                "is no emoji row", at: place,
                expected: "emoji, split, subgroup, names and keywords in \(languages.joined(separator: ", "))")
        }
        return Entry(
            emoji: emoji, split: split, subgroup: subgroup, fileName: row.fileName, names: names.mapValues { $0[0] },
            keywords: keywords)
    }

    public func example(_ index: Int, epoch: Int) throws -> Example {
        let entry = entries[index]
        let path = folder + "/" + entry.fileName
        guard fileExists(path) else { throw InputError("no such file", at: path) }
        return Example(
            picture: try Picture.read(path).rgb, caption: caption(index, epoch: epoch),
            label: labels[entry.subgroup], name: entry.names["en"]!)
    }

    public func words(_ index: Int, epoch: Int) -> Example {
        Example(
            caption: caption(index, epoch: epoch), label: labels[entries[index].subgroup], name: entries[index].names["en"]!)
    }

    /// The caption alone, without reading the picture.
    public func caption(_ index: Int, epoch: Int) -> String {
        let name = entries[index].names[language]!
        let keywords = entries[index].keywords[language]!
        var generator = KeyedGenerator(seed, UInt64(epoch), UInt64(index))
        let takesName = captions == .name || (captions == .mixed && generator.below(2) == 0)
        if takesName || keywords.count < 2 { return name }
        let order = generator.permutation(keywords.count)
        return order.prefix(generator.within(1...keywords.count)).map { keywords[$0] }.joined(separator: ", ")
    }
}
