/// The tokens `<0x00>` to `<0xFF>`, which spell what a vocabulary has no tokens for.
struct ByteTokens: Sendable {
    private let ids: [Int32?]

    init(_ vocabulary: Vocabulary) {
        ids = (0...255).map { vocabulary.id(of: ByteTokens.name(of: $0)) }
    }

    private static func name(of byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "<0x0\(digits)>" : "<0x\(digits)>"
    }

    /// Nil where the token of a byte is missing.
    func ids(of text: some Sequence<Unicode.Scalar>) -> [Int32]? {
        var result: [Int32] = []
        for scalar in text {
            for byte in UTF8.encode(scalar)! {
                guard let id = ids[Int(byte)] else { return nil }
                result.append(id)
            }
        }
        return result
    }

    /// The byte that a token of such a form stands for.
    static func byte(of token: String) -> UInt8? {
        let bytes = Array(token.utf8)
        guard bytes.count == 6, bytes.starts(with: "<0x".utf8), bytes[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: bytes[3...4], as: UTF8.self), radix: 16)
    }
}
