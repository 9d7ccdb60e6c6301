import Tensors

/// Replaces `${path.to.value}` in the texts of a configuration; nothing else is computed. `$${` stands for `${`.
///
/// A text that is one reference takes the value with its type; inside longer text the value must be a scalar.
struct Interpolation {
    /// References to references multiply; an honest file stays far below.
    static let valueLimit = 200_000

    private let root: ConfigurationValue
    private var produced = 0

    static func resolved(_ root: ConfigurationValue) throws -> ConfigurationValue {
        var interpolation = Interpolation(root: root)
        return try interpolation.resolve(root, following: [])
    }

    private init(root: ConfigurationValue) { self.root = root }

    private mutating func resolve(
        _ value: ConfigurationValue, following trail: [String]
    ) throws -> ConfigurationValue {
        produced += 1
        guard produced <= Self.valueLimit else {
            throw InputError("references expand to more than \(Self.valueLimit) values", at: value.place.description)
        }
        switch value.content {
        case .string(let text) where text.contains("${"): return try expand(text, at: value.place, following: trail)
        case .list(let elements):
            var list: [ConfigurationValue] = []
            for element in elements { list.append(try resolve(element, following: trail)) }
            return ConfigurationValue(.list(list), at: value.place)
        case .map(let entries):
            var map: [ConfigurationValue.Entry] = []
            for entry in entries {
                map.append(.init(entry.key, at: entry.keyPlace, try resolve(entry.value, following: trail)))
            }
            return ConfigurationValue(.map(map), at: value.place)
        default: return value
        }
    }

    private mutating func expand(
        _ text: String, at place: ConfigurationPlace, following trail: [String]
    ) throws -> ConfigurationValue {
        var rest = text[...]
        var out = ""
        while let open = rest.firstIndex(of: "$") {
            out += rest[..<open]
            rest = rest[open...]
            if rest.hasPrefix("$${") {
                out += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let close = rest.firstIndex(of: "}") else {
                    throw InputError("a reference without its closing brace", at: place.description, found: "'\(rest)'")
                }
                let path = String(rest.dropFirst(2)[..<close])
                rest = rest[rest.index(after: close)...]
                let value = try target(path, at: place, following: trail)
                if out.isEmpty, rest.isEmpty, text == "${\(path)}" { return value }
                out += try scalarText(value, path, place)
            } else {
                out += "$"
                rest = rest.dropFirst()
            }
        }
        return ConfigurationValue(.string(out + rest), at: place)
    }

    private mutating func target(
        _ path: String, at place: ConfigurationPlace, following trail: [String]
    ) throws -> ConfigurationValue {
        guard !trail.contains(path) else {
            throw InputError(
                "references go in a circle", at: place.description, found: (trail + [path]).joined(separator: " -> "))
        }
        guard trail.count < YAMLReader.depthLimit else {
            throw InputError("references follow each other too far", at: place.description, found: "${\(path)}")
        }
        guard let value = root.value(at: path) else {
            throw InputError(
                "the reference ${\(path)} names nothing", at: place.description, hint: nearest(to: path))
        }
        return try resolve(value, following: trail + [path])
    }

    private func scalarText(_ value: ConfigurationValue, _ path: String, _ place: ConfigurationPlace) throws -> String {
        switch value.content {
        case .bool(let flag): return "\(flag)"
        case .int(let number): return "\(number)"
        case .number(let number): return "\(number)"
        case .string(let text): return text
        default:
            throw InputError(
                "the reference ${\(path)} stands inside text", at: place.description, expected: "a text or a number",
                found: value.shown)
        }
    }

    /// The sibling that the last part was meant to be.
    private func nearest(to path: String) -> String? {
        let parts = path.split(separator: ".").map(String.init)
        guard let last = parts.last else { return "write ${path.to.value}" }
        let parent = parts.dropLast().joined(separator: ".")
        guard case .map(let entries)? = (parent.isEmpty ? root : root.value(at: parent))?.content,
            let slip = nearestName(to: last, among: entries.map(\.key))
        else { return nil }
        return "did you mean ${\(parent.isEmpty ? slip : parent + "." + slip)}?"
    }
}
