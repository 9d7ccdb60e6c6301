/// A part that an experiment file can build: it reads its own keys, and its defaults exist nowhere else.
public protocol Configurable {
    /// The word in experiment files.
    static var name: String { get }
    init(_ section: Section) throws
}

/// Typed, strict reads of one map of a configuration.
///
/// Every key that is read is recorded with its value or its default, so `resolved` is the whole configuration;
/// `finish()` refuses keys that nothing read. A missing key and a null are the same thing.
///
///     let section = Section(value)
///     let steps = try section.int("steps", default: 1000, in: 1...)
///     let rate = try section.section("optimizer").number("lr", default: 1e-4, in: Section.positive)
///     try section.finish()
public final class Section {
    /// Dotted keys from the root, empty at the root.
    public let keyPath: String
    /// Where the map stands.
    public let place: ConfigurationPlace
    private let entries: [ConfigurationValue.Entry]
    /// For a section that is absent: where a key stands that may have been meant to be it, and what to say.
    private let slip: Slip?
    private var known: [String] = []
    private var records: [String: Record] = [:]

    private typealias Slip = (place: ConfigurationPlace, hint: String)

    private enum Record {
        case value(ConfigurationValue)
        case section(Section)
        case sections([Section])
    }

    /// Numbers above zero.
    public static let positive = Double.leastNonzeroMagnitude...

    public init(_ value: ConfigurationValue, keyPath: String = "") throws {
        guard case .map(let entries) = value.content else {
            let subject = keyPath.isEmpty ? "the configuration" : "'\(keyPath)'"
            throw InputError(
                "\(subject) has the wrong type", at: value.place.description, expected: "a map of keys",
                found: value.shown)
        }
        self.keyPath = keyPath
        self.place = value.place
        self.entries = entries
        self.slip = nil
    }

    private init(emptyAt place: ConfigurationPlace, keyPath: String, slip: Slip?) {
        self.keyPath = keyPath
        self.place = place
        self.entries = []
        self.slip = slip
    }

    // MARK: - Keys

    /// The dotted path of a key of this section.
    public func path(of key: String) -> String { keyPath.isEmpty ? key : keyPath + "." + key }

    /// True when the key is there and not null. Does not count as reading it.
    public func has(_ key: String) -> Bool { entries.contains { $0.key == key && $0.value.content != .null } }

    /// All keys as written, for sections whose keys are names the user chose.
    public var keys: [String] { entries.filter { $0.value.content != .null }.map(\.key) }

    /// Where the value of `key` stands, or this section when it is absent.
    public func place(of key: String) -> ConfigurationPlace {
        entries.first { $0.key == key }?.value.place ?? place
    }

    /// An error about the value of `key`, with its place and dotted path.
    public func error(
        _ key: String, _ what: String, expected: String? = nil, found: String? = nil, hint: String? = nil
    ) -> InputError {
        InputError(
            "'\(path(of: key))' \(what)", at: place(of: key).description, expected: expected, found: found, hint: hint)
    }

    /// The unchecked value of a key, nil when missing; marks the key as read.
    public func value(_ key: String) -> ConfigurationValue? {
        let value = take(key)
        record(key, value ?? ConfigurationValue(.null))
        return value
    }

    func take(_ key: String) -> ConfigurationValue? {
        if !known.contains(key) { known.append(key) }
        guard let value = entries.first(where: { $0.key == key })?.value, value.content != .null else { return nil }
        return value
    }

    func record(_ key: String, _ value: ConfigurationValue) { records[key] = .value(value) }

    func wrongType(_ key: String, _ value: ConfigurationValue, expected: String) -> InputError {
        InputError(
            "'\(path(of: key))' has the wrong type", at: value.place.description, expected: expected,
            found: value.shown)
    }

    func missing(_ key: String, expected: String) -> InputError {
        let near = slip ?? unread(near: key)
        return InputError(
            "'\(path(of: key))' is missing", at: (slip?.place ?? place).description, expected: expected, hint: near?.hint)
    }

    /// A key that nothing has read and that looks like `key`.
    private func unread(near key: String) -> Slip? {
        let name = nearestName(to: key, among: entries.map(\.key).filter { !known.contains($0) })
        return entries.first { $0.key == name }.map { ($0.keyPlace, "is '\($0.key)' meant to be '\(key)'?") }
    }

    // MARK: - Sections

    /// The map under `key`; one without keys when missing, so that defaults fill it.
    public func section(_ key: String) throws -> Section {
        if case .section(let child) = records[key] { return child }
        let child =
            try take(key).map { try Section($0, keyPath: path(of: key)) }
            ?? Section(emptyAt: place, keyPath: path(of: key), slip: slip ?? unread(near: key))
        records[key] = .section(child)
        return child
    }

    /// The map under `key`, nil when missing.
    public func optionalSection(_ key: String) throws -> Section? {
        guard has(key) else {
            _ = value(key)
            return nil
        }
        return try section(key)
    }

    /// The maps in the list under `key`; a single map counts as a list of one. Empty when missing.
    public func sections(_ key: String) throws -> [Section] {
        guard let value = take(key) else {
            record(key, ConfigurationValue(.list([])))
            return []
        }
        var children: [Section] = []
        switch value.content {
        case .map: children = [try Section(value, keyPath: path(of: key))]
        case .list(let elements):
            for (index, element) in elements.enumerated() {
                children.append(try Section(element, keyPath: "\(path(of: key)).\(index)"))
            }
        default: throw wrongType(key, value, expected: "a list of maps")
        }
        records[key] = .sections(children)
        return children
    }

    // MARK: - The end

    /// Refuses every key, here and in the sections below, that no read asked for.
    public func finish() throws {
        for entry in entries where entry.value.content != .null && !known.contains(entry.key) {
            let nearest = nearestName(to: entry.key, among: known)
            let fromBase = entry.keyPlace.line > 0 && place.line > 0 && entry.keyPlace.file != place.file
            let inherited = fromBase ? "; it comes from a base, `\(entry.key): null` drops it" : ""
            let hint = nearest.map { "did you mean '\($0)'?" } ?? "known keys: " + known.joined(separator: ", ")
            throw InputError(
                "unknown key '\(path(of: entry.key))'", at: entry.keyPlace.description, hint: hint + inherited)
        }
        for key in known {
            switch records[key] {
            case .section(let child): try child.finish()
            case .sections(let children): for child in children { try child.finish() }
            default: break
            }
        }
    }

    /// Everything that was read, in the order of reading, with every default filled in.
    public var resolved: ConfigurationValue {
        ConfigurationValue(
            .map(
                known.compactMap { key in
                    guard let record = records[key] else { return nil }
                    let value =
                        switch record {
                        case .value(let value): value
                        case .section(let child): child.resolved
                        case .sections(let children):
                            ConfigurationValue(.list(children.map(\.resolved)), at: place)
                        }
                    return ConfigurationValue.Entry(key, at: place(of: key), value)
                }), at: place)
    }
}
