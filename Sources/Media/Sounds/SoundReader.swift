import CSndFile
import Glibc
import Tensors

/// A sound file read from its beginning to its end in blocks: WAV, FLAC, OGG, MP3 and what else libsndfile knows.
///
/// What a file claims about its length is not trusted; it ends where its samples end.
public final class SoundReader {
    public let path: String
    public let rate: Int
    public let channels: Int
    /// Samples of a channel as the file states it; for progress, not for counting.
    public let statedFrames: Int
    /// Samples a second that are read.
    public static let rates = 1000...400_000
    /// A sample beyond is a mistake of who wrote it; 1 is full scale.
    private static let loudest: Float = 1e6

    /// Whether a file's name says that it is a sound.
    public static func isSound(_ path: String) -> Bool {
        [".wav", ".flac", ".ogg", ".oga", ".mp3", ".aif", ".aiff"].contains { path.lowercased().hasSuffix($0) }
    }

    private let handle: OpaquePointer
    /// Of a file's bytes; libsndfile reads on from it as long as the handle is open.
    private let memory: MemoryFile?
    private var position = 0

    public convenience init(_ path: String) throws(InputError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw InputError("cannot open the file", at: path, found: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw InputError("is not a file", at: path, expected: "a sound file") }
        guard status.st_size > 0 else { throw InputError("is empty", at: path, expected: "a sound file") }
        try self.init(path, nil) { sf_open(path, Int32(SFM_READ), &$0) }
    }

    /// A file's bytes; `name` is what an error calls it.
    public convenience init(_ bytes: [UInt8], from name: String) throws(InputError) {
        guard !bytes.isEmpty else { throw InputError("is empty", at: name, expected: "a sound file") }
        let memory = MemoryFile(bytes)
        try self.init(name, memory) { memory.opened(Int32(SFM_READ), &$0) }
    }

    private init(_ path: String, _ memory: MemoryFile?, open: (inout SF_INFO) -> OpaquePointer?) throws(InputError) {
        var info = SF_INFO()
        guard let handle = open(&info) else {
            throw InputError(
                "cannot be read as a sound", at: path, expected: "WAV, FLAC, OGG or MP3", found: Self.sentence(sf_strerror(nil)))
        }
        guard (1...64).contains(info.channels), Self.rates.contains(Int(info.samplerate)) else {
            sf_close(handle)
            throw InputError(
                "is no sound that can be used", at: path,
                expected: "1 to 64 channels at \(Self.rates.lowerBound) to \(Self.rates.upperBound) Hz",
                found: "\(info.channels) channels at \(info.samplerate) Hz")
        }
        self.handle = handle
        self.memory = memory
        self.path = path
        rate = Int(info.samplerate)
        channels = Int(info.channels)
        statedFrames = max(0, Int(info.frames))
    }

    deinit { sf_close(handle) }

    /// The next frames, at most so many; none at the end.
    ///
    ///     returns [frames, channels]
    public func read(_ frames: Int) throws(InputError) -> [Float] {
        require(frames > 0, "SoundReader: \(frames) frames")
        var got = 0
        let samples = [Float](unsafeUninitializedCapacity: frames * channels) { buffer, count in
            got = max(0, Int(sf_readf_float(handle, buffer.baseAddress!, sf_count_t(frames))))
            count = min(got, frames) * channels
        }
        if let bad = samples.firstIndex(where: { !(abs($0) <= Self.loudest) }) {
            throw InputError(
                "holds a sample that cannot be", at: path, expected: "numbers about -1 to 1",
                found: "\(samples[bad]) in frame \(position + bad / channels)")
        }
        if got == 0, sf_error(handle) != Int32(SF_ERR_NO_ERROR) {
            throw InputError("breaks off", at: path, found: Self.sentence(sf_strerror(handle)))
        }
        position += got
        return samples
    }

    private static func sentence(_ text: UnsafePointer<CChar>?) -> String {
        let text = text.map { String(cString: $0) } ?? "an unknown fault"
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}

extension Sound {
    /// More samples than this are refused when a file is read whole: 4 GiB of them.
    public static let largestSampleCount = 1 << 30

    /// Reads a whole sound file; its contents say what it is, not its name.
    public static func read(_ path: String) throws(InputError) -> Sound { try whole(SoundReader(path)) }

    /// Decodes the bytes of a sound file; `file` is the name that an error gives.
    public static func decode(_ bytes: [UInt8], from file: String) throws(InputError) -> Sound {
        try whole(SoundReader(bytes, from: file))
    }

    private static func whole(_ reader: SoundReader) throws(InputError) -> Sound {
        var samples: [Float] = []
        while true {
            let block = try reader.read(1 << 16)
            if block.isEmpty { break }
            samples += block
            guard samples.count <= largestSampleCount else {
                throw InputError(
                    "is too long to be read whole", at: reader.path, expected: "at most \(largestSampleCount) samples")
            }
        }
        return Sound(rate: reader.rate, channels: reader.channels, samples: samples)
    }
}
