import CPNG
import Glibc
import Tensors

extension Picture {
    /// Decodes any kind of PNG to 8-bit gray, RGB or RGBA.
    static func decodePNG(_ bytes: [UInt8], from file: String) throws -> Picture {
        var decoded = cpng_picture()
        var message = [CChar](repeating: 0, count: Int(CPNG_ERROR_SIZE))
        guard cpng_decode(bytes, bytes.count, UInt64(largestPixelCount), &decoded, &message) == 0 else {
            throw InputError("broken PNG: \(sentence(message))", at: file)
        }
        defer { cpng_free(decoded.pixels) }
        let (width, height, channels) = (Int(decoded.width), Int(decoded.height), Int(decoded.channels))
        let pixels = Array(UnsafeBufferPointer(start: decoded.pixels, count: width * height * channels))
        return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }

    /// PNG bytes; equal pictures and texts give equal bytes.
    ///
    /// - Parameter text: keyword (1 to 79 ASCII characters) and text, stored as tEXt, or iTXt beyond ASCII.
    public func png(text: [(String, String)] = []) -> [UInt8] {
        for (key, _) in text {
            require(
                (1...79).contains(key.utf8.count), "png: keyword \"\(key)\" is not of 1 to 79 characters")
        }
        let strings: [UnsafeMutablePointer<CChar>?] = text.flatMap { [strdup($0.0), strdup($0.1)] }
        defer { for string in strings { free(string) } }
        let pairs: [UnsafePointer<CChar>?] = strings.map { UnsafePointer($0) }
        var out: UnsafeMutablePointer<UInt8>?
        var count = 0
        var message = [CChar](repeating: 0, count: Int(CPNG_ERROR_SIZE))
        let status = cpng_encode(
            pixels, Int32(width), Int32(height), Int32(channels), pairs, Int32(text.count), &out, &count,
            &message)
        guard status == 0, let out else { fatalError("png: \(sentence(message))") }
        defer { cpng_free(out) }
        return Array(UnsafeBufferPointer(start: out, count: count))
    }

    /// Keyword and text of every uncompressed text chunk of a PNG, in file order.
    public static func texts(inPNG bytes: [UInt8]) -> [(String, String)] {
        var found: [(String, String)] = []
        var at = 8
        while at + 12 <= bytes.count {
            let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - at - 12 else { break }
            let body = bytes[(at + 8)..<(at + 8 + length)]
            switch String(decoding: bytes[(at + 4)..<(at + 8)], as: UTF8.self) {
            case "tEXt":
                if let split = body.firstIndex(of: 0) {
                    // Latin-1: each byte is its own code point.
                    let text = String(
                        String.UnicodeScalarView(body[(split + 1)...].map { Unicode.Scalar($0) }))
                    found.append((String(decoding: body[..<split], as: UTF8.self), text))
                }
            case "iTXt":
                // keyword 0, compression flag, method, language 0, translated keyword 0, text
                let parts = body.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, parts[1].count >= 4, parts[1].first == 0 else { break }
                let rest = parts[1].dropFirst(2).split(
                    separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
                guard rest.count == 3 else { break }
                found.append(
                    (String(decoding: parts[0], as: UTF8.self), String(decoding: rest[2], as: UTF8.self)))
            default: break
            }
            at += 12 + length
        }
        return found
    }
}

/// The text of a zero-terminated C buffer.
func sentence(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
