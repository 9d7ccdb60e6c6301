/// Tokens by their scalars, for finding all that begin at a place of a text.
struct TokenTrie: Sendable {
    /// The child of a node by a scalar; the root is node 0.
    private var children: [UInt64: Int32] = [:]
    /// The value at each node, or -1.
    private var values: [Int32] = [-1]

    private static func key(_ node: Int32, _ scalar: Unicode.Scalar) -> UInt64 {
        UInt64(UInt32(bitPattern: node)) << 32 | UInt64(scalar.value)
    }

    mutating func insert(_ token: String, _ value: Int32) {
        var node: Int32 = 0
        for scalar in token.unicodeScalars {
            let key = TokenTrie.key(node, scalar)
            if let child = children[key] {
                node = child
            } else {
                node = Int32(values.count)
                children[key] = node
                values.append(-1)
            }
        }
        values[Int(node)] = value
    }

    /// Calls `body` with the length and value of every token that `text` begins with, the shortest first.
    func forEachPrefix(of text: ArraySlice<Unicode.Scalar>, _ body: (Int, Int32) -> Void) {
        var node: Int32 = 0
        for at in text.indices {
            guard let child = children[TokenTrie.key(node, text[at])] else { return }
            node = child
            if values[Int(node)] >= 0 { body(at - text.startIndex + 1, values[Int(node)]) }
        }
    }
}
