import CKernels

/// Values drawn by a small generator, so that a test fails the same way twice.
struct Draw {
    var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func unit() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        var z = state ^ (state >> 31)
        z = z &* 0xBF58_476D_1CE4_E5B9
        return Double((z ^ (z >> 29)) >> 11) / 9_007_199_254_740_992
    }
    mutating func values(_ n: Int, _ low: Double = -2, _ high: Double = 2) -> [Double] {
        (0..<n).map { _ in low + (high - low) * unit() }
    }
}

enum Kind: CaseIterable {
    case f32, bf16

    var code: Int32 { self == .f32 ? Int32(LL_F32) : Int32(LL_BF16) }
    /// Relative error that storing a result costs.
    var rounding: Double { self == .f32 ? 6e-8 : 4e-3 }

    func rounded(_ x: Double) -> Double { self == .f32 ? Double(Float(x)) : Double(float(bfloat(Float(x)))) }
    func rounded(_ x: [Double]) -> [Double] { x.map { rounded($0) } }
}

func bfloat(_ x: Float) -> UInt16 {
    if x.isNaN { return UInt16(truncatingIfNeeded: x.bitPattern >> 16) | 0x40 }
    let u = x.bitPattern
    return UInt16(truncatingIfNeeded: (u &+ 0x7FFF &+ ((u >> 16) & 1)) >> 16)
}
func float(_ h: UInt16) -> Float { Float(bitPattern: UInt32(h) << 16) }

/// A buffer of either dtype at an odd place: kernels may assume the alignment of an element, no more.
final class Buffer {
    let kind: Kind, count: Int
    private let memory: UnsafeMutableRawPointer
    var pointer: UnsafeMutableRawPointer { memory + (kind == .f32 ? 4 : 2) }

    init(_ kind: Kind, count: Int, filledWith byte: UInt8 = 0xFF) {
        (self.kind, self.count) = (kind, count)
        memory = .allocate(byteCount: 4 * count + 64, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: byte, count: 4 * count + 64)
    }
    convenience init(_ kind: Kind, _ values: [Double]) {
        self.init(kind, count: values.count)
        for (i, v) in values.enumerated() {
            if kind == .f32 {
                floats[i] = Float(v)
            } else {
                pointer.assumingMemoryBound(to: UInt16.self)[i] = bfloat(Float(v))
            }
        }
    }
    deinit { memory.deallocate() }

    var floats: UnsafeMutablePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }
    var values: [Float] {
        if kind == .f32 { return (0..<count).map { floats[$0] } }
        return (0..<count).map { float(pointer.assumingMemoryBound(to: UInt16.self)[$0]) }
    }
    /// Nothing was written behind the last element.
    var intact: Bool {
        let end = pointer + count * (kind == .f32 ? 4 : 2)
        return (0..<16).allSatisfy { end.load(fromByteOffset: $0, as: UInt8.self) == 0xFF }
    }
}
func f32(_ values: [Double]) -> Buffer { Buffer(.f32, values) }
func f32(count: Int) -> Buffer { Buffer(.f32, count: count) }

/// As LATENTLAB_MAX_ISA names them; where the processor lacks one, the next that it has runs.
let instructionSets = ["avx512_bf16", "avx512", "avx2", "portable"]

/// Runs a kernel on one and on two threads with every instruction set; returns what is wrong.
func complaint(
    _ expected: [Double], absolute: Double, relative: Double, on sets: [String] = instructionSets, _ run: () -> [Float]
) -> String? {
    defer { ll_limit_instruction_set(nil) }
    for name in sets {
        ll_limit_instruction_set(name)
        ll_set_threads(1)
        let one = run()
        ll_set_threads(2)
        let two = run()
        if one.count != expected.count { return "\(name): \(one.count) values, expected \(expected.count)" }
        for i in one.indices where one[i].bitPattern != two[i].bitPattern {
            return "\(name)[\(i)]: \(one[i]) on one thread, \(two[i]) on two"
        }
        for i in one.indices where !close(Double(one[i]), expected[i], absolute, relative) {
            return "\(name)[\(i)]: \(one[i]), expected \(expected[i])"
        }
    }
    return nil
}

func close(_ x: Double, _ y: Double, _ absolute: Double, _ relative: Double) -> Bool {
    x.isNaN && y.isNaN || x == y || abs(x - y) <= absolute + relative * abs(y)
}

/// The gradient of sum(weights * function(x)) by central differences in double.
func slope(_ x: [Double], _ weights: [Double], _ function: ([Double]) -> [Double]) -> [Double] {
    let h = 1e-5
    return x.indices.map { i in
        var up = x, down = x
        up[i] += h
        down[i] -= h
        let a = function(up), b = function(down)
        return weights.indices.reduce(0) { $0 + weights[$1] * (a[$1] - b[$1]) } / (2 * h)
    }
}
