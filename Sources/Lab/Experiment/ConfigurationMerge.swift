import Tensors

extension ConfigurationValue {
    /// This value with `overlay` laid over it: maps merge key by key, anything else is replaced, a null removes.
    func merged(with overlay: ConfigurationValue) -> ConfigurationValue {
        guard case .map(var entries) = content, case .map(let changes) = overlay.content else { return overlay }
        for change in changes {
            guard let index = entries.firstIndex(where: { $0.key == change.key }) else {
                entries.append(change)
                continue
            }
            entries[index] = Entry(change.key, at: change.keyPlace, entries[index].value.merged(with: change.value))
        }
        // A flag changes a map without becoming the place where the map stands.
        return ConfigurationValue(.map(entries), at: overlay.place.line > 0 ? overlay.place : place)
    }

    /// This map with the value at a dotted path replaced or merged; maps on the way are made where missing.
    ///
    /// - Parameter assignment: `a.b=value`, the value read as YAML; an empty one removes the key.
    func setting(_ assignment: String) throws -> ConfigurationValue {
        guard let equals = assignment.firstIndex(of: "=") else {
            throw InputError("not an assignment", at: "--set \(assignment)", expected: "key.path=value")
        }
        let path = String(assignment[..<equals])
        let place = ConfigurationPlace(file: "--set \(path)")
        return try setting(
            path,
            to: try YAMLReader.parse(
                String(assignment[assignment.index(after: equals)...]), file: place.file, place: place),
            at: place)
    }

    /// The same of a value that a file states.
    func setting(_ path: String, to value: ConfigurationValue, at place: ConfigurationPlace) throws -> ConfigurationValue {
        let keys = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let plain = keys.allSatisfy { key in
            !key.isEmpty
                && key.unicodeScalars.allSatisfy { $0.value > 0x20 && !"[]{},:\"'".unicodeScalars.contains($0) }
        }
        guard plain else {
            throw InputError(
                "not a key path", at: place.description, expected: "names joined by dots", found: "'\(path)'")
        }
        guard keys.count < YAMLReader.depthLimit else { throw InputError("nested too deep", at: place.description) }
        guard keys[0] != "base" else {
            throw InputError("'base' is settled when the file is read", at: place.description)
        }
        var here: ConfigurationValue? = self
        for (index, key) in keys.enumerated() {
            switch here?.content {
            case nil, .null, .map: here = here?[key]
            case .list:
                let list = keys[..<index].joined(separator: ".")
                throw InputError(
                    "'\(list)' is a list, which is replaced whole", at: place.description,
                    expected: "\(list)=[...]")
            default:
                let leaf = keys[..<index].joined(separator: ".")
                throw InputError("'\(leaf)' has no keys", at: place.description, found: here?.shown)
            }
        }
        // The maps on the way stand nowhere.
        let nowhere = ConfigurationPlace(file: place.file)
        var overlay = value
        for key in keys.reversed() { overlay = ConfigurationValue(.map([Entry(key, at: place, overlay)]), at: nowhere) }
        return merged(with: overlay)
    }
}
