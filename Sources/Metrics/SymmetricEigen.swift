import Glibc
import Tensors

/// Eigenvalues and eigenvectors of a real symmetric matrix by cyclic Jacobi rotations.
struct SymmetricEigen {
    /// In no particular order.
    private(set) var values: [Double]
    /// Row i belongs to value i; row-major `[n, n]`.
    private(set) var vectors: [Double]

    /// - Parameter matrix: row-major `[n, n]`, symmetric.
    init(_ matrix: [Double], _ n: Int) {
        require(matrix.count == n * n, "SymmetricEigen: \(matrix.count) values for \(n)x\(n)")
        var a = matrix
        var v = [Double](repeating: 0, count: n * n)
        for i in 0..<n { v[i * n + i] = 1 }
        let scale = matrix.reduce(0) { $0 + $1 * $1 }
        // Each sweep squares what is off the diagonal, so few are needed; the bound only stops a matrix
        // with NaN.
        for _ in 0..<50 {
            var off = 0.0
            for i in 0..<n { for j in i + 1..<max(n, i + 1) { off += a[i * n + j] * a[i * n + j] } }
            if !(off > 1e-28 * scale) { break }
            a.withUnsafeMutableBufferPointer { a in
                v.withUnsafeMutableBufferPointer { v in
                    for p in 0..<n { for q in p + 1..<max(n, p + 1) { Self.rotate(&a, &v, n, p, q) } }
                }
            }
        }
        values = (0..<n).map { a[$0 * n + $0] }
        vectors = v
    }

    /// Makes a[p, q] zero. Works on rows of both triangles, so that memory is walked in order.
    private static func rotate(
        _ a: inout UnsafeMutableBufferPointer<Double>, _ v: inout UnsafeMutableBufferPointer<Double>,
        _ n: Int, _ p: Int,
        _ q: Int
    ) {
        let apq = a[p * n + q]
        if apq == 0 { return }
        let theta = (a[q * n + q] - a[p * n + p]) / (2 * apq)
        let t = (theta >= 0 ? 1.0 : -1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<n {
            let (x, y) = (a[p * n + k], a[q * n + k])
            a[p * n + k] = c * x - s * y
            a[q * n + k] = s * x + c * y
        }
        for k in 0..<n {
            let (x, y) = (a[k * n + p], a[k * n + q])
            a[k * n + p] = c * x - s * y
            a[k * n + q] = s * x + c * y
        }
        a[p * n + q] = 0
        a[q * n + p] = 0
        for k in 0..<n {
            let (x, y) = (v[p * n + k], v[q * n + k])
            v[p * n + k] = c * x - s * y
            v[q * n + k] = s * x + c * y
        }
    }

    /// Σ √λ v vᵀ: the positive square root, where rounding's negative eigenvalues count as 0.
    func squareRoot() -> [Double] {
        let n = values.count
        var root = [Double](repeating: 0, count: n * n)
        for k in 0..<n where values[k] > 0 {
            let weight = values[k].squareRoot()
            for i in 0..<n {
                let left = weight * vectors[k * n + i]
                if left == 0 { continue }
                for j in 0..<n { root[i * n + j] += left * vectors[k * n + j] }
            }
        }
        return root
    }
}
