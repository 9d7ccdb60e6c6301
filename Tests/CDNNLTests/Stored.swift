import CDNNL

/// libgomp's thread count of the calling thread.
@_silgen_name("omp_set_num_threads") func setThreads(_ count: Int32)

/// oneDNN does bf16 from AVX-512 on; below it the calls say "not implemented".
let hasBF16 = String(cString: cdnnl_isa()).hasPrefix("avx512")

/// The element types a convolution can be asked for on this machine.
let dtypes: [Int32] = hasBF16 ? [0, 1] : [0]

/// Numbers as a buffer of f32 (dtype 0) or bf16 (1): what is computed with, and the same as doubles.
struct Stored: Equatable, CustomStringConvertible {
    let dtype: Int32
    var bytes: [UInt8]

    /// Short, for a failed comparison's message.
    var description: String { "\(bytes.count / size) numbers, the first \(doubles.prefix(4))" }
    var size: Int { dtype == 0 ? 4 : 2 }

    /// A buffer that a call is to fill: every byte set, so a value left out is a NaN.
    init(unset count: Int, _ dtype: Int32) {
        self.dtype = dtype
        bytes = [UInt8](repeating: 0xFF, count: count * (dtype == 0 ? 4 : 2))
    }

    /// `count` numbers in [-1, 1), the same for the same seed, rounded to the type.
    init(random count: Int, _ dtype: Int32, seed: UInt64) {
        self.init(unset: count, dtype)
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        for i in 0..<count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            set(i, Float(state >> 40) / Float(1 << 23) - 1)
        }
    }

    mutating func set(_ i: Int, _ value: Float) {
        let bits = value.bitPattern
        bytes.withUnsafeMutableBytes {
            if dtype == 0 {
                $0.storeBytes(of: bits, toByteOffset: 4 * i, as: UInt32.self)
            } else {
                let rounded = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
                $0.storeBytes(of: rounded, toByteOffset: 2 * i, as: UInt16.self)
            }
        }
    }

    var doubles: [Double] {
        bytes.withUnsafeBytes { raw in
            dtype == 0
                ? raw.bindMemory(to: Float.self).map(Double.init)
                : raw.bindMemory(to: UInt16.self).map { Double(Float(bitPattern: UInt32($0) << 16)) }
        }
    }

    /// The numbers of `range`, as a buffer of their own.
    func part(_ range: Range<Int>) -> Stored {
        var part = self
        part.bytes = Array(bytes[range.lowerBound * size..<range.upperBound * size])
        return part
    }
}

/// Sums in double, with the sum of the terms' magnitudes, which bounds what rounding can do to each.
struct Sums {
    var values: [Double]
    var magnitudes: [Double]

    init(_ count: Int) {
        values = [Double](repeating: 0, count: count)
        magnitudes = values
    }

    @inline(__always) mutating func add(_ i: Int, _ term: Double) {
        values[i] += term
        magnitudes[i] += abs(term)
    }

    /// The worst difference in units of what f32 sums, and one rounding where the result is bf16, may do.
    func worst(_ found: Stored) -> Double {
        let numbers = found.doubles
        guard numbers.count == values.count else { return .infinity }
        var worst = 0.0
        for (i, number) in numbers.enumerated() {
            let allowed = 2e-6 * magnitudes[i] + (found.dtype == 1 ? abs(values[i]) / 256 : 0) + 1e-30
            let difference = abs(number - values[i]) / allowed
            if !(difference <= worst) { worst = difference.isNaN ? .infinity : difference }
        }
        return worst
    }
}
