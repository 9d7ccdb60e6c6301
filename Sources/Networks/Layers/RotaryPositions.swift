import Glibc
import Tensors

/// Queries and keys turned by angles that grow with a token's row and column, so that how much one attends to another depends on where
/// they are to each other and not on where both are (Su et al. 2021, arXiv 2104.09864; on two axes as Heo et al. 2024, arXiv 2403.13298,
/// section 3.2). One half of a head's width turns with the row, the other with the column.
public struct RotaryPositions {
    /// `[N, K / 2]`
    private let cosines, sines: Tensor

    /// - Parameters:
    ///   - headWidth: K, a multiple of 4.
    ///   - base: the slowest angle is about 1 / base of the fastest, which is 1 a row.
    public init(rows: Int, columns: Int, headWidth: Int, base: Double = 100) {
        require(headWidth % 4 == 0, "RotaryPositions: heads of width \(headWidth)")
        let each = headWidth / 4
        let angles = (0..<rows * columns).flatMap { n in
            [n / columns, n % columns].flatMap { place in
                (0..<each).map { Float(Double(place) * pow(base, -Double($0) / Double(each))) }
            }
        }
        let shape = [rows * columns, headWidth / 2]
        cosines = Tensor(angles.map { cos($0) }, shape)
        sines = Tensor(angles.map { sin($0) }, shape)
    }

    /// Of one axis, with which all of a head's width turns.
    ///
    /// - Parameter headWidth: K, even.
    public init(length: Int, headWidth: Int, base: Double = 10_000) {
        require(headWidth % 2 == 0, "RotaryPositions: heads of width \(headWidth)")
        let half = headWidth / 2
        let angles = (0..<length).flatMap { place in
            (0..<half).map { Float(Double(place) * pow(base, -Double($0) / Double(half))) }
        }
        cosines = Tensor(angles.map { cos($0) }, [length, half])
        sines = Tensor(angles.map { sin($0) }, [length, half])
    }

    /// Turns queries and keys of the places `first...`; values stay.
    ///
    ///     packed: [B, n, 3, H, K]
    ///     returns [B, n, 3, H, K]
    public func callAsFunction(_ packed: Tensor, from first: Int = 0) -> Tensor {
        let places = first..<first + packed.shape[1]
        return rotated(packed, parts: 2, cosines: cosines.slice(0, places), sines: sines.slice(0, places))
    }
}
