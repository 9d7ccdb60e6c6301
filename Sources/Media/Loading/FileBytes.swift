import Glibc
import Tensors

/// All bytes of a file.
func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else {
        throw InputError("cannot be opened: \(String(cString: strerror(errno)))", at: path)
    }
    defer { fclose(file) }
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
        throw InputError("is a folder", at: path, expected: "a file")
    }
    var bytes = [UInt8](repeating: 0, count: max(0, Int(status.st_size)) + 1)  // one more, to meet the end
    var count = 0
    while true {
        let got = bytes.withUnsafeMutableBytes { fread($0.baseAddress! + count, 1, $0.count - count, file) }
        count += got
        if got == 0 { break }
        if count == bytes.count { bytes.append(contentsOf: [UInt8](repeating: 0, count: bytes.count)) }
    }
    guard ferror(file) == 0 else {
        throw InputError("cannot be read: \(String(cString: strerror(errno)))", at: path)
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// Writes a whole file or nothing.
func writeFile(_ bytes: [UInt8], to path: String) throws {
    let temporary = path + ".partial"
    guard let file = fopen(temporary, "wb") else {
        throw InputError("cannot be written: \(String(cString: strerror(errno)))", at: path)
    }
    let written = fwrite(bytes, 1, bytes.count, file)
    let flushed = fflush(file) == 0 && fsync(fileno(file)) == 0
    let closed = fclose(file) == 0
    guard written == bytes.count, flushed, closed, rename(temporary, path) == 0 else {
        let reason = String(cString: strerror(errno))
        unlink(temporary)
        throw WorkError("\(path): cannot be written: \(reason)")
    }
}

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
