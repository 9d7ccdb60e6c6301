import Glibc

/// A file's bytes, mapped read-only for as long as this object lives.
///
/// Files that `AtomicFile` replaces keep their old content under an existing mapping. A file that another
/// program shortens in place does not: such files must not be mapped.
public final class MappedFile: @unchecked Sendable {
    public let path: String
    /// The content; valid while this object is alive.
    public let bytes: UnsafeRawBufferPointer
    private let release: () -> Void

    public init(_ path: String) throws(InputError) {
        let (descriptor, size) = try AtomicFile.openForReading(path)
        defer { close(descriptor) }
        self.path = path
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            release = {}
            return
        }
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED
        else {
            throw FileFailure.input("cannot map the file", path, errno)
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
        release = { munmap(address, size) }
    }

    /// The same interface over bytes in memory; `name` stands for the path in messages.
    public init(copying content: [UInt8], name: String) {
        path = name
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 64)
        copy.copyBytes(from: content)
        bytes = UnsafeRawBufferPointer(copy)
        release = { copy.deallocate() }
    }

    deinit {
        release()
    }
}
