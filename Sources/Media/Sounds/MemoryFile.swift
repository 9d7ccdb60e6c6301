import CSndFile
import Glibc

/// A file in memory that libsndfile reads or writes.
final class MemoryFile {
    private(set) var bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    /// The file as libsndfile sees it; it must outlive what is returned.
    func opened(_ mode: Int32, _ info: inout SF_INFO) -> OpaquePointer? {
        var callbacks = Self.callbacks
        return sf_open_virtual(&callbacks, mode, &info, Unmanaged.passUnretained(self).toOpaque())
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> MemoryFile {
        Unmanaged<MemoryFile>.fromOpaque(context!).takeUnretainedValue()
    }

    private static var callbacks: SF_VIRTUAL_IO {
        var io = SF_VIRTUAL_IO()
        io.get_filelen = { sf_count_t(MemoryFile.of($0).bytes.count) }
        io.tell = { sf_count_t(MemoryFile.of($0).position) }
        io.seek = { offset, whence, context in
            let file = MemoryFile.of(context)
            let base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.position : file.bytes.count
            // A broken file may ask for any place.
            let (place, isBeyond) = base.addingReportingOverflow(Int(offset))
            guard !isBeyond, place >= 0 else { return -1 }
            file.position = place
            return sf_count_t(place)
        }
        io.read = { target, count, context in
            let file = MemoryFile.of(context)
            let part = min(max(0, Int(count)), max(0, file.bytes.count - file.position))
            file.bytes.withUnsafeBytes { bytes in
                if part > 0 { target?.copyMemory(from: bytes.baseAddress! + file.position, byteCount: part) }
            }
            file.position += part
            return sf_count_t(part)
        }
        io.write = { source, count, context in
            let file = MemoryFile.of(context)
            guard let source, count > 0 else { return 0 }
            let new = UnsafeRawBufferPointer(start: source, count: Int(count))
            let missing = file.position + new.count - file.bytes.count
            if missing > 0 { file.bytes += [UInt8](repeating: 0, count: missing) }
            file.bytes.replaceSubrange(file.position..<file.position + new.count, with: new)
            file.position += new.count
            return count
        }
        return io
    }
}
