import CKernels

/// Addressed randomness: a value that names a place, from which numbers are a pure function.
///
/// `Noise(seed: 7)("sample")(3)` is always the same place; what is drawn there depends on nothing else: not on the batch, the
/// order, the threads or how often anything was drawn before. Philox4x32-10 (Salmon et al. 2011).
public struct Noise: Hashable, Sendable {
    package let key: UInt64
    package let stream: UInt64

    private init(key: UInt64, stream: UInt64) {
        self.key = key
        self.stream = stream
    }

    public init(seed: UInt64) {
        self = Noise(key: seed, stream: 0).derived(0, kind: 0)
    }

    /// The place called `label` inside this one.
    public func callAsFunction(_ label: String) -> Noise {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a
        for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return derived(hash, kind: 1)
    }

    /// The place numbered `index` inside this one.
    public func callAsFunction(_ index: Int) -> Noise { derived(UInt64(bitPattern: Int64(index)), kind: 2) }

    private func derived(_ word: UInt64, kind: UInt64) -> Noise {
        // A key that numbers are never drawn under, so that places and draws cannot meet.
        let words = philox(counter: (word, stream), key: key ^ (0x9e37_79b9_7f4a_7c15 &+ kind))
        return Noise(key: words.0, stream: words.1)
    }

    /// Standard normal numbers, f32.
    public func normal(_ shape: [Int]) -> Tensor {
        let x = Tensor(uninitialized: shape)
        backend.normal(key: key, stream: stream, into: x)
        return x
    }

    /// Uniform in [0, 1), f32.
    public func uniform(_ shape: [Int]) -> Tensor {
        let x = Tensor(uninitialized: shape)
        backend.uniform(key: key, stream: stream, into: x)
        return x
    }

    /// Uniform in [0, 1) with 53 bits.
    public func uniformDouble() -> Double {
        Double(philox(counter: (0, stream), key: ~key).0 >> 11) * 0x1p-53
    }

    /// Uniform in 0..<n.
    public func integer(below n: Int) -> Int {
        require(n > 0, "integer(below: \(n))")
        return Int(philox(counter: (0, stream), key: ~key).0.multipliedFullWidth(by: UInt64(n)).high)
    }

    /// A uniformly drawn order of 0..<n.
    public func permutation(_ n: Int) -> [Int] {
        var order = Array(0..<n)
        for i in stride(from: n - 1, to: 0, by: -1) {
            let word = philox(counter: (UInt64(i), stream), key: ~key).0
            order.swapAt(i, Int(word.multipliedFullWidth(by: UInt64(i + 1)).high))
        }
        return order
    }
}

private func philox(counter: (UInt64, UInt64), key: UInt64) -> (UInt64, UInt64) {
    let c = [
        UInt32(truncatingIfNeeded: counter.0), UInt32(counter.0 >> 32), UInt32(truncatingIfNeeded: counter.1),
        UInt32(counter.1 >> 32),
    ]
    let k = [UInt32(truncatingIfNeeded: key), UInt32(key >> 32)]
    var out = [UInt32](repeating: 0, count: 4)
    ll_philox(c, k, &out)
    return (UInt64(out[0]) | UInt64(out[1]) << 32, UInt64(out[2]) | UInt64(out[3]) << 32)
}

/// One sample from each place, so that a sample's numbers do not depend on the batch.
///
///     returns [places.count] + shape, standard normal
public func normal(_ places: [Noise], _ shape: [Int]) -> Tensor { drawn(places, shape, backend.normal) }

/// One sample from each place, uniform in [0, 1): [places.count] + shape.
public func uniform(_ places: [Noise], _ shape: [Int]) -> Tensor { drawn(places, shape, backend.uniform) }

private func drawn(_ places: [Noise], _ shape: [Int], _ fill: (UInt64, UInt64, Tensor) -> Void) -> Tensor {
    let x = Tensor(uninitialized: [places.count] + shape)
    for (i, place) in places.enumerated() { fill(place.key, place.stream, x.slice(0, i..<i + 1)) }
    return x
}
