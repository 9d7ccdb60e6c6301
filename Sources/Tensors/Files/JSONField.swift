/// A JSON value together with where it stands, so that every complaint names the file and the key path.
///
///     let config = JSONField(try JSON.read(path), in: path)
///     let width = try config.field("model").field("width").int(in: 1...65536)
public struct JSONField: Sendable {
    public let json: JSON
    public let file: String
    /// Keys and indices from the root, as in `model.layers[3].width`; empty at the root.
    public let path: String

    public init(_ json: JSON, in file: String, path: String = "") {
        self.json = json
        self.file = file
        self.path = path
    }

    /// `file` and key path, as errors print them.
    public var place: String {
        path.isEmpty ? file : "\(file): \(path)"
    }

    public var isNull: Bool { json.isNull }

    /// The value of a key that must be there.
    public func field(_ key: String) throws(InputError) -> JSONField {
        guard case .object(let members) = json else { throw mismatch("an object") }
        if let value = json[key] { return JSONField(value, in: file, path: inside(key)) }
        let near = nearestName(to: key, among: members.lazy.map(\.key))
        throw InputError("the key \"\(key)\" is missing", at: place, hint: near.map { "there is \"\($0)\"" })
    }

    /// The value of a key that may be absent; an explicit `null` counts as absent.
    public func optional(_ key: String) throws(InputError) -> JSONField? {
        guard case .object = json else { throw mismatch("an object") }
        guard let value = json[key], !value.isNull else { return nil }
        return JSONField(value, in: file, path: inside(key))
    }

    public func members() throws(InputError) -> [(key: String, value: JSONField)] {
        guard case .object(let members) = json else { throw mismatch("an object") }
        return members.map { ($0.key, JSONField($0.value, in: file, path: inside($0.key))) }
    }

    public func elements() throws(InputError) -> [JSONField] {
        guard case .array(let elements) = json else { throw mismatch("an array") }
        return elements.enumerated().map { JSONField($1, in: file, path: "\(path)[\($0)]") }
    }

    public func string() throws(InputError) -> String {
        guard let value = json.string else { throw mismatch("a string") }
        return value
    }

    /// One of a few words; the complaint lists them.
    public func string(oneOf words: [String]) throws(InputError) -> String {
        let value = try string()
        guard words.contains(value) else {
            let near = nearestName(to: value, among: words)
            throw InputError(
                "unknown value", at: place, expected: words.joined(separator: ", "), found: json.kind,
                hint: near.map { "did you mean \"\($0)\"?" })
        }
        return value
    }

    public func bool() throws(InputError) -> Bool {
        guard let value = json.bool else { throw mismatch("true or false") }
        return value
    }

    public func int() throws(InputError) -> Int {
        guard let value = json.int else { throw mismatch("an integer") }
        return value
    }

    public func int(in range: ClosedRange<Int>) throws(InputError) -> Int {
        guard let value = json.int, range.contains(value) else {
            let limits =
                range.upperBound == .max
                ? "at least \(range.lowerBound)" : "in \(range.lowerBound)...\(range.upperBound)"
            throw mismatch("an integer \(limits)")
        }
        return value
    }

    public func number() throws(InputError) -> Double {
        guard let value = json.number else { throw mismatch("a number") }
        return value
    }

    /// The complaint that this value is not `expected`.
    public func mismatch(_ expected: String) -> InputError {
        InputError("wrong value", at: place, expected: expected, found: json.kind)
    }

    /// A complaint about this value.
    public func error(_ what: String, expected: String? = nil, found: String? = nil, hint: String? = nil)
        -> InputError
    {
        InputError(what, at: place, expected: expected, found: found, hint: hint)
    }

    private func inside(_ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }
}

extension JSON {
    /// The value of a key that must be there, with its place in `file`.
    public func field(_ key: String, in file: String) throws(InputError) -> JSONField {
        try JSONField(self, in: file).field(key)
    }
}
