import Media
import Tensors
import Training

extension DataSection {
    /// Data sets of sentences.
    static func sentences(_ kind: String, _ section: Section, split: Split) throws -> any Dataset {
        func heldOut() throws -> Double { try section.number("held_out", default: 0.05, in: 0...1) }
        switch kind {
        case "lines": return try TextLines(try section.path("path"), split: split, heldOut: try heldOut())
        case "pairs":
            return try TextPairs(
                try section.path("path"), source: try section.string("source", default: "source"),
                target: try section.string("target", default: "target"), split: split, heldOut: try heldOut())
        case "coco":
            return try COCOCaptions(
                try section.path("path"), pictures: try section.optionalPath("pictures"),
                preparation: ImageFolder.Preparation(size: try section.optionalInt("size", in: 1...8192)))
        case "task":
            return MadeTexts(
                try section.choice("task", default: MadeTask.copy),
                count: try section.int("count", default: 60_000, in: 1...100_000_000), split: split,
                seed: UInt64(try section.int("seed", default: 0, in: 0...Int.max)))
        default:
            let emoji = try Emoji(try section.optionalPath("path") ?? Assets.folder + "/datasets/emoji", split: split)
            return try EmojiNames(
                emoji, from: try section.optionalString("source"), to: try section.string("target", default: "en"))
        }
    }

    /// A made task by its name, `emoji-names-de-en`, or a file of lines or pairs; nil of what is none of them.
    static func sentences(named kind: String, split: Split?) throws -> (any Dataset)? {
        if let task = MadeTask(rawValue: kind) { return MadeTexts(task, split: split ?? .train) }
        let parts = kind.split(separator: "-").map(String.init)
        if parts.count == 4, parts[0] + parts[1] == "emojinames" {
            return try EmojiNames(try Emoji(Assets.folder + "/datasets/emoji", split: split), from: parts[2], to: parts[3])
        }
        if kind.hasSuffix(".txt") || Folder.exists(kind + "/train.txt") { return try TextLines(kind, split: split) }
        if [".tsv", ".csv", ".jsonl"].contains(where: kind.hasSuffix) { return try TextPairs(kind, split: split) }
        return nil
    }
}
