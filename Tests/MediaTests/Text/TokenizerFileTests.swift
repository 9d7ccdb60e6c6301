import Media
import Tensors
import TestKit
import Testing

@Suite struct TokenizerFileTests {
    private func bytePair(_ model: JSON, _ more: [(String, JSON)] = []) -> JSON {
        var json: JSON = ["version": "1.0", "model": model]
        for (key, value) in more { json = json.setting(key, to: value) }
        return json
    }

    private static let vocabulary: JSON = ["a": 0, "b": 1, "ab": 2]

    @Test(
        arguments: [
            (
                ["type": "BPE", "vocab": vocabulary, "merges": [["a", "c"]]],
                "t: model.merges[0]: the merge names \"c\", which is not in the vocabulary"
            ),
            (
                ["type": "BPE", "vocab": vocabulary, "merges": ["a b", "b a"]],
                "t: model.merges[1]: the merge makes \"ba\", which is not in the vocabulary"
            ),
            (
                ["type": "BPE", "vocab": vocabulary, "merges": ["ab"]],
                "t: model.merges[0]: wrong value; expected a pair of tokens; found \"ab\""
            ),
            (
                ["type": "BPE", "vocab": vocabulary, "merges": ["a b c"]],
                "t: model.merges[0]: wrong value; expected a pair of tokens; found \"a b c\""
            ),
            (
                ["type": "BPE", "vocab": vocabulary, "merges": 3],
                "t: model.merges: wrong value; expected an array of pairs; found 3"
            ),
            (["type": "BPE", "vocab": ["a": -1], "merges": []], "t: model.vocab: id -1 is out of range"),
            (
                ["type": "BPE", "vocab": ["a": 99_999_999_999], "merges": []],
                "t: model.vocab: id 99999999999 is out of range"
            ),
            (
                ["type": "BPE", "vocab": ["a": 1, "b": 1], "merges": []],
                "t: model.vocab: the tokens \"a\" and \"b\" have the same id 1"
            ),
            (
                ["type": "BPE", "vocab": ["a": "x"], "merges": []],
                "t: model.vocab.a: wrong value; expected an integer"
            ),
            (["type": "BPE", "vocab": vocabulary], "t: model: the key \"merges\" is missing"),
            (
                ["type": "BPE", "vocab": vocabulary, "merges": [], "dropout": 0.1],
                "t: model.dropout: unsupported: random merges; expected null"
            ),
            (
                ["type": "BPE", "vocab": vocabulary, "merges": [], "unk_token": "u"],
                "t: model.unk_token: the unknown token is not in the vocabulary; found \"u\""
            ),
            (
                ["type": "WordLevel", "vocab": []],
                "t: model.type: unsupported tokenizer model; expected BPE, WordPiece, Unigram; found WordLevel"
            ),
            (
                ["type": "WordPiece", "vocab": vocabulary],
                "t: model: the unknown token \"[UNK]\" is not in the vocabulary"
            ),
        ] as [(JSON, String)])
    func `a broken model is refused with what is wrong`(model: JSON, message: String) throws {
        let error = #expect(throws: InputError.self) { try Tokenizers.load(bytePair(model), file: "t") }
        let text = try #require(error?.description)
        #expect(text.hasPrefix(message), "\(text)")
    }

    @Test(
        arguments: [
            (
                "normalizer", ["type": "Nmd"],
                "t: normalizer.type: unsupported normalizer; expected BertNormalizer"
            ),
            (
                "normalizer", ["type": "Sequence", "normalizers": [["type": "NFKX"]]],
                "t: normalizer.normalizers[0].type: unsupported normalizer"
            ),
            (
                "pre_tokenizer", ["type": "UnicodeScripts"],
                "t: pre_tokenizer.type: unsupported pre-tokenizer; expected BertPreTokenizer"
            ),
            ("decoder", ["type": "CTC"], "t: decoder.type: unsupported decoder; expected BPEDecoder"),
            (
                "post_processor", ["type": "X"],
                "t: post_processor.type: unsupported post-processor; expected TemplateProcessing"
            ),
            (
                "post_processor", ["type": "BertProcessing", "sep": ["b", 9], "cls": ["a", 0]],
                "t: post_processor: the id 9 is not in the vocabulary"
            ),
            (
                "post_processor", ["type": "TemplateProcessing", "single": [], "special_tokens": [:]],
                "t: post_processor.single: the template must hold the text once; found 0 times"
            ),
            ("version", "2.0", "t: version: wrong value; expected \"1.0\"; found \"2.0\""),
            (
                "added_tokens", [["id": 0, "content": "x"]],
                "t: added_tokens[0]: the tokens \"a\" and \"x\" have the same id 0"
            ),
            (
                "added_tokens", [["id": 7, "content": "a"]],
                "t: added_tokens[0]: the token \"a\" has the ids 0 and 7"
            ),
            ("added_tokens", [["id": 7, "content": ""]], "t: added_tokens[0]: an added token is empty"),
            ("padding", ["pad_id": 12], "t: padding.pad_id: the padding id 12 is not in the vocabulary"),
        ] as [(String, JSON, String)])
    func `an unsupported or broken part is named`(key: String, part: JSON, message: String) throws {
        let model: JSON = ["type": "BPE", "vocab": TokenizerFileTests.vocabulary, "merges": ["a b"]]
        let error = #expect(throws: InputError.self) {
            try Tokenizers.load(bytePair(model, [(key, part)]), file: "t")
        }
        let text = try #require(error?.description)
        #expect(text.hasPrefix(message), "\(text)")
    }

    @Test(arguments: TokenizerGolden.names) func `damaged files are read or refused`(name: String) throws {
        let golden = try TokenizerGolden(name)
        let whole = golden.tokenizer.object ?? []
        // A shorter vocabulary keeps ten thousand rounds within seconds.
        let valid = Array(
            JSON.object(whole.map { ($0.key, $0.key == "model" ? shortened($0.value) : $0.value) }).encoded()
                .utf8)
        #expect(throws: Never.self) { try Tokenizers.load(JSON.parse(valid, file: "t"), file: "t") }
        var dice = Dice(state: 11)
        let marks = Array("{}[]\",:0123456789-.eEu\\ ".utf8)
        var (refused, meaningful) = (0, 0)
        for _ in 0..<1500 {
            var bytes = valid
            for _ in 0...dice.below(3) {
                let at = dice.below(bytes.count)
                switch dice.below(5) {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: dice.next())
                case 1: bytes[at] = marks[dice.below(marks.count)]
                case 2: bytes.remove(at: at)
                case 3: bytes[at] = UInt8(ascii: "0") + UInt8(dice.below(75))
                default: bytes.insert(marks[dice.below(marks.count)], at: at)
                }
            }
            do {
                let json = try JSON.parse(bytes, file: "t")
                meaningful += 1
                let tokenizer = try Tokenizers.load(json, file: "t")
                let ids = tokenizer.encode("Hello cat, ab [MASK] ΣΊé 日本 <s>")
                #expect(ids.allSatisfy { (0..<Int32(tokenizer.vocabularySize)).contains($0) })
                _ = tokenizer.decode(ids + [-1, .max], keepingSpecials: true)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 300 && refused < 1500 && meaningful > 150)
    }

    /// The model with its special tokens, single characters and the first few merges.
    private func shortened(_ model: JSON) -> JSON {
        let merges = Array((model["merges"]?.array ?? []).prefix(30))
        var needed = Set(
            merges.flatMap { [$0[0]!.string!, $0[1]!.string!, $0[0]!.string! + $0[1]!.string!] }.map(
                ExactString.init))
        for added in [
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<pad>", "<unk>", "<s>", "</s>", "##a", "##b",
        ] { needed.insert(ExactString(added)) }
        let kept = (model["vocab"]?.object ?? []).filter {
            needed.contains(ExactString($0.key)) || $0.key.utf8.count == 1
        }
        var short = model.setting("vocab", to: .object(kept))
        if model["merges"] != nil { short = short.setting("merges", to: .array(merges)) }
        return short
    }
}
