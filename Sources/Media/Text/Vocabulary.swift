import Tensors

/// Tokens and their ids, nearly always one to one. Tokens are told apart byte by byte, not by Unicode equivalence.
struct Vocabulary: Sendable {
    private(set) var ids: [ExactString: Int32] = [:]
    private(set) var tokens: [Int32: String] = [:]
    /// One more than the largest id: the rows that an embedding table needs.
    private(set) var size = 0

    /// Ids from here on are taken for damage: no embedding table is that tall.
    static let idLimit = 1 << 24

    func id(of token: String) -> Int32? {
        ids[ExactString(token)]
    }

    func id(of scalars: some Sequence<Unicode.Scalar>) -> Int32? {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return ids[ExactString(String(text))]
    }

    /// Adds a token; returns what stands in the way, if anything does.
    mutating func add(_ token: String, _ id: Int) -> String? {
        guard (0..<Vocabulary.idLimit).contains(id) else { return "id \(id) is out of range" }
        if let known = ids[ExactString(token)] {
            return known == Int32(id) ? nil : "the token \"\(token)\" has the ids \(known) and \(id)"
        }
        if let taken = tokens[Int32(id)] {
            return "the tokens \"\(taken)\" and \"\(token)\" have the same id \(id)"
        }
        ids[ExactString(token)] = Int32(id)
        tokens[Int32(id)] = token
        size = max(size, id + 1)
        return nil
    }

    /// Adds a token whose earlier id, if it has one, is given up for encoding.
    mutating func overwrite(_ token: String, _ id: Int) -> String? {
        ids[ExactString(token)] = nil
        return add(token, id)
    }

    init() {}

    /// Reads `{token: id}`.
    init(_ field: JSONField) throws(InputError) {
        guard case .object(let members) = field.json else {
            throw field.mismatch("an object of tokens and ids")
        }
        ids.reserveCapacity(members.count)
        tokens.reserveCapacity(members.count)
        for (token, value) in members {
            guard let id = value.int else {
                throw InputError("wrong value", at: "\(field.place).\(token)", expected: "an integer")
            }
            if let trouble = add(token, id) { throw field.error(trouble) }
        }
    }
}
