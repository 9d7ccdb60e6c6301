/// Ogg files (RFC 3533) whose bytes follow from what is in them.
enum OggPages {
    /// The same file under a fixed serial number: libsndfile rolls dice for it.
    static func numbered(_ file: [UInt8]) -> [UInt8] {
        var bytes = file
        var page = 0
        // Header of 27 bytes: "OggS", version, kind, position, serial 14..<18, number, checksum 22..<26, count of segments; their lengths.
        while page + 27 <= bytes.count, bytes[page..<page + 4].elementsEqual("OggS".utf8) {
            let head = page + 27 + Int(bytes[page + 26])
            guard head <= bytes.count else { break }
            let end = head + bytes[page + 27..<head].reduce(0) { $0 + Int($1) }
            guard end <= bytes.count else { break }
            for (i, byte) in "llab".utf8.enumerated() { bytes[page + 14 + i] = byte }
            for i in 22..<26 { bytes[page + i] = 0 }
            let sum = checksum(bytes[page..<end])
            for i in 0..<4 { bytes[page + 22 + i] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * i)) }
            page = end
        }
        return bytes
    }

    /// CRC-32 with polynomial 04C11DB7, highest bit first, from 0.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { sum, byte in sum << 8 ^ table[Int(UInt8(truncatingIfNeeded: sum >> 24) ^ byte)] }
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte) << 24) { sum, _ in sum & 0x8000_0000 == 0 ? sum << 1 : sum << 1 ^ 0x04C1_1DB7 }
    }
}
