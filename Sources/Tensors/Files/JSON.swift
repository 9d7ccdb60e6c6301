/// A JSON value. Objects keep the order of their keys, and no key occurs twice.
///
/// Look-ups are forgiving (`json["a"]?.int` is nil when anything is missing); `JSONField` is the strict way,
/// whose errors name the file and the key path. Keys and strings are compared byte by byte, not by Unicode
/// equivalence: a vocabulary may hold both spellings of "é".
public enum JSON: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    /// Reads one JSON document (RFC 8259). `file` is what errors call it: they say `file:line:column`.
    public static func parse(_ bytes: [UInt8], file: String) throws(InputError) -> JSON {
        try bytes.withUnsafeBufferPointer { (buffer) throws(InputError) in
            try parse(UnsafeRawBufferPointer(buffer), file: file)
        }
    }

    public static func parse(_ bytes: UnsafeRawBufferPointer, file: String) throws(InputError) -> JSON {
        try JSONReader.document(bytes, file: file)
    }

    public static func parse(_ text: String, file: String) throws(InputError) -> JSON {
        try parse(Array(text.utf8), file: file)
    }

    /// Reads the JSON file at `path`.
    public static func read(_ path: String) throws(InputError) -> JSON {
        try parse(AtomicFile.read(path), file: path)
    }

    /// The value of `key` if this is an object that has it.
    public subscript(_ key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    /// Element `index` if this is an array that long.
    public subscript(_ index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// An integer, also when written as `3.0` or `3e2`.
    public var int: Int? {
        switch self {
        case .int(let value): Int(value)
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// Any number.
    public var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    public var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    public var object: [(key: String, value: JSON)]? {
        if case .object(let value) = self { value } else { nil }
    }

    /// This object with `key` set to `value`: in place when present, else at the end.
    public func setting(_ key: String, to value: JSON) -> JSON {
        guard case .object(var members) = self else {
            fatalError("JSON.setting: \(kind) is not an object")
        }
        if let index = members.firstIndex(where: { $0.key.utf8.elementsEqual(key.utf8) }) {
            members[index].value = value
        } else {
            members.append((key, value))
        }
        return .object(members)
    }

    /// What messages call this value.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value):
            value.utf8.count <= 40 ? "\"\(value)\"" : "a string of \(value.utf8.count) bytes"
        case .array(let value): "an array of \(value.count)"
        case .object(let value): "an object of \(value.count)"
        }
    }
}

extension JSON: Equatable {
    /// Equal bytes, equal order; `1` and `1.0` differ.
    public static func == (a: JSON, b: JSON) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let x), .bool(let y)): x == y
        case (.int(let x), .int(let y)): x == y
        case (.number(let x), .number(let y)): x == y
        case (.string(let x), .string(let y)): x.utf8.elementsEqual(y.utf8)
        case (.array(let x), .array(let y)): x == y
        case (.object(let x), .object(let y)):
            x.count == y.count
                && zip(x, y).allSatisfy { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value }
        default: false
        }
    }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { (key: $0, value: $1) })
    }
}

extension JSON {
    public init(_ value: Bool) { self = .bool(value) }
    public init(_ value: Int) { self = .int(Int64(value)) }
    public init(_ value: Double) { self = .number(value) }
    /// The shortest decimal that reads back as this `Float`, rather than its long expansion as a `Double`.
    public init(_ value: Float) {
        self = .number(value.isFinite ? Double(value.description)! : Double(value))
    }
    public init(_ value: String) { self = .string(value) }
}

/// A string that equals another only byte by byte. `String` itself calls "é" and "e" + accent equal, which
/// would merge two entries of a vocabulary.
public struct ExactString: Hashable, Comparable, Sendable {
    public let text: String

    public init(_ text: String) {
        self.text = text
    }

    public static func == (a: ExactString, b: ExactString) -> Bool {
        a.text.utf8.elementsEqual(b.text.utf8)
    }

    public static func < (a: ExactString, b: ExactString) -> Bool {
        a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        let fast: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if fast == nil { Array(text.utf8).withUnsafeBytes { hasher.combine(bytes: $0) } }
    }
}
