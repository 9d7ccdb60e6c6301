import Media
import Tensors
import TestKit
import Testing

@Suite struct PipelineTests {
    @Test(arguments: PipelineGolden.names) func `ids and text agree with the pip package in every script`(name: String) throws {
        let golden = try PipelineGolden(name)
        let tokenizer = try Tokenizers.load(golden.tokenizer, file: name)
        let texts = try PipelineGolden.texts()
        #expect(texts.count > 250 && golden.results.count == texts.count)
        for (text, wanted) in zip(texts, golden.results) {
            let found = PipelineGolden.result(of: text, by: tokenizer)
            #expect(found == wanted, "\(text.debugDescription) is \(tokenizer.encode(text))")
        }
    }

    @Test func `steps agree with the pip package one by one`() throws {
        let path = TokenizerGolden.folder + "/parts.json"
        // The texts that tokenizers trip over are the last ones.
        let all = try PipelineGolden.texts()
        var counts: [String: Int] = [:]
        for field in try JSONField(JSON.read(path), in: path).elements() {
            let part = try field.field("part").string()
            let definition = JSONField(try PipelineGolden.withMap(field.field("definition").json), in: part)
            let results = try field.field("results").elements()
            let name = try field.field("definition").json.encoded()
            let step = try Self.step(part, definition)
            counts[part, default: 0] += 1
            var changed = 0
            for (text, wanted) in zip(all.suffix(results.count), results) {
                let found = step(text)
                #expect(
                    found == wanted.json || found.isNull && wanted.isNull,
                    "\(name) of \(text.debugDescription): \(found.encoded())")
                if !wanted.isNull { changed += 1 }
            }
            #expect(changed > 0 && results.count > 150)
        }
        #expect(counts == ["normalizer": 20, "pre_tokenizer": 30, "decoder": 9])
    }

    /// What a step makes of a text; null where it leaves it as it is.
    private static func step(_ part: String, _ definition: JSONField) throws -> (String) -> JSON {
        func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            return String(view)
        }
        switch part {
        case "normalizer":
            let normalizer = try TokenPipeline.normalizer(definition)
            return { input in
                let result = text(normalizer.normalized(Array(input.unicodeScalars)))
                return result.utf8.elementsEqual(input.utf8) ? .null : .string(result)
            }
        case "pre_tokenizer":
            let preTokenizer = try TokenPipeline.preTokenizer(definition)
            return { input in
                let whole = TextPiece(Array(input.unicodeScalars)[...], opensText: true)
                let pieces = input.isEmpty ? [] : preTokenizer.pieces(of: whole).map { JSON.string(text($0.scalars)) }
                return pieces == [.string(input)] ? .null : .array(pieces)
            }
        default:
            let decoder = try TokenPipeline.decoder(definition)
            return { input in
                let tokens = input.unicodeScalars.split(separator: " ").map { text($0) }
                let result = decoder.decoded(tokens).joined()
                return result.utf8.elementsEqual(tokens.joined().utf8) ? .null : .string(result)
            }
        }
    }

    @Test(arguments: ["NFC", "NFD", "NFKC", "NFKD", "Nmt", "StripAccents", "Precompiled"])
    func `every character becomes what the pip package makes of it`(type: String) throws {
        let wanted = try JSON.read(TokenizerGolden.folder + "/scalars.json")
        let normalizer = try TokenPipeline.normalizer(
            JSONField(["type": .string(type), "precompiled_charsmap": .string(try PipelineGolden.map.get())], in: "t"))
        var bytes: [UInt8] = []
        for code in 0..<0x11_0000 as Range<UInt32> {
            guard let scalar = Unicode.Scalar(code) else { continue }
            for part in normalizer.normalized([scalar]) { bytes += UTF8.encode(part)! }
            bytes.append(0)
        }
        #expect(SHA256.hex(bytes) == wanted[type]?.string)
    }

    @Test func `compatibility forms agree with Unicode's own examples`() {
        // Annex 15, figures 5 and 6.
        for (text, decomposed, composed) in [
            ("\u{FB01}", "fi", "fi"), ("2\u{2075}", "25", "25"),
            ("\u{1E9B}\u{323}", "s\u{323}\u{307}", "\u{1E69}"), ("\u{FF76}\u{FF9E}", "\u{30AB}\u{3099}", "\u{30AC}"),
            ("\u{3C9}\u{308}\u{2460}", "\u{3C9}\u{308}1", "\u{3C9}\u{308}1"),
            ("\u{FDFA}", "صلى الله عليه وسلم", "صلى الله عليه وسلم"),
        ] {
            let input = Array(text.unicodeScalars)
            #expect(CanonicalForm.decomposed(input, compatibly: true).map(\.value) == scalars(decomposed), "\(text)")
            #expect(CanonicalForm.composed(input, compatibly: true).map(\.value) == scalars(composed), "\(text)")
        }
    }

    @Test func `a text of a hundred thousand characters is spelt in good time`() throws {
        let t5 = try Tokenizers.load(PipelineGolden("t5").tokenizer, file: "t5")
        let text = String(repeating: "größere Häuser 人 ", count: 6000)
        let once = t5.encode("größere Häuser 人 ", wrapped: false, limit: nil)
        #expect(t5.encode(text, wrapped: false, limit: nil) == (0..<6000).flatMap { _ in once })
        let json: JSON = [
            "version": "1.0",
            "model": ["type": "Unigram", "unk_id": 0, "vocab": [["u", 0], ["ab", -1], ["a", -2], ["b", -2.5], ["ba", -1]]],
        ]
        let ids = try Tokenizers.load(json, file: "t").encode(String(repeating: "ab", count: 50_000) + "xyz")
        #expect(ids == Array(repeating: 1, count: 50_000) + [0])
    }

    @Test func `with byte tokens every text comes back`() throws {
        let tokenizer = try Tokenizers.load(PipelineGolden("llama").tokenizer, file: "llama")
        var dice = Dice(state: 6)
        for _ in 0..<500 {
            var text = String.UnicodeScalarView()
            for _ in 0..<dice.below(30) {
                let limit = [0x80, 0x300, 0x3000, 0x11_0000][dice.below(4)]
                // The sign for a space would come back as one.
                if let scalar = Unicode.Scalar(UInt32(dice.below(limit))), scalar != "▁" { text.append(scalar) }
            }
            #expect(scalars(tokenizer.decode(tokenizer.encode(String(text)))) == text.map(\.value))
        }
    }

    @Test func `the space in front goes to what opens the text`() throws {
        let metaspace: JSON = ["type": "Metaspace", "replacement": "_", "prepend_scheme": "first"]
        for (steps, strip, text, wanted) in [
            ([], false, "ab", "_ab"), ([], true, " ab", "ab"), ([], true, "ab ", "_ab"), ([], false, " ab", "_ab"),
            ([], false, "a<s>b", "_a<s>b"), ([], false, "<s>b", "<s>b"),
            ([["type": "WhitespaceSplit"]], false, "ab ba", "_abba"), ([["type": "WhitespaceSplit"]], false, " ab", "ab"),
        ] as [([JSON], Bool, String, String)] {
            let json: JSON = [
                "version": "1.0", "added_tokens": [["id": 3, "content": "<s>", "special": true]],
                "normalizer": ["type": "Strip", "strip_left": .init(strip), "strip_right": .init(strip)],
                "pre_tokenizer": ["type": "Sequence", "pretokenizers": .array(steps + [metaspace])],
                "model": ["type": "BPE", "vocab": ["a": 0, "b": 1, "_": 2], "merges": []],
            ]
            let tokenizer = try Tokenizers.load(json, file: "t")
            #expect(tokenizer.encode(text).map { tokenizer.token(of: $0)! }.joined() == wanted, "\(text)")
        }
    }

    /// Every way to spell short texts, the best kept by brute force.
    @Test func `the spelling found is the most probable of all`() throws {
        let vocab: [(String, Double)] = [
            ("<unk>", 0), ("a", -2.25), ("b", -2.5), ("ab", -3.75), ("ba", -4), ("aba", -6), ("bb", -4.5), ("abb", -7), ("c", -9),
        ]
        let json: JSON = [
            "version": "1.0",
            "model": ["type": "Unigram", "unk_id": 0, "vocab": .array(vocab.map { [JSON($0.0), JSON($0.1)] })],
        ]
        let tokenizer = try UnigramTokenizer(json, file: "t")
        func best(_ text: Substring) -> Double {
            if text.isEmpty { return 0 }
            return vocab.dropFirst().filter { text.hasPrefix($0.0) }.map { $0.1 + best(text.dropFirst($0.0.count)) }.max()!
        }
        var dice = Dice(state: 3)
        for _ in 0..<300 {
            let text = String((0..<dice.below(12)).map { _ in Array("abc")[dice.below(3)] })
            let ids = tokenizer.encode(text)
            #expect(ids.map { tokenizer.token(of: $0)! }.joined() == text)
            #expect(ids.reduce(0) { $0 + vocab[Int($1)].1 } == best(text[...]), "\(text)")
        }
    }

    @Test func `an unknown character costs ten more than the rarest token`() throws {
        for (score, wanted) in [(-12, [2, 3]), (-15, [0, 1])] as [(Double, [Int32])] {
            let json: JSON = [
                "version": "1.0",
                "model": [
                    "type": "Unigram", "unk_id": 0,
                    "vocab": [["u", 0], ["bcd", -3], ["ab", -15], ["cd", .init(score)]],
                ],
            ]
            // The unknown is at -25, with bcd at -28; ab and cd are at -27 and at -30.
            #expect(try Tokenizers.load(json, file: "t").encode("abcd") == wanted)
        }
    }

    @Test func `a vocabulary that has a token twice spells with the last`() throws {
        let json: JSON = [
            "version": "1.0", "model": ["vocab": [["u", 0], ["a", -1], ["b", -1], ["a", -9]], "unk_id": 0],
        ]
        let tokenizer = try Tokenizers.load(json, file: "t")
        #expect(tokenizer is UnigramTokenizer && tokenizer.unknown == 0 && tokenizer.vocabularySize == 4)
        #expect(tokenizer.encode("abxa") == [3, 2, 0, 3])
        #expect(tokenizer.token(of: 1) == "a")
    }
}
