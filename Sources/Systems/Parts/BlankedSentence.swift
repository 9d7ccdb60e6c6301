import Media
import Tensors

/// A sentence with blanks to be filled, `the ___ sat`: as many tokens are free as there are underscores, the rest is known, the end too.
struct BlankedSentence {
    /// One for each position; nil where it is free.
    let tokens: [Int32?]

    init(_ sentence: String, _ form: TextForm) throws(InputError) {
        guard sentence.contains("_") else {
            throw InputError(
                "has no blank", at: "--infill", expected: "a _ for each token to be filled in", found: "'\(sentence)'")
        }
        var tokens: [Int32?] = []
        var rest = sentence[...]
        while let first = rest.first {
            let part = rest.prefix { ($0 == "_") == (first == "_") }
            rest = rest.dropFirst(part.count)
            if first == "_" {
                tokens += [Int32?](repeating: nil, count: part.count)
            } else {
                // The space before a word is a part of it: that before a blank is the blank's.
                let words = rest.isEmpty ? String(part) : String(part.reversed().drop { $0 == " " }.reversed())
                tokens += form.tokenizer.encode(words, wrapped: false, limit: nil).map { $0 }
            }
        }
        tokens.append(form.end)
        guard tokens.count <= form.length else {
            throw InputError(
                "is longer than the model's sentences", at: "--infill", expected: "at most \(form.length - 1) tokens",
                found: "\(tokens.count - 1) in '\(sentence)'")
        }
        self.tokens = tokens + [Int32?](repeating: form.padding, count: form.length - tokens.count)
    }
}
