import Media
import Tensors
import Testing

@Suite struct DatasetTests {
    static let dot = Picture(width: 6, height: 4, filledWith: [10, 200, 30])

    @Test func `an image folder takes captions from JSON lines and lists what does not match`() throws {
        try Fixtures.withFolder { folder in
            try Fixtures.makeFolder(folder + "/sub")
            for name in ["b.png", "a.png", "sub/c.png", "stray.png"] {
                try Self.dot.write(to: folder + "/" + name)
            }
            try Fixtures.write(
                """
                {"file_name": "sub/c.png", "text": "the \\"third\\" ☕", "split": "held-out"}
                {"file_name": "b.png", "text": "second", "split": "train"}

                {"file_name": "./a.png", "text": "first", "split": "train"}
                {"file_name": "gone.png", "text": "nobody", "split": "train"}

                """, to: folder + "/metadata.jsonl")
            let all = try ImageFolder(folder)
            #expect(all.entries.map(\.path) == ["a.png", "b.png", "sub/c.png"])
            #expect(all.entries.map(\.caption) == ["first", "second", "the \"third\" ☕"])
            #expect(all.unmatchedFiles == ["stray.png"] && all.unmatchedRows == ["gone.png (line 5)"])
            #expect(try all.example(0, epoch: 0).picture == Self.dot)
            #expect(try ImageFolder(folder, split: "held-out").entries.map(\.path) == ["sub/c.png"])
            let error = #expect(throws: InputError.self) { try ImageFolder(folder, captionColumn: "txt") }
            #expect(error?.hint == "did you mean text?")
        }
    }

    @Test func `an image folder takes captions from CSV with quotes, commas and line breaks`() throws {
        try Fixtures.withFolder { folder in
            for name in ["a.png", "b,1.png"] { try Self.dot.write(to: folder + "/" + name) }
            try Fixtures.write(
                "\u{FEFF}file_name,caption\r\n\"b,1.png\",\"he said \"\"hi\"\",\ntwice\"\r\na.png,plain",
                to: folder + "/metadata.csv")
            let images = try ImageFolder(folder, captionColumn: "caption")
            #expect(images.entries.map(\.caption) == ["plain", "he said \"hi\",\ntwice"])
        }
    }

    @Test(arguments: [
        ("metadata.csv", "name,text\na,b\n", "no column file_name"),
        ("metadata.csv", "file_name,text\na.png\n", ":2: wrong number"),
        ("metadata.csv", "file_name,text\na.png,\"x\n", ":2: quoted field"),
        ("metadata.csv", "file_name,text\na.png,\"x\"y\n", ":2: text after"),
        ("metadata.csv", "", "is empty"), ("metadata.csv", "a,a\n1,2\n", "named twice"),
        ("metadata.jsonl", "{\"file_name\":\"a.png\",\"text\":\"x\"}\n[]\n", ":2: is not a JSON object"),
        ("metadata.jsonl", "{\"text\":\"x\"}\n", ":1: no file_name"),
        ("metadata.jsonl", "{\"file_name\":\"../a.png\",\"text\":\"x\"}\n", "leaves its folder"),
        (
            "metadata.jsonl",
            "{\"file_name\":\"a.png\",\"text\":\"x\"}\n{\"file_name\":\"a.png\",\"text\":\"x\"}\n",
            ":2: file named twice"
        ),
        ("metadata.jsonl", "{\"file_name\":\"gone.png\",\"text\":\"x\"}\n", "no usable picture"),
    ])
    func `broken metadata is named with its file and line`(name: String, text: String, message: String) throws {
        try Fixtures.withFolder { folder in
            try Self.dot.write(to: folder + "/a.png")
            try Fixtures.write(text, to: folder + "/" + name)
            let error = #expect(throws: InputError.self) { try ImageFolder(folder) }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "no error")")
            #expect(error?.description.contains(folder) == true)
        }
    }

    @Test func `class folders give labels in alphabetical order`() throws {
        try Fixtures.withFolder { folder in
            for name in ["dog", "cat/tabby", ".hidden"] { try Fixtures.makeFolder(folder + "/" + name) }
            for name in [
                "dog/1.png", "cat/tabby/2.PNG", "cat/1.png", "loose.png", ".hidden/x.png", "dog/note.txt",
            ] {
                try Self.dot.write(to: folder + "/" + name)
            }
            let images = try ImageFolder(folder)
            #expect(images.classNames == ["cat", "dog"])
            #expect(images.entries.map(\.path) == ["cat/1.png", "cat/tabby/2.PNG", "dog/1.png"])
            #expect(
                images.entries.map(\.label) == [0, 0, 1]
                    && images.entries.map(\.caption) == ["cat", "cat", "dog"])
            #expect(images.unmatchedFiles == ["loose.png"])
        }
        #expect(throws: InputError.self) { try ImageFolder("/nowhere") }
        try Fixtures.withFolder { folder in #expect(throws: InputError.self) { try ImageFolder(folder) } }
    }

    @Test func `flips are drawn anew each epoch and repeat for the same one`() throws {
        try Fixtures.withFolder { folder in
            let halves = Picture(
                width: 2, height: 2, channels: 3, pixels: [9, 9, 9, 0, 0, 0, 9, 9, 9, 0, 0, 0])
            for k in 0..<40 { try halves.write(to: folder + "/\(k).png") }
            let images = try ImageFolder(folder, preparation: .init(size: 2, flip: true, seed: 3))
            func flips(_ epoch: Int) throws -> [Bool] {
                try (0..<40).map { try images.example($0, epoch: epoch).picture! != halves }
            }
            #expect(try flips(0) == flips(0))
            #expect(try flips(0) != flips(1))
            #expect((8...32).contains(try flips(0).filter { $0 }.count))
        }
    }

    @Test func `CIFAR-10 planes become pixels`() throws {
        var record = [UInt8](repeating: 0, count: 3073)
        record[0] = 8
        for i in 0..<1024 {
            (record[1 + i], record[1025 + i], record[2049 + i]) = (UInt8(i & 255), UInt8(i >> 8), 77)
        }
        let data = try CIFAR10(batches: [
            ([UInt8](repeating: 0, count: 3073), "one"), (record + record, "two"),
        ])
        #expect(data.count == 3)
        let example = try data.example(2, epoch: 0)
        #expect(example.label == 8 && example.caption == "ship")
        var pixels: [UInt8] = []
        for i in 0..<1024 { pixels += [UInt8(i & 255), UInt8(i >> 8), 77] }
        #expect(example.picture!.pixels == pixels)
        #expect(throws: InputError.self) { try CIFAR10(batches: [(Array(record.dropLast()), "cut")]) }
        record[0] = 10
        #expect(throws: InputError.self) { try CIFAR10(batches: [(record, "label")]) }
        #expect(throws: InputError.self) { try CIFAR10("/nowhere", split: .train) }
    }

    @Test func `the emoji that ship are all readable, named in five languages and split`() throws {
        let all = try Emoji(Fixtures.emoji, split: nil)
        let held = try Emoji(Fixtures.emoji, split: .heldOut)
        #expect(all.count == 1840 && held.count == 185)
        #expect(try Emoji(Fixtures.emoji, split: .train).count == all.count - held.count)
        #expect(Set(all.entries.map { $0.names["en"]! }).count == all.count)
        for entry in all.entries {
            let sum = entry.emoji.unicodeScalars.filter { $0 != "\u{FE0F}" }.reduce(0) { $0 + Int($1.value) }
            #expect((entry.split == .heldOut) == (sum % 10 == 7))
            #expect(
                Emoji.languages.allSatisfy {
                    entry.names[$0]!.isEmpty == false && entry.keywords[$0]!.isEmpty == false
                })
        }
        for index in 0..<all.count {
            let picture = try all.example(index, epoch: 0).picture!
            #expect(picture.width == 64 && picture.height == 64 && picture.channels == 3)
            #expect(picture.pixels.prefix(3) == [255, 255, 255] && Set(picture.pixels).count > 1)
        }
        // Unicode's subgroups; the labels of a part are those of the whole.
        #expect(all.classNames.count == 99 && all.classNames == held.classNames && all.classNames.contains("food-fruit"))
        for set in [all, held] {
            for i in 0..<set.count {
                #expect(set.words(i, epoch: 1).label.map { set.classNames[$0] } == set.entries[i].subgroup)
            }
        }
        #expect(try held.example(3, epoch: 0).label == held.words(3, epoch: 0).label)
        #expect(all.entries.first { $0.names["en"] == "red apple" }?.subgroup == "food-fruit")
        let grin = all.entries.first { $0.emoji == "😀" }!
        #expect(
            grin.names == [
                "en": "grinning face", "de": "grinsendes Gesicht", "fr": "visage rieur",
                "es": "cara sonriendo", "ja": "にっこり笑う",
            ])
    }

    @Test func `emoji captions are names, keywords or both, the same for the same draw`() throws {
        let names = try Emoji(Fixtures.emoji, language: "de")
        #expect((0..<50).allSatisfy { names.caption($0, epoch: 3) == names.entries[$0].names["de"]! })
        let keywords = try Emoji(Fixtures.emoji, captions: .keywords, seed: 1)
        for i in 0..<200 {
            let entry = keywords.entries[i]
            let (caption, words) = (keywords.caption(i, epoch: 0), entry.keywords["en"]!)
            guard words.count > 1 else {
                #expect(caption == entry.names["en"]!)
                continue
            }
            #expect(words.contains { caption.hasPrefix($0) } && words.contains { caption.hasSuffix($0) })
            #expect(caption.count <= words.joined(separator: ", ").count)
        }
        let mixed = try Emoji(Fixtures.emoji, captions: .mixed, seed: 1)
        let first = (0..<1000).map { mixed.caption($0, epoch: 0) }
        #expect(first == (0..<1000).map { mixed.caption($0, epoch: 0) })
        #expect(first != (0..<1000).map { mixed.caption($0, epoch: 1) })
        let named = first.indices.filter { first[$0] == mixed.entries[$0].names["en"]! }.count
        #expect((450...750).contains(named))
        #expect(throws: InputError.self) { try Emoji(Fixtures.emoji, language: "tlh") }
    }
}
