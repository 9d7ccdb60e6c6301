import Diffusion
import Tensors
import TestKit
import Testing

@Suite struct SlidingWindowTests {
    /// Chances that depend on the token and nothing else, so that every window says the same.
    private static func plain(_ x: Tokens) -> Tensor {
        let table = Noise(seed: 4).normal([7, 6]).values
        return Tensor(x.values.flatMap { Array(table[Int($0) * 6..<Int($0 + 1) * 6]) }, x.shape + [6])
    }

    private static func tokens(_ B: Int, _ N: Int) -> Tokens { Tokens((0..<B * N).map { Int32(($0 * $0 + 3) % 7) }, [B, N]) }

    @Test(arguments: [(4, 4), (4, 7), (9, 5), (6, 6), (13, 4)])
    func `windows that agree say what one says`(_ rows: Int, _ columns: Int) {
        let window = SlidingWindow(rows: rows, columns: columns, window: (4, 4))
        let x = Self.tokens(3, rows * columns)
        let found = window.logits(x, Self.plain).softmax()
        expectClose(found, Self.plain(x).softmax(), relative: 0, absolute: 1e-6)
        #expect(window.isWhole == (rows == 4 && columns == 4))
    }

    @Test func `each token's value is the mean over the windows that see it`() {
        // 4x6 with windows of 4x4: those that begin at columns 0 and 2 see columns 2 and 3 both.
        let window = SlidingWindow(rows: 4, columns: 6, window: (4, 4))
        var number: Float = 0
        let found = window.averaged(Self.tokens(1, 24)) { part in
            number += 1
            return .full(part.shape, number)
        }
        let row: [Float] = [1, 1, 1.5, 1.5, 2, 2]
        expectClose(found, Tensor(row + row + row + row, [1, 24]), relative: 0, absolute: 1e-6)
        // A window sees its own part of the grid, row by row.
        let places = Tokens((0..<24).map { Int32($0) }, [1, 24])
        var seen: [[Int32]] = []
        _ = window.averaged(places) { part in
            seen.append(part.values)
            return .zeros(part.shape)
        }
        #expect(seen[1].prefix(5) == [2, 3, 4, 5, 8])
    }
}
