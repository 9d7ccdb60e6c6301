import Glibc
import Tensors

/// Paths of the files under `folder`, relative to it, in byte order; names that begin with a dot are passed
/// over.
func listFiles(under folder: String) throws -> [String] {
    var files: [String] = []
    // Folders still to read, with the prefix of what they hold; a link back upwards ends at the depth limit.
    var waiting = [(prefix: "", depth: 0)]
    while let (prefix, depth) = waiting.popLast() {
        guard let handle = opendir(folder + "/" + prefix) else {
            throw InputError(
                "cannot be listed: \(String(cString: strerror(errno)))", at: folder + "/" + prefix)
        }
        defer { closedir(handle) }
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(".") { continue }
            let path = prefix + name
            if folderExists(folder + "/" + path) {
                if depth < 16 { waiting.append((path + "/", depth + 1)) }
            } else {
                files.append(path)
            }
        }
    }
    return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

func fileExists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
}

func folderExists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
