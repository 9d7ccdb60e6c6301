/// Numbers of a signal at another rate, each a weighted sum of its neighbours (Crochiere and Rabiner 1983). No gradient.
///
/// Output n, from `first` on, is Σ_j x[s(n) - s(first) + j] table[n · down mod up, j] with s(n) = ⌊n · down / up⌋.
///
///     x: [L], table: [up, taps], taps a multiple of 16
///     returns [count]
package func polyphase(_ x: Tensor, _ table: Tensor, down: Int, first: Int, count: Int) -> Tensor {
    let (up, taps) = table.shape2
    let start = { (n: Int) in n * down / up }
    require(
        taps % 16 == 0 && (count == 0 || start(first + count - 1) - start(first) + taps <= x.shape1),
        "polyphase: \(count) numbers of signal \(x.shape) by \(table.shape)")
    let y = Tensor(uninitialized: [count])
    backend.resample(x.detached().contiguous(), table.detached().contiguous(), down: down, first: first, into: y)
    return y
}
