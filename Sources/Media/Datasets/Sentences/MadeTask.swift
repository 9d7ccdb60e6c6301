import Tensors

/// Texts to be made from texts where the answer is known: what a sequence-to-sequence model must get exactly right.
public enum MadeTask: String, CaseIterable, Sendable {
    /// The same words again.
    case copy
    /// The words from last to first.
    case reverse
    /// The words in alphabetical order.
    case sort
    /// A number in words to its digits, `four hundred seven` to `4 0 7`.
    case numbers
    /// Every verb as its subject wants it: `the dogs that the cat see run` to `the dogs that the cat sees run`.
    case agreement

    /// Words that are copied, turned round and sorted.
    static let words = [
        "ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibex", "jay", "koi", "lynx", "mole", "newt", "owl", "pig",
        "quail", "rat", "seal", "toad",
    ]
    /// The most words of those three.
    static let most = 12

    /// A text and what is to be made of it.
    func pair(_ generator: inout KeyedGenerator) -> TextPairs.Pair {
        switch self {
        case .copy, .reverse, .sort:
            let words = (0..<generator.within(1...Self.most)).map { _ in Self.words[generator.below(Self.words.count)] }
            let target =
                switch self {
                case .copy: words
                case .reverse: Array(words.reversed())
                default: words.sorted()
                }
            return TextPairs.Pair(source: words.joined(separator: " "), target: target.joined(separator: " "))
        case .numbers:
            // As many numbers of each count of digits.
            let digits = generator.within(1...6)
            let least = digits == 1 ? 0 : (1..<digits).reduce(1) { power, _ in 10 * power }
            let most = (0..<digits).reduce(1) { power, _ in 10 * power } - 1
            let number = generator.within(least...most)
            return TextPairs.Pair(
                source: NumberWords.words(number), target: String(number).map { String($0) }.joined(separator: " "))
        case .agreement: return Agreement.pair(&generator)
        }
    }

    /// Whether a text is the right answer.
    public func isRight(_ answer: String, for source: String) -> Bool { self.answer(to: source) == answer }

    /// What is to be made of a text; nil where it is not one of the task's.
    public func answer(to source: String) -> String? {
        let words = source.split(separator: " ").map(String.init)
        switch self {
        case .copy, .reverse, .sort:
            guard (1...Self.most).contains(words.count), words.allSatisfy(Self.words.contains) else { return nil }
            let target = self == .copy ? words : self == .reverse ? words.reversed() : words.sorted()
            return target.joined(separator: " ")
        case .numbers:
            return NumberWords.number(words).map { String($0).map { String($0) }.joined(separator: " ") }
        case .agreement: return Agreement.agreed(words)?.joined(separator: " ")
        }
    }
}

/// Whole numbers below a million in English words.
enum NumberWords {
    private static let small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ]
    private static let tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

    static func words(_ number: Int) -> String {
        require((0..<1_000_000).contains(number), "NumberWords: \(number)")
        if number < 20 { return small[number] }
        func below(_ n: Int) -> [String] {
            var words: [String] = []
            if n >= 100 { words += [small[n / 100], "hundred"] }
            let rest = n % 100
            if rest >= 20 { words.append(tens[rest / 10]) }
            let last = rest < 20 ? rest : rest % 10
            if last > 0 { words.append(small[last]) }
            return words
        }
        let thousands = number / 1000
        return ((thousands > 0 ? below(thousands) + ["thousand"] : []) + below(number % 1000)).joined(separator: " ")
    }

    /// The number that is written so, nil where none is.
    static func number(_ words: [String]) -> Int? {
        var (total, part) = (0, 0)
        for word in words {
            if let value = small.firstIndex(of: word) {
                part += value
            } else if let value = tens.firstIndex(of: word), value > 0 {
                part += 10 * value
            } else if word == "hundred" {
                part *= 100
            } else if word == "thousand" {
                (total, part) = (1000 * part, 0)
            } else {
                return nil
            }
        }
        let found = total + part
        // Only one spelling of each number counts.
        return (0..<1_000_000).contains(found) && self.words(found) == words.joined(separator: " ") ? found : nil
    }
}
