import CSndFile
import Glibc
import Tensors

/// How a sound is stored.
public enum SoundFormat: String, Sendable, CaseIterable {
    /// `wav` and `flac` of 16 bits a sample, `ogg` by Vorbis.
    case wav, flac, ogg

    /// By the end of a file's name.
    public init?(path: String) {
        guard let format = Self.allCases.first(where: { path.lowercased().hasSuffix("." + $0.rawValue) }) else { return nil }
        self = format
    }

    fileprivate var code: Int32 {
        switch self {
        case .wav: Int32(SF_FORMAT_WAV | SF_FORMAT_PCM_16)
        case .flac: Int32(SF_FORMAT_FLAC | SF_FORMAT_PCM_16)
        case .ogg: Int32(SF_FORMAT_OGG | SF_FORMAT_VORBIS)
        }
    }
}

extension Sound {
    /// Writes WAV, FLAC or OGG, as the path ends. An existing file is replaced whole.
    ///
    /// - Parameter comment: stored with the sound.
    public func write(to path: String, comment: String? = nil) throws {
        guard let format = SoundFormat(path: path) else {
            throw InputError(
                "a sound cannot be written under this name", at: path, expected: "a name that ends in .wav, .flac or .ogg")
        }
        try AtomicFile.write(encoded(format, comment: comment), to: path)
    }

    /// The bytes of a file; samples outside -1...1 are clipped. Equal sounds give equal bytes.
    public func encoded(_ format: SoundFormat, comment: String? = nil) throws -> [UInt8] {
        guard !samples.isEmpty, samples.allSatisfy(\.isFinite) else {
            throw WorkError("a sound of \(samples.isEmpty ? "no samples" : "samples that are no numbers") cannot be written")
        }
        let memory = MemoryFile()
        var info = SF_INFO()
        (info.samplerate, info.channels, info.format) = (Int32(rate), Int32(channels), format.code)
        guard let handle = memory.opened(Int32(SFM_WRITE), &info) else {
            throw InputError(
                "a sound of \(channels) channels at \(rate) Hz cannot be stored as \(format.rawValue)",
                found: String(cString: sf_strerror(nil)))
        }
        sf_command(handle, Int32(SFC_SET_CLIPPING), nil, Int32(SF_TRUE))
        if let comment { sf_set_string(handle, Int32(SF_STR_COMMENT), comment) }
        // libvorbis takes a whole block's memory from the stack.
        for block in pieces(frames, of: 4096) {
            let wrote = samples.withUnsafeBufferPointer {
                sf_writef_float(handle, $0.baseAddress! + block.lowerBound * channels, sf_count_t(block.count))
            }
            guard Int(wrote) == block.count else {
                sf_close(handle)
                throw WorkError("a sound could not be encoded as \(format.rawValue)")
            }
        }
        sf_close(handle)
        return format == .ogg ? OggPages.numbered(memory.bytes) : memory.bytes
    }
}
