/// The scalars that one place of a pattern accepts: ranges, general categories and other sets, perhaps negated.
struct ScalarSet: Sendable {
    enum Member: Sendable {
        case range(ClosedRange<Unicode.Scalar>)
        case space(Bool)
        case digit(Bool)
        case word(Bool)
        case categories([Unicode.GeneralCategory], Bool)
        case set(ScalarSet)
    }

    private let members: [Member]
    private let isNegated: Bool
    private let ignoresCase: Bool
    /// Which of ASCII belong, a bit each.
    private var ascii: (UInt64, UInt64) = (0, 0)

    init(_ members: [Member], isNegated: Bool = false, ignoresCase: Bool = false) {
        (self.members, self.isNegated, self.ignoresCase) = (members, isNegated, ignoresCase)
        for code in 0..<128 as Range<UInt32> where decide(Unicode.Scalar(code)!) {
            if code < 64 { ascii.0 |= 1 << UInt64(code) } else { ascii.1 |= 1 << UInt64(code - 64) }
        }
    }

    init(_ scalar: Unicode.Scalar, ignoresCase: Bool = false) {
        self.init([.range(scalar...scalar)], ignoresCase: ignoresCase)
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value < 128 else { return decide(scalar) }
        return (scalar.value < 64 ? ascii.0 : ascii.1) >> UInt64(scalar.value & 63) & 1 == 1
    }

    private func decide(_ scalar: Unicode.Scalar) -> Bool {
        (holds(scalar) || ignoresCase && ScalarSet.variants(of: scalar).contains { holds($0) }) != isNegated
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        members.contains { member in
            switch member {
            case .range(let range): range.contains(scalar)
            case .space(let wanted): scalar.isSpace == wanted
            case .digit(let wanted): (scalar.properties.generalCategory == .decimalNumber) == wanted
            case .word(let wanted): ScalarSet.isWord(scalar) == wanted
            case .categories(let list, let wanted): list.contains(scalar.properties.generalCategory) == wanted
            case .set(let set): set.contains(scalar)
            }
        }
    }

    /// Oniguruma's word characters: not the joiners, but the superscript digits and fractions of Latin-1.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xB2, 0xB3, 0xB9, 0xBC...0xBE: true
        case 0x200C, 0x200D: false
        default: scalar.isWord
        }
    }

    /// What case folding takes for the same letter: "s", "S" and "ſ" are one.
    private static func variants(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        func single(_ text: String) -> Unicode.Scalar? {
            text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
        }
        let upper = single(scalar.properties.uppercaseMapping) ?? scalar
        let lower = single(upper.properties.lowercaseMapping) ?? upper
        return [lower, upper]
    }

    /// Unicode's names: `Lu`, and `L` for all that begin so.
    static func categories(named name: String) -> [Unicode.GeneralCategory]? {
        let found = names.filter { $0.name == name || name.count == 1 && $0.name.hasPrefix(name) }
        return found.isEmpty ? nil : found.map(\.category)
    }

    private static let names: [(name: String, category: Unicode.GeneralCategory)] = [
        ("Lu", .uppercaseLetter), ("Ll", .lowercaseLetter), ("Lt", .titlecaseLetter), ("Lm", .modifierLetter),
        ("Lo", .otherLetter), ("Mn", .nonspacingMark), ("Mc", .spacingMark), ("Me", .enclosingMark),
        ("Nd", .decimalNumber), ("Nl", .letterNumber), ("No", .otherNumber), ("Pc", .connectorPunctuation),
        ("Pd", .dashPunctuation), ("Ps", .openPunctuation), ("Pe", .closePunctuation),
        ("Pi", .initialPunctuation), ("Pf", .finalPunctuation), ("Po", .otherPunctuation), ("Sm", .mathSymbol),
        ("Sc", .currencySymbol), ("Sk", .modifierSymbol), ("So", .otherSymbol), ("Zs", .spaceSeparator),
        ("Zl", .lineSeparator), ("Zp", .paragraphSeparator), ("Cc", .control), ("Cf", .format),
        ("Cs", .surrogate), ("Co", .privateUse), ("Cn", .unassigned),
    ]
}
