import Foundation
import Media
import Tensors
import TestKit
import Testing

/// Data sets of sentences: files of lines and pairs, COCO's captions, made tasks, the emoji's names.
@Suite struct SentencesTests {
    private func file(_ name: String, _ text: String, in folder: TemporaryFolder) throws -> String {
        let path = folder.path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func message(_ make: () throws -> Void) -> String {
        #expect(throws: InputError.self) { try make() }?.description ?? ""
    }

    // MARK: - Lines

    @Test func `lines are sentences, trimmed, empty ones counted, no text in both parts`() throws {
        let folder = TemporaryFolder()
        let path = try file("a.txt", "one\n  zwei drei \r\n\n\u{3000}四\n \t\nfive", in: folder)
        let all = try TextLines(path)
        #expect(all.sentences == ["one", "zwei drei", "四", "five"])
        #expect(all.remarks == ["2 empty lines of \(path) are left out"])
        #expect(all.example(1, epoch: 0).text == "zwei drei" && all.example(1, epoch: 0).caption == nil)
        let many = try file("many.txt", (0..<4000).map { "line \($0 % 3000)" }.joined(separator: "\n") + "\n", in: folder)
        let (train, held) = (try TextLines(many, split: .train), try TextLines(many, split: .heldOut))
        #expect(train.count + held.count == 4000 && (150...260).contains(held.count), "\(held.count)")
        #expect(Set(train.sentences).isDisjoint(with: held.sentences))
    }

    @Test func `a folder has its parts in files`() throws {
        let folder = TemporaryFolder()
        _ = try file("train.txt", "a\nb\n", in: folder)
        _ = try file("held-out.txt", "c\n", in: folder)
        #expect(try TextLines(folder.path, split: .train).sentences == ["a", "b"])
        #expect(try TextLines(folder.path, split: .heldOut).sentences == ["c"])
        #expect(try TextLines(folder.path).count == 3)
    }

    @Test func `what are no lines is refused with the number of the line`() throws {
        let folder = TemporaryFolder()
        let broken = folder.path + "/broken.txt"
        try Data([0x61, 0x0A, 0x62, 0xFF, 0x0A]).write(to: URL(fileURLWithPath: broken))
        let utf8 = message { _ = try TextLines(broken) }
        #expect(utf8.contains("broken.txt:2") && utf8.contains("UTF-8"), "\(utf8)")
        let long = try file("long.txt", "a\n" + String(repeating: "x", count: (1 << 20) + 1), in: folder)
        #expect(message { _ = try TextLines(long) }.contains("long.txt:2"))
        #expect(try TextLines(file("ok.txt", String(repeating: "x", count: 1 << 20), in: folder)).count == 1)
        #expect(message { _ = try TextLines(file("empty.txt", "\n \n", in: folder)) }.contains("no sentences"))
        #expect(message { _ = try TextLines(folder.path + "/nothing.txt") }.contains("nothing.txt"))
    }

    // MARK: - Pairs

    @Test func `pairs come from columns, by place or by name`() throws {
        let folder = TemporaryFolder()
        let expected = [TextPairs.Pair(source: "ein Hund", target: "a dog"), .init(source: "zwei", target: "two, \"2\"")]
        let tsv = try TextPairs(file("p.tsv", "ein Hund\ta dog\tx\n\nzwei\ttwo, \"2\"\n", in: folder))
        #expect(tsv.pairs == expected)
        #expect(tsv.example(0, epoch: 0).caption == "ein Hund" && tsv.example(0, epoch: 0).text == "a dog")
        let csv = try file("p.csv", "en,n,de\na dog,1,ein Hund\n\"two, \"\"2\"\"\",2,zwei\n", in: folder)
        #expect(try TextPairs(csv, source: "de", target: "en").pairs == expected)
        let jsonl = try file(
            "p.jsonl", #"{"de": "ein Hund", "en": "a dog"}"# + "\n" + #"{"en": "two, \"2\"", "de": "zwei"}"#, in: folder)
        #expect(try TextPairs(jsonl, source: "de", target: "en").pairs == expected)
        for (text, name, word) in [
            ("alone\n", "a.tsv", "a.tsv:1"), ("de,en\nx,y\n", "b.csv", "source"),
            ("{\"source\": 3, \"target\": \"\"}", "c.jsonl", "source"),
            ("{\"source\": ", "d.jsonl", "d.jsonl:1"), ("", "e.tsv", "no pairs"),
        ] {
            let said = message { _ = try TextPairs(file(name, text, in: folder)) }
            #expect(said.contains(word), "\(name): \(said)")
        }
    }

    // MARK: - COCO

    @Test func `COCO's captions are sentences, and captions of pictures where those are there`() throws {
        let folder = TemporaryFolder()
        let json = try file(
            "captions.json",
            """
            {"info": {}, "images": [{"id": 7, "file_name": "a.png", "width": 2}, {"id": 9, "file_name": "b.png"}],
             "annotations": [{"id": 1, "image_id": 9, "caption": "a b \\n"}, {"id": 2, "image_id": 7, "caption": "an a"},
                             {"id": 3, "image_id": 9, "caption": "again"}]}
            """, in: folder)
        let texts = try COCOCaptions(json)
        #expect(
            texts.entries.map(\.caption) == ["a b", "an a", "again"]
                && texts.entries.map(\.fileName) == ["b.png", "a.png", "b.png"])
        #expect(try texts.example(1, epoch: 0).text == "an a")
        try Picture(width: 4, height: 2, channels: 3, pixels: [UInt8](repeating: 9, count: 24)).write(to: folder.path + "/b.png")
        let pictured = try COCOCaptions(json, pictures: folder.path, preparation: .init(size: 2))
        #expect(pictured.count == 2 && pictured.missing == ["a.png"] && pictured.remarks.count == 1)
        let example = try pictured.example(0, epoch: 0)
        #expect(example.picture?.width == 2 && example.caption == "a b")
        let lost = try file("lost.json", #"{"images": [], "annotations": [{"image_id": 1, "caption": "x"}]}"#, in: folder)
        #expect(message { _ = try COCOCaptions(lost) }.contains("image_id"))
    }

    // MARK: - Tasks

    @Test(arguments: MadeTask.allCases)
    func `a task's answers are the only right ones, and no source is in both parts`(_ task: MadeTask) {
        let (train, held) = (MadeTexts(task, count: 3000), MadeTexts(task, count: 300, split: .heldOut))
        for texts in [train, held] {
            for i in 0..<300 {
                let pair = texts.pair(i)
                #expect(task.answer(to: pair.source) == pair.target, "\(pair.source)")
                #expect(task.isRight(pair.target, for: pair.source) && !task.isRight(pair.target + " x", for: pair.source))
            }
        }
        let seen = Set((0..<3000).map { train.pair($0).source })
        #expect((0..<300).allSatisfy { !seen.contains(held.pair($0).source) })
        #expect(train.pair(5) == MadeTexts(task, count: 10).pair(5) && train.pair(5) != MadeTexts(task, seed: 1).pair(5))
        #expect(task.answer(to: "no such thing") == nil)
    }

    @Test(arguments: [
        (MadeTask.copy, "cat dog cat", "cat dog cat"), (.reverse, "cat dog eel", "eel dog cat"),
        (.sort, "toad ant cat ant", "ant ant cat toad"),
        (.numbers, "four hundred seven", "4 0 7"), (.numbers, "nine hundred ninety nine thousand one", "9 9 9 0 0 1"),
        (.numbers, "zero", "0"), (.numbers, "twelve thousand", "1 2 0 0 0"),
        (.agreement, "the dogs that the cat see run", "the dogs that the cat sees run"),
        (.agreement, "the child of the baker near the kings sing", "the child of the baker near the kings sings"),
        (.agreement, "the kings that hear the poet wait", "the kings that hear the poet wait"),
    ])
    func `known answers`(task: MadeTask, source: String, target: String) {
        #expect(task.answer(to: source) == target)
    }

    @Test func `numbers of every length occur, and words that spell none are none`() {
        let texts = MadeTexts(.numbers, count: 600)
        let lengths = Dictionary(grouping: (0..<600).map { texts.pair($0).target.split(separator: " ").count }) { $0 }.mapValues(
            \.count)
        #expect(Set(lengths.keys) == Set(1...6) && lengths.values.allSatisfy { $0 > 50 }, "\(lengths)")
        for wrong in ["seven four", "hundred", "one hundred hundred", "twenty twelve", "thousand", ""] {
            #expect(MadeTask.numbers.answer(to: wrong) == nil, "\(wrong)")
        }
    }

    @Test func `emoji are named in two languages`() throws {
        let emoji = try Emoji(Fixtures.emoji, split: .heldOut)
        let names = try EmojiNames(emoji, from: "de", to: "en")
        let first = names.example(0, epoch: 0)
        #expect(
            names.count == emoji.count && first.caption == emoji.entries[0].names["de"]
                && first.text == emoji.entries[0].names["en"])
        #expect(try EmojiNames(emoji, from: nil, to: "fr").example(0, epoch: 0).caption == nil)
        #expect(message { _ = try EmojiNames(emoji, from: "xx", to: "en") }.contains("xx"))
    }
}
