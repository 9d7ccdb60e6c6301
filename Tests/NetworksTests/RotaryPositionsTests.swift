import Glibc
import Networks
import TestKit
import Tensors
import Testing

@Suite struct RotaryPositionsTests {
    private static let (rows, columns, heads, K) = (3, 5, 2, 8)
    private static var rotary: RotaryPositions { RotaryPositions(rows: rows, columns: columns, headWidth: K, base: 100) }

    private static func packed(_ n: Int = rows * columns) -> Tensor { Noise(seed: 1).normal([2, n, 3, heads, K]) }

    @Test func `pairs of queries and keys are complex numbers turned by row and column, values are left alone`() {
        let x = Self.packed()
        let (before, after) = (x.values, Self.rotary(x).values)
        for n in 0..<15 {
            for part in 0..<3 {
                for i in 0..<Self.K / 2 {
                    // Frequencies 1 and 1/10 for the row, then for the column.
                    let place = Double(i < 2 ? n / Self.columns : n % Self.columns)
                    let angle = part == 2 ? 0 : place * [1, 0.1][i % 2]
                    let at = ((15 + n) * 3 + part) * Self.heads * Self.K + Self.K + i
                    let (re, im) = (Double(before[at]), Double(before[at + Self.K / 2]))
                    #expect(abs(Double(after[at]) - (re * cos(angle) - im * sin(angle))) < 1e-6)
                    #expect(abs(Double(after[at + Self.K / 2]) - (re * sin(angle) + im * cos(angle))) < 1e-6)
                }
            }
        }
    }

    @Test func `what a query thinks of a key depends on where they are to each other alone`() {
        let same = Noise(seed: 2).normal([1, 1, 3, Self.heads, Self.K]).broadcast(to: [1, 15, 3, Self.heads, Self.K])
        let turned = Self.rotary(same.contiguous()).values
        func score(_ a: Int, _ b: Int) -> Float {
            let row = { (n: Int, part: Int) in (n * 3 + part) * Self.heads * Self.K }
            return (0..<Self.K).reduce(0) { $0 + turned[row(a, 0) + $1] * turned[row(b, 1) + $1] }
        }
        for a in 0..<15 {
            for b in 0..<15 where a % 5 < 4 && b % 5 < 4 && a < 10 && b < 10 {
                #expect(abs(score(a, b) - score(a + 6, b + 6)) < 1e-4, "a row and a column on")
            }
        }
        #expect(abs(score(0, 1) - score(0, 5)) > 1e-2 && abs(score(0, 1) - score(1, 0)) > 1e-2)
    }

    @Test func `places may begin later`() {
        let x = Self.packed()
        let part = Self.rotary(x.slice(1, 6..<10), from: 6)
        expectClose(part, Self.rotary(x).slice(1, 6..<10), relative: 0, absolute: 0)
    }

    @Test func `gradients agree with differences`() {
        gradientCheck("rotary", [Self.packed()]) { Self.rotary($0[0]) }
    }

    @Test func `along one axis all of a head turns, from once a place to slowly`() {
        let x = Noise(seed: 3).normal([1, 15, 3, Self.heads, Self.K])
        let turned = RotaryPositions(length: 20, headWidth: Self.K, base: 10_000)(x, from: 5)
        let (before, after) = (x.values, turned.values)
        for n in 0..<15 {
            for i in 0..<Self.K / 2 {
                let angle = Double(n + 5) * pow(10_000, -Double(i) / 4)
                let at = n * 3 * Self.heads * Self.K + i
                let (re, im) = (Double(before[at]), Double(before[at + Self.K / 2]))
                #expect(abs(Double(after[at]) - (re * cos(angle) - im * sin(angle))) < 1e-5)
                #expect(abs(Double(after[at + Self.K / 2]) - (re * sin(angle) + im * cos(angle))) < 1e-5)
            }
        }
    }
}
