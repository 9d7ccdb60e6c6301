import Glibc
import Tensors

/// Writes TensorBoard event files: length-prefixed, checksummed records of one folder, which is one run.
///
/// A run that resumes after step N first drops every record beyond N, and a torn one at the end, so no step appears twice.
public final class EventFile {
    public let path: String
    private let file: AppendFile
    private let clock: () -> Double

    /// Opens the run's event file in `folder`, or begins one.
    ///
    /// - Parameter step: the last step that stands; records beyond it are dropped. 0 begins anew.
    /// - Parameter clock: seconds since 1970.
    public init(folder: String, after step: Int = 0, clock: @escaping () -> Double = secondsSince1970) throws {
        let old = try Self.eventFiles(in: folder)
        for name in old.dropLast() {
            let file = try AppendFile(path: folder + "/" + name)
            try file.truncate(to: Self.length(of: file.contents(), through: step))
        }
        self.clock = clock
        if let name = old.last {
            path = folder + "/" + name
            file = try AppendFile(path: path)
            try file.truncate(to: Self.length(of: file.contents(), through: step))
        } else {
            // The reader wants seconds, host, process and number; the host is nobody's business.
            path = folder + "/events.out.tfevents.\(String(Int(clock())).leftPadded(to: 10)).latentlab.0.0"
            file = try AppendFile(path: path)
        }
        if file.length == 0 { try write(step: 0) { $0.string(3, "brain.Event:2") } }
        if step > 0 {
            // A reader that is looking on has seen the dropped steps; a session start tells it to forget them.
            try write(step: step + 1) { $0.message(7) { $0.varint(1, 1) } }
        }
    }

    public func scalar(_ tag: String, _ value: Double, step: Int) throws {
        try summary(tag, step) { $0.float(2, Float(value)) }
    }

    /// - Parameter png: an encoded picture of `width` by `height` with 1 (grey), 3 or 4 channels.
    public func image(_ tag: String, png: [UInt8], width: Int, height: Int, channels: Int = 3, step: Int) throws {
        try summary(tag, step) { value in
            value.message(4) {
                $0.varint(1, height)
                $0.varint(2, width)
                $0.varint(3, channels)
                $0.bytes(4, png)
            }
        }
    }

    /// - Parameter wav: an encoded file of `frames` frames.
    public func audio(
        _ tag: String, wav: [UInt8], sampleRate: Int, channels: Int = 1, frames: Int, step: Int
    ) throws {
        try summary(tag, step) { value in
            value.message(6) {
                $0.float(1, Float(sampleRate))
                $0.varint(2, channels)
                $0.varint(3, frames)
                $0.bytes(4, wav)
                $0.string(5, "audio/wav")
            }
        }
    }

    /// Text, shown as Markdown.
    public func text(_ tag: String, _ text: String, step: Int) throws {
        try summary(tag, step) { value in
            value.message(8) {
                $0.varint(1, 7)  // DT_STRING
                $0.message(2) { $0.message(2) { $0.varint(1, 1) } }  // shape [1]
                $0.string(8, text)
            }
            value.message(9) { $0.message(1) { $0.string(1, "text") } }
        }
    }

    public func histogram(_ tag: String, _ histogram: ValueHistogram, step: Int) throws {
        try summary(tag, step) { value in
            value.message(5) {
                $0.double(1, histogram.minimum)
                $0.double(2, histogram.maximum)
                $0.double(3, Double(histogram.count))
                $0.double(4, histogram.sum)
                $0.double(5, histogram.sumOfSquares)
                $0.packed(6, histogram.limits)
                $0.packed(7, histogram.counts)
            }
        }
    }

    /// Waits until the disk has everything.
    public func flush() throws { try file.sync() }

    // MARK: - Records

    private func summary(_ tag: String, _ step: Int, _ body: (inout ProtocolBuffer) -> Void) throws {
        try write(step: step) { event in
            event.message(5) { summary in
                summary.message(1) { value in
                    value.string(1, tag)
                    body(&value)
                }
            }
        }
    }

    private func write(step: Int, _ body: (inout ProtocolBuffer) -> Void) throws {
        var event = ProtocolBuffer()
        event.double(1, clock())
        if step != 0 { event.varint(2, step) }
        body(&event)
        try file.append(Self.record(event.bytes))
    }

    static func record(_ data: [UInt8]) -> [UInt8] {
        var header = ProtocolBuffer()
        header.littleEndian(UInt64(data.count))
        var record = header
        record.littleEndian(CRC32C.masked(header.bytes))
        var trailer = ProtocolBuffer()
        trailer.littleEndian(CRC32C.masked(data))
        return record.bytes + data + trailer.bytes
    }

    /// How many bytes hold whole, undamaged records up to `step`; records are in the order of steps.
    static func length(of bytes: [UInt8], through step: Int) -> Int {
        var good = 0
        while bytes.count - good >= 16 {
            let header = bytes[good..<good + 8]
            let count = littleEndian(header)
            guard littleEndian(bytes[good + 8..<good + 12]) == UInt64(CRC32C.masked(header)),
                count <= UInt64(bytes.count - good - 16)
            else { break }
            let start = good + 12
            let end = start + Int(count)
            let data = bytes[start..<end]
            guard littleEndian(bytes[end..<end + 4]) == UInt64(CRC32C.masked(data)), stepOf(data) <= step else { break }
            good = end + 4
        }
        return good
    }

    private static func stepOf(_ event: ArraySlice<UInt8>) -> Int {
        var reader = ProtocolBufferReader(event)
        while let field = reader.next() {
            if case .varint(2, let step) = field { return Int(truncatingIfNeeded: step) }
        }
        return 0
    }

    private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func eventFiles(in folder: String) throws -> [String] {
        guard let directory = opendir(folder) else {
            throw InputError("cannot be listed", at: folder, found: String(cString: strerror(errno)))
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("events.out.tfevents.") { names.append(name) }
        }
        return names.sorted()
    }
}

/// The wall clock.
public func secondsSince1970() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

extension String {
    fileprivate func leftPadded(to width: Int) -> String { String(repeating: "0", count: max(0, width - count)) + self }
}
