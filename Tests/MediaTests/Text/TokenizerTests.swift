import Glibc
import Media
import Tensors
import TestKit
import Testing

@Suite struct TokenizerTests {
    @Test(arguments: TokenizerGolden.names) func `ids and text agree with the pip package`(name: String)
        throws
    {
        let golden = try TokenizerGolden(name)
        let tokenizer = try Tokenizers.load(golden.tokenizer, file: name)
        #expect(golden.cases.count > 35)
        for item in golden.cases {
            #expect(tokenizer.encode(item.text) == item.ids, "\(item.text)")
            #expect(tokenizer.encode(item.text, wrapped: false, limit: nil) == item.plain, "\(item.text)")
            #expect(scalars(tokenizer.decode(item.ids)) == scalars(item.decoded), "\(item.text)")
            #expect(
                scalars(tokenizer.decode(item.ids, keepingSpecials: true)) == scalars(item.kept),
                "\(item.text)")
        }
    }

    @Test func `a vocabulary learnt here is the one that a plain trainer learns`() throws {
        let golden = try TokenizerGolden("learned")
        let tokenizer = try BytePairTokenizer.trained(on: golden.cases.map(\.text), vocabularySize: 500)
        // No pair occurs twice any more.
        #expect(tokenizer.vocabularySize == 427)
        let shorter = try BytePairTokenizer.trained(on: golden.cases.map(\.text), vocabularySize: 400)
        #expect(shorter.vocabularySize == 400)
        let (model, expected) = (tokenizer.definition["model"], golden.tokenizer["model"])
        #expect(model?["merges"] == expected?["merges"])
        let merges = try #require(shorter.definition["model"]?["merges"]?.array)
        #expect(merges == Array((expected?["merges"]?.array ?? []).prefix(merges.count)))
        // The pip package writes its vocabulary in the order of ids too.
        #expect(model?["vocab"] == expected?["vocab"])
        for item in golden.cases { #expect(tokenizer.encode(item.text) == item.ids) }
    }

    @Test func `the order of the texts does not matter`() throws {
        let texts = try TokenizerGolden("learned").cases.map(\.text)
        let forwards = try BytePairTokenizer.trained(on: texts, vocabularySize: 400).definition
        #expect(
            try BytePairTokenizer.trained(on: texts.reversed(), vocabularySize: 400).definition == forwards)
    }

    @Test func `byte-level text comes back scalar by scalar`() throws {
        let texts = try TokenizerGolden("learned").cases.map(\.text)
        let tokenizer = try BytePairTokenizer.trained(on: texts, vocabularySize: 600)
        var dice = Dice(state: 5)
        for _ in 0..<2000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<dice.below(40) {
                let limit = [0x80, 0x300, 0x3000, 0x11_0000][dice.below(4)]
                if let scalar = Unicode.Scalar(UInt32(dice.below(limit))) { text.append(scalar) }
            }
            let ids = tokenizer.encode(String(text))
            #expect(scalars(tokenizer.decode(ids, keepingSpecials: true)) == text.map(\.value))
        }
    }

    @Test func `a text too uniform to fill the vocabulary leaves it smaller`() throws {
        let tokenizer = try BytePairTokenizer.trained(on: ["ab ab"], vocabularySize: 1000)
        #expect(tokenizer.vocabularySize == 4 + 256 + 1)
        #expect(tokenizer.encode("ab ab") == [260, 4 + 32, 260])
        #expect(tokenizer.padding == 0)
        #expect(tokenizer.unknown == 1)
        #expect(tokenizer.specials == [0, 1, 2, 3])
        #expect(tokenizer.id(of: "</s>") == 3)
        #expect(tokenizer.token(of: 260) == "ab")
        #expect(throws: InputError.self) { try BytePairTokenizer.trained(on: [], vocabularySize: 259) }
    }

    @Test func `no merge makes a special token`() throws {
        let tokenizer = try BytePairTokenizer.trained(
            on: ["abc abc abc"], vocabularySize: 300, specials: ["ab"])
        #expect(tokenizer.encode("abc") == [0, 1 + 99])
        #expect(tokenizer.definition["model"]?["merges"] == [])
    }

    @Test func `limits keep the special tokens, and padding fills up`() throws {
        let tokenizer = try Tokenizers.load(TokenizerGolden("wordpiece-uncased").tokenizer, file: "a")
        let text = "the quick brown fox"
        let whole = tokenizer.encode(text)
        let (start, end) = (try #require(tokenizer.id(of: "[CLS]")), try #require(tokenizer.id(of: "[SEP]")))
        #expect(whole.first == start && whole.last == end && whole.count > 5)
        #expect(tokenizer.encode(text, wrapped: true, limit: 4) == [start] + whole[1...2] + [end])
        #expect(tokenizer.encode(text, wrapped: true, limit: 100) == whole)
        #expect(tokenizer.encode(text, wrapped: false, limit: 2) == Array(whole[1...2]))
        #expect(tokenizer.encode(text, wrapped: true, limit: 0) == [])
        let (ids, count) = tokenizer.encode(text, padded: whole.count + 3)
        #expect(ids == whole + [0, 0, 0] && count == whole.count)
    }

    @Test func `saving and loading a tokenizer gives the same one`() throws {
        var template = Array("/tmp/latentlab-test-XXXXXX".utf8CString)
        let folder = String(cString: mkdtemp(&template))
        defer {
            unlink(folder + "/tokenizer.json")
            rmdir(folder)
        }
        #expect(
            throws: InputError(
                "the folder holds no tokenizer", at: folder, expected: "tokenizer.json or vocab.txt")
        ) {
            try Tokenizers.load(folder)
        }
        let golden = try TokenizerGolden("wordpiece-cased")
        try Tokenizers.load(golden.tokenizer, file: "a").save(to: folder + "/tokenizer.json")
        let back = try Tokenizers.load(folder)
        #expect(back.definition == golden.tokenizer)
        #expect(back is WordPieceTokenizer)
        #expect(throws: InputError.self) { try BytePairTokenizer(folder + "/tokenizer.json") }
    }

    @Test func `a vocabulary list with its settings is the same tokenizer`() throws {
        var template = Array("/tmp/latentlab-test-XXXXXX".utf8CString)
        let folder = String(cString: mkdtemp(&template))
        defer {
            for name in ["vocab.txt", "tokenizer_config.json"] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        for (name, settings) in [
            ("wordpiece-uncased", nil),
            ("wordpiece-accents", #"{"strip_accents": false, "tokenize_chinese_chars": false}"#),
        ] {
            let golden = try TokenizerGolden(name)
            let vocabulary = try #require(golden.tokenizer["model"]?["vocab"]?.object)
            let lines = vocabulary.sorted { $0.value.int! < $1.value.int! }.map { $0.key + "\n" }
            try AtomicFile.write(lines.joined(), to: folder + "/vocab.txt")
            if let settings { try AtomicFile.write(settings, to: folder + "/tokenizer_config.json") }
            let tokenizer = try Tokenizers.load(folder)
            for item in golden.cases { #expect(tokenizer.encode(item.text) == item.ids, "\(item.text)") }
        }
        try AtomicFile.write("[UNK]\n[CLS]\na\na\n[SEP]\n", to: folder + "/vocab.txt")
        #expect(
            throws: InputError(
                "the token \"a\" occurs twice", at: folder + "/vocab.txt:4", hint: "first in line 3")
        ) {
            try Tokenizers.load(folder)
        }
        try AtomicFile.write("[UNK]\n[CLS]\na\n", to: folder + "/vocab.txt")
        #expect(
            throws: InputError(
                "the special token \"[SEP]\" is not in the vocabulary", at: folder + "/vocab.txt")
        ) {
            try Tokenizers.load(folder + "/vocab.txt")
        }
    }

    @Test func `every character has the category that the pip package gives it`() throws {
        let golden = try JSON.read(TokenizerGolden.folder + "/bert-categories.json")
        for (name, isMember) in [
            ("control", { $0.value != 0 && BertCategory.isControl($0) }),
            ("punctuation", BertCategory.isPunctuation),
            // A scalar that only decomposes into marks is stripped too.
            ("mark", { CanonicalForm.decomposed([$0]).allSatisfy(BertCategory.isNonspacingMark) }),
        ] as [(String, (Unicode.Scalar) -> Bool)] {
            var expected = Set<UInt32>()
            for range in golden[name]?.array ?? [] {
                let ends = try #require(range.string).split(separator: "-").compactMap {
                    UInt32($0, radix: 16)
                }
                expected.formUnion(ends[0]...ends[1])
            }
            #expect(expected.count > 500)
            var wrong: [UInt32] = []
            for code in 0..<0x11_0000 as Range<UInt32> {
                if let scalar = Unicode.Scalar(code), isMember(scalar) != expected.contains(code) {
                    wrong.append(code)
                }
            }
            #expect(wrong == [], "\(name)")
        }
    }

    @Test func `canonical forms agree with Unicode's own examples`() {
        // Annex 15, figures 3 to 5 and table 2; Hangul and blocked marks beside them.
        for (text, decomposed, composed) in [
            ("\u{212B}", "A\u{30A}", "\u{C5}"), ("\u{1E69}", "s\u{323}\u{307}", "\u{1E69}"),
            ("s\u{307}\u{323}", "s\u{323}\u{307}", "\u{1E69}"),
            ("\u{1E0B}\u{323}", "d\u{323}\u{307}", "\u{1E0D}\u{307}"),
            ("q\u{307}\u{323}", "q\u{323}\u{307}", "q\u{323}\u{307}"),
            ("\u{FB01}2\u{2075}", "\u{FB01}2\u{2075}", "\u{FB01}2\u{2075}"),
            ("\u{AC01}\u{D4DB}", "\u{1100}\u{1161}\u{11A8}\u{1111}\u{1171}\u{11B6}", "\u{AC01}\u{D4DB}"),
            ("\u{958}", "\u{915}\u{93C}", "\u{915}\u{93C}"),
            ("a\u{300}\u{301}", "a\u{300}\u{301}", "\u{E0}\u{301}"),
            ("a\u{5AE}\u{301}", "a\u{5AE}\u{301}", "\u{E1}\u{5AE}"),
            ("a\u{323}\u{315}\u{300}", "a\u{323}\u{300}\u{315}", "\u{1EA1}\u{300}\u{315}"),
        ] {
            #expect(
                CanonicalForm.decomposed(Array(text.unicodeScalars)).map(\.value) == scalars(decomposed),
                "\(text)")
            #expect(
                CanonicalForm.composed(Array(text.unicodeScalars)).map(\.value) == scalars(composed),
                "\(text)")
        }
    }

    @Test func `two spellings of one accent are two tokens`() throws {
        let json: JSON = [
            "version": "1.0", "added_tokens": [],
            "model": [
                "type": "BPE", "vocab": ["\u{e9}": 0, "e": 1, "\u{301}": 2, "e\u{301}": 3],
                "merges": [["e", "\u{301}"]],
            ],
        ]
        #expect(try Tokenizers.load(json, file: "a").encode("\u{e9}e\u{301}") == [0, 3])
    }

    @Test func `a word of a hundred thousand letters is merged in good time`() throws {
        let tokenizer = try BytePairTokenizer.trained(
            on: [String(repeating: "ab", count: 64)], vocabularySize: 300)
        let text = String(repeating: "ab", count: 50_000)
        let ids = tokenizer.encode(text)
        #expect(tokenizer.decode(ids) == text)
        #expect(ids.count < 3000)
    }
}
