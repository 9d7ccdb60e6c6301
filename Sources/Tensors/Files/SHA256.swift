import CKernels

/// The SHA-256 digest of a stream of bytes.
///
///     update(bytes) as often as needed; finalized() returns 32 bytes
///
/// By the processor's own instructions where it has them: hashing the weights was half of the time to a first picture.
/// FIPS 180-4, sections 4.1.2, 5.3.3 and 6.2.
public struct SHA256: Sendable {
    private var state: State = (
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19
    )
    private var pending: [UInt8] = []
    private var count: UInt64 = 0

    private typealias State = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

    public init() {
        pending.reserveCapacity(128)
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        count &+= UInt64(bytes.count)
        var rest = bytes
        if !pending.isEmpty {
            let taken = min(64 - pending.count, rest.count)
            pending += rest.prefix(taken)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
            guard pending.count == 64 else { return }
            pending.withUnsafeBytes { SHA256.compress(&state, $0) }
            pending.removeAll(keepingCapacity: true)
        }
        let whole = rest.count & ~63
        if whole > 0 { SHA256.compress(&state, UnsafeRawBufferPointer(rebasing: rest.prefix(whole))) }
        pending += rest.dropFirst(whole)
    }

    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    public mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// The digest of everything so far, 32 bytes; more may follow.
    public func finalized() -> [UInt8] {
        var tail = pending
        tail.append(0x80)
        while tail.count % 64 != 56 { tail.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            tail.append(UInt8(truncatingIfNeeded: (count &* 8) >> UInt64(shift)))
        }
        var final = state
        tail.withUnsafeBytes { SHA256.compress(&final, $0) }
        let words = [final.0, final.1, final.2, final.3, final.4, final.5, final.6, final.7]
        return words.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } }
    }

    /// The digest of everything so far as 64 lower-case hexadecimal digits.
    public func hex() -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: finalized().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    public static func hex(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(bytes)
        return hash.hex()
    }

    public static func hex(_ bytes: UnsafeRawBufferPointer) -> String {
        var hash = SHA256()
        hash.update(bytes)
        return hash.hex()
    }

    public static func hex(_ text: String) -> String {
        hex(Array(text.utf8))
    }

    /// The digest of a file's content, mapped rather than read.
    public static func hex(ofFile path: String) throws(InputError) -> String {
        let file = try MappedFile(path)
        return hex(file.bytes)
    }

    /// Runs the compression function over `blocks`, whose length is a multiple of 64.
    ///
    /// Message words are made as they are needed, in a ring of 16, so that their arithmetic fills the gaps
    /// which the rounds' chain of dependencies leaves.
    private static func compress(_ state: inout State, _ blocks: UnsafeRawBufferPointer) {
        let byProcessor = withUnsafeMutableBytes(of: &state) { words in
            ll_sha256(
                words.assumingMemoryBound(to: UInt32.self).baseAddress!, blocks.baseAddress!, Int64(blocks.count / 64),
                roundConstants)
        }
        if byProcessor { return }
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { ring in
            roundConstants.withUnsafeBufferPointer { constants in
                let w = ring.baseAddress!
                var (a, b, c, d, e, f, g, h) = state
                var block = blocks.baseAddress!
                let end = block + blocks.count
                while block < end {
                    let before = (a, b, c, d, e, f, g, h)
                    for i in 0..<16 {
                        w[i] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self))
                    }
                    var k = constants.baseAddress!
                    sixteenRounds(&a, &b, &c, &d, &e, &f, &g, &h, w, k, extending: false)
                    for _ in 0..<3 {
                        k += 16
                        sixteenRounds(&a, &b, &c, &d, &e, &f, &g, &h, w, k, extending: true)
                    }
                    a &+= before.0
                    b &+= before.1
                    c &+= before.2
                    d &+= before.3
                    e &+= before.4
                    f &+= before.5
                    g &+= before.6
                    h &+= before.7
                    block += 64
                }
                state = (a, b, c, d, e, f, g, h)
            }
        }
    }

    /// Sixteen rounds. The roles rotate through the names instead of the values moving.
    @inline(__always)
    private static func sixteenRounds(
        _ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32,
        _ e: inout UInt32, _ f: inout UInt32, _ g: inout UInt32, _ h: inout UInt32,
        _ w: UnsafeMutablePointer<UInt32>, _ k: UnsafePointer<UInt32>, extending: Bool
    ) {
        round(a, b, c, &d, e, f, g, &h, word(w, 0, extending) &+ k[0])
        round(h, a, b, &c, d, e, f, &g, word(w, 1, extending) &+ k[1])
        round(g, h, a, &b, c, d, e, &f, word(w, 2, extending) &+ k[2])
        round(f, g, h, &a, b, c, d, &e, word(w, 3, extending) &+ k[3])
        round(e, f, g, &h, a, b, c, &d, word(w, 4, extending) &+ k[4])
        round(d, e, f, &g, h, a, b, &c, word(w, 5, extending) &+ k[5])
        round(c, d, e, &f, g, h, a, &b, word(w, 6, extending) &+ k[6])
        round(b, c, d, &e, f, g, h, &a, word(w, 7, extending) &+ k[7])
        round(a, b, c, &d, e, f, g, &h, word(w, 8, extending) &+ k[8])
        round(h, a, b, &c, d, e, f, &g, word(w, 9, extending) &+ k[9])
        round(g, h, a, &b, c, d, e, &f, word(w, 10, extending) &+ k[10])
        round(f, g, h, &a, b, c, d, &e, word(w, 11, extending) &+ k[11])
        round(e, f, g, &h, a, b, c, &d, word(w, 12, extending) &+ k[12])
        round(d, e, f, &g, h, a, b, &c, word(w, 13, extending) &+ k[13])
        round(c, d, e, &f, g, h, a, &b, word(w, 14, extending) &+ k[14])
        round(b, c, d, &e, f, g, h, &a, word(w, 15, extending) &+ k[15])
    }

    /// W_t for t ≡ i modulo 16, section 6.2.2 step 1; when `extending`, from the ring's older words.
    @inline(__always)
    private static func word(_ w: UnsafeMutablePointer<UInt32>, _ i: Int, _ extending: Bool) -> UInt32 {
        guard extending else { return w[i] }
        let (x, y) = (w[(i + 1) & 15], w[(i + 14) & 15])
        let s0 = rotated(x, 7) ^ rotated(x, 18) ^ (x >> 3)
        let s1 = rotated(y, 17) ^ rotated(y, 19) ^ (y >> 10)
        let next = w[i] &+ s0 &+ w[(i + 9) & 15] &+ s1
        w[i] = next
        return next
    }

    @inline(__always)
    private static func rotated(_ x: UInt32, _ n: UInt32) -> UInt32 {
        (x &>> n) | (x &<< (32 &- n))
    }

    /// One round, section 6.2.2 step 3; `word` is W_t + K_t.
    @inline(__always)
    private static func round(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32,
        _ e: UInt32, _ f: UInt32, _ g: UInt32, _ h: inout UInt32, _ word: UInt32
    ) {
        let choice = g ^ (e & (f ^ g))
        let majority = (a & b) | (c & (a | b))
        let t = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ word
        d = d &+ t
        h = t &+ (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
    }

    /// First 32 bits of the fractional parts of the cube roots of the first 64 primes, section 4.2.2.
    private static let roundConstants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
        0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7,
        0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc,
        0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351,
        0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e,
        0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585,
        0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f,
        0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
        0xc671_78f2,
    ]
}
