// Resolved configurations as text: the same value always gives the same bytes.

extension ConfigurationValue {
    /// YAML in block style; lists of plain values on one line. Reading it as an experiment file gives the same value.
    ///
    /// - Parameter folder: absolute folder of the file to be written; paths are stated relative to it.
    public func yaml(relativeTo folder: String? = nil) -> String {
        var lines: [String] = []
        write(into: &lines, indent: 0, prefix: "", folder: folder)
        return lines.joined(separator: "\n") + "\n"
    }

    /// JSON with keys in their own order, or sorted for a canonical form. Infinity and NaN are written as texts.
    public func json(sorted: Bool = false, relativeTo folder: String? = nil) -> String {
        switch content {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .int(let value): return "\(value)"
        case .number(let value): return value.isFinite ? "\(value)" : "\"\(value)\""
        case .string(let text): return quoted(text)
        case .path(let path): return quoted(folder.map { relativePath(path, from: $0) } ?? path)
        case .list(let elements):
            return "[" + elements.map { $0.json(sorted: sorted, relativeTo: folder) }.joined(separator: ", ") + "]"
        case .map(let entries):
            let ordered = sorted ? entries.sorted { $0.key < $1.key } : entries
            let members = ordered.map { "\(quoted($0.key)): \($0.value.json(sorted: sorted, relativeTo: folder))" }
            return "{" + members.joined(separator: ", ") + "}"
        }
    }

    /// Bytes that are equal exactly when two configurations mean the same: sorted keys, nulls left out.
    public func canonicalBytes(relativeTo folder: String? = nil) -> [UInt8] {
        Array(withoutNulls.json(sorted: true, relativeTo: folder).utf8)
    }

    /// SHA-256 of the canonical bytes, in hexadecimal digits.
    public func fingerprint(relativeTo folder: String? = nil) -> String {
        SHA256.hex(canonicalBytes(relativeTo: folder))
    }

    private func write(into lines: inout [String], indent: Int, prefix: String, folder: String?) {
        let pad = String(repeating: " ", count: indent)
        switch content {
        case .map(let entries) where !entries.isEmpty:
            for (index, entry) in entries.enumerated() {
                let lead = (index == 0 ? prefix : pad) + scalarText(entry.key) + ":"
                if let line = entry.value.oneLine(folder) {
                    lines.append(lead + " " + line)
                } else {
                    lines.append(lead)
                    entry.value.write(into: &lines, indent: indent + 2, prefix: pad + "  ", folder: folder)
                }
            }
        case .list(let elements) where oneLine(folder) == nil:
            for (index, element) in elements.enumerated() {
                let lead = (index == 0 ? prefix : pad) + "- "
                if let line = element.oneLine(folder) {
                    lines.append(lead + line)
                } else {
                    element.write(into: &lines, indent: indent + 2, prefix: lead, folder: folder)
                }
            }
        default: lines.append(prefix + (oneLine(folder) ?? ""))
        }
    }

    /// Scalars, empty collections and lists of scalars fit one line.
    private func oneLine(_ folder: String?) -> String? {
        switch content {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .int(let value): return "\(value)"
        case .number(let value): return numberText(value)
        case .string(let text): return scalarText(escapingReferences(text))
        case .path(let path): return scalarText(folder.map { relativePath(path, from: $0) } ?? path)
        case .list(let elements):
            var parts: [String] = []
            for element in elements {
                switch element.content {
                case .map, .list: return nil
                default: parts.append(element.oneLine(folder)!)
                }
            }
            return "[" + parts.joined(separator: ", ") + "]"
        case .map(let entries): return entries.isEmpty ? "{}" : nil
        }
    }
}

/// `${` in a value is text by now; an experiment file says so with a second `$`.
private func escapingReferences(_ text: String) -> String {
    var out = ""
    var afterDollar = false
    for scalar in text.unicodeScalars {
        if afterDollar, scalar == "{" { out += "$" }
        out.unicodeScalars.append(scalar)
        afterDollar = scalar == "$"
    }
    return out
}

private func numberText(_ value: Double) -> String {
    if value.isNaN { return ".nan" }
    if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
    return "\(value)"
}

/// Plain where YAML reads the same text back, double-quoted otherwise.
private func scalarText(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"): true
        default: false
        }
    }
    let opensSafely = text.utf8.first.map { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") } ?? false
    let relative = text.hasPrefix("./") || text.hasPrefix("../")
    guard plain, opensSafely || relative, case .string = ConfigurationValue.plainScalar(text) else {
        return quoted(text)
    }
    return text
}

/// A JSON string, which is also a double-quoted YAML scalar.
private func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case "\t": out += "\\t"
        case "\r": out += "\\r"
        case _
        where scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value)
            || [0x2028, 0x2029, 0xFEFF].contains(scalar.value):
            let hex = String(scalar.value, radix: 16)
            out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out + "\""
}
