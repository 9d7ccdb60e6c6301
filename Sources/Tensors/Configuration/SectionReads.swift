extension Section {
    /// A whole number; required when there is no default.
    public func int(
        _ key: String, default fallback: Int? = nil, in range: any RangeExpression<Int> = Int.min...Int.max
    ) throws -> Int {
        try read(key, fallback, "an integer" + within(range), { .int($0) }) { try integer($0, key, range) }
    }

    /// A whole number, nil when missing.
    public func optionalInt(_ key: String, in range: any RangeExpression<Int> = Int.min...Int.max) throws -> Int? {
        guard has(key) else { return absent(key) }
        return try int(key, in: range)
    }

    /// A number, whole or not; NaN and infinity only where `allowingNonFinite`.
    public func number(
        _ key: String, default fallback: Double? = nil,
        in range: any RangeExpression<Double> = -Double.infinity...Double.infinity, allowingNonFinite: Bool = false
    ) throws -> Double {
        try read(key, fallback, "a number" + within(range), { .number($0) }) {
            try number($0, key, range, allowingNonFinite)
        }
    }

    /// A number, nil when missing.
    public func optionalNumber(
        _ key: String, in range: any RangeExpression<Double> = -Double.infinity...Double.infinity
    ) throws -> Double? {
        guard has(key) else { return absent(key) }
        return try number(key, in: range)
    }

    /// A number in single precision.
    public func float(
        _ key: String, default fallback: Float? = nil,
        in range: any RangeExpression<Double> = -Double.infinity...Double.infinity
    ) throws -> Float {
        // Through the decimal text, so that 0.1 is written as 0.1 and not as its single-precision neighbour.
        let value = Float(try number(key, default: fallback.flatMap { Double("\($0)") }, in: range))
        guard value.isFinite else { throw error(key, "is too large for single precision") }
        return value
    }

    public func bool(_ key: String, default fallback: Bool? = nil) throws -> Bool {
        try read(key, fallback, "true or false", { .bool($0) }) { value in
            guard case .bool(let flag) = value.content else { return nil }
            return flag
        }
    }

    public func string(_ key: String, default fallback: String? = nil) throws -> String {
        try read(key, fallback, "a text", { .string($0) }) { value in
            guard case .string(let text) = value.content else { return nil }
            return text
        }
    }

    /// A text, nil when missing.
    public func optionalString(_ key: String) throws -> String? {
        guard has(key) else { return absent(key) }
        return try string(key)
    }

    /// A file or folder, absolute; a relative one is seen from the folder of the file that states it.
    public func path(_ key: String) throws -> String {
        try read(key, nil, "a path", { .path($0) }) { value in
            switch value.content {
            case .path(let path): return path
            case .string(let text):
                if text.isEmpty { throw error(key, "is an empty path") }
                return absolutePath(text, from: folder(of: value.place.line > 0 ? value.place.file : ""))
            default: return nil
            }
        }
    }

    /// A file or folder, nil when missing.
    public func optionalPath(_ key: String) throws -> String? {
        guard has(key) else { return absent(key) }
        return try path(key)
    }

    /// One of a fixed set of names.
    public func choice(_ key: String, among names: [String], default fallback: String? = nil) throws -> String {
        try read(key, fallback, names.joined(separator: ", "), { .string($0) }) { value in
            guard let found = Self.word(value) else { return nil }
            guard names.contains(found) else {
                throw error(
                    key, "is not a known name", expected: "one of " + names.joined(separator: ", "),
                    found: "'\(found)'", hint: nearestName(to: found, among: names).map { "did you mean '\($0)'?" })
            }
            return found
        }
    }

    /// The case of an enumeration whose raw values are the names.
    public func choice<E: RawRepresentable & CaseIterable>(
        _ key: String, as type: E.Type = E.self, default fallback: E? = nil
    ) throws -> E where E.RawValue == String {
        let name = try choice(key, among: E.allCases.map(\.rawValue), default: fallback?.rawValue)
        return E(rawValue: name)!
    }

    /// The entry of a catalogue whose name stands under `key`: `let type = try section.pick(Catalogue.codecs) { $0.name }`.
    public func pick<T>(
        _ catalogue: [T], key: String = "kind", default fallback: String? = nil, name: (T) -> String
    ) throws -> T {
        let chosen = try choice(key, among: catalogue.map(name), default: fallback)
        return catalogue.first { name($0) == chosen }!
    }

    // MARK: - Lists

    /// The elements of a list; a default only when given.
    public func list(_ key: String, default fallback: [ConfigurationValue]? = nil) throws -> [ConfigurationValue] {
        try read(key, fallback, "a list", { .list($0) }) { value in
            guard case .list(let elements) = value.content else { return nil }
            return elements
        }
    }

    public func strings(_ key: String, default fallback: [String]? = nil) throws -> [String] {
        try elements(key, fallback, "a list of texts", { .string($0) }) { value in
            guard case .string(let text) = value.content else { return nil }
            return text
        }
    }

    public func ints(
        _ key: String, default fallback: [Int]? = nil, in range: any RangeExpression<Int> = Int.min...Int.max
    ) throws -> [Int] {
        try elements(key, fallback, "a list of integers" + within(range), { .int($0) }) { try integer($0, key, range) }
    }

    public func numbers(
        _ key: String, default fallback: [Double]? = nil,
        in range: any RangeExpression<Double> = -Double.infinity...Double.infinity
    ) throws -> [Double] {
        try elements(key, fallback, "a list of numbers" + within(range), { .number($0) }) {
            try number($0, key, range, false)
        }
    }

    /// Two numbers, `[least, most]`.
    public func range(
        _ key: String, default fallback: ClosedRange<Double>? = nil, in bounds: ClosedRange<Double>
    ) throws -> ClosedRange<Double> {
        let ends = try numbers(key, default: fallback.map { [$0.lowerBound, $0.upperBound] }, in: bounds)
        guard ends.count == 2, ends[0] <= ends[1] else {
            throw error(key, "is no range", expected: "[least, most]", found: "\(ends)")
        }
        return ends[0]...ends[1]
    }

    /// Names of a fixed set, in the order written.
    public func choices(_ key: String, among names: [String], default fallback: [String]? = nil) throws -> [String] {
        let chosen = try strings(key, default: fallback)
        if let odd = chosen.first(where: { !names.contains($0) }) {
            throw error(
                key, "holds an unknown name", expected: "names among " + names.joined(separator: ", "),
                found: "'\(odd)'", hint: nearestName(to: odd, among: names).map { "did you mean '\($0)'?" })
        }
        return chosen
    }

    /// Seeds as `7`, `[1, 5]` or the inclusive range `0-63`.
    public func seeds(_ key: String, default fallback: [Int]? = nil) throws -> [Int] {
        if case .string(let text)? = peek(key)?.content {
            let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, first <= last,
                last - first < 1 << 20
            else {
                throw error(key, "is not a range of seeds", expected: "first-last, such as 0-63", found: "'\(text)'")
            }
            record(key, take(key)!)
            return Array(first...last)
        }
        if case .int? = peek(key)?.content { return [try int(key, in: 0...)] }
        return try ints(key, default: fallback, in: 0...)
    }

    // MARK: - How a read works

    /// Finds, converts and records one value; `convert` gives nil for a wrong type and throws for a wrong value.
    private func read<T>(
        _ key: String, _ fallback: T?, _ expected: String, _ content: (T) -> ConfigurationValue.Content,
        _ convert: (ConfigurationValue) throws -> T?
    ) throws -> T {
        guard let value = take(key) else {
            guard let fallback else { throw missing(key, expected: expected) }
            record(key, ConfigurationValue(content(fallback)))
            return fallback
        }
        guard let result = try convert(value) else { throw wrongType(key, value, expected: expected) }
        record(key, ConfigurationValue(content(result), at: value.place))
        return result
    }

    private func elements<T>(
        _ key: String, _ fallback: [T]?, _ expected: String, _ content: (T) -> ConfigurationValue.Content,
        _ convert: (ConfigurationValue) throws -> T?
    ) throws -> [T] {
        try read(key, fallback, expected, { .list($0.map { ConfigurationValue(content($0)) }) }) { value in
            guard case .list(let elements) = value.content else { return nil }
            return try elements.map { element in
                guard let result = try convert(element) else { throw wrongType(key, element, expected: expected) }
                return result
            }
        }
    }

    private func peek(_ key: String) -> ConfigurationValue? { has(key) ? take(key) : nil }

    private func absent<T>(_ key: String) -> T? {
        _ = value(key)
        return nil
    }

    /// A name among `true` and `false` reaches us as a truth value, because YAML saw it first.
    private static func word(_ value: ConfigurationValue) -> String? {
        switch value.content {
        case .string(let text): text
        case .bool(let flag): "\(flag)"
        default: nil
        }
    }

    private func integer(_ value: ConfigurationValue, _ key: String, _ range: any RangeExpression<Int>) throws -> Int? {
        guard case .int(let number) = value.content else { return nil }
        guard range.contains(number) else {
            throw outOfRange(key, value, "an integer" + within(range), "\(number)")
        }
        return number
    }

    private func number(
        _ value: ConfigurationValue, _ key: String, _ range: any RangeExpression<Double>, _ allowingNonFinite: Bool
    ) throws -> Double? {
        let number: Double
        switch value.content {
        case .int(let whole): number = Double(whole)
        case .number(let some): number = some
        default: return nil
        }
        guard allowingNonFinite || number.isFinite else {
            throw outOfRange(key, value, "a finite number" + within(range), "\(number)")
        }
        guard number.isNaN || range.contains(number) else {
            throw outOfRange(key, value, "a number" + within(range), "\(number)")
        }
        return number
    }

    private func outOfRange(
        _ key: String, _ value: ConfigurationValue, _ expected: String, _ found: String
    ) -> InputError {
        InputError("'\(path(of: key))' is out of range", at: value.place.description, expected: expected, found: found)
    }
}

/// The bounds in words, empty when there are none.
private func within<T: Comparable>(_ range: any RangeExpression<T>) -> String {
    switch range {
    case let range as ClosedRange<T>:
        if range.lowerBound is Int, let all = Int.min...Int.max as? ClosedRange<T>, all == range { return "" }
        if let all = -Double.infinity...Double.infinity as? ClosedRange<T>, all == range { return "" }
        return " from \(range.lowerBound) to \(range.upperBound)"
    case let range as Range<T>: return " of at least \(range.lowerBound) and below \(range.upperBound)"
    case let range as PartialRangeFrom<T>:
        if (range.lowerBound as? Double) == .leastNonzeroMagnitude { return " above 0" }
        return " of at least \(range.lowerBound)"
    case let range as PartialRangeThrough<T>: return " of at most \(range.upperBound)"
    case let range as PartialRangeUpTo<T>: return " below \(range.upperBound)"
    default: return " in \(range)"
    }
}
