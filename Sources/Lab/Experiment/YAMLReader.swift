import Tensors
import Yams

/// YAML text to configuration values with places. Data only: no tags, anchors, aliases or merge keys.
enum YAMLReader {
    /// Deeper nesting is a slip or an attack, never an experiment.
    static let depthLimit = 64

    /// - Parameter place: what to report instead of line and column, for texts that come from a flag.
    static func parse(_ text: String, file: String, place: ConfigurationPlace? = nil) throws -> ConfigurationValue {
        if let bad = text.unicodeScalars.firstIndex(where: { $0.value < 0x20 && !"\t\n\r".unicodeScalars.contains($0) }) {
            let offset = text.utf8.distance(from: text.utf8.startIndex, to: bad)
            throw InputError(
                "a control character has no place in YAML", at: place?.description ?? file,
                found: "byte \(text.unicodeScalars[bad].value) at offset \(offset)")
        }
        let node: Yams.Node?
        let parser: Parser
        do {
            // Yams keeps a pointer into the text while it parses, which short strings do not have: lengthen them.
            parser = try Parser(yaml: text + "\n" + String(repeating: " ", count: 32) + "\n", encoding: .utf8)
            node = try parser.singleRoot()
        } catch let error as YamlError {
            throw inputError(error, file: file, place: place)
        }
        // Anchors are weak references that live as long as the parser.
        return try withExtendedLifetime(parser) {
            guard let node else { return ConfigurationValue(.null, at: place ?? ConfigurationPlace(file: file)) }
            return try Conversion(file: file, place: place).value(node, depth: 0)
        }
    }

    private static func inputError(_ error: YamlError, file: String, place: ConfigurationPlace?) -> InputError {
        func at(_ mark: Mark) -> String {
            (place ?? ConfigurationPlace(file: file, line: mark.line, column: mark.column)).description
        }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return InputError("not valid YAML: \(problem)", at: at(mark))
        case .reader(let problem, let offset, _, _):
            return InputError(
                "not valid YAML: \(problem)", at: place?.description ?? file, found: offset.map { "at offset \($0)" })
        case .duplicatedKeysInMapping(let keys, let context):
            return InputError("the key '\(keys.first ?? "")' stands twice in one map", at: at(context.mark))
        default: return InputError("not valid YAML: \(error)", at: place?.description ?? file)
        }
    }
}

private struct Conversion {
    let file: String
    let place: ConfigurationPlace?

    func value(_ node: Yams.Node, depth: Int) throws -> ConfigurationValue {
        let here = at(node.mark)
        guard depth < YAMLReader.depthLimit else {
            throw InputError("nested more than \(YAMLReader.depthLimit) deep", at: here.description)
        }
        if node.anchor != nil { throw noAnchors(here) }
        switch node {
        case .scalar(let scalar):
            try refuse(scalar.tag, here, quoted: scalar.style != .plain)
            return ConfigurationValue(
                scalar.style == .plain ? ConfigurationValue.plainScalar(scalar.string) : .string(scalar.string),
                at: here)
        case .sequence(let sequence):
            try refuse(sequence.tag, here)
            return ConfigurationValue(.list(try sequence.map { try value($0, depth: depth + 1) }), at: here)
        case .mapping(let mapping):
            try refuse(mapping.tag, here)
            return ConfigurationValue(.map(try entries(mapping, depth: depth + 1)), at: here)
        case .alias: throw noAnchors(here)
        }
    }

    private func entries(_ mapping: Yams.Node.Mapping, depth: Int) throws -> [ConfigurationValue.Entry] {
        var entries: [ConfigurationValue.Entry] = []
        var seen: Set<String> = []
        for (keyNode, valueNode) in mapping {
            let here = at(keyNode.mark)
            guard case .scalar(let key) = keyNode else {
                throw InputError("a key must be a plain word", at: here.description, found: "a list or a map")
            }
            if keyNode.anchor != nil { throw noAnchors(here) }
            try refuse(key.tag, here, ofKey: true)
            guard key.string != "<<" else {
                throw InputError(
                    "merge keys are not supported", at: here.description, hint: "use 'base:' or ${path.to.value}")
            }
            guard !key.string.isEmpty else { throw InputError("an empty key", at: here.description) }
            guard seen.insert(key.string).inserted else {
                throw InputError("the key '\(key.string)' stands twice in one map", at: here.description)
            }
            entries.append(.init(key.string, at: here, try value(valueNode, depth: depth)))
        }
        return entries
    }

    private func at(_ mark: Mark?) -> ConfigurationPlace {
        place ?? ConfigurationPlace(file: file, line: mark?.line ?? 0, column: mark?.column ?? 0)
    }

    /// A tag that nobody wrote is empty, or that of a string where the scalar is quoted. The tags of keys are already
    /// resolved, because Yams looked for duplicates.
    private func refuse(
        _ tag: Tag, _ here: ConfigurationPlace, ofKey: Bool = false, quoted: Bool = false
    ) throws {
        let name = "\(tag)"
        let resolved = ofKey && name.hasPrefix("tag:yaml.org,2002:") || quoted && name == "tag:yaml.org,2002:str"
        guard name.isEmpty || resolved else {
            throw InputError("tags are not supported", at: here.description, found: "'\(name)'")
        }
    }

    private func noAnchors(_ here: ConfigurationPlace) -> InputError {
        InputError("anchors and aliases are not supported", at: here.description, hint: "use ${path.to.value}")
    }
}
