import Media
import Tensors
import TestKit
import Testing

@Suite struct PipelineFileTests {
    @Test(
        arguments: [
            ([], "t: model.vocab: the vocabulary is empty"),
            (["a": 1], "t: model.vocab: wrong value; expected an array of tokens and log-probabilities; found an object of 1"),
            (
                [["a", 0], ["b"]],
                "t: model.vocab[1]: wrong value; expected a token and its log-probability; found an array of 1"
            ),
            ([["a", "0"]], "t: model.vocab[0]: wrong value; expected a token and its log-probability; found an array of 2"),
            ([[0, "a"]], "t: model.vocab[0]: wrong value; expected a token"),
            (["a"], "t: model.vocab[0]: wrong value; expected a token and its log-probability; found \"a\""),
        ] as [(JSON, String)])
    func `a broken unigram vocabulary is refused with what is wrong`(vocab: JSON, message: String) throws {
        try expect(["version": "1.0", "model": ["type": "Unigram", "unk_id": 0, "vocab": vocab]], message)
    }

    @Test(
        arguments: [
            ("unk_id", 2, "t: model.unk_id: wrong value; expected an integer in 0...1; found 2"),
            ("unk_id", -1, "t: model.unk_id: wrong value; expected an integer in 0...1; found -1"),
            ("byte_fallback", 1, "t: model.byte_fallback: wrong value; expected true or false; found 1"),
        ] as [(String, JSON, String)])
    func `a broken unigram option is refused with what is wrong`(key: String, value: JSON, message: String) throws {
        let model: JSON = ["type": "Unigram", "vocab": [["a", 0], ["b", -1]]]
        try expect(["version": "1.0", "model": model.setting(key, to: value)], message)
    }

    @Test(
        arguments: [
            ("normalizer", ["type": "Precompiled"], "t: normalizer: the key \"precompiled_charsmap\" is missing"),
            ("normalizer", map(nil), "t: normalizer.precompiled_charsmap: wrong value; expected a string; found null"),
            ("normalizer", map("AAA"), "t: normalizer.precompiled_charsmap: wrong base64; found a string of 3 bytes"),
            ("normalizer", map("AA!A"), "t: normalizer.precompiled_charsmap: wrong base64"),
            ("normalizer", map("A==="), "t: normalizer.precompiled_charsmap: wrong base64"),
            (
                "normalizer", map(""),
                "t: normalizer.precompiled_charsmap: broken table of replacements; expected the size of a trie and the trie; found 0 bytes"
            ),
            ("normalizer", map("AAAAAAAAAAA="), "t: normalizer.precompiled_charsmap: broken table of replacements"),
            (
                "normalizer", map("CAAAAAAAAAA="),
                "t: normalizer.precompiled_charsmap: broken table of replacements; expected the size of a trie and the trie; found 8 bytes, the size 8"
            ),
            (
                "normalizer", map("BAAAAAAAAABh"),
                "t: normalizer.precompiled_charsmap: broken table of replacements; expected texts in UTF-8, each ended by a zero byte"
            ),
            ("normalizer", map("BAAAAAAAAAD/AA=="), "t: normalizer.precompiled_charsmap: broken table of replacements"),
            ("normalizer", ["type": "Strip", "strip_left": true], "t: normalizer: the key \"strip_right\" is missing"),
            ("normalizer", ["type": "Prepend", "prepend": 3], "t: normalizer.prepend: wrong value; expected a string; found 3"),
            (
                "normalizer", ["type": "Replace", "pattern": "a", "content": ""],
                "t: normalizer.pattern: wrong value; expected an object; found \"a\""
            ),
            (
                "normalizer", ["type": "Replace", "pattern": ["Glob": "a"], "content": ""],
                "t: normalizer.pattern: wrong value; expected {\"String\": ...} or {\"Regex\": ...}"
            ),
            (
                "pre_tokenizer", ["type": "Metaspace", "replacement": "__"],
                "t: pre_tokenizer.replacement: wrong value; expected one character; found \"__\""
            ),
            (
                "pre_tokenizer", ["type": "Metaspace", "replacement": "_", "prepend_scheme": "last"],
                "t: pre_tokenizer.prepend_scheme: unknown value; expected always, first, never; found \"last\""
            ),
            (
                "pre_tokenizer",
                ["type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "add_prefix_space": false],
                "t: pre_tokenizer.add_prefix_space: contradicts prepend_scheme; expected true or left out; found false"
            ),
            (
                "pre_tokenizer", ["type": "Split", "pattern": ["String": "a"], "behavior": "removed", "invert": false],
                "t: pre_tokenizer.behavior: unknown value; expected Removed"
            ),
            (
                "pre_tokenizer", ["type": "Split", "pattern": ["String": "a"], "behavior": "Removed"],
                "t: pre_tokenizer: the key \"invert\" is missing"
            ),
            ("pre_tokenizer", ["type": "Digits"], "t: pre_tokenizer: the key \"individual_digits\" is missing"),
            (
                "decoder", ["type": "Strip", "content": " ", "start": -1, "stop": 0],
                "t: decoder.start: wrong value; expected an integer at least 0; found -1"
            ),
            ("decoder", ["type": "Strip", "content": "", "start": 0, "stop": 0], "t: decoder.content: wrong value"),
        ] as [(String, JSON, String)])
    func `an unsupported or broken step is named`(key: String, part: JSON, message: String) throws {
        let model: JSON = ["type": "Unigram", "vocab": [["a", 0], ["b", -1]]]
        try expect((["version": "1.0", "model": model] as JSON).setting(key, to: part), message)
    }

    private static func map(_ text: JSON) -> JSON {
        ["type": "Precompiled", "precompiled_charsmap": text]
    }

    private func expect(_ json: JSON, _ message: String) throws {
        let error = #expect(throws: InputError.self) { try Tokenizers.load(json, file: "t") }
        let text = try #require(error?.description)
        #expect(text.hasPrefix(message), "\(text)")
    }

    @Test(
        arguments: [
            ("a(b", "a parenthesis without its end at character 4"), ("a)b", "a closing parenthesis too many at character 2"),
            ("[ab", "a bracket without its end at character 4"), ("[b-a]", "a range without two ends in order at character 5"),
            ("[a-\\d]", "a range without two ends in order at character 6"), ("*a", "a repetition of nothing at character 1"),
            ("a+?", "lazy repetition at character 3"), ("(?:ab)++", "possessive repetition of a group at character 9"),
            ("(?:a*)*", "repetition of what can be empty at character 8"), ("a+*", "repeated repetition at character 4"),
            ("a{2", "a brace that is no repetition at character 2"), ("a{3,2}", "a brace that is no repetition at character 2"),
            ("(?<=a)b", "this kind of group at character 3"), ("(?<n>a)", "this kind of group at character 3"),
            ("(a)\\1", "\\1 at character 5"), ("\\bx", "\\b at character 2"), ("a\\", "a backslash at the end at character 3"),
            ("\\p{Greek}", "this property at character 4"), ("\\pL", "a property without a name at character 3"),
            ("[[:alpha:]]", "this in brackets at character 2"), ("[a&&b]", "this in brackets at character 3"),
            ("\\x{110000}", "a wrong code point at character 4"), ("\\uD800", "a wrong code point at character 3"),
            (String(repeating: "(", count: 60), "nesting too deep at character 52"),
            ("(?:(?:(?:ab){99}){99}){99}", "too long a pattern at character 27"),
        ])
    func `a regular expression that is not known is refused with the place`(expression: String, trouble: String) throws {
        let error = #expect(throws: InputError.self) {
            try TextPattern(JSONField(["Regex": .string(expression)], in: "t"))
        }
        #expect(error?.description.contains("Regex: unsupported regular expression: \(trouble)") == true, "\(error!)")
    }

    @Test func `no regular expression takes forever`() throws {
        for expression in ["(?:a|a)(?:a|a|ab)+c", "(?:aa|a)+$b", "(?:a+b?)+c", "a*a*a*c"] {
            let pattern = try TextPattern(JSONField(["Regex": .string(expression)], in: "t"))
            let text = Array(String(repeating: "a", count: 60).unicodeScalars)
            #expect(pattern.matches(in: text[...]) == [], "\(expression)")
        }
        let run = try TextPattern(JSONField(["Regex": "\\p{L}+(?=b)|\\s+(?!\\S)"], in: "t"))
        let text = Array((String(repeating: "a", count: 100_000) + "b" + String(repeating: " ", count: 100_000)).unicodeScalars)
        #expect(run.matches(in: text[...]) == [0..<100_000, 100_001..<200_001])
    }

    @Test func `what is looked up in a damaged table of replacements is found, or nothing is`() throws {
        let map = Array(try PipelineGolden.map.get().utf8)
        let texts = try PipelineGolden.texts().map { Array($0.unicodeScalars) }
        func normalizer(_ map: [UInt8]) throws -> any TextNormalizer {
            let text = JSON.string(String(decoding: map, as: UTF8.self))
            return try TokenPipeline.normalizer(JSONField(PipelineFileTests.map(text), in: "t"))
        }
        var dice = Dice(state: 8)
        var (refused, changed) = (0, 0)
        for _ in 0..<8 {
            var damaged = map
            // The first unit leads everywhere; of the others a text meets few.
            for _ in 0..<400 { damaged[8 + dice.below(map.count - 8)] = UInt8(ascii: "A") + UInt8(dice.below(26)) }
            if dice.below(4) == 0 { damaged[dice.below(8)] = UInt8(ascii: "z") }
            do {
                let normalizer = try normalizer(damaged)
                changed += texts.filter { normalizer.normalized($0) != $0 }.count
            } catch {
                refused += 1
            }
            // Texts all of ASCII keep the table valid, so that the trie alone is broken.
            damaged = Array(map.prefix(8)) + damaged[8..<40_000] + map[40_000...]
            let normalizer = try normalizer(damaged)
            changed += texts.filter { normalizer.normalized($0) != $0 }.count
        }
        #expect(refused > 0 && changed > 100)
    }

    @Test(arguments: PipelineGolden.names) func `damaged files are read or refused`(name: String) throws {
        let whole = try PipelineGolden(name).tokenizer
        // A shorter vocabulary, and no table of replacements, keep thousands of rounds within seconds.
        let valid = Array(shortened(whole).encoded().utf8)
        #expect(throws: Never.self) { try Tokenizers.load(JSON.parse(valid, file: "t"), file: "t") }
        var dice = Dice(state: 12)
        var (refused, meaningful) = (0, 0)
        for _ in 0..<500 {
            do {
                let json = try JSON.parse(dice.damaged(valid), file: "t")
                meaningful += 1
                let tokenizer = try Tokenizers.load(json, file: "t")
                let ids = tokenizer.encode("Hello  the aĆab, `` ﬁ½Σé 日本 123\n\u{301}👩‍👩‍👧 <s>")
                #expect(ids.allSatisfy { (0..<Int32(tokenizer.vocabularySize)).contains($0) })
                _ = tokenizer.decode(ids + [-1, .max], keepingSpecials: true)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 100 && refused < 500 && meaningful > 20, "\(refused), \(meaningful)")
    }

    /// The tokenizer with special tokens, single characters and bytes only, and a small table of replacements.
    private func shortened(_ json: JSON) -> JSON {
        func isKept(_ token: String) -> Bool {
            token.unicodeScalars.count == 1 || token.hasPrefix("<") && !token.hasPrefix("<0xA") || token.hasPrefix("[")
        }
        func withoutMap(_ json: JSON) -> JSON {
            switch json {
            // One unit that leads nowhere.
            case .string(let text) where text.utf8.count > 10_000: return "BAAAAAAAAAA="
            case .array(let elements): return .array(elements.map(withoutMap))
            case .object(let members): return .object(members.map { ($0.key, withoutMap($0.value)) })
            default: return json
            }
        }
        var model = json["model"]!
        if let vocab = model["vocab"]?.object {
            model = model.setting("vocab", to: .object(vocab.filter { isKept($0.key) }))
            model = model.setting("merges", to: [])
        } else {
            // Ids are places in the list; those of special tokens come first.
            model = model.setting("vocab", to: .array(Array(model["vocab"]!.array!.prefix(60))))
        }
        let size = model["vocab"]!.array?.count ?? .max
        let added = (json["added_tokens"]!.array ?? []).filter { $0["id"]!.int! < size }
        return withoutMap(json.setting("model", to: model).setting("added_tokens", to: .array(added)))
    }
}
