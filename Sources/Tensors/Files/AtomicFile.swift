import Glibc

/// Whole-file reads and writes that leave either the old file or the complete new one, never a part of it.
///
/// Writing goes to a temporary file in the same folder, which is flushed to the disk, renamed over the
/// destination, and the folder flushed too. What a person can mend (a missing folder, a read-only file) is an
/// `InputError`; a full disk, a size limit or a failing device is a `WorkError`. Both name the path.
public enum AtomicFile {
    public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
        let file = try AtomicFileWriter(path)
        try file.append(bytes)
        try file.commit()
    }

    public static func write(_ bytes: [UInt8], to path: String) throws {
        try bytes.withUnsafeBytes { try write($0, to: path) }
    }

    /// Writes `text` as UTF-8.
    public static func write(_ text: String, to path: String) throws {
        var text = text
        try text.withUTF8 { try write(UnsafeRawBufferPointer($0), to: path) }
    }

    /// Every byte of the file at `path`.
    public static func read(_ path: String) throws(InputError) -> [UInt8] {
        let descriptor = try openForReading(path).descriptor
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var status = stat()
        // Files under /proc report size 0, so the size is only a first guess.
        if fstat(descriptor, &status) == 0 { bytes.reserveCapacity(max(0, Int(status.st_size)) + 1) }
        let step = 1 << 20
        while true {
            var failure: Int32 = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: step) { buffer, count in
                var got: Int
                repeat {
                    got = Glibc.read(descriptor, buffer.baseAddress!, step)
                } while got < 0 && errno == EINTR
                if got < 0 { failure = errno }
                count = max(0, got)
            }
            if failure != 0 { throw FileFailure.input("cannot read the file", path, failure) }
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
    }

    /// The text of the file at `path`, which must be UTF-8.
    public static func readText(_ path: String) throws(InputError) -> String {
        let bytes = try read(path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InputError("the file is not UTF-8 text", at: path)
        }
        return text
    }

    /// An open descriptor of a regular file or a pipe, and the file's size; a folder is refused by name.
    static func openForReading(_ path: String) throws(InputError) -> (descriptor: Int32, size: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure.input("cannot open the file", path, errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw FileFailure.input("cannot open the file", path, code)
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            close(descriptor)
            throw InputError("is a folder", at: path, expected: "a file")
        }
        return (descriptor, Int(status.st_size))
    }
}

/// One file being written in pieces: `append` as often as needed, then `commit` once.
///
/// Until `commit` returns, the destination is untouched; a writer that is dropped, or whose `append` threw,
/// removes its temporary file. Not for use from two threads at once.
public final class AtomicFileWriter {
    /// Where the file will be.
    public let path: String
    private let destination: String
    private let temporary: String
    private var descriptor: Int32

    /// - Parameter path: destination; its folder must exist. A symbolic link is followed, and stays a link.
    public init(_ path: String) throws {
        self.path = path
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw InputError("a file name is empty or contains a zero byte", at: path.isEmpty ? nil : path)
        }
        guard path.utf8.last != UInt8(ascii: "/") else {
            throw InputError("is a folder", at: path, expected: "a file")
        }
        var mode: mode_t?
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT != S_IFDIR else {
                throw InputError("is a folder", at: path, expected: "a file")
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw InputError("is not a regular file, so it cannot be replaced", at: path)
            }
            guard access(path, W_OK) == 0 else { throw FileFailure.writing(path, errno) }
            mode = status.st_mode & 0o777
        } else if errno != ENOENT {
            throw FileFailure.writing(path, errno)
        }
        destination = resolvedLink(path)
        let folder = folderName(destination)
        guard access(folder, F_OK) == 0 else {
            throw InputError("cannot write the file: no such folder", at: path, found: folder)
        }
        var name = ""
        var opened: Int32 = -1
        for attempt in 0..<10_000 {
            name = folder + "/.incomplete-\(getpid())-\(attempt)"
            opened = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if opened >= 0 || errno != EEXIST { break }
        }
        guard opened >= 0 else { throw FileFailure.writing(path, errno) }
        temporary = name
        descriptor = opened
        if let mode { fchmod(opened, mode) }
    }

    public func append(_ bytes: UnsafeRawBufferPointer) throws {
        require(descriptor >= 0, "AtomicFileWriter: append to \(path) after commit or failure")
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress!, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw abandon(errno)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    public func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try append($0) }
    }

    /// Flushes everything to the disk and puts the file in its place.
    public func commit() throws {
        require(descriptor >= 0, "AtomicFileWriter: second commit of \(path), or commit after failure")
        guard fsync(descriptor) == 0 else { throw abandon(errno) }
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0 else { throw abandon(errno) }
        guard rename(temporary, destination) == 0 else { throw abandon(errno) }
        try flushFolder(folderName(destination), of: path)
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            unlink(temporary)
        }
    }

    private func abandon(_ code: Int32) -> any Error {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(temporary)
        return FileFailure.writing(path, code)
    }
}

/// Makes a rename in `folder` survive a power cut. File systems that cannot flush a folder (EINVAL) are let
/// be.
private func flushFolder(_ folder: String, of path: String) throws {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // A folder one may write to but not list cannot be opened; the file itself is already complete.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    if fsync(descriptor) != 0, errno == EIO || errno == ENOSPC { throw FileFailure.writing(path, errno) }
}

private func folderName(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

private func resolvedLink(_ path: String) -> String {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, let real = realpath(path, nil) else {
        return path
    }
    defer { free(real) }
    return String(cString: real)
}

/// How the system's error numbers become this library's two kinds of error.
enum FileFailure {
    static func writing(_ path: String, _ code: Int32) -> any Error {
        switch code {
        case ENOENT, ENOTDIR, EACCES, EPERM, EROFS, EISDIR, ENAMETOOLONG, ELOOP, EINVAL, ENXIO, ETXTBSY:
            return input("cannot write the file", path, code)
        default:
            return WorkError("\(path): cannot write the file: \(text(code))")
        }
    }

    static func input(_ what: String, _ path: String, _ code: Int32) -> InputError {
        InputError("\(what): \(text(code))", at: path)
    }

    private static func text(_ code: Int32) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text).lowercased()
    }
}
