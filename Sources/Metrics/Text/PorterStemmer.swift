/// Porter's stemmer (Porter 1980, "An algorithm for suffix stripping"), with the changes that NLTK makes by default: ROUGE's.
public enum PorterStemmer {
    public static func stem(_ word: String) -> String {
        var stem = String.UnicodeScalarView()
        stem.append(contentsOf: self.stem(Array(word.unicodeScalars)))
        return String(stem)
    }

    static func stem(_ word: Word) -> Word {
        let lower = lowercase(word)
        if let irregular = irregular[lower] { return irregular }
        if word.count <= 2 { return lower }
        return tidied(
            applied(fourth, to: applied(third, to: derived(yTurned(inflection(plural(lower)))))))
    }

    private static let irregular: [Word: Word] = {
        let forms = [
            "sky": "sky skies", "die": "dying", "lie": "lying", "tie": "tying", "news": "news", "inning": "innings inning",
            "outing": "outings outing", "canning": "cannings canning", "howe": "howe", "proceed": "proceed", "exceed": "exceed",
            "succeed": "succeed",
        ]
        return forms.reduce(into: [:]) { known, entry in
            for form in words(of: entry.value) { known[form] = Array(entry.key.unicodeScalars) }
        }
    }()

    /// Step 1a. NLTK: dies, ties keep their e.
    private static func plural(_ word: Word) -> Word {
        if word.count == 4, word.ends("ies") { return word.dropping(1) }
        return applied(first, to: word)
    }

    private static let first: [Rule] = [
        Rule("sses", "ss") { _ in true }, Rule("ies", "i") { _ in true }, Rule("ss", "ss") { _ in true },
        Rule("s", "") { _ in true },
    ]

    /// Step 1b. NLTK: died, tied keep their e, spied does not.
    private static func inflection(_ word: Word) -> Word {
        if word.ends("ied") { return word.dropping(word.count == 4 ? 1 : 2) }
        if word.ends("eed") { return Letters(word.dropping(3)).measure > 0 ? word.dropping(1) : word }
        for suffix in ["ed", "ing"] where word.ends(suffix) {
            let stem = word.dropping(suffix.count)
            if Letters(stem).hasVowel { return mended(stem) }
        }
        return word
    }

    /// What is left of a word in -ed or -ing: conflat(e), hop(p), fil(e).
    private static func mended(_ stem: Word) -> Word {
        if ["at", "bl", "iz"].contains(where: stem.ends) { return stem + ["e"] }
        let letters = Letters(stem)
        if letters.endsDouble { return ["l", "s", "z"].contains(stem.last) ? stem : stem.dropping(1) }
        return letters.measure == 1 && letters.endsShort ? stem + ["e"] : stem
    }

    /// Step 1c. NLTK: only after a consonant that is not the whole stem, so that enjoy keeps its y.
    private static func yTurned(_ word: Word) -> Word {
        let stem = word.dropping(1)
        return word.ends("y") && stem.count > 1 && Letters(stem).consonants.last == true ? stem + ["i"] : word
    }

    /// Step 2. NLTK: -alli goes before the rest, which it may open the way to.
    private static func derived(_ word: Word) -> Word {
        if word.ends("alli"), Letters(word.dropping(4)).measure > 0 { return derived(word.dropping(2)) }
        return applied(second, to: word)
    }

    private static let second: [Rule] =
        [
            ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"),
            ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
            ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
            ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
        ].map { suffix, replacement in Rule(suffix, replacement) { Letters($0).measure > 0 } }
        // The l belongs to the stem: geology as archaeology.
        + [Rule("logi", "log") { Letters($0 + ["l"]).measure > 0 }]

    private static let third: [Rule] = [
        ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
    ].map { suffix, replacement in Rule(suffix, replacement) { Letters($0).measure > 0 } }

    private static let fourth: [Rule] = [
        "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti", "ous",
        "ive", "ize",
    ].map { suffix in
        Rule(suffix, "") { Letters($0).measure > 1 && (suffix != "ion" || $0.last == "s" || $0.last == "t") }
    }

    /// Step 5.
    private static func tidied(_ word: Word) -> Word {
        var word = word
        if word.ends("e") {
            let letters = Letters(word.dropping(1))
            if letters.measure > 1 || letters.measure == 1 && !letters.endsShort { word.removeLast() }
        }
        return word.ends("ll") && Letters(word.dropping(1)).measure > 1 ? word.dropping(1) : word
    }

    private struct Rule: Sendable {
        let suffix, replacement: Word
        let holds: @Sendable (Word) -> Bool

        init(_ suffix: String, _ replacement: String, _ holds: @escaping @Sendable (Word) -> Bool) {
            self.suffix = Array(suffix.unicodeScalars)
            self.replacement = Array(replacement.unicodeScalars)
            self.holds = holds
        }
    }

    /// The first rule whose suffix is there decides, also where its condition does not hold.
    private static func applied(_ rules: [Rule], to word: Word) -> Word {
        guard let rule = rules.first(where: { word.suffix($0.suffix.count).elementsEqual($0.suffix) }) else { return word }
        let stem = word.dropping(rule.suffix.count)
        return rule.holds(stem) ? stem + rule.replacement : word
    }
}

/// A stem as vowels and consonants.
private struct Letters {
    let last: ArraySlice<Unicode.Scalar>
    /// y is one at the start and after a vowel.
    private(set) var consonants: [Bool] = []

    init(_ stem: Word) {
        last = stem.suffix(2)
        for letter in stem {
            switch letter {
            case "a", "e", "i", "o", "u": consonants.append(false)
            case "y": consonants.append(consonants.last != true)
            default: consonants.append(true)
            }
        }
    }

    /// m: how often a vowel is followed by a consonant.
    var measure: Int { zip(consonants, consonants.dropFirst()).count { !$0 && $1 } }
    /// *v*
    var hasVowel: Bool { consonants.contains(false) }
    /// *d
    var endsDouble: Bool { last.count == 2 && last.first == last.last && consonants.last == true }
    /// *o: consonant, vowel, consonant other than w, x, y. NLTK: also vowel, consonant and nothing else.
    var endsShort: Bool {
        let end = Array(consonants.suffix(3))
        return end == [true, false, true] && !["w", "x", "y"].contains(last.last) || end == [false, true]
    }
}

extension Word {
    fileprivate func ends(_ end: String) -> Bool { suffix(end.unicodeScalars.count).elementsEqual(end.unicodeScalars) }

    fileprivate func dropping(_ count: Int) -> Word { Array(dropLast(count)) }
}
