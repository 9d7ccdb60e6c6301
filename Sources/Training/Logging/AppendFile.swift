import Glibc
import Tensors

/// A file that grows by whole records: a record that cannot be written completely is taken back.
final class AppendFile {
    let path: String
    private let descriptor: Int32
    private(set) var length: Int

    /// Opens or creates the file; its folder must exist.
    init(path: String) throws {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw InputError("cannot be opened for writing", at: path, found: String(cString: strerror(errno)))
        }
        self.path = path
        self.descriptor = file
        self.length = Int(lseek(file, 0, SEEK_END))
    }

    deinit { close(descriptor) }

    /// Everything written so far.
    func contents() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: length)
        var filled = 0
        while filled < length {
            let count = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + filled, length - filled, off_t(filled))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot be read back") }
            filled += count
        }
        return bytes
    }

    /// Drops everything from `length` on.
    func truncate(to length: Int) throws {
        while ftruncate(descriptor, off_t(length)) != 0 {
            guard errno == EINTR else { throw failure("cannot be shortened") }
        }
        self.length = length
    }

    func append(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress! + written, bytes.count - written, off_t(length + written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = failure("cannot be written")
                _ = ftruncate(descriptor, off_t(length))
                throw error
            }
            written += count
        }
        length += written
    }

    /// Waits until the disk has it.
    func sync() throws {
        guard fsync(descriptor) == 0 else { throw failure("cannot be flushed to disk") }
    }

    private func failure(_ what: String) -> WorkError {
        WorkError("\(path): \(what): \(String(cString: strerror(errno)))")
    }
}
