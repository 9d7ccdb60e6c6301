/// Where a configuration value was written: a file (or a flag), and for files the line and column, from 1.
public struct ConfigurationPlace: Hashable, Sendable, CustomStringConvertible {
    public let file: String
    /// 0 where the value has no line, as with a flag or a default.
    public let line: Int
    public let column: Int

    public init(file: String, line: Int = 0, column: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { line > 0 ? "\(file):\(line):\(column)" : file }
}

/// One value of a configuration together with the place that states it.
///
/// Two values are equal when their contents are, wherever they were written.
public struct ConfigurationValue: Equatable, Sendable {
    public indirect enum Content: Equatable, Sendable {
        case null
        case bool(Bool)
        case int(Int)
        case number(Double)
        case string(String)
        /// A file or folder, made absolute from the folder of the file that states it. Only resolved values hold it.
        case path(String)
        case list([ConfigurationValue])
        case map([Entry])
    }

    /// One key of a map, in the order written.
    public struct Entry: Equatable, Sendable {
        public let key: String
        public let keyPlace: ConfigurationPlace
        public var value: ConfigurationValue

        public init(_ key: String, at keyPlace: ConfigurationPlace, _ value: ConfigurationValue) {
            self.key = key
            self.keyPlace = keyPlace
            self.value = value
        }

        public static func == (a: Entry, b: Entry) -> Bool { a.key == b.key && a.value == b.value }
    }

    public var content: Content
    public var place: ConfigurationPlace

    public init(_ content: Content, at place: ConfigurationPlace = ConfigurationPlace(file: "default")) {
        self.content = content
        self.place = place
    }

    public static func == (a: ConfigurationValue, b: ConfigurationValue) -> Bool { a.content == b.content }

    /// The value under `key`, if this is a map that has it.
    public subscript(_ key: String) -> ConfigurationValue? {
        guard case .map(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The value at a dotted path, list elements by number: `train.optimizer.betas.0`.
    public func value(at path: String) -> ConfigurationValue? {
        var here = self
        for part in path.split(separator: ".", omittingEmptySubsequences: false) {
            switch here.content {
            case .map:
                guard let next = here[String(part)] else { return nil }
                here = next
            case .list(let elements):
                guard let index = Int(part), elements.indices.contains(index) else { return nil }
                here = elements[index]
            default: return nil
            }
        }
        return here
    }

    /// Kind and value as an error message shows them.
    public var shown: String {
        switch content {
        case .null: "null"
        case .bool(let value): "the truth value \(value)"
        case .int(let value): "the integer \(value)"
        case .number(let value): "the number \(value)"
        case .string(let text): "the text \"\(text.count > 60 ? text.prefix(57) + "..." : text[...])\""
        case .path(let path): "the path \(path)"
        case .list(let elements): "a list of \(elements.count)"
        case .map(let entries): entries.isEmpty ? "an empty map" : "a map with the key '\(entries[0].key)'"
        }
    }

    /// The value without the entries of maps that are null, at every depth: in a configuration null means "not there".
    public var withoutNulls: ConfigurationValue {
        switch content {
        case .list(let elements): ConfigurationValue(.list(elements.map(\.withoutNulls)), at: place)
        case .map(let entries):
            ConfigurationValue(
                .map(
                    entries.filter { $0.value.content != .null }
                        .map { Entry($0.key, at: $0.keyPlace, $0.value.withoutNulls) }), at: place)
        default: self
        }
    }
}
