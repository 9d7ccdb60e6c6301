import Media
import Systems
import Tensors

/// Data sets by their names in experiment files.
public enum DataSection {
    public static let kinds = ["shapes", "emoji", "images", "cifar10"]

    /// The data set of a section `{kind: shapes, ...}`.
    public static func dataset(_ section: Section) throws -> any Dataset {
        let kind = try section.choice("kind", among: kinds)
        let split: Split = try section.choice("split", default: .train)
        switch kind {
        case "shapes":
            return Shapes(
                count: try section.int("count", default: 60_000, in: 1...100_000_000), split: split,
                seed: UInt64(try section.int("seed", default: 0, in: 0...Int.max)),
                pairShare: try section.number("pair_share", default: 0.5, in: 0...1))
        case "emoji":
            let all = try section.bool("both_splits", default: false)
            return try Emoji(
                try section.optionalPath("path") ?? Assets.folder + "/datasets/emoji", split: all ? nil : split,
                captions: try section.choice("captions", default: .name),
                language: try section.choice("language", among: Emoji.languages, default: "en"))
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
