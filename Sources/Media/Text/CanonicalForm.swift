/// Unicode normalization forms over scalars (Unicode Standard Annex 15): D and C, and with `compatibly` KD and
/// KC, which also give up what only looks different, such as ligatures and full-width letters.
package enum CanonicalForm {
    /// Everything taken apart, marks in canonical order.
    package static func decomposed(_ text: [Unicode.Scalar], compatibly: Bool = false) -> [Unicode.Scalar] {
        if text.allSatisfy({ $0.value < (compatibly ? 0xA0 : 0xC0) }) { return text }
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count + text.count / 4)
        for scalar in text { appendDecomposition(of: scalar.value, compatibly, to: &result) }
        sortMarks(&result)
        return result
    }

    /// Taken apart and put together again; what only looks different stays apart.
    package static func composed(_ text: [Unicode.Scalar], compatibly: Bool = false) -> [Unicode.Scalar] {
        if text.allSatisfy({ $0.value < (compatibly ? 0xA0 : 0xC0) }) { return text }
        let parts = decomposed(text, compatibly: compatibly)
        var result: [Unicode.Scalar] = []
        var starter: Int?
        var previousClass: UInt8 = 0
        for scalar in parts {
            let markClass = combiningClass(scalar)
            // A mark is blocked from its starter by one of the same or a higher class between them (D115).
            let adjacent = starter == result.count - 1
            if let starter, adjacent || previousClass < markClass,
                let whole = composition(result[starter], scalar)
            {
                result[starter] = whole
                continue
            }
            if markClass == 0 { starter = result.count }
            previousClass = markClass
            result.append(scalar)
        }
        return result
    }

    private static let (parts, wholes) = table()

    private static func table() -> (parts: [UInt32: (UInt32, UInt32?)], wholes: [UInt64: UInt32]) {
        var parts: [UInt32: (UInt32, UInt32?)] = [:]
        var wholes: [UInt64: UInt32] = [:]
        for entry in "\(canonicalDecompositions)".split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let numbers = entry.split(whereSeparator: { $0 == "=" || $0 == "+" }).map {
                UInt32($0, radix: 16)!
            }
            parts[numbers[0]] = (numbers[1], numbers.count > 2 ? numbers[2] : nil)
            guard numbers.count > 2, let scalar = Unicode.Scalar(numbers[0]) else { continue }
            if !scalar.properties.isFullCompositionExclusion {
                wholes[UInt64(numbers[1]) << 32 | UInt64(numbers[2])] = numbers[0]
            }
        }
        return (parts, wholes)
    }

    private static let compatibleParts: [UInt32: [UInt32]] = {
        var parts: [UInt32: [UInt32]] = [:]
        for entry in "\(compatibilityDecompositions)".split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let sides = entry.split(separator: "=")
            let ends = sides[0].split(separator: "-").map { UInt32($0, radix: 16)! }
            for code in ends[0]...ends.last! {
                parts[code] = sides[1].split(separator: "+").map { part in
                    part.last == "*" ? UInt32(part.dropLast(), radix: 16)! + (code - ends[0]) : UInt32(part, radix: 16)!
                }
            }
        }
        return parts
    }()

    // Hangul arithmetic, Unicode Standard 3.12.
    private static let (syllables, leads, vowels, tails) = (
        0xAC00 as UInt32, 0x1100 as UInt32, 0x1161 as UInt32, 0x11A7 as UInt32
    )
    private static let (leadCount, vowelCount, tailCount) = (19 as UInt32, 21 as UInt32, 28 as UInt32)

    private static func appendDecomposition(
        of value: UInt32, _ compatibly: Bool, to result: inout [Unicode.Scalar]
    ) {
        if value >= syllables, value < syllables + leadCount * vowelCount * tailCount {
            let index = value - syllables
            result.append(Unicode.Scalar(leads + index / (vowelCount * tailCount))!)
            result.append(Unicode.Scalar(vowels + index / tailCount % vowelCount)!)
            if index % tailCount != 0 { result.append(Unicode.Scalar(tails + index % tailCount)!) }
        } else if value >= 0xC0, let (first, second) = parts[value] {
            appendDecomposition(of: first, compatibly, to: &result)
            if let second { appendDecomposition(of: second, compatibly, to: &result) }
        } else if compatibly, let parts = compatibleParts[value] {
            for part in parts { appendDecomposition(of: part, compatibly, to: &result) }
        } else {
            result.append(Unicode.Scalar(value)!)
        }
    }

    private static func composition(_ a: Unicode.Scalar, _ b: Unicode.Scalar) -> Unicode.Scalar? {
        let (x, y) = (a.value, b.value)
        if x >= leads, x < leads + leadCount, y >= vowels, y < vowels + vowelCount {
            return Unicode.Scalar(syllables + ((x - leads) * vowelCount + (y - vowels)) * tailCount)
        }
        if x >= syllables, x < syllables + leadCount * vowelCount * tailCount,
            (x - syllables) % tailCount == 0,
            y > tails, y < tails + tailCount
        {
            return Unicode.Scalar(x + (y - tails))
        }
        return wholes[UInt64(x) << 32 | UInt64(y)].flatMap { Unicode.Scalar($0) }
    }

    private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        scalar.value < 0x300 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
    }

    /// Stable sort of each run of marks by class (the canonical ordering algorithm, D109).
    private static func sortMarks(_ text: inout [Unicode.Scalar]) {
        var start = 0
        while start < text.count {
            guard combiningClass(text[start]) != 0 else {
                start += 1
                continue
            }
            var end = start
            while end < text.count, combiningClass(text[end]) != 0 { end += 1 }
            if end - start > 1 {
                let marks = text[start..<end].map { (combiningClass($0), $0) }.enumerated()
                let ordered = marks.sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
                text.replaceSubrange(start..<end, with: ordered.map(\.element.1))
            }
            start = end
        }
    }
}
