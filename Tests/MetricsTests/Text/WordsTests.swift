import Metrics
import Testing

@Suite struct WordsTests {
    @Test func `lower case is Python's`() throws {
        let (texts, expected) = (try TextGolden.field("hard").strings(), try TextGolden.field("lower").strings())
        #expect(texts.count == expected.count && texts.count > 40)
        for (text, expected) in zip(texts, expected) {
            let found = lowercase(Array(text.unicodeScalars))
            let word = Array(expected.unicodeScalars)
            #expect(found == word, "\(shown([found])), expected \(shown([word]))")
        }
    }

    @Test(arguments: BLEU.Tokenizer.allCases) func `tokens are sacrebleu's`(tokenizer: BLEU.Tokenizer) throws {
        let texts = try TextGolden.field("hard").strings() + TextGolden.hypotheses()
        let expected = try TextGolden.field("tokens").field(tokenizer.rawValue).strings()
        #expect(texts.count == expected.count)
        for (text, expected) in zip(texts, expected) {
            // The peer joins tokens by spaces, which none contains.
            let tokens = expected.isEmpty ? [] : Array(expected.unicodeScalars).split(separator: " ").map { Array($0) }
            let found = tokenizer(text)
            #expect(found == tokens, "\(shown(found)), expected \(shown(tokens))")
        }
    }

    @Test func `words are what white space leaves, and accents are compared as they are spelled`() {
        #expect(words(of: " a\tb\u{1c}c\u{a0}d\u{3000}e\r\nf\u{200b} ").map(\.count) == [1, 1, 1, 1, 1, 2])
        #expect(words(of: "") == [] && words(of: " \n") == [])
        #expect("é" == "e\u{301}" && words(of: "é") != words(of: "e\u{301}"))
    }
}
