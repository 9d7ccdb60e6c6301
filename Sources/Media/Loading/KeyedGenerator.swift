import Tensors

/// Random numbers that are a pure function of a list of integers, such as (seed, epoch, index).
///
/// SplitMix64: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
public struct KeyedGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Each part of the key is mixed in turn, so (1, 2) and (2, 1) are far apart.
    public init(_ key: UInt64...) {
        state = 0x243F_6A88_85A3_08D3  // digits of pi: any constant that is not zero
        for part in key {
            state = Self.mixed(state &+ 0x9E37_79B9_7F4A_7C15) ^ Self.mixed(part &+ 0x6A09_E667_F3BC_C909)
        }
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// Uniform in [0, 1), of 53 bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in 0 ..< n, without bias.
    public mutating func below(_ n: Int) -> Int {
        require(n > 0, "below: \(n) is not positive")
        // Draws from the last, incomplete span of n are thrown away.
        let bound = UInt64(n)
        let rejected = (0 &- bound) % bound
        while true {
            let draw = next()
            if draw >= rejected { return Int(draw % bound) }
        }
    }

    /// Uniform in a closed range.
    public mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    /// 0 ..< n in random order (Fisher and Yates).
    public mutating func permutation(_ n: Int) -> [Int] {
        var order = Array(0..<n)
        for i in stride(from: n - 1, to: 0, by: -1) { order.swapAt(i, below(i + 1)) }
        return order
    }

    private static func mixed(_ z: UInt64) -> UInt64 {
        var z = z
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
