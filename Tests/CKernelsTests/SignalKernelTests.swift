import CKernels
import Foundation
import Testing

@Suite struct SignalKernels {
    private func angle(_ k: Int, _ n: Int) -> Double { 2 * Double.pi * Double(k) / Double(n) }

    private func turns(_ n: Int) -> Buffer {
        f32((0..<n).flatMap { (k: Int) -> [Double] in [cos(angle(k, n)), -sin(angle(k, n))] })
    }

    /// Σ_j x[r, j] exp(-2πi j k / n), real parts and imaginary parts of a row one after the other.
    private func spectra(_ x: [Double], _ n: Int, inner: Double, ends: Double) -> [Double] {
        var out: [Double] = []
        for start in stride(from: 0, to: x.count, by: n) {
            for isReal in [true, false] {
                for k in 0...n / 2 {
                    var sum = 0.0
                    for j in 0..<n {
                        let turn = angle(j * k % n, n)
                        sum += x[start + j] * (isReal ? cos(turn) : -sin(turn))
                    }
                    out.append(sum * (k == 0 || k == n / 2 ? ends : inner))
                }
            }
        }
        return out
    }

    @Test(arguments: [2, 6, 20, 90, 400]) func `the transform equals its formula with every instruction set`(_ n: Int) {
        var draw = Draw(31)
        for rows in [1, 16, 21] {
            let x = Kind.f32.rounded(draw.values(rows * n))
            let (xb, table) = (f32(x), turns(n))
            let expected = spectra(x, n, inner: 0.5, ends: 3)
            #expect(
                complaint(expected, absolute: 2e-6 * Double(n).squareRoot(), relative: 2e-6) {
                    let y = f32(count: expected.count)
                    ll_fourier(Int64(rows), Int64(n), table.floats, xb.floats, 0.5, 3, y.floats)
                    return y.intact ? y.values : []
                } == nil)
        }
    }

    @Test(arguments: [2, 20, 90, 400]) func `magnitudes of bands equal their formula with every instruction set`(_ n: Int) {
        var draw = Draw(34)
        let bins = n / 2 + 1
        // Bands that are empty, of one bin, of all bins, of an even and of an odd number.
        let spans = [(0, 0), (bins - 1, 1), (0, bins), (0, bins / 2 / 2 * 2), (bins / 2, bins - bins / 2)]
        for (frames, hop) in [(1, 1), (16, 3), (21, n)] {
            let x = Kind.f32.rounded(draw.values((frames - 1) * hop + n))
            let window = Kind.f32.rounded(draw.values(n))
            let weights = Kind.f32.rounded(draw.values(spans.reduce(0) { $0 + $1.1 }))
            var rows: [Double] = []
            for f in 0..<frames { for i in 0..<n { rows.append(x[f * hop + i] * window[i]) } }
            let exact = spectra(rows, n, inner: 1, ends: 1)
            var expected: [Double] = []
            for f in 0..<frames {
                var first = 0
                for (start, count) in spans {
                    var sum = 0.0
                    for j in 0..<count {
                        let (re, im) = (exact[f * 2 * bins + start + j], exact[f * 2 * bins + bins + start + j])
                        sum += weights[first + j] * (re * re + im * im).squareRoot()
                    }
                    expected.append(sum)
                    first += count
                }
            }
            let (xb, wb, vb, table) = (f32(x), f32(window), f32(weights), turns(n))
            let flat = spans.flatMap { [Int32($0.0), Int32($0.1)] }
            #expect(
                complaint(expected, absolute: 4e-6 * Double(n), relative: 4e-6) {
                    let y = f32(count: expected.count)
                    ll_band_magnitudes(
                        Int64(frames), Int64(n), Int64(hop), Int64(spans.count), table.floats, wb.floats, flat, vb.floats,
                        xb.floats,
                        y.floats)
                    return y.intact ? y.values : []
                } == nil)
        }
    }

    @Test(arguments: [2, 6, 20, 90, 400]) func `the way back is the transposed matrix of the way there`(_ n: Int) {
        var draw = Draw(32)
        let (rows, bins) = (19, n / 2 + 1)
        let x = Kind.f32.rounded(draw.values(rows * 2 * bins))
        var expected: [Double] = []
        for r in 0..<rows {
            for j in 0..<n {
                var sum = 0.0
                for k in 0..<bins {
                    let (turn, isEnd) = (angle(j * k % n, n), k == 0 || k == n / 2)
                    let (re, im) = (x[r * 2 * bins + k], isEnd ? 0 : x[r * 2 * bins + bins + k])
                    sum += (isEnd ? 3 : 2 * 0.25) * (re * cos(turn) - im * sin(turn))
                }
                expected.append(sum)
            }
        }
        let (xb, table) = (f32(x), turns(n))
        #expect(
            complaint(expected, absolute: 2e-6 * Double(n).squareRoot(), relative: 2e-6) {
                let y = f32(count: rows * n)
                ll_fourier_back(Int64(rows), Int64(n), table.floats, xb.floats, 0.25, 3, y.floats)
                return y.intact ? y.values : []
            } == nil)
    }

    @Test func `frames are cut, windowed and added up again`() {
        var draw = Draw(33)
        for (length, size, hop) in [(40, 7, 3), (50, 16, 16), (100, 33, 50), (20_000, 100, 30)] {
            let frames = (length - size) / hop + 1
            let x = Kind.f32.rounded(draw.values(2 * length)), window = Kind.f32.rounded(draw.values(size))
            let (xb, wb) = (f32(x), f32(window))
            func place(_ i: Int) -> Int { i / (frames * size) * length + i / size % frames * hop + i % size }
            let cut = (0..<2 * frames * size).map { (i: Int) -> Double in x[place(i)] * window[i % size] }
            #expect(
                complaint(cut, absolute: 1e-7, relative: 1e-6) {
                    let y = f32(count: cut.count)
                    ll_frames(2, Int64(length), Int64(frames), Int64(size), Int64(hop), xb.floats, wb.floats, y.floats)
                    return y.intact ? y.values : []
                } == nil)
            var sum = [Double](repeating: 0, count: 2 * length)
            for (i, value) in cut.enumerated() { sum[place(i)] += value * window[i % size] }
            let cb = f32(cut)
            #expect(
                complaint(sum, absolute: 1e-5, relative: 1e-5) {
                    let y = f32(count: 2 * length)
                    ll_overlap_add(2, Int64(length), Int64(frames), Int64(size), Int64(hop), cb.floats, wb.floats, y.floats)
                    return y.intact ? y.values : []
                } == nil)
        }
    }

    @Test func `other rates weigh neighbours by the phase`() {
        var draw = Draw(34)
        for (up, down, taps, first) in [(1, 2, 16, 0), (3, 7, 48, 5), (147, 320, 32, 1000)] {
            let count = 333
            let table = Kind.f32.rounded(draw.values(up * taps))
            let start = first * down / up
            let x = Kind.f32.rounded(draw.values((first + count - 1) * down / up - start + taps))
            let expected = (0..<count).map { (i: Int) -> Double in
                let at = (first + i) * down
                var sum = 0.0
                for tap in 0..<taps { sum += x[at / up - start + tap] * table[at % up * taps + tap] }
                return sum
            }
            let (xb, tb) = (f32(x), f32(table))
            #expect(
                complaint(expected, absolute: 1e-5, relative: 1e-5) {
                    let y = f32(count: count)
                    ll_resample(Int64(first), Int64(count), Int64(up), Int64(down), Int64(taps), tb.floats, xb.floats, y.floats)
                    return y.intact ? y.values : []
                } == nil)
        }
    }
}
