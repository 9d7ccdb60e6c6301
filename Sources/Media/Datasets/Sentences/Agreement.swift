/// Sentences whose verbs stand in the number of their subjects, which may be far away.
///
///     SENTENCE = NOUNS VERB            the dog runs
///     NOUNS = the NOUN [that the NOUN SEES | that SEES the NOUN | near the NOUN]
enum Agreement {
    private static let nouns = ["dog", "cat", "bird", "horse", "king", "child of the baker", "nurse", "farmer", "poet", "sailor"]
    private static let verbs = ["run", "sleep", "sing", "wait", "laugh", "fall", "walk", "swim"]
    private static let transitive = ["see", "hear", "love", "follow", "like", "need", "find", "know"]

    private static func plural(_ noun: String) -> String {
        guard let space = noun.firstIndex(of: " ") else { return noun + "s" }
        return plural(String(noun[..<space])) + noun[space...]
    }

    private static func verb(_ verb: String, _ isPlural: Bool) -> String { isPlural ? verb : verb + "s" }

    /// The source has every verb as many would have it.
    static func pair(_ generator: inout KeyedGenerator) -> TextPairs.Pair {
        func pick(_ words: [String]) -> String { words[generator.below(words.count)] }
        func noun() -> (text: String, isPlural: Bool) {
            let (word, isPlural) = (pick(nouns), generator.below(2) == 1)
            return ("the " + (isPlural ? plural(word) : word), isPlural)
        }
        let subject = noun()
        var (source, target) = (subject.text, subject.text)
        switch generator.below(4) {
        case 0: break
        case 1:
            let (other, action) = (noun(), pick(transitive))
            source += " that \(other.text) \(action)"
            target += " that \(other.text) \(verb(action, other.isPlural))"
        case 2:
            let (other, action) = (noun(), pick(transitive))
            source += " that \(action) \(other.text)"
            target += " that \(verb(action, subject.isPlural)) \(other.text)"
        default:
            let other = noun()
            source += " near \(other.text)"
            target += " near \(other.text)"
        }
        let action = pick(verbs)
        return TextPairs.Pair(source: "\(source) \(action)", target: "\(target) \(verb(action, subject.isPlural))")
    }

    /// The sentence with every verb as its subject wants it; nil of what is no sentence of the grammar.
    static func agreed(_ words: [String]) -> [String]? {
        var rest = words[...]
        /// `the`, a noun in either number, and what belongs to it.
        func noun() -> (words: [String], isPlural: Bool)? {
            guard rest.first == "the" else { return nil }
            for known in nouns {
                for (form, isPlural) in [(known, false), (plural(known), true)] {
                    let parts = form.split(separator: " ").map(String.init)
                    if Array(rest.dropFirst().prefix(parts.count)) == parts {
                        rest = rest.dropFirst(parts.count + 1)
                        return (["the"] + parts, isPlural)
                    }
                }
            }
            return nil
        }
        func action(_ among: [String]) -> String? {
            guard let word = rest.first, let known = among.first(where: { word == $0 || word == $0 + "s" }) else { return nil }
            rest = rest.dropFirst()
            return known
        }
        guard let subject = noun() else { return nil }
        var agreed = subject.words
        if rest.first == "near" {
            rest = rest.dropFirst()
            guard let other = noun() else { return nil }
            agreed += ["near"] + other.words
        } else if rest.first == "that" {
            rest = rest.dropFirst()
            if let other = noun() {
                guard let seen = action(transitive) else { return nil }
                agreed += ["that"] + other.words + [verb(seen, other.isPlural)]
            } else {
                guard let seen = action(transitive), let other = noun() else { return nil }
                agreed += ["that", verb(seen, subject.isPlural)] + other.words
            }
        }
        guard let last = action(verbs), rest.isEmpty else { return nil }
        return agreed + [verb(last, subject.isPlural)]
    }
}
