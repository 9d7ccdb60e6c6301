/// The longest sequence of elements that two sequences have in common, in order but not side by side.
struct CommonSubsequence<Element: Equatable> {
    private let a, b: [Element]
    /// Row-major `[a + 1, b + 1]`: the length for the first i of a and j of b.
    private var lengths: [Int]

    init(_ a: [Element], _ b: [Element]) {
        self.a = a
        self.b = b
        let width = b.count + 1
        lengths = [Int](repeating: 0, count: (a.count + 1) * width)
        for i in a.indices {
            for j in b.indices {
                let (above, left) = (lengths[i * width + j + 1], lengths[(i + 1) * width + j])
                lengths[(i + 1) * width + j + 1] = a[i] == b[j] ? lengths[i * width + j] + 1 : max(above, left)
            }
        }
    }

    var length: Int { lengths[lengths.count - 1] }

    /// Where its elements lie in a, from the last to the first; of several, what is found from the end by stepping back in b only
    /// where that is better.
    var places: [Int] {
        let width = b.count + 1
        var (i, j) = (a.count, b.count)
        var found: [Int] = []
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                (i, j) = (i - 1, j - 1)
                found.append(i)
            } else if lengths[i * width + j - 1] > lengths[(i - 1) * width + j] {
                j -= 1
            } else {
                i -= 1
            }
        }
        return found
    }
}
