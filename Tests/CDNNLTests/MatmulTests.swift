import CDNNL
import Testing

/// C = op(A) op(B) of random matrices of `dtype`; rows as stored are longer than needed, with NaN between.
struct Product: CustomStringConvertible {
    var dtype: Int32 = 1
    var ta = false, tb = false
    var m: Int, n: Int, k: Int
    var gap = 0
    var result: Int32 = 0

    var description: String {
        let left = "[\(m), \(k)]\(ta ? "T" : "")"
        let right = "[\(k), \(n)]\(tb ? "T" : "")"
        return "\(dtype == 0 ? "f32" : "bf16") \(left) \(right), gap \(gap), to \(result == 0 ? "f32" : "bf16")"
    }
    var lda: Int { (ta ? m : k) + gap }
    var ldb: Int { (tb ? k : n) + gap }
    var a: Stored { matrix(rows: ta ? k : m, columns: ta ? m : k, seed: 5) }
    var b: Stored { matrix(rows: tb ? n : k, columns: tb ? k : n, seed: 6) }

    private func matrix(rows: Int, columns: Int, seed: UInt64) -> Stored {
        var all = Stored(random: rows * (columns + gap), dtype, seed: seed)
        for row in 0..<rows {
            for column in columns..<(columns + gap) { all.set(row * (columns + gap) + column, .nan) }
        }
        return all
    }

    func reference() -> Sums {
        var c = Sums(m * n)
        let (a, b) = (a.doubles, b.doubles)
        for i in 0..<m {
            for l in 0..<k {
                let left = ta ? a[l * lda + i] : a[i * lda + l]
                for j in 0..<n { c.add(i * n + j, left * (tb ? b[j * ldb + l] : b[l * ldb + j])) }
            }
        }
        return c
    }

    /// Rows `rows` of C, computed as a product of only that many rows; with B packed beforehand, if asked.
    func computed(panel: Int, rows: Range<Int>? = nil, packs: Bool = false) throws -> Stored {
        let rows = rows ?? 0..<m
        var c = Stored(unset: rows.count * n, result)
        let (a, b) = (a.bytes, b.bytes)
        let offset = a.count / (lda * (ta ? k : m)) * rows.lowerBound * (ta ? 1 : lda)
        let packed = packs ? cdnnl_pack(dtype, tb, Int64(n), Int64(k), b, Int64(ldb), Int64(lda), result, Int64(panel)) : nil
        defer { cdnnl_free_packed(packed) }
        #expect(!packs || packed != nil)
        try check(
            a.withUnsafeBytes { a in
                cdnnl_matmul(
                    dtype, ta, tb, Int64(rows.count), Int64(n), Int64(k), a.baseAddress! + offset, Int64(lda), b,
                    Int64(ldb), &c.bytes, result, Int64(panel), packed)
            })
        return c
    }
}

@Suite(.serialized, .enabled(if: hasBF16)) struct MatmulTests {
    @Test func `products in every transposition are plain sums`() throws {
        for (m, n, k) in [(1, 1, 1), (5, 7, 3), (33, 65, 31), (64, 192, 64), (70, 200, 129), (3, 400, 16)] {
            for variant in 0..<32 where variant & 24 != 8 {  // products of f32 are f32
                let one = Product(
                    dtype: variant & 16 != 0 ? 1 : 0, ta: variant & 1 != 0, tb: variant & 2 != 0, m: m, n: n, k: k,
                    gap: variant & 4 != 0 ? 3 : 0, result: variant & 8 != 0 ? 1 : 0)
                let reference = one.reference()
                setThreads(Int32(1 + variant % 2))
                #expect(reference.worst(try one.computed(panel: 0)) <= 1, "\(one)")
                #expect(reference.worst(try one.computed(panel: 32)) <= 1, "panels of 32, \(one)")
            }
        }
    }

    @Test func `in panels, a row's bits depend on neither other rows, its place nor the threads`() throws {
        for variant in 0..<8 {
            let one = Product(
                dtype: variant < 4 ? 1 : 0, ta: variant & 2 != 0, tb: variant & 1 != 0, m: 150, n: 250, k: 300, gap: 4,
                result: variant == 1 ? 1 : 0)
            for panel in [16, 64, 256] {
                setThreads(1)
                let whole = try one.computed(panel: panel)
                for threads in [1, 2, 3] as [Int32] {
                    setThreads(threads)
                    for rows in [0..<150, 0..<1, 149..<150, 7..<100, 64..<128, 0..<65] {
                        let part = try one.computed(panel: panel, rows: rows)
                        let expected = whole.part(rows.lowerBound * 250..<rows.upperBound * 250)
                        #expect(part == expected, "rows \(rows) by \(panel), \(threads) threads, \(one)")
                        guard !one.ta else { continue }
                        let packed = try one.computed(panel: panel, rows: rows, packs: true)
                        #expect(packed == expected, "packed, rows \(rows) by \(panel), \(threads) threads, \(one)")
                    }
                }
            }
        }
    }

    @Test(arguments: [0, 1] as [Int32]) func `whole products give the same bits on every run`(dtype: Int32) throws {
        setThreads(2)
        let one = Product(dtype: dtype, ta: true, m: 96, n: 130, k: 777)
        let first = try one.computed(panel: 0)
        for run in 1..<20 {
            if run == 10 { cdnnl_clear() }
            #expect(try one.computed(panel: 0) == first, "run \(run)")
        }
    }

    @Test func `more shapes than are kept still give right answers`() throws {
        let one = Product(m: 3, n: 5, k: 4)
        let first = try one.computed(panel: 0)
        for m in 1...1100 {
            let other = Product(m: m, n: 2, k: 2)
            #expect(try other.computed(panel: 0).doubles.allSatisfy { $0.isFinite }, "\(other)")
        }
        #expect(try one.computed(panel: 0) == first)
    }

    @Test func `rows shorter than the matrix are refused by name`() {
        var c = [Float](repeating: 7, count: 4)
        let a = [UInt16](repeating: 0, count: 4)
        let status = cdnnl_matmul(1, false, false, 2, 2, 2, a, 1, a, 2, &c, 0, 0, nil)
        #expect(String(cString: cdnnl_status(status)) == "invalid arguments")
        #expect(c == [7, 7, 7, 7])
        #expect(cdnnl_matmul(1, false, false, 0, 2, 2, a, 2, a, 2, &c, 0, 32, nil) == 0)
        #expect(c == [7, 7, 7, 7])
    }
}

@Suite struct LibraryTests {
    @Test func `the library names its version and instruction set`() {
        #expect(String(cString: cdnnl_version()).split(separator: ".").count == 3)
        #expect(String(cString: cdnnl_isa()) != "other")
    }
}
