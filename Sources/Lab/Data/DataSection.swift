import Media
import Systems
import Tensors
import Training

/// Data sets by their names in experiment files.
public enum DataSection {
    public static let kinds = [
        "shapes", "emoji", "soundscapes", "sounds", "images", "cifar10", "mixture", "lines", "pairs", "coco", "task",
        "emoji-names",
    ]

    /// The data set of a section `{kind: shapes, ...}`; with `captioning`, the captions are to be said of the pictures.
    public static func dataset(_ section: Section) throws -> any Dataset {
        let dataset = try plain(section)
        return try section.bool("captioning", default: false) ? Captioning(dataset) : dataset
    }

    private static func plain(_ section: Section) throws -> any Dataset {
        let kind = try section.choice("kind", among: kinds)
        let split: Split = try section.choice("split", default: .train)
        // Of data sets that are made on the fly.
        func count() throws -> Int { try section.int("count", default: 60_000, in: 1...100_000_000) }
        func masks() throws -> ClosedRange<Int> {
            let range = try section.ints("masks", default: [2, 6], in: 0...100)
            guard range.count == 2, range[0] <= range[1] else {
                throw section.error("masks", "is no range", expected: "[least, most]", found: "\(range)")
            }
            return range[0]...range[1]
        }
        func seed() throws -> UInt64 { UInt64(try section.int("seed", default: 0, in: 0...Int.max)) }
        func pairShare() throws -> Double { try section.number("pair_share", default: 0.5, in: 0...1) }
        switch kind {
        case "shapes":
            return Shapes(count: try count(), split: split, seed: try seed(), pairShare: try pairShare())
        case "soundscapes":
            let sounds = Soundscapes(count: try count(), split: split, seed: try seed(), pairShare: try pairShare())
            return try section.choice("captions", among: ["sentence", "tags"], default: "sentence") == "tags"
                ? MaskedTags(sounds, masks: try masks(), seed: sounds.seed) : sounds
        case "emoji":
            let all = try section.bool("both_splits", default: false)
            return try Emoji(
                try section.optionalPath("path") ?? Assets.folder + "/datasets/emoji", split: all ? nil : split,
                captions: try section.choice("captions", default: .name),
                language: try section.choice("language", among: Emoji.languages, default: "en"))
        case "mixture":
            return MixturePoints(try MixtureSection(section).mixture, count: try count(), split: split, seed: try seed())
        case "sounds":
            let table = try section.optionalPath("table").map {
                SoundFolder.Table(path: $0, names: try section.string("files"))
            }
            return try SoundFolder(
                try section.path("path"), table: table,
                captionColumn: try section.string("caption_column", default: table == nil ? "text" : "caption"), split: split,
                seed: try seed())
        case "lines", "pairs", "coco", "task", "emoji-names":
            return try sentences(kind, section, split: split)
        case "cifar10":
            return try CIFAR10(try section.path("path"), split: split)
        default:
            let flip = try section.bool("flip", default: false)
            return try ImageFolder(
                try section.path("path"), captionColumn: try section.string("caption_column", default: "text"),
                preparation: ImageFolder.Preparation(size: try section.optionalInt("size", in: 1...8192), flip: flip))
        }
    }
}

extension DataSection {
    /// `shapes-singles` has one object in every picture, `soundscapes-singles` one event in every recording.
    private static let singles = ["shapes-singles": "shapes", "soundscapes-singles": "soundscapes"]

    /// A data set of its own, or the one that a part of it is of.
    static func whole(_ kind: String) -> String { singles[kind] ?? kind }

    /// A data set that ships, by name, a folder of sounds, or a file of sentences. `split` is `train`, `held-out` or, of emoji, `all`.
    public static func named(_ kind: String, split: String) throws -> any Dataset {
        if let sentences = try sentences(named: kind, split: Split(rawValue: split)) { return sentences }
        if !kinds.contains(kind), singles[kind] == nil, Folder.exists(kind) {
            return try SoundFolder(kind, split: Split(rawValue: split))
        }
        let place = ConfigurationPlace(file: "the command line")
        if let shape = MixtureSection.Shape(rawValue: kind) {
            return MixturePoints(
                MixtureSection.mixture(shape), split: Split(rawValue: split) ?? .train)
        }
        let part: ConfigurationValue.Entry =
            kind == "emoji" && split == "all"
            ? .init("both_splits", at: place, ConfigurationValue(.bool(true), at: place))
            : .init("split", at: place, ConfigurationValue(.string(split), at: place))
        var entries: [ConfigurationValue.Entry] = [
            .init("kind", at: place, ConfigurationValue(.string(whole(kind)), at: place)), part,
        ]
        if singles[kind] != nil { entries.append(.init("pair_share", at: place, ConfigurationValue(.number(0), at: place))) }
        return try dataset(Section(ConfigurationValue(.map(entries), at: place)))
    }

    /// Sentences of a split; the same arguments give the same ones, and a shorter list begins a longer one.
    public static func captions(_ kind: String, split: String, count: Int, seed: Int) throws -> [String] {
        guard count >= 0, seed >= 0 else {
            throw InputError("out of range", at: "--count, --seed", expected: "0 or more", found: "\(count), \(seed)")
        }
        switch try named(kind, split: split) {
        case let shapes as Shapes:
            let captions = Shapes.captions(
                split: shapes.split, count: count, seed: UInt64(seed), pairs: shapes.pairShare > 0)
            return captions.map(\.description)
        case let sounds as Soundscapes:
            let captions = Soundscapes.captions(
                split: sounds.split, count: count, seed: UInt64(seed), pairs: sounds.pairShare > 0)
            return captions.map(\.description)
        case let emoji as Emoji:
            var generator = KeyedGenerator(UInt64(seed))
            return generator.permutation(emoji.count).prefix(count).map { emoji.caption($0, epoch: 0) }
        default: throw InputError("has no sentences of its own", at: kind, expected: "shapes, emoji or soundscapes")
        }
    }
}
