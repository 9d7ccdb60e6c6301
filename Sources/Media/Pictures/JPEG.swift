import CJPEG
import Tensors

extension Picture {
    /// Decodes a gray or color JPEG and turns it upright by its EXIF orientation.
    static func decodeJPEG(_ bytes: [UInt8], from file: String) throws -> Picture {
        var decoded = cjpeg_picture()
        var message = [CChar](repeating: 0, count: Int(CJPEG_ERROR_SIZE))
        guard cjpeg_decode(bytes, bytes.count, UInt64(largestPixelCount), &decoded, &message) == 0 else {
            throw InputError("broken JPEG: \(sentence(message))", at: file)
        }
        defer { cjpeg_free(decoded.pixels) }
        let (width, height, channels) = (Int(decoded.width), Int(decoded.height), Int(decoded.channels))
        let pixels = Array(UnsafeBufferPointer(start: decoded.pixels, count: width * height * channels))
        return Picture(width: width, height: height, channels: channels, pixels: pixels)
            .oriented(exifOrientation(of: bytes))
    }

    /// JPEG bytes without chroma subsampling; transparency is laid on white.
    ///
    /// - Parameter quality: 1 to 100.
    public func jpeg(quality: Int = 92) -> [UInt8] {
        require((1...100).contains(quality), "jpeg: quality \(quality) is not within 1...100")
        let source = channels == 4 ? rgb : self
        var out: UnsafeMutablePointer<UInt8>?
        var count = 0
        var message = [CChar](repeating: 0, count: Int(CJPEG_ERROR_SIZE))
        let status = cjpeg_encode(
            source.pixels, Int32(width), Int32(height), Int32(source.channels), Int32(quality), &out, &count,
            &message)
        guard status == 0, let out else { fatalError("jpeg: \(sentence(message))") }
        defer { cjpeg_free(out) }
        return Array(UnsafeBufferPointer(start: out, count: count))
    }
}

/// Tag 0x0112 of the first image directory of the EXIF segment, or 1 where there is none.
private func exifOrientation(of jpeg: [UInt8]) -> Int {
    var at = 2
    while at + 4 <= jpeg.count, jpeg[at] == 0xFF {
        let marker = jpeg[at + 1]
        if marker == 0xDA || marker == 0xD9 { break }  // picture data begins, or the file ends
        let length = Int(jpeg[at + 2]) << 8 | Int(jpeg[at + 3])
        guard length >= 2, at + 2 + length <= jpeg.count else { break }
        let body = jpeg[(at + 4)..<(at + 2 + length)]
        if marker == 0xE1, body.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) {
            return tiffOrientation(Array(body.dropFirst(6))) ?? 1
        }
        at += 2 + length
    }
    return 1
}

private func tiffOrientation(_ tiff: [UInt8]) -> Int? {
    guard tiff.count >= 8 else { return nil }
    let littleEndian = tiff[0] == 0x49
    func number(at offset: Int, bytes: Int) -> Int? {
        guard offset >= 0, offset + bytes <= tiff.count else { return nil }
        let slice = tiff[offset..<offset + bytes]
        return littleEndian
            ? slice.reversed().reduce(0) { $0 << 8 | Int($1) } : slice.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(at: 4, bytes: 4), let entries = number(at: directory, bytes: 2) else {
        return nil
    }
    for k in 0..<entries {
        let entry = directory + 2 + 12 * k
        guard let tag = number(at: entry, bytes: 2) else { return nil }
        if tag == 0x0112 { return number(at: entry + 8, bytes: 2) }
    }
    return nil
}
