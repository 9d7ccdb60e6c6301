import Glibc

/// The folder commands run in.
package func currentFolder() -> String {
    guard let buffer = getcwd(nil, 0) else { return "/" }
    defer { free(buffer) }
    return String(cString: buffer)
}

/// `path` seen from `folder` (itself from the current folder), absolute, with `.` and `..` worked out by name alone.
package func absolutePath(_ path: String, from folder: String = "") -> String {
    var full = path
    if !full.hasPrefix("/") { full = folder.isEmpty ? full : folder + "/" + full }
    if !full.hasPrefix("/") { full = currentFolder() + "/" + full }
    var parts: [Substring] = []
    for part in full.split(separator: "/") where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}

/// The folder that holds `path`; empty for a bare name.
package func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// An absolute path stated relative to an absolute folder, with `..` where they part.
package func relativePath(_ path: String, from folder: String) -> String {
    let target = path.split(separator: "/")
    let base = folder.split(separator: "/")
    let shared = zip(target, base).prefix { $0 == $1 }.count
    let steps = Array(repeating: "..", count: base.count - shared) + target[shared...].map(String.init)
    return steps.isEmpty ? "." : steps.joined(separator: "/")
}
