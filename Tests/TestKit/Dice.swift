/// A small deterministic generator (SplitMix64) for fuzz tests.
public struct Dice: RandomNumberGenerator {
    var state: UInt64
    private let punctuation = Array("{}[]\",:0123456789-.eEu\\".utf8)

    public init(state: UInt64) {
        self.state = state
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    public mutating func below(_ n: Int) -> Int {
        Int(next() % UInt64(n))
    }

    /// `bytes` after one to four small accidents: a changed, doubled, swapped or missing piece.
    public mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(4) where !bytes.isEmpty {
            let at = below(bytes.count)
            let end = min(bytes.count, at + 1 + below(8))
            switch below(7) {
            case 0: bytes[at] = UInt8(truncatingIfNeeded: next())
            case 1: bytes[at] ^= 1 << UInt8(below(8))
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.insert(contentsOf: Array(bytes[at..<end]), at: below(bytes.count))
            case 4: bytes.insert(punctuation[below(punctuation.count)], at: at)
            case 5: bytes.removeLast(min(bytes.count, 1 + below(64)))
            default: bytes.swapAt(at, below(bytes.count))
            }
        }
        return bytes
    }
}
